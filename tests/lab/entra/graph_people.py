# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/users and /groups, and the directory objects that can own an application."""

from __future__ import annotations

import re
import uuid
from typing import Any

from ..directory import Record, User
from ..errors import BodyError, GraphError, bad_request, not_found
from ..router import Router
from . import objects, permissions
from .graph_call import Answer, Call
from .odata import context_path, kind_of, listing, selected


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", "/users", list_users)
    router.add("GET", "/users/(?P<key>[^/]+)", read_user)
    router.add("GET", "/groups", list_groups)
    router.add("GET", "/groups/(?P<key>[^/]+)", read_group)


def shown_user(user: User) -> dict[str, Any]:
    """Return a user as Graph shows one by default [rec]."""
    return {
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


def shown_owner(call: Call, key: str, stale: bool = False) -> dict[str, Any] | None:
    """Return a directory object as the list of owners shows it [rec], or None."""
    for user in call.tenant.users.values():
        if user.oid == key:
            return {"@odata.type": "#microsoft.graph.user", "id": user.oid, **shown_user(user)}
    principal = call.tenant.service_principals.read(key, stale)
    if principal:
        return {"@odata.type": "#microsoft.graph.servicePrincipal", **objects.shown(principal.body)}
    return None


def referenced(call: Call, reference: str) -> str:
    """Return the ID in an ``@odata.id`` that names a user or service principal known to the serving replica.

    The URL must belong to this cloud's Graph [src]. Raises Graph's 400 and 404.
    """
    if not reference.startswith(f"{call.graph_url}/v1.0/"):
        raise bad_request("Invalid URL format specified in payload.")
    key = reference.rsplit("/", 1)[-1]
    if shown_owner(call, key, call.stale) is None:
        raise not_found(key)
    return key


def with_owners(call: Call) -> tuple[Any, list[str]]:
    """Return the body of a creation without ``owners@odata.bind``, and the owners named there."""
    body = dict(call.body) if isinstance(call.body, dict) else call.body
    bound = body.pop("owners@odata.bind", []) if isinstance(body, dict) else []
    if not isinstance(bound, list) or not all(isinstance(reference, str) for reference in bound):
        raise BodyError("Invalid value specified for 'owners@odata.bind': a collection of URLs is expected.")
    return body, bound


def expanded_owners(call: Call, record: Record) -> dict[str, Any]:
    """Return the members that ``$expand=owners`` adds to a response. Its own $select narrows them."""
    expand = call.query.get("$expand")
    if expand is None:
        return {}
    asked = re.fullmatch(r"owners(?:\(\$select=(?P<names>[\w,]+)\))?", expand)
    if asked is None:
        raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: '{expand}' is no relation.")
    people = [person for person in (shown_owner(call, key) for key in record.owners) if person]
    return {"owners": [selected(person, asked["names"]) for person in people]}


def _groups(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "id": key,
            "deletedDateTime": None,
            "description": None,
            "displayName": group["displayName"],
            "groupTypes": [],
            "mail": None,
            "mailEnabled": False,
            "mailNickname": key[:8],
            "securityEnabled": True,
        }
        for key, group in call.tenant.groups.items()
    ]


def _one(call: Call, kind: str, items: list[dict[str, Any]], key: str, *members: str) -> Answer:
    select = call.query.get("$select")
    for item in items:
        if key.lower() in [str(item[member]).lower() for member in members]:
            body = {"@odata.context": call.context(context_path(kind, select, entity=True)), **item}
            return Answer(200, selected(body, select, kind_of(kind)))
    raise not_found(key)


def list_users(call: Call) -> Answer:
    """GET the users."""
    permissions.needs(call, permissions.USERS)
    return listing(call, "users", [shown_user(user) for user in call.tenant.users.values()])


def read_user(call: Call, key: str) -> Answer:
    """GET one user, by ID or user principal name."""
    permissions.needs(call, permissions.USERS)
    users = [shown_user(user) for user in call.tenant.users.values()]
    return _one(call, "users", users, key, "id", "userPrincipalName")


def list_groups(call: Call) -> Answer:
    """GET the groups."""
    permissions.needs(call, permissions.GROUPS)
    return listing(call, "groups", _groups(call))


def read_group(call: Call, key: str) -> Answer:
    """GET one group, by ID only."""
    permissions.needs(call, permissions.GROUPS)
    try:
        uuid.UUID(key)
    except ValueError:
        raise bad_request(f"Invalid object identifier '{key}'.") from None
    return _one(call, "groups", _groups(call), key, "id")
