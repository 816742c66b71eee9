# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OData query options: $select, $filter, $search, $orderby, $count, $top and paging.

Options that Graph does not support are refused as Graph refuses them, never silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ..errors import GraphError, bad_request
from .graph_call import Answer, Call
from .objects import ON_SELECT
from .odata_filter import Filter, unknown_property, unsupported

# The type of each collection
_KINDS = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "users": "user",
    "groups": "group",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "appRoleAssignments": "appRoleAssignment",
    "federatedIdentityCredentials": "federatedIdentityCredential",
    "directoryObjects": "directoryObject",
    "appManagementPolicies": "appManagementPolicy",
}
# Members that the published document does not describe, as far as the lab has them
_OTHERS = {
    "user": frozenset(
        {"id", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
         "preferredLanguage", "surname", "userPrincipalName"}
    ),
    "group": frozenset(
        {"id", "deletedDateTime", "description", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname",
         "securityEnabled"}
    ),
    "appManagementPolicy": frozenset(
        {"id", "deletedDateTime", "description", "displayName", "isEnabled", "restrictions"}
    ),
}  # fmt: skip
_RELATIONS = frozenset({"owners", "federatedIdentityCredentials", "appRoleAssignments", "oauth2PermissionGrants"})
# A collection of directory objects accepts members of any of their types in $select.
_DERIVED = ("application", "servicePrincipal", "user", "group")
# Sortable members. True if sorting needs an advanced query [doc]
_SORTABLE = {
    "application": {"createdDateTime": True, "deletedDateTime": True, "displayName": True},
    "servicePrincipal": {"createdDateTime": True, "deletedDateTime": True, "displayName": True},
    "group": {"deletedDateTime": True, "displayName": False},
    "user": {"displayName": False, "userPrincipalName": False},
}
_SEARCHABLE = {
    "application": ("displayName", "description"),
    "servicePrincipal": ("displayName", "description"),
    "group": ("displayName", "description", "mail", "mailNickname"),
    "user": ("displayName", "givenName", "mail", "surname", "userPrincipalName"),
}
# The fewer objects are requested, the less each read costs [doc].
_SMALL_PAGE = 20

ONE = frozenset({"$select", "$expand"})
MANY = frozenset({"$filter", "$select", "$top", "$skiptoken", "$count", "$orderby", "$search"})
_KNOWN = ONE | MANY | {"$skip", "$format"}
_CLAUSE = re.compile(r'\s*"(?P<name>\w+):(?P<text>(?:[^"\\]|\\.)+)"\s*(?P<joint>AND|OR|$)')
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")

Test = Callable[[Mapping[str, Any]], bool]


def kind_of(path: str) -> str:
    """Return the type of the collection at a path or of its fragment in ``@odata.context``."""
    return _KINDS[path.rsplit("/", 1)[-1]]


def members(call: Call, kind: str) -> frozenset[str]:
    """Return the names of a type's members, as far as the lab knows them."""
    if kind == "directoryObject":
        return frozenset().union(*(members(call, derived) for derived in _DERIVED))
    found = _OTHERS.get(kind) or call.schemas.members(kind)
    return frozenset(name for name in found - _RELATIONS if "@" not in name)


def selected(body: dict[str, Any], select: str | None, kind: str = "", known: frozenset[str] = frozenset()) -> Any:
    """Return the body narrowed to ``$select``, which ignores case.

    Without it some members are not shown [doc]. ``known`` are the type's members missing from the body: they are null.
    Raises Graph's 400 for any other name [iss].
    """
    if not select:
        return {name: value for name, value in body.items() if name not in ON_SELECT}
    names = {name.lower(): name for name in [*sorted(known), *body]}
    wanted = [name.strip() for name in select.split(",")]
    for name in wanted:
        if name.lower() not in names:
            text = unknown_property(name, kind or "directoryObject")
            raise GraphError(400, "BadRequest", f"Parsing OData Select and Expand failed: {text}")
    chosen = {names[name.lower()] for name in wanted}
    found = {name: value for name, value in body.items() if name in chosen or name.startswith("@odata.")}
    return found | dict.fromkeys(sorted(chosen - set(body)))


def context_path(path: str, select: str | None, entity: bool) -> str:
    """Return the fragment of ``@odata.context``, which $select narrows [rec]."""
    return path + (f"({select})" if select else "") + ("/$entity" if entity else "")


