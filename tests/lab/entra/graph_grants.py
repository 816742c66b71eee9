# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""App role assignments and delegated grants."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from ..clock import stamp
from ..directory import Record
from ..errors import BodyError, GraphError, bad_request, not_found
from ..router import Router
from . import permissions
from .graph_call import NO_CONTENT, Answer, Call
from .graph_service_principals import ADDRESS, find
from .odata import listing
from .schemas import read_only

NO_ROLE = "00000000-0000-0000-0000-000000000000"
# Both spellings occur [rec].
GRANTS = "/o[aA]uth2PermissionGrants"
ASSIGNMENT = "/(?P<assignment>[^/]+)"


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    # From the resource's or the client's side. Both show and change the same assignments [doc].
    router.add("GET", ADDRESS + "/appRoleAssignedTo", assigned_to)
    router.add("POST", ADDRESS + "/appRoleAssignedTo", assign)
    router.add("DELETE", ADDRESS + "/appRoleAssignedTo" + ASSIGNMENT, unassign)
    router.add("GET", ADDRESS + "/appRoleAssignments", assignments)
    router.add("POST", ADDRESS + "/appRoleAssignments", assign)
    router.add("DELETE", ADDRESS + "/appRoleAssignments" + ASSIGNMENT, unassign)
    router.add("GET", ADDRESS + GRANTS, grants_of)
    router.add("GET", GRANTS, list_grants)
    router.add("POST", GRANTS, grant)
    router.add("GET", GRANTS + "/(?P<key>[^/]+)", read_grant)
    router.add("PATCH", GRANTS + "/(?P<key>[^/]+)", change_grant)
    router.add("DELETE", GRANTS + "/(?P<key>[^/]+)", revoke)


def _principal(call: Call, key: str) -> tuple[str, str] | None:
    """Return display name and type of a principal that can hold a role; None if the serving replica lacks it."""
    tenant = call.tenant
    for user in tenant.users.values():
        if user.oid == key:
            return user.display_name, "User"
    if key in tenant.groups:
        return tenant.groups[key]["displayName"], "Group"
    record = _service_principal(call, key)
    return (record.body["displayName"], "ServicePrincipal") if record else None


def _service_principal(call: Call, key: str) -> Record | None:
    """Return a fully replicated service principal: a reference to a newer one is reported as invalid [iss]."""
    record = call.tenant.service_principals.read(key)
    known = record is not None and (call.caller.primary or call.directory.settled(record.created))
    return record if known else None


def assigned_to(call: Call, **address: str) -> Answer:
    """GET the assignments to a service principal."""
    return _assignments(call, address, "resourceId")


def assignments(call: Call, **address: str) -> Answer:
    """GET the assignments of a service principal."""
    return _assignments(call, address, "principalId")


def _assignments(call: Call, address: dict[str, str], side: str) -> Answer:
    permissions.may_read(call)
    key = find(call, address).body["id"]
    items = [record.body for record in call.tenant.assignments.all(call.stale) if record.body[side] == key]
    return listing(call, "appRoleAssignments", items)


def assign(call: Call, **address: str) -> Answer:
    """POST an assignment: 201. It needs two permissions [doc]."""
    permissions.needs(call, frozenset({permissions.ASSIGN}), permissions.READ)
    call.schemas.check(call.body, "appRoleAssignment", "create")
    for name in ("principalId", "resourceId", "appRoleId"):
        if not call.body.get(name):
            raise BodyError(f"A value is required for property '{name}' of resource 'AppRoleAssignment'.")
    here = find(call, address).body["id"]
    principal_id, resource_id, role = (call.body[name] for name in ("principalId", "resourceId", "appRoleId"))
    principal, resource = _principal(call, principal_id), _service_principal(call, resource_id)
    side = resource_id if call.path.endswith("/appRoleAssignedTo") else principal_id
    if principal is None or resource is None or side != here:
        raise bad_request("Not a valid reference update.")
    _check_role(resource.body, role, principal[1])
    key = opaque(principal_id, resource_id, role)
    if call.tenant.assignments.read(key):
        raise bad_request("Permission being assigned already exists on the object")
    made = {
        "id": key,
        "deletedDateTime": None,
        "appRoleId": role,
        "createdDateTime": stamp(call.now, 7),
        "principalDisplayName": principal[0],
        "principalId": principal_id,
        "principalType": principal[1],
        "resourceDisplayName": resource.body["displayName"],
        "resourceId": resource_id,
    }
    call.tenant.assignments.write(key, Record(made))
    body = {"@odata.context": call.context("appRoleAssignments/$entity"), **made}
    return Answer(201, body, call.location("appRoleAssignments", key))


