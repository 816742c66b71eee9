# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""App role assignments, delegated grants, and the users and groups that they name."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ..clock import stamp
from ..errors import GraphError, bad_request, not_found
from ..router import Router
from . import permissions
from .graph_call import NO_CONTENT, Answer, Call
from .graph_service_principals import ADDRESS, find
from .odata import listing

NO_ROLE = "00000000-0000-0000-0000-000000000000"
# Seen in both spellings [rec].
GRANTS = "/o[aA]uth2PermissionGrants"


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", ADDRESS + "/appRoleAssignedTo", assigned_to)
    router.add("POST", ADDRESS + "/appRoleAssignedTo", assign)
    router.add("DELETE", ADDRESS + "/appRoleAssignedTo/(?P<assignment>[^/]+)", unassign)
    router.add("GET", ADDRESS + "/appRoleAssignments", assignments)
    router.add("GET", GRANTS, list_grants)
    router.add("POST", GRANTS, grant)
    router.add("PATCH", GRANTS + "/(?P<key>[^/]+)", change_grant)
    router.add("DELETE", GRANTS + "/(?P<key>[^/]+)", revoke)
    router.add("GET", "/users", list_users)
    router.add("GET", "/users/(?P<key>[^/]+)", read_user)
    router.add("GET", "/groups", list_groups)
    router.add("GET", "/groups/(?P<key>[^/]+)", read_group)


def _principals(call: Call) -> dict[str, tuple[str, str]]:
    """Display name and type of everything that can hold a role, by id."""
    tenant = call.tenant
    found = {user.oid: (user.display_name, "User") for user in tenant.users.values()}
    found |= {key: (group["displayName"], "Group") for key, group in tenant.groups.items()}
    for record in tenant.service_principals.all():
        found[record.body["id"]] = (record.body["displayName"], "ServicePrincipal")
    return found


def assigned_to(call: Call, **address: str) -> Answer:
    """GET who is assigned to a service principal."""
    permissions.may_read(call)
    key = find(call, address).body["id"]
    items = [item for item in call.tenant.assignments.values() if item["resourceId"] == key]
    return listing(call, "appRoleAssignments", items)


def assignments(call: Call, **address: str) -> Answer:
    """GET what a service principal is assigned to."""
    permissions.may_read(call)
    key = find(call, address).body["id"]
    items = [item for item in call.tenant.assignments.values() if item["principalId"] == key]
    return listing(call, "appRoleAssignments", items)


def assign(call: Call, **address: str) -> Answer:
    """POST an assignment: 201; needs two permissions [doc]."""
    permissions.needs(call, frozenset({permissions.ASSIGN}), permissions.READ)
    call.schemas.check(call.body, "appRoleAssignment", "create")
    resource = find(call, address)
    asked = call.body
    principal = _principals(call).get(str(asked.get("principalId", "")))
    # A reference that has not reached every replica is called invalid [iss].
    settled = call.caller.primary or call.directory.settled(resource.created)
    if principal is None or asked.get("resourceId") != resource.body["id"] or not settled:
        raise bad_request("Not a valid reference update.")
    role = asked.get("appRoleId") or NO_ROLE
    known = {item["id"] for item in resource.body["appRoles"] if item["isEnabled"]}
    if role not in known and not (role == NO_ROLE and not known):
        raise bad_request("Permission being assigned was not found on application")
    wanted = (asked["principalId"], resource.body["id"], role)
    for item in call.tenant.assignments.values():
        if (item["principalId"], item["resourceId"], item["appRoleId"]) == wanted:
            raise bad_request("Permission being assigned already exists on the object")
    key = _opaque(*wanted)
    call.tenant.assignments[key] = {
        "id": key,
        "deletedDateTime": None,
        "appRoleId": role,
        "createdDateTime": stamp(call.now, 7),
        "principalDisplayName": principal[0],
        "principalId": asked["principalId"],
        "principalType": principal[1],
        "resourceDisplayName": resource.body["displayName"],
        "resourceId": resource.body["id"],
    }
    body = {"@odata.context": call.context("appRoleAssignments/$entity"), **call.tenant.assignments[key]}
    return Answer(201, body, call.location("appRoleAssignments", key))