def listing(call: Call, path: str, items: list[dict[str, Any]], cost: int = 1) -> Answer:
    """Return a collection's page: $filter, $search, $orderby, $top and $skiptoken, $select, then ``@odata.nextLink`` if
    more follow.
    """
    query, kind = call.query, kind_of(path)
    check_options(query, MANY)
    known = members(call, kind) | frozenset(name for item in items for name in item)
    if "$filter" in query:
        test: Test = Filter(query["$filter"], kind, known, _advanced(call))
        items = [item for item in items if test(item)]
    if "$search" in query:
        test = _search(call, query["$search"], kind)
        items = [item for item in items if test(item)]
    if "$orderby" in query:
        items = _ordered(call, items, kind, known)
    size = _number(query.get("$top", "100"))
    if not 1 <= size <= 999:
        raise bad_request(f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.")
    start = _number(query.get("$skiptoken", "0"))
    page = items[start : start + size]
    select = query.get("$select")
    selected({}, select, kind, known)
    body: dict[str, Any] = {"@odata.context": call.context(context_path(path, select, entity=False))}
    # Without the header, $count is silently ignored [doc].
    if query.get("$count") == "true" and _eventual(call):
        body["@odata.count"] = len(items)
    if start + size < len(items):
        following = {
            **{name: value for name, value in query.items() if name != "$skiptoken"},
            "$skiptoken": start + size,
        }
        body["@odata.nextLink"] = (
            f"{call.graph_url}/v1.0{quote(call.path)}?{urlencode(following, safe='$', quote_via=quote)}"
        )
    # An object of a mixed collection has only the members of its own type.
    mixed = kind == "directoryObject"
    body["value"] = [_of_mixed(item, select) if mixed else selected(item, select, kind, known) for item in page]
    return Answer(200, body, cost=_cost(query, cost))


def _of_mixed(item: dict[str, Any], select: str | None) -> dict[str, Any]:
    wanted = {name.strip().lower() for name in select.split(",")} if select else set()
    return {name: value for name, value in item.items() if not wanted or name[0] == "@" or name.lower() in wanted}


def _cost(query: Mapping[str, str], cost: int) -> int:
    """Return the cost in resource units: $select and small pages reduce it by one each, down to one [doc]."""
    small = "$top" in query and _number(query["$top"]) < _SMALL_PAGE
    return max(1, cost - ("$select" in query) - small)


def _eventual(call: Call) -> bool:
    return call.headers.get("ConsistencyLevel", "").lower() == "eventual"


def _advanced(call: Call) -> bool:
    """Return whether a query has both parameters of advanced queries [doc]."""
    return _eventual(call) and call.query.get("$count") == "true"


def check_options(query: Mapping[str, str], allowed: frozenset[str]) -> None:
    """Raise Graph's 400 for an option that does not exist or does not fit the request [inf]."""
    for name in query:
        if not name.startswith("$") or name in allowed:
            continue
        if name == "$skip":
            raise bad_request("'$skip' is not supported by the service.")
        if name in MANY:
            raise GraphError(400, "BadRequest", f"The query option '{name}' can only be applied to a collection.")
        raise GraphError(400, "BadRequest", f"The query parameter '{name}' is not supported.")


def check_names(query: Mapping[str, str]) -> None:
    """Raise Graph's 400 for an option that does not exist in Graph."""
    check_options(query, _KNOWN)


def count(call: Call) -> Call:
    """Return the call that lists the items of a ``/$count`` request. Raises Graph's 400 without the header [doc]."""
    if not _eventual(call):
        raise bad_request("$count is not currently supported.")
    check_options(call.query, frozenset({"$filter", "$search"}))
    call.query = {**call.query, "$count": "true"}
    return call


def _ordered(call: Call, items: list[dict[str, Any]], kind: str, known: frozenset[str]) -> list[dict[str, Any]]:
    """Return the items by $orderby. Only some properties are sortable, most of them in advanced queries only [doc]."""
    spellings = {name.lower(): name for name in known}
    for clause in reversed(call.query["$orderby"].split(",")):
        asked, _space, direction = clause.strip().partition(" ")
        name = spellings.get(asked.lower())
        if name is None:
            text = unknown_property(asked, kind)
            raise GraphError(400, "BadRequest", f"Invalid orderby clause: {text}")
        if direction.strip().lower() not in ("", "asc", "desc"):
            raise GraphError(400, "BadRequest", f"Invalid orderby clause: Syntax error at '{direction.strip()}'.")
        rule = _SORTABLE.get(kind, {}).get(name)
        if rule is None or ((rule or "$filter" in call.query) and not _advanced(call)):
            raise unsupported("Sorting not supported for current query.")
        backwards = direction.strip().lower() == "desc"
        items = sorted(items, key=lambda item: str(item.get(name) or "").lower(), reverse=backwards)
    return items


def _search(call: Call, text: str, kind: str) -> Test:
    """Return a test for $search: words that begin like the requested ones, in clauses joined by AND or OR [doc]."""
    if not _eventual(call):
        raise unsupported(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    spellings = {name.lower(): name for name in _SEARCHABLE.get(kind, ())}
    # Clauses joined by OR, each of which consists of clauses joined by AND
    groups: list[list[tuple[str, list[str]]]] = [[]]
    position, joint = 0, "AND"
    while joint:
        match = _CLAUSE.match(text, position)
        if match is None:
            raise bad_request(f"Syntax error: character '{text[position : position + 1]}' is not valid in $search.")
        name = spellings.get(match["name"].lower())
        if name is None:
            raise unsupported(f"Unsupported property '{match['name']}' in $search.")
        groups[-1].append((name, _words(match["text"])))
        position, joint = match.end(), match["joint"]
        if joint == "OR":
            groups.append([])
    return lambda item: any(all(_has(item.get(name), words) for name, words in clauses) for clauses in groups)


def _words(text: str) -> list[str]:
    """Split a text into words, at spaces, numbers, capital letters and symbols [doc]."""
    return [word.lower() for word in _WORDS.findall(text)]


def _has(value: Any, wanted: list[str]) -> bool:
    words = _words(str(value or ""))
    return bool(wanted) and all(any(word.startswith(start) for word in words) for start in wanted)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request("Invalid value for a query option.") from None
