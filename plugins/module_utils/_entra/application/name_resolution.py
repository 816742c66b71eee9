# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Resolve the names in a declaration to object IDs: users, groups, and resources with permissions.

A GUID is used without a lookup if only the ID is needed, so that it takes no permission to read.
"""

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import odata, permission_hints
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.tokens import GRAPH_APP_ID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

# Resources that need no lookup; their app IDs are the same in every tenant and cloud [doc]
WELL_KNOWN = {"Microsoft Graph": GRAPH_APP_ID}
SAME_RESOURCE = "Merge the entries for each resource"
VERBS = ("set", "add", "remove")


def check(params: Params) -> None:
    """Raise InputError for an assignment without exactly one user or group, or a resource declared twice."""
    for verb in VERBS:
        for item in (params.get("assignments") or {}).get(verb) or []:
            if bool(item.get("user")) == bool(item.get("group")):
                raise InputError(
                    f"assignments.{verb} contains an entry with neither a user nor a group, or with both",
                    hint="Set either user or group",
                )
    for option in ("required_resource_access", "admin_consent"):
        names = [WELL_KNOWN.get(entry["resource"], entry["resource"]) for entry in params.get(option) or []]
        _plan.check_once(option, names, SAME_RESOURCE)


async def resolve(graph: Graph, params: Params) -> Params:
    """Return ``params`` with IDs instead of names in owners, assignments, required_resource_access and admin_consent.

    Raises InputError for a name that does not exist or is not unique, ServiceError if a lookup is not permitted.
    """
    found: Document = dict(params)
    resources: dict[str, Document] = {}
    if params.get("owners"):
        found["owners"] = await _owners(graph, params["owners"])
    principal = params.get("service_principal") or {}
    if principal.get("owners"):
        found["service_principal"] = {**principal, "owners": await _owners(graph, principal["owners"])}
    if params.get("assignments"):
        found["assignments"] = {
            verb: None if params["assignments"].get(verb) is None else await asyncio.gather(
                *(_principal(graph, item) for item in params["assignments"][verb])
            )
            for verb in VERBS
        }  # fmt: skip
    for option in ("required_resource_access", "admin_consent"):
        if params.get(option) is None:
            continue
        entries = []
        for entry in params[option]:
            ids_only = option == "required_resource_access" and _only_ids(entry)
            if not ids_only and entry["resource"] not in resources:
                resources[entry["resource"]] = await _resource(graph, entry["resource"])
            entries.append(_resolved(entry, resources.get(entry["resource"]), names=option == "admin_consent"))
        found[option] = entries
    return found


async def _owners(graph: Graph, declared: Params) -> Document:
    """Return {set, add, remove} of owners with object IDs instead of names."""
    found: Document = dict.fromkeys(VERBS)
    for verb in VERBS:  # Python 3.10 does not support nested asynchronous comprehensions
        if declared.get(verb) is not None:
            found[verb] = [str((await _user(graph, name))["id"]) for name in declared[verb]]
    return found


def _only_ids(entry: Params) -> bool:
    named = [entry["resource"], *(entry["scopes"] or []), *(entry["app_roles"] or [])]
    return all(GUID.fullmatch(WELL_KNOWN.get(name, name)) for name in named)


def _resolved(entry: Params, resource: Document | None, *, names: bool) -> Document:
    """Return an entry with the resource's app ID, the IDs of its roles, and the IDs (or ``names``) of its scopes."""
    scopes, roles = entry["scopes"], entry["app_roles"]
    if resource is None:
        app_id = str(WELL_KNOWN.get(entry["resource"], entry["resource"])).lower()
        return {
            "resource": app_id,
            "scopes": [key.lower() for key in scopes or []],
            "app_roles": [key.lower() for key in roles or []],
        }
    known = resource["oauth2PermissionScopes"]
    found = None if scopes is None else [_permission(resource, known, name, "scope") for name in scopes]
    held = None if roles is None else [_permission(resource, resource["appRoles"], name, "app role") for name in roles]
    if names:
        return {
            "resource": entry["resource"],
            "resource_id": resource["id"],
            "scopes": None if found is None else sorted({item["value"] for item in found}),
            "app_roles": None if held is None else sorted({item["id"] for item in held}),
        }
    return {
        "resource": resource["appId"],
        "scopes": sorted({item["id"] for item in found or []}),
        "app_roles": sorted({item["id"] for item in held or []}),
    }


