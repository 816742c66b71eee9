# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of several controllers on the same servers at the same time."""

from __future__ import annotations

import copy

import pytest
from integration.test_site_stranded import ADDS, CHANGES, held, key_ids, secrets

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run
from support.runs_at_once import runs_at_once

MAKES = ("POST", "/addPassword")


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_first_runs(kind: str, lab: Lab, fleet: Fleet) -> None:
    """None fails, all keep only the client secret that the console has, and users can sign in."""
    console = consoles.add(fleet, kind)
    (name,) = fleet.hosts
    done = runs_at_once([fleet] * 4, meet=[MAKES, written(ADDS, kind)])
    assert [item.failed for item in done] == [set()] * 4, [item.output for item in done]
    assert secrets(fleet) == held(fleet, console)
    assert fleet.sign_in(name)["access_token"]


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_renewals(kind: str, lab: Lab, fleet: Fleet) -> None:
    """The former client secret is superseded once, and slower runs keep the one that another run wrote."""
    console = consoles.add(fleet, kind)
    (name,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    former = held(fleet, console)
    done = runs_at_once([fleet] * 4, "-e", "rustdesk_sso_secret_renew=true", meet=[MAKES, written(CHANGES, kind)])
    assert [item.failed for item in done] == [set()] * 4, [item.output for item in done]
    assert key_ids(secrets(fleet)) == key_ids([*former, *held(fleet, console)])
    assert fleet.sign_in(name)["access_token"]
    quiet = quick_run(fleet)
    assert set(quiet.changed().values()) == {0}, quiet.output


def test_providers_of_one_console(lab: Lab, fleet: Fleet) -> None:
    """Each run writes the complete settings of RustDesk Server Pro, without the providers of the others."""
    console = consoles.add(fleet, "pro")
    (name,) = fleet.hosts
    fleets = [copy.copy(fleet) for _number in range(3)]
    for number, one in enumerate(fleets):
        own = {
            "rustdesk_sso_provider_name": f"oidc{number}",
            "rustdesk_sso_secret_name": f"{name} {number}",
            "rustdesk_sso_app_unique_name": f"rustdesk-{number}",
        }
        one.hosts = {name: {**fleet.hosts[name], **own}}
    # All runs read before the first one writes, and that one has verified its write before the others' writes take
    # effect
    method, path = written(ADDS, "pro")
    late = {"service": console.name, "method": method, "path_regex": path, "delay": 0.3, "times": len(fleets) - 1}
    lab.fault(console.name, method, path, delay=0.001, then=[late])
    done = runs_at_once(fleets, meet=[(method, path)])
    assert [item.failed for item in done] == [set()] * len(fleets), [item.output for item in done]
    assert {item["name"] for item in consoles.entries(console)} >= {f"oidc{number}" for number in range(len(fleets))}


def written(requests: dict[str, tuple[str, str]], kind: str) -> tuple[str, str]:
    """Method and path of the product's write request to a console of this type."""
    method, path = requests[kind]
    return method, path.strip("$")
