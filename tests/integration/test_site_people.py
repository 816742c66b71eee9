# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's further properties of the application: who may sign in, and what servers that share one must agree on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.client import SignInFailed
from support.fleet import Fleet
from support.quick_runs import quick_run


def test_only_the_assigned_can_sign_in(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """Assignment required and one group assigned: its members sign in, others are stopped; then nothing changes."""
    fleet = make_quick_fleet(1)
    tenant = fleet.tenant
    tenant.set_permissions(
        [
            "Application.ReadWrite.OwnedBy",
            "AppRoleAssignment.ReadWrite.All",
            "Application.Read.All",
            "GroupMember.Read.All",
            "DelegatedPermissionGrant.ReadWrite.All",
        ]
    )
    (host,) = fleet.hosts
    member, stranger = f"alice@{fleet.domain}", tenant.add_user("mallory")
    tenant.add_group("RustDesk users", [member])
    fleet.variables |= {
        "rustdesk_sso_app_service_principal": {"app_role_assignment_required": True},
        "rustdesk_sso_app_assignments": {"set": [{"group": "RustDesk users"}]},
        "rustdesk_sso_app_admin_consent": [{"resource": "Microsoft Graph", "scopes": ["openid", "profile", "email"]}],
    }
    predicted = quick_run(fleet, "--check")
    assert predicted.rc == 0, predicted.output
    first = quick_run(fleet)
    assert first.changed() == predicted.changed(), first.output
    assert fleet.sign_in(host)["access_token"]
    with pytest.raises(SignInFailed, match="AADSTS50105"):
        fleet.consoles[host].sign_in(upn=stranger, password=tenant.users[stranger])
    again = quick_run(fleet)
    assert again.changed() == {host: 0}, again.output


def test_servers_that_share_an_application_have_to_agree(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """The message names the variables in which they differ, and only those; nothing is registered."""
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
