# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks after a failure, and those that try a change on one server first, as ansible-playbook runs them."""

from __future__ import annotations

from collections.abc import Callable

from lab.client import Lab
from support import consoles
from support.fleet import Fleet

WRONG = {"json": {"code": "x", "url": "https://login.example/authorize?client_id=another"}}


def test_change_for_all_users_that_fails_on_the_first_server(
    lab: Lab, make_quick_fleet: Callable[[int], Fleet]
) -> None:
    """Its former provider is restored, those of the others stay, users sign in; no secret is shown at any verbosity."""
    fleet = make_quick_fleet(2)
    first, other = fleet.consoles.values()
    assert fleet.site().rc == 0
    held = [consoles.entry(console)["client_secret"] for console in (first, other)]
    fleet.variables |= {"rustdesk_sso_app_sign_in_audience": "AzureADMultipleOrgs", "rustdesk_sso_secret_renew": True}
    lab.fault(first.name, "POST", "/api/oidc/auth")  # as usual before the change
    lab.fault(first.name, "POST", "/api/oidc/auth", times=2, **WRONG)
    run = fleet.site("--diff", "-vvv")
    assert run.failed() == {first.name, other.name}, run.output
    said = " ".join(run.output.split())
    assert "The former provider was restored. Sign-in works. Changes to the application are kept: " in said
    assert f"The change was tried on {first.name} first, where sign-in would not work" in said
    assert [consoles.entry(console)["client_secret"] for console in (first, other)] == held
    assert consoles.told(lab, run.output) == []
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]
    lab.clear_faults()
    assert fleet.site().rc == 0
    assert not {consoles.entry(console)["client_secret"] for console in (first, other)} & set(held)