def unassign(call: Call, assignment: str, **address: str) -> Answer:
    """DELETE an assignment."""
    permissions.needs(call, frozenset({permissions.ASSIGN}), permissions.READ)
    key = find(call, address).body["id"]
    if call.tenant.assignments.get(assignment, {}).get("resourceId") != key:
        raise not_found(assignment)
    del call.tenant.assignments[assignment]
    return NO_CONTENT


def list_grants(call: Call) -> Answer:
    """GET delegated grants: two resource units [rec]."""
    permissions.needs(call, permissions.GRANTS | permissions.READ)
    return listing(call, "oauth2PermissionGrants", list(call.tenant.grants.values()), cost=2)


def grant(call: Call) -> Answer:
    """POST a grant: 201; one for each client, resource and principal; its id is the same when made again [rec]."""
    permissions.needs(call, permissions.GRANTS)
    call.schemas.check(call.body, "oAuth2PermissionGrant", "create")
    asked = {name: value for name, value in call.body.items() if "@odata." not in name}
    kind, principal = asked.get("consentType"), asked.get("principalId")
    if kind not in ("AllPrincipals", "Principal") or (kind == "Principal") is (principal is None):
        raise bad_request("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.")
    known = _principals(call)
    for name in ("clientId", "resourceId"):
        if known.get(str(asked.get(name)), ("", ""))[1] != "ServicePrincipal":
            raise not_found(str(asked.get(name)))
    key = _opaque(asked["clientId"], asked["resourceId"], principal or "")
    if key in call.tenant.grants:
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    call.tenant.grants[key] = {
        "clientId": asked["clientId"],
        "consentType": kind,
        "id": key,
        "principalId": principal,
        "resourceId": asked["resourceId"],
        "scope": asked.get("scope"),
    }
    body = {"@odata.context": call.context("oauth2PermissionGrants/$entity"), **call.tenant.grants[key]}
    return Answer(201, body, call.location("oauth2PermissionGrants", key))


def change_grant(call: Call, key: str) -> Answer:
    """PATCH the scope of a grant."""
    permissions.needs(call, permissions.GRANTS)
    call.schemas.check(call.body, "oAuth2PermissionGrant", "update")
    if key not in call.tenant.grants:
        raise not_found(key)
    if set(call.body) - {"scope", "@odata.type"}:
        raise bad_request("Only the property 'scope' of resource 'OAuth2PermissionGrant' can be changed.")
    call.tenant.grants[key]["scope"] = call.body.get("scope")
    return NO_CONTENT


def revoke(call: Call, key: str) -> Answer:
    """DELETE a grant [rec]."""
    permissions.needs(call, permissions.GRANTS)
    if call.tenant.grants.pop(key, None) is None:
        raise not_found(key)
    return NO_CONTENT


def _opaque(*parts: str) -> str:
    """An id that follows from what it links [rec]."""
    raw = b"".join(uuid.UUID(part).bytes_le for part in parts if part)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _users(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "businessPhones": [],
            "displayName": user.display_name,
            "givenName": None,
            "jobTitle": None,
            "mail": user.email,
            "mobilePhone": None,
            "officeLocation": None,
            "preferredLanguage": None,
            "surname": None,
            "userPrincipalName": user.upn,
            "id": user.oid,
        }
        for user in call.tenant.users.values()
    ]


def _groups(call: Call) -> list[dict[str, Any]]:
    return [
        {"id": key, "displayName": group["displayName"], "mailEnabled": False, "securityEnabled": True}
        for key, group in call.tenant.groups.items()
    ]


def _one(call: Call, kind: str, items: list[dict[str, Any]], key: str, *members: str) -> Answer:
    for item in items:
        if key.lower() in [str(item[member]).lower() for member in members]:
            return Answer(200, {"@odata.context": call.context(f"{kind}/$entity"), **item})
    raise not_found(key)


def list_users(call: Call) -> Answer:
    """GET the users."""
    permissions.needs(call, frozenset({"User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}))
    return listing(call, "users", _users(call))


def read_user(call: Call, key: str) -> Answer:
    """GET one user, by id or user principal name."""
    permissions.needs(call, frozenset({"User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}))
    return _one(call, "users", _users(call), key, "id", "userPrincipalName")


def list_groups(call: Call) -> Answer:
    """GET the groups."""
    permissions.needs(call, frozenset({"Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}))
    return listing(call, "groups", _groups(call))


def read_group(call: Call, key: str) -> Answer:
    """GET one group."""
    permissions.needs(call, frozenset({"Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}))
    return _one(call, "groups", _groups(call), key, "id")
