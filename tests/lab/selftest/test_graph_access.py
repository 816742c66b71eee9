# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Granted permissions, assigned users and groups, and their effect on tokens."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest

from lab.client import Lab

from .conftest import Api, Ready
from .test_graph_more import DENIED, MISSING, path_of, principal_of, role, settled_lag
from .test_graph_rules import BAD, check
from .test_token import authorize, check_error

GRAPH = "00000003-0000-0000-c000-000000000000"
NO_ROLE = str(uuid.UUID(int=0))


def graph_principal(api: Api) -> dict[str, Any]:
    """Return Microsoft Graph's service principal."""
    return api.tenant.graph("GET", f"/servicePrincipals(appId='{GRAPH}')").json()


def role_id(principal: dict[str, Any], value: str) -> str:
    """Return the ID of a service principal's app role."""
    return next(item["id"] for item in principal["appRoles"] if item["value"] == value)


def assign(api: Api, resource: str, principal: str, role_: str = NO_ROLE) -> str:
    """Assign a role. Returns the assignment's path."""
    path = f"/servicePrincipals/{resource}/appRoleAssignedTo"
    made = api.tenant.graph("POST", path, {"principalId": principal, "resourceId": resource, "appRoleId": role_})
    assert made.status_code == 201, made.text
    return f"{path}/{made.json()['id']}"


def test_an_assigned_role_is_in_the_applications_tokens(api: Api) -> None:
    application = api.application()
    principal = principal_of(api, application)
    client = Api(api.lab, api.tenant)
    form = {"client_id": application["appId"], "client_secret": api.password(application)["secretText"]}

    def lists() -> int:
        client.http.headers["Authorization"] = "Bearer " + client.token(**form).json()["access_token"]
        return client.graph("GET", "/applications").status_code

    assert lists() == 403
    graph = graph_principal(api)
    assignment = assign(api, graph["id"], principal["id"], role_id(graph, "Application.Read.All"))
    assert lists() == 200
    assert api.tenant.graph("DELETE", assignment).status_code == 204
    assert lists() == 403


@pytest.mark.parametrize(
    ("permission", "users", "groups"),
    [
        ("User.ReadBasic.All", 200, 403),
        ("GroupMember.Read.All", 403, 200),
        ("Directory.Read.All", 200, 200),
        ("Application.ReadWrite.All", 403, 403),
    ],
)
def test_users_and_groups(api: Api, permission: str, users: int, groups: int) -> None:
    upn = next(iter(api.tenant.users))
    api.tenant.set_permissions([permission])
    api.sign_in()
    none_yet = api.graph("GET", "/groups?$filter=displayName eq 'desk users'")
    assert none_yet.status_code == groups
    key, group = api.tenant.user_ids[upn], api.tenant.add_group("desk users", [upn])
    for path in (f"/users/{key}", f"/users/{upn}", f"/users?$filter=userPrincipalName eq '{upn}'"):
        assert api.graph("GET", path).status_code == users
    for path in (f"/groups/{group}", "/groups?$filter=displayName eq 'desk users'"):
        assert api.graph("GET", path).status_code == groups
    if users == 200:
        assert api.graph("GET", f"/users/{upn}?$select=id").json()["id"] == key
        check(api.graph("GET", "/users/nobody@nowhere.example"), 404, MISSING)
        assert api.graph("GET", "/users?$filter=userPrincipalName eq 'nobody'").json()["value"] == []
    if groups == 200:
        assert [item["id"] for item in api.graph("GET", "/groups").json()["value"]] == [group]
        check(api.graph("GET", "/groups/desk users"), 400, BAD)


