# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml tries a change for all users of an application on one server before it changes the other providers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run

AUDIENCE: dict[str, Any] = {"rustdesk_sso_app_sign_in_audience": "AzureADMultipleOrgs"}
WRONG = {"json": {"code": "x", "url": "https://login.example/authorize?client_id=another"}}


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def held(fleet: Fleet) -> dict[str, str]:
    """The client secret of each console's provider."""
    return {name: consoles.entry(console)["client_secret"] for name, console in fleet.consoles.items()}


@pytest.mark.parametrize("first_kind", consoles.KINDS)
def test_other_servers_wait_for_the_first(lab: Lab, make_quick_fleet: Callable[[int], Fleet], first_kind: str) -> None:
    """If the first server's sign-in would not work, the others are left unchanged."""
    fleet = make_quick_fleet(0)
    names = [consoles.add(fleet, kind).name for kind in (first_kind, *(k for k in consoles.KINDS if k != first_kind))]
    first, *others = names
    assert quick_run(fleet).rc == 0
    before = held(fleet)
    fleet.variables |= {**AUDIENCE, "rustdesk_sso_secret_renew": True}
    predicted = quick_run(fleet, "--check")
    assert predicted.rc == 0, predicted.output
    assert said(predicted.output).count("changes for all users of 3 servers: sign_in_audience") == 3
    part = quick_run(fleet, "--check", "--limit", others[0])
    assert "changes for all users of 3 servers: sign_in_audience" in said(part.output)
    assert held(fleet) == before

    # Normal until the change; the callback URL of a rustdesk_api is revealed only then
    lab.fault(first, "POST", "/api/oidc/auth", times=2 if first_kind == "rustdesk_api" else 1)
    lab.fault(first, "POST", "/api/oidc/auth", times=9, **WRONG)
    stopped = quick_run(fleet)
    lab.clear_faults()
    assert stopped.failed() == set(fleet.consoles), stopped.output
    assert f"The change was tried on {first} first, where sign-in would not work: " in said(stopped.output)
    assert "The former provider was restored." in said(stopped.output)
    assert held(fleet) == before
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]

    fleet.variables |= {"rustdesk_sso_app_sign_in_audience": "AzureADMyOrg"}
    done = quick_run(fleet)
    assert done.rc == 0, done.output
    assert not set(held(fleet).values()) & set(before.values())
    assert done.changed() == {name: done.changed()[first] for name in fleet.consoles}
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]