def _permission(resource: Document, known: list[Document], name: str, kind: str) -> Document:
    for item in known:
        if name == item.get("value") or name.lower() == str(item["id"]).lower():
            return item
    raise InputError(
        f"The resource {resource['displayName']} has no {kind} {name}",
        answer=f"none of its {len(known)} {kind}s has this name (names are case-sensitive) or ID",
        hint="Correct the name, or move it between scopes (delegated) and app_roles (application permissions)",
    )


async def _resource(graph: Graph, name: str) -> Document:
    """Return the service principal of a resource, by app ID or display name, with its permissions."""
    app_id = WELL_KNOWN.get(name, name)
    select = ["id", "appId", "displayName", "appRoles", "oauth2PermissionScopes"]
    attempted = f"Looking up the resource {name} failed"
    if GUID.fullmatch(app_id):
        address = graph.client.service_principals_with_app_id(app_id.lower())
        one = await graph.get(address, attempted, missing_ok=True, select=select)
        found = [one] if one else []
    else:
        query = {"filter": f"displayName eq {odata.literal(name)}", "select": select}
        found = await graph.pages(graph.request("GET", graph.client.service_principals, query=query), attempted)
    return _just_one(found, f"resource {name}", "appId", "Use its app ID")


async def _principal(graph: Graph, item: Params) -> Document:
    """Return a user or group of O(assignments) with its name in Graph, or None as the name if it is declared by ID."""
    kind = "user" if item.get("user") else "group"
    found = await (_user if kind == "user" else _group)(graph, item[kind])
    names = {"principal_id": str(found["id"]), "name": found.get("displayName"), "type": kind.capitalize()}
    return {**names, "app_role": item.get("app_role")}


async def _user(graph: Graph, name: str) -> Document:
    """Return the user with a user principal name; an object ID is not looked up."""
    if GUID.fullmatch(name):
        return {"id": name.lower()}
    attempted = f"Looking up the user {name} failed"
    try:
        address = graph.client.users.by_user_id(name)
        found = await graph.get(address, attempted, missing_ok=True, select=["id", "displayName"])
    except ServiceError as error:
        raise looking_refused(error, "User.ReadBasic.All", graph.caller) from error
    if found is None:
        raise InputError(f"The tenant has no user {name}", hint="Correct the user principal name, or set the object ID")
    return found


async def _group(graph: Graph, name: str) -> Document:
    """Return the only group with a display name; an object ID is not looked up."""
    if GUID.fullmatch(name):
        return {"id": name.lower()}
    query = {"filter": f"displayName eq {odata.literal(name)}", "select": ["id", "displayName"]}
    request = graph.request("GET", graph.client.groups, query=query)
    try:
        found = await graph.pages(request, f"Looking up the group {name} failed")
    except ServiceError as error:
        raise looking_refused(error, "GroupMember.Read.All", graph.caller) from error
    return _just_one(found, f"group {name}", "id", "Use its object ID")


def _just_one(found: list[Document], what: str, member: str, hint: str) -> Document:
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(str(item[member]) for item in found)
        raise InputError(f"The tenant has more than one {what}", answer=keys, hint=hint)
    raise InputError(f"The tenant has no {what}", hint=f"Correct the name, or {hint[0].lower()}{hint[1:]}")


def looking_refused(error: ServiceError, permission: str, caller: permission_hints.Caller) -> ServiceError:
    """Return ``error`` with a next step if Graph answered 403 to a lookup that needs ``permission``. Pure.

    A user needs a directory role, which the error's own hint names.
    """
    if error.status != 403:
        return error
    granted = f"Grant the automation {permission}: {permission_hints.add('names')}"
    hint = error.hint if caller.delegated and error.hint else granted
    return error.but(hint=f"{hint}, or set the object ID, which needs no lookup")