def test_grants(api: Api, lab: Lab) -> None:
    api.tenant.set_permissions(["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"])
    api.sign_in()
    graph, other = graph_principal(api), principal_of(api, api.application())
    foreign = {"clientId": other["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "email"}
    assert api.graph("POST", "/oauth2PermissionGrants", foreign).status_code == 201
    application = api.application()
    settled_lag(lab)
    client = principal_of(api, application)
    body = {"clientId": client["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "openid"}
    check(api.graph("POST", "/oauth2PermissionGrants", body), 404, MISSING)
    lab.advance(31)
    made = api.graph("POST", "/oauth2PermissionGrants", body).json()
    path = f"/oauth2PermissionGrants/{made['id']}"
    mine = f"clientId eq '{client['id']}' and consentType eq 'AllPrincipals'"
    for listed in (
        f"/servicePrincipals/{client['id']}/oauth2PermissionGrants",
        f"/oauth2PermissionGrants?$filter={mine}",
    ):
        assert [len(api.graph("GET", listed).json()["value"]) for _turn in range(2)] == [0, 1]
    assert [api.graph("GET", path).status_code for _turn in range(2)] == [404, 200]
    lab.advance(31)
    assert api.graph("PATCH", path, {"scope": "openid profile"}).status_code == 204
    assert {api.graph("GET", path).json()["scope"] for _turn in range(2)} == {"openid", "openid profile"}
    check(api.graph("PATCH", path, {"consentType": "Principal"}), 400, BAD)
    check(api.graph("POST", "/oauth2PermissionGrants", body), 409, "Request_MultipleObjectsWithSameKeyValue")
    lab.set_lag(0, 0)
    second = api.graph("POST", "/oauth2PermissionGrants", {**body, "resourceId": other["id"]}).json()
    assert api.graph("DELETE", f"/servicePrincipals/{other['id']}").status_code == 204
    check(api.graph("GET", f"/oauth2PermissionGrants/{second['id']}"), 404, MISSING)
    assert api.graph("DELETE", path_of(application)).status_code == 204
    check(api.graph("GET", path), 404, MISSING)


def test_assignments(api: Api, lab: Lab) -> None:
    graph, user = graph_principal(api), api.tenant.user_ids[next(iter(api.tenant.users))]
    api.tenant.set_permissions(["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])
    api.sign_in()
    wanted = role_id(graph, "User.ReadBasic.All")
    application = api.application()
    settled_lag(lab)
    client = principal_of(api, application)
    held, given = (
        f"/servicePrincipals/{client['id']}/appRoleAssignments",
        f"/servicePrincipals/{graph['id']}/appRoleAssignedTo",
    )
    body = {"principalId": client["id"], "resourceId": graph["id"], "appRoleId": wanted}
    check(api.graph("POST", given, body), 400, BAD, "Not a valid reference update")
    lab.advance(31)
    check(api.graph("POST", given, {**body, "principalId": user}), 400, BAD, "not found on application")
    check(api.graph("POST", given, {**body, "appRoleId": str(uuid.uuid4())}), 400, BAD, "not found on application")
    made = api.graph("POST", held, body)
    assert made.status_code == 201, made.text
    for path in (held, given):
        assert {len(api.graph("GET", path).json()["value"]) for _turn in range(2)} == {0, 1}
    lab.advance(31)
    assert api.graph("DELETE", f"{given}/{made.json()['id']}").status_code == 204
    lab.set_lag(0, 0)
    check(api.graph("DELETE", f"{given}/{made.json()['id']}"), 404, MISSING)
    assign(api, client["id"], user)
    assign(api, graph["id"], client["id"], wanted)
    assert api.graph("DELETE", f"/servicePrincipals/{client['id']}").status_code == 204
    assert api.graph("GET", given).json()["value"] == []
    assert api.tenant.graph("GET", f"/servicePrincipals/{client['id']}").status_code == 404


def id_claims(ready: Ready) -> dict[str, Any]:
    """Return the claims of the first user's ID token."""
    answer = ready.api.token(**authorize(ready)).json()
    return json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))


def test_roles_of_a_user_are_in_the_id_token(ready: Ready) -> None:
    roles = [role(value="Desk.Admin"), role(value="Desk.User"), role(value="Desk.Guest")]
    assert ready.api.graph("PATCH", path_of(ready.application), {"appRoles": roles}).status_code == 204
    assert "roles" not in id_claims(ready)
    group = ready.tenant.add_group("desk users", [ready.upn])
    resource = ready.service_principal["id"]
    assign(ready.api, resource, ready.tenant.user_ids[ready.upn], roles[0]["id"])
    assign(ready.api, resource, group, roles[1]["id"])
    assert set(id_claims(ready)["roles"]) == {"Desk.Admin", "Desk.User"}


def test_groups_in_the_id_token(ready: Ready) -> None:
    path, resource = path_of(ready.application), ready.service_principal["id"]
    mine = {name: ready.tenant.add_group(name, [ready.upn]) for name in ("assigned", "free")}
    other = ready.tenant.add_group("other", [])
    for group in (mine["assigned"], other):
        assign(ready.api, resource, group)
    wanted = {"name": "groups", "additionalProperties": ["cloud_displayname"]}
    for change, seen in (
        ({}, None),
        ({"groupMembershipClaims": "SecurityGroup"}, set(mine.values())),
        ({"groupMembershipClaims": "All"}, set(mine.values())),
        ({"groupMembershipClaims": "ApplicationGroup"}, {mine["assigned"]}),
        ({"optionalClaims": {"idToken": [wanted]}}, {"assigned"}),
        ({"groupMembershipClaims": "SecurityGroup"}, set(mine.values())),
        ({"groupMembershipClaims": "None"}, None),
    ):
        assert ready.api.graph("PATCH", path, {"notes": "x", **change}).status_code == 204
        claims = id_claims(ready)
        assert (set(claims["groups"]) if "groups" in claims else None) == seen, change


def test_an_assignment_removed_before_the_code_is_redeemed(ready: Ready) -> None:
    resource = ready.service_principal["id"]
    change = {"appRoleAssignmentRequired": True}
    assert ready.tenant.graph("PATCH", f"/servicePrincipals/{resource}", change).status_code == 204
    assert "AADSTS50105" in authorize(ready)["page"]
    ready.grant("openid profile email")
    assignment = assign(ready.api, resource, ready.tenant.user_ids[ready.upn])
    form = authorize(ready)
    assert ready.tenant.graph("DELETE", assignment).status_code == 204
    check_error(ready.api.token(**form), 400, "access_denied", 50105)
    assign(ready.api, resource, ready.tenant.user_ids[ready.upn])
    assert ready.tenant.graph("PATCH", f"/servicePrincipals/{resource}", {"accountEnabled": False}).status_code == 204
    check_error(ready.api.token(**form), 401, "unauthorized_client", 7000112)


def test_permissions_to_grant(api: Api) -> None:
    graph, client = graph_principal(api), principal_of(api, api.application())
    body = {"principalId": client["id"], "resourceId": graph["id"], "appRoleId": role_id(graph, "User.Read.All")}
    check(api.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", body), 403, DENIED)
    grant = {"clientId": client["id"], "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "openid"}
    check(api.graph("POST", "/oauth2PermissionGrants", grant), 403, DENIED)