def _check_role(resource: dict[str, Any], role: str, principal_type: str) -> None:
    """Check that the resource declares the role for such a principal. Without any, only its default access is valid
    [doc].
    """
    member = "Application" if principal_type == "ServicePrincipal" else "User"
    enabled = [item for item in resource["appRoles"] if item["isEnabled"]]
    fits = any(item["id"] == role and member in item["allowedMemberTypes"] for item in enabled)
    if not fits and not (role == NO_ROLE and not enabled):
        raise bad_request("Permission being assigned was not found on application")


def unassign(call: Call, assignment: str, **address: str) -> Answer:
    """DELETE an assignment."""
    permissions.needs(call, frozenset({permissions.ASSIGN}), permissions.READ)
    here = find(call, address).body["id"]
    found = call.tenant.assignments.read(assignment, call.stale)
    side = "resourceId" if "/appRoleAssignedTo/" in call.path else "principalId"
    if found is None or found.body[side] != here:
        raise not_found(assignment)
    call.tenant.assignments.write(assignment, None)
    return NO_CONTENT


def list_grants(call: Call) -> Answer:
    """GET delegated grants: two resource units [rec]."""
    permissions.needs(call, permissions.READ_GRANTS)
    items = [record.body for record in call.tenant.grants.all(call.stale)]
    return listing(call, "oauth2PermissionGrants", items, cost=2)


def grants_of(call: Call, **address: str) -> Answer:
    """GET the delegated grants of a client."""
    permissions.needs(call, permissions.READ_GRANTS)
    key = find(call, address).body["id"]
    items = [record.body for record in call.tenant.grants.all(call.stale) if record.body["clientId"] == key]
    return listing(call, "oauth2PermissionGrants", items)


def _grant(call: Call, key: str) -> dict[str, Any]:
    record = call.tenant.grants.read(key, call.stale)
    if record is None:
        raise not_found(key)
    return record.body


def read_grant(call: Call, key: str) -> Answer:
    """GET one grant."""
    permissions.needs(call, permissions.READ_GRANTS)
    return Answer(200, {"@odata.context": call.context("oauth2PermissionGrants/$entity"), **_grant(call, key)})


def grant(call: Call) -> Answer:
    """POST a grant: 201. One per client, resource and principal; its ID is the same if it is created again [rec]."""
    permissions.needs(call, permissions.GRANTS)
    call.schemas.check(call.body, "oAuth2PermissionGrant", "create")
    asked = {name: value for name, value in call.body.items() if "@odata." not in name}
    kind, principal = asked.get("consentType"), asked.get("principalId")
    if kind not in ("AllPrincipals", "Principal") or (kind == "Principal") is (principal is None):
        raise bad_request("Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.")
    for name in ("clientId", "resourceId"):
        if not _service_principal(call, str(asked.get(name))):
            raise not_found(str(asked.get(name)))
    if principal and (_principal(call, principal) or ("", ""))[1] != "User":
        raise not_found(principal)
    key = opaque(asked["clientId"], asked["resourceId"], principal or "")
    if call.tenant.grants.read(key):
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    made = {
        "clientId": asked["clientId"],
        "consentType": kind,
        "id": key,
        "principalId": principal,
        "resourceId": asked["resourceId"],
        "scope": asked.get("scope"),
    }
    call.tenant.grants.write(key, Record(made))
    body = {"@odata.context": call.context("oauth2PermissionGrants/$entity"), **made}
    return Answer(201, body, call.location("oauth2PermissionGrants", key))


def change_grant(call: Call, key: str) -> Answer:
    """PATCH the scope of a grant. Everything else is fixed [doc]."""
    permissions.needs(call, permissions.GRANTS)
    call.schemas.check(call.body, "oAuth2PermissionGrant", "update")
    for name in sorted(set(call.body) - {"scope", "@odata.type"}):
        raise read_only(name)
    _grant(call, key)
    call.stale = False
    call.tenant.grants.write(key, Record({**_grant(call, key), "scope": call.body.get("scope")}))
    return NO_CONTENT


def revoke(call: Call, key: str) -> Answer:
    """DELETE a grant [rec]."""
    permissions.needs(call, permissions.GRANTS)
    _grant(call, key)
    call.tenant.grants.write(key, None)
    return NO_CONTENT


def opaque(*parts: str) -> str:
    """Return an ID derived from the linked objects [rec]."""
    raw = b"".join(uuid.UUID(part).bytes_le for part in parts if part)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
