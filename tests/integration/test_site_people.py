# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Further properties of the application in the role: who may sign in, and where servers that share one must agree."""

from __future__ import annotations

import json
from collections.abc import Callable

from lab.client import SignInFailed
from support.fleet import Fleet
from support.quick_runs import QuickRun, quick_report, quick_run

OWNED = "Application.ReadWrite.OwnedBy"
ASSIGN = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]
GROUPS, PRINCIPAL = "rustdesk_sso_app_allowed_groups", "rustdesk_sso_app_service_principal"


def kept_out(fleet: Fleet, upn: str) -> bool:
    """Return True if Entra refuses a user as not assigned."""
    (console,) = fleet.consoles.values()
    try:
        console.sign_in(upn=upn, password=fleet.tenant.users[upn])
    except SignInFailed as failed:
        assert "AADSTS50105" in failed.message
        return True
    return False


def site(fleet: Fleet, *options: str) -> QuickRun:
    """Run the role; it must succeed."""
    run = quick_run(fleet, *options)
    assert run.rc == 0, run.output
    return run


def test_only_members_of_a_group_can_sign_in(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """All users at first, then only the group's members, until a declaration allows all users again."""
    fleet = make_quick_fleet(1)
    tenant, (host,) = fleet.tenant, fleet.hosts
    member, stranger = f"alice@{fleet.domain}", tenant.add_user("mallory")
    group = tenant.add_group("RustDesk users", [member])
    tenant.set_permissions([OWNED, *ASSIGN, "GroupMember.Read.All", "DelegatedPermissionGrant.ReadWrite.All"])
    fleet.variables["rustdesk_sso_app_admin_consent"] = [
        {"resource": "Microsoft Graph", "scopes": ["openid", "profile", "email"]}
    ]
    site(fleet)
    assert not kept_out(fleet, member)
    assert not kept_out(fleet, stranger)

    fleet.variables[GROUPS] = ["RustDesk users"]
    predicted, run = site(fleet, "--check"), site(fleet)
    assert run.changed() == predicted.changed()
    for one in (predicted, run):
        drift = json.dumps(one.of.hosts[host].run[host]["drift"])
        assert "RustDesk users" in drift
        assert group in drift
    assert not kept_out(fleet, member)
    assert kept_out(fleet, stranger)
    assert site(fleet).changed() == {host: 0}

    del fleet.variables[GROUPS]
    assert site(fleet).changed() == {host: 0}
    assert kept_out(fleet, stranger)
    fleet.variables[GROUPS] = []
    refused = quick_run(fleet)
    assert "rustdesk_sso_app_allowed_groups is empty, so no user could sign in. To allow all users" in refused.output
    assert not kept_out(fleet, member)
    fleet.variables[PRINCIPAL] = {"app_role_assignment_required": False}
    site(fleet)
    assert not kept_out(fleet, stranger)
    assert site(fleet).changed() == {host: 0}


def test_missing_permission_is_named_and_locks_no_user_out(make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(1)
    tenant = fleet.tenant
    user = f"alice@{fleet.domain}"
    group = tenant.add_group("RustDesk users", [])
    site(fleet)
    fleet.variables[GROUPS] = ["RustDesk users"]
    said = quick_run(fleet).output
    assert said.startswith("Register the applications: Looking up the group")
    again = "to bootstrap_abilities, and run the playbook bootstrap_automation again"
    assert f"Grant the automation GroupMember.Read.All: add names {again}" in said
    fleet.variables[GROUPS] = [group]
    for permissions in ([OWNED], [OWNED, "Application.Read.All"]):
        tenant.set_permissions(permissions)
        said = quick_run(fleet).output
        assert f"add assignments {again}" in said
        assert not kept_out(fleet, user)
    tenant.set_permissions([OWNED, *ASSIGN])
    site(fleet)
    assert kept_out(fleet, user)


def test_servers_that_share_an_application_must_agree(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """The message names only the variables in which they differ; nothing is registered."""
    fleet = make_quick_fleet(2)
    one, other = fleet.hosts.values()
    fleet.variables["rustdesk_sso_app_notes"] = "all alike"
    one["rustdesk_sso_app_tags"] = ["desk"]
    other["rustdesk_sso_app_assignments"] = {"add": [{"group": "RustDesk users"}]}
    run = quick_run(fleet)
    assert run.failed() == set(fleet.hosts), run.output
    said = " ".join(run.output.split())
    assert "differ in rustdesk_sso_app_assignments, rustdesk_sso_app_tags." in said
    assert "rustdesk_sso_app_notes" not in said
    assert [item for item in fleet.tenant.applications() if item["displayName"] != "automation"] == []
    assert {server["state"] for server in quick_report(fleet)["servers"]} == {"invalid"}
