# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet whose users are signing in, while connections to the consoles are cut or Entra replicates slowly."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from faults.steps import only

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet
from support.quick_runs import quick_run

DAY = 86400
PATH = "/api/oidc/settings"


def test_cut_while_the_new_secret_is_written(own_lab: Lab, controller: Controller) -> None:
    """Once, or at every attempt: users can sign in at every moment. One more run completes the change, and superseded
    client secrets are removed after the overlap.
    """
    own_lab.set_lag(0, 0)
    fleet = Fleet(own_lab, controller, 4)
    cases = dict(zip(fleet.consoles, itertools.product(("before", "after"), (1, 30)), strict=True))
    assert quick_run(fleet).rc == 0
    legacy = {name: console.settings()["providers"][0] for name, console in fleet.consoles.items()}
    old = {name: console.settings()["providers"][1] for name, console in fleet.consoles.items()}
    own_lab.advance(160 * DAY)
    for name, (cut, times) in cases.items():
        own_lab.fault(name, "PUT", PATH, cut=cut, times=times)
    first = quick_run(fleet)
    assert "Traceback" not in first.output
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"], name
    own_lab.clear_faults()
    second = quick_run(fleet)
    assert second.rc == 0, second.output
    for name, console in fleet.consoles.items():
        assert fleet.sign_in(name)["access_token"], name
        assert console.settings()["providers"][0] == legacy[name]
        assert len(console.settings()["providers"]) == 2
        assert console.settings()["providers"][1]["client_secret"] != old[name]["client_secret"]
    own_lab.advance(2 * DAY)
    assert quick_run(fleet).rc == 0
    quiet = quick_run(fleet)
    assert set(quiet.changed().values()) == {0}, quiet.output
    names = {item["displayName"] for item in only(fleet.tenant)["passwordCredentials"]}
    assert len(names) == len(only(fleet.tenant)["passwordCredentials"]) == len(fleet.consoles)
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"], name


def test_slow_replication(lab: Lab, make_fleet: Callable[[int], Fleet]) -> None:
    """Users can sign in as soon as the first run reports success, and a second run right after it changes nothing."""
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    lab.set_lag(1.5, 3)
    try:
        first = quick_run(fleet)
        assert first.rc == 0, first.output
        assert fleet.sign_in(name)["access_token"]
        second = quick_run(fleet)
    finally:
        lab.set_lag(0.2, 0.5)
    assert set(second.changed().values()) == {0}, second.output
    application = only(fleet.tenant)
    assert len(application["passwordCredentials"]) == 1
