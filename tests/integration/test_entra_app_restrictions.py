# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: restrictions that keep users from signing in although everything matches, each verified with a sign-in."""

from __future__ import annotations

from typing import Any

import pytest
from integration.entra_app_rows import ASSIGN, GRANT, NAMED, OWNED_BY, people, quietly, run
from integration.test_entra_app_access import CALLBACK, sign_in

from support.fleet import Fleet

POLICIES, DIRECTORY = "Policy.Read.All", "Directory.Read.All"
SCOPES = "openid profile email"
CODE = f"{CALLBACK}?code="
NAMED_HERE = {**NAMED, "web_redirect_uris": {"set": [CALLBACK]}}
REQUIRED = {"service_principal": {"app_role_assignment_required": True}}
CONSENT = {"admin_consent": [{"resource": "Microsoft Graph", "scopes": SCOPES.split()}]}


def names(result: dict[str, Any]) -> list[str]:
    """The names of a result's restrictions."""
    assert not result.get("failed"), result
    return [item["name"] for item in result["restrictions"]]


def told(fleet: Fleet, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """Run in check mode and for real; return the result and the names of its restrictions, which must match."""
    warnings: list[str] = []
    check = quietly(fleet, check=True, **options)
    done = run(fleet, warnings=warnings, **options)
    assert check["restrictions"] == done["restrictions"]
    found = names(done)
    for item in done["restrictions"]:
        assert [text for text in warnings if item["detail"] in text and item["hint"] in text]
    return done, found


def reads(fleet: Fleet) -> list[str]:
    """The paths read in addition to the application and its service principal."""
    known = ("AssignedTo", "oauth2PermissionGrants", "policies")
    return [
        item["path"].rpartition("/")[2] for item in fleet.lab.requests("graph") if any(x in item["path"] for x in known)
    ]


def test_no_restriction_takes_no_request(fleet: Fleet) -> None:
    """Even an automation with all read permissions reads nothing more if nothing changes."""
    fleet.tenant.set_permissions([OWNED_BY, POLICIES, DIRECTORY])
    _made, found = told(fleet, **NAMED_HERE)
    assert found == []
    assert names(quietly(fleet, **NAMED_HERE)) == []
    assert reads(fleet) == []
    quietly(fleet, check=True, **NAMED_HERE)
    assert reads(fleet) == ["authorizationPolicy"]


def test_no_user_is_assigned(fleet: Fleet) -> None:
    """With OwnedBy alone it takes one read. Holding one of the application's own roles is not an assignment."""
    alice, _bob = people(fleet)
    role = {"value": "Read", "display_name": "Read", "description": "Read", "allowed_member_types": ["Application"]}
    made, found = told(fleet, **NAMED_HERE, **REQUIRED, app_roles=[role])
    # No user can have consented to an application that this run created
    assert found == ["assignment", "consent"]
    app_id, resource = made["application"]["app_id"], made["service_principal"]["object_id"]
    held = {"resourceId": resource, "appRoleId": made["application"]["app_roles"][0]["id"]}
    held["principalId"] = fleet.tenant.automation["object_id"]
    assert fleet.tenant.graph("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", held).status_code == 201
    assert "AADSTS50105" in sign_in(fleet, app_id, alice, SCOPES)
    assert names(quietly(fleet, **NAMED_HERE)) == ["assignment"]
    assert reads(fleet) == ["appRoleAssignedTo"]
    _done, found = told(fleet, **NAMED_HERE, service_principal={"app_role_assignment_required": False})
    assert found == []
    assert sign_in(fleet, app_id, alice, SCOPES).startswith(CODE)


def test_assigned_users_need_admin_consent(fleet: Fleet) -> None:
    """If assignment is required, until consent covers all scopes. Reading this requires a permission."""
    alice, _bob = people(fleet)
    fleet.tenant.set_permissions([OWNED_BY, ASSIGN, "Application.Read.All", "User.ReadBasic.All"])
    declared = {**NAMED_HERE, **REQUIRED, "assignments": {"add": [{"user": alice}]}}
    made, found = told(fleet, **declared)
    app_id = made["application"]["app_id"]
    assert found == ["consent"]
    assert "AADSTS90094" in sign_in(fleet, app_id, alice, SCOPES)
    assert names(quietly(fleet, **declared)) == []
    assert "oauth2PermissionGrants" not in reads(fleet)

    fleet.tenant.set_permissions([OWNED_BY, ASSIGN, "Application.Read.All", "User.ReadBasic.All", GRANT])
    assert names(quietly(fleet, **declared)) == ["consent"]
    part = {"admin_consent": [{"resource": "Microsoft Graph", "scopes": ["openid", "profile"]}]}
    assert told(fleet, **declared, **part)[1] == ["consent"]
    assert "AADSTS90094" in sign_in(fleet, app_id, alice, SCOPES)
    assert told(fleet, **declared, **CONSENT)[1] == []
    assert sign_in(fleet, app_id, alice, SCOPES).startswith(CODE)
    assert names(quietly(fleet, **declared)) == []


@pytest.mark.parametrize("permissions", [[POLICIES, DIRECTORY], [POLICIES], [DIRECTORY], []])
def test_tenant_in_which_users_cannot_consent(fleet: Fleet, permissions: list[str]) -> None:
    """Detecting it requires permission to read both the policy and the grants; otherwise neither is read."""
    alice, bob = people(fleet)
    app_id = run(fleet, **NAMED_HERE)["application"]["app_id"]
    assert sign_in(fleet, app_id, alice, SCOPES).startswith(CODE)
    fleet.tenant.set_switches(user_consent=False)
    fleet.tenant.set_permissions([OWNED_BY, *permissions])
    check = quietly(fleet, check=True, **NAMED_HERE)
    both = len(permissions) == 2
    assert names(check) == (["consent"] if both else [])
    assert reads(fleet) == (["authorizationPolicy", "oauth2PermissionGrants"] if both else [])
    # Users who consented earlier can sign in
    assert sign_in(fleet, app_id, alice, SCOPES).startswith(CODE)
    assert "AADSTS90094" in sign_in(fleet, app_id, bob, SCOPES)
    fleet.tenant.set_permissions([OWNED_BY, GRANT, "Application.Read.All", *permissions])
    assert told(fleet, **NAMED_HERE, **CONSENT)[1] == []
    assert sign_in(fleet, app_id, bob, SCOPES).startswith(CODE)


def test_audience_wider_than_the_issuer(fleet: Fleet) -> None:
    """A user of another tenant is refused although the application's audience includes them."""
    other = fleet.lab.add_tenant(f"other.{fleet.domain}")
    made, found = told(fleet, **NAMED_HERE, sign_in_audience="AzureADMultipleOrgs")
    assert found == ["sign_in_audience"]
    stranger = f"alice@{other.domain}"
    fleet.tenant.users[stranger] = other.users[stranger]
    assert "AADSTS50020" in sign_in(fleet, made["application"]["app_id"], stranger, SCOPES)
    assert told(fleet, **NAMED_HERE, sign_in_audience="AzureADMyOrg")[1] == []


def test_each_application_has_its_own_restrictions(fleet: Fleet) -> None:
    entries = [{"unique_name": "open"}, {"unique_name": "closed", **REQUIRED}]
    result = run(fleet, applications=entries)
    assert [names(item) for item in result["applications"]] == [[], ["assignment", "consent"]]


def test_check_mode_makes_no_claim_about_assignments_to_be_restored(fleet: Fleet) -> None:
    alice, bob = people(fleet)
    fleet.tenant.set_permissions([OWNED_BY, ASSIGN, GRANT, "Application.Read.All", "User.ReadBasic.All"])
    who, other = ({"assignments": {"add": [{"user": upn}]}} for upn in (alice, bob))
    run(fleet, **NAMED_HERE, **REQUIRED, **who, **CONSENT)
    run(fleet, **NAMED, state="absent")
    declared = {**NAMED_HERE, "restore": True}
    for more in ({}, other, {"assignments": {"add": []}}, {"admin_consent": []}):
        assert names(quietly(fleet, check=True, **declared, **more)) == []
        assert reads(fleet) == []
    assert names(run(fleet, **declared)) == []


def test_unreadable_restrictions_stop_nothing(fleet: Fleet) -> None:
    fleet.tenant.set_permissions([OWNED_BY, POLICIES, DIRECTORY])
    run(fleet, **NAMED_HERE, **REQUIRED)
    fleet.lab.fault("graph", path_regex="appRoleAssignedTo|oauth2PermissionGrants", status=403, times=10)
    assert names(quietly(fleet, **NAMED_HERE)) == []
