# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and report.yml if sign-in works for some users only: both report it, and users' sign-ins confirm it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lab.client import Lab, SignInFailed
from support.consoles import add, entries
from support.fleet import Fleet
from support.quick_runs import quick_report, quick_run

OWNED, GRANT = "Application.ReadWrite.OwnedBy", "DelegatedPermissionGrant.ReadWrite.All"
PEOPLE = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All", "User.ReadBasic.All"]
CONSENT = [{"resource": "Microsoft Graph", "scopes": ["openid", "profile", "email"]}]


def kept_out(fleet: Fleet, name: str, upn: str) -> str:
    """The reason why a user cannot sign in to a server, in the words shown to the user; empty if the sign-in works."""
    try:
        fleet.consoles[name].sign_in(upn=upn, password=fleet.tenant.users[upn])
    except SignInFailed as failed:
        return f"{failed.step}: {failed.message}"
    return ""


def site(fleet: Fleet, *options: str) -> str:
    """Run the role, which must succeed; return its output in one line."""
    run = quick_run(fleet, *options)
    assert run.rc == 0, run.output
    return " ".join(run.output.split())


def reported(fleet: Fleet) -> dict[str, dict[str, Any]]:
    """The servers of the report by name."""
    return {item["server"]: item for item in quick_report(fleet)["servers"]}


def test_assignment_consent_and_a_full_console(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """Restricting sign-in to assigned users, step by step, on RustDesk Server Pro."""
    fleet = make_quick_fleet(1)
    (host,) = fleet.hosts
    alice, bob = f"alice@{fleet.domain}", f"bob@{fleet.domain}"
    fleet.tenant.set_permissions([OWNED, GRANT, *PEOPLE])
    assert "not for all users" not in site(fleet)
    assert kept_out(fleet, host, alice) == ""

    # No user is assigned; assigned users cannot consent either
    fleet.variables["rustdesk_sso_app_service_principal"] = {"app_role_assignment_required": True}
    predicted = site(fleet, "--check")
    said = site(fleet)
    for output in (predicted, said):
        assert "not for all users: assignment is required, and no user or group is assigned (AADSTS50105)" in output
    assert "sign-in with azure works, but not for all users: assignment" in said
    assert "AADSTS50105" in kept_out(fleet, host, alice)
    fleet.variables["rustdesk_sso_app_assignments"] = {"add": [{"user": alice}, {"user": bob}]}
    said = site(fleet)
    assert "but not for all users: users cannot consent themselves if assignment is required" in said
    assert "AADSTS90094" in kept_out(fleet, host, bob)

    # The console does not allow a second user
    console = fleet.consoles[host]
    console.put_settings({**console.settings(), "max_auth_count": 1})
    fleet.variables["rustdesk_sso_app_admin_consent"] = CONSENT
    assert "not for all users" not in site(fleet), "a run that leaves the console alone does not count its users"
    server = reported(fleet)[host]
    assert (server["state"], [item["name"] for item in server["restrictions"]]) == (
        "restricted",
        ["maximum_authorized_users"],
    )
    assert server["reason"].startswith(
        "not for all users: 1 user has signed in with the console's providers; it allows 1"
    )
    assert "maximum number of authorized users" in kept_out(fleet, host, bob)
    assert kept_out(fleet, host, alice) == ""
    console.put_settings({**console.settings(), "max_auth_count": 2})
    assert reported(fleet)[host]["state"] == "healthy"
    assert kept_out(fleet, host, bob) == ""


def test_open_source_consoles(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    """Restrictions for new users are reported only for the servers that have them; existing users can sign in."""
    fleet = make_quick_fleet(0)
    names = {kind: add(fleet, kind).name for kind in ("rustdesk_api", "rustdesk_console")}
    api, console = names.values()
    alice, bob = f"alice@{fleet.domain}", f"bob@{fleet.domain}"
    fleet.tenant.set_permissions([OWNED, "Policy.Read.All", "Directory.Read.All"])
    assert "not for all users" not in site(fleet)
    for name in names.values():
        assert kept_out(fleet, name, alice) == ""

    (stored,) = entries(fleet.consoles[api])
    fleet.consoles[api].put_settings([{**stored, "auto_register": False}])
    hook = lab.add_webhook("slack")
    fleet.variables |= {
        "rustdesk_sso_notify_url": hook.url,
        "rustdesk_sso_notify_format": "slack",
        "rustdesk_sso_notify_when": "always",
        "rustdesk_sso_notify_ca_path": str(lab.ca_path),
    }
    said = site(fleet)
    assert (
        said.count("but not for all users: the console creates no account for a user who signs in for the first") == 1
    )
    (posted,) = hook.posted()
    assert "2 verified, 1 restricted" in posted["text"]
    assert "creates no account" in json.dumps(posted["blocks"])
    assert "bind" in kept_out(fleet, api, bob)
    fleet.tenant.set_switches(user_consent=False)
    servers = reported(fleet)
    found = {name: [item["name"] for item in server["restrictions"]] for name, server in servers.items()}
    assert found == {api: ["consent", "registration"], console: ["consent"]}
    assert {server["state"] for server in servers.values()} == {"restricted"}
    assert "AADSTS90094" in kept_out(fleet, console, fleet.tenant.add_user("carol"))
    for name in names.values():
        assert kept_out(fleet, name, alice) == ""
