# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml restores the former provider if the verification of a change fails and sign-in worked before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run

AUTH = "/api/oidc/auth"
RENEW = ("-e", "rustdesk_sso_secret_renew=true")
# Each of them answers one request to begin a sign-in in place of the console
SETTINGS: dict[str, Any] = {"json": {"code": "x", "url": "https://login.example/authorize?client_id=another"}}
SERVICE: dict[str, Any] = {"status": 503, "html": "<html>Bad gateway</html>"}


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def answer(lab: Lab, console: Console, *answers: dict[str, Any]) -> None:
    """Set the responses to a change's requests to begin a sign-in, in order; an empty one leaves the console's own."""
    if console.kind == "rustdesk_api":  # the inspection requests the callback URL
        lab.fault(console.name, "POST", AUTH)
    for each in answers:
        lab.fault(console.name, "POST", AUTH, **each)


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_former_provider_is_restored_after_a_failed_verification(lab: Lab, fleet: Fleet, kind: str) -> None:
    """If the written settings fail. A busy service, or a sign-in that failed before, restores nothing."""
    failing, busy, broken = (consoles.add(fleet, kind, name) for name in ("failing", "busy", "broken"))
    desks = (failing, busy, broken)
    assert quick_run(fleet).rc == 0
    people = {console.name: fleet.sign_in(console.name)["user"]["name"] for console in desks}
    held = {console.name: consoles.entry(console) for console in desks}
    if kind == "rustdesk_console":  # it allows five sign-ins a minute
        for console in desks:
            console.set_switches(rate_limits=True)
    answer(lab, failing, {}, SETTINGS)
    answer(lab, busy, {}, *[SERVICE] * 5)
    answer(lab, broken, SETTINGS, SETTINGS)
    run = quick_run(fleet, *RENEW)
    lab.clear_faults()
    assert run.failed() == {console.name for console in desks}, run.output
    assert said(run.output).count("The former provider was restored. Sign-in works.") >= 1
    assert {console.name for console in desks if consoles.entry(console) == held[console.name]} == {failing.name}
    assert "client_id: the console sends another instead of" in said(run.output)
    for console in desks:
        if kind == "rustdesk_console":
            console.set_switches(rate_limits=False)
        assert fleet.sign_in(console.name)["user"]["name"] == people[console.name]
    after = quick_run(fleet)
    assert after.rc == 0, after.output
    assert {name: fleet.sign_in(name)["user"]["name"] for name in people} == people


def test_server_stopped_by_another_one(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    """It is verified with its current provider, and the former one is not restored."""
    fleet = make_quick_fleet(2)
    one, other = fleet.consoles.values()
    assert quick_run(fleet).rc == 0
    held = consoles.entry(other)["client_secret"]
    lab.fault(one.name, "PUT", "/api/oidc/settings", times=9, status=500, json={"error": "database is locked"})
    strict = quick_run(fleet, *RENEW, any_errors_fatal=True)
    lab.clear_faults()
    assert strict.failed() == {one.name, other.name}, strict.output
    assert "The provider had already been changed. Sign-in works." in said(strict.output)
    assert consoles.entry(other)["client_secret"] != held
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]
    assert quick_run(fleet).rc == 0
