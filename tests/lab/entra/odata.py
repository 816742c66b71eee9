# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of OData that Graph's clients use here: $filter, $select, $top and paging."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ..errors import GraphError, bad_request
from .graph_call import Answer, Call
from .objects import ON_SELECT

_TEXT = r"'(?P<text>(?:[^']|'')*)'"
_CLAUSES = [
    re.compile(rf"(?P<name>\w+)\s+eq\s+(?:{_TEXT}|(?P<word>[\w-]+))"),
    re.compile(rf"(?P<start>startswith)\(\s*(?P<name>\w+)\s*,\s*{_TEXT}\s*\)"),
    re.compile(rf"(?P<name>\w+)/any\(\s*(?P<var>\w+)\s*:\s*(?P=var)\s+eq\s+{_TEXT}\s*\)"),
]
_WORDS = {"true": True, "false": False, "null": None}

# The type of each collection that the published document describes.
_KINDS = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "appRoleAssignments": "appRoleAssignment",
}
# Members by which the other collections can be filtered
_OTHERS = {
    "users": frozenset({"id", "displayName", "mail", "userPrincipalName", "givenName", "surname"}),
    "groups": frozenset({"id", "displayName", "description", "mail", "mailNickname", "securityEnabled", "mailEnabled"}),
}

OPTIONS = frozenset({"$filter", "$select", "$top", "$skiptoken", "$count", "$orderby"})

Test = Callable[[Mapping[str, Any]], bool]


def _unsupported() -> Exception:
    return GraphError(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")


def _clause(match: re.Match[str], names: frozenset[str]) -> Test:
    found = match.groupdict()
    name, text = found["name"], found.get("text")
    if name not in names:
        raise bad_request(f"Could not find a property named '{name}'.")
    wanted = text.replace("''", "'") if text is not None else _WORDS.get(found.get("word") or "", found.get("word"))
    if found.get("start"):
        return lambda item: _folded(item.get(name) or "").startswith(_folded(wanted))
    if found.get("var"):
        return lambda item: _folded(wanted) in [_folded(entry) for entry in item.get(name) or []]
    return lambda item: _folded(item.get(name)) == _folded(wanted)


def _folded(value: Any) -> Any:
    # The directory compares text without regard to case.
    return value.lower() if isinstance(value, str) else value


def filter_test(expression: str, names: frozenset[str]) -> Test:
    """A test for ``$filter``: clauses joined by ``and``; anything else is Graph's 400."""
    tests: list[Test] = []
    rest = expression.strip()
    while True:
        match = next((found for found in (clause.match(rest) for clause in _CLAUSES) if found), None)
        if not match:
            raise _unsupported()
        tests.append(_clause(match, names))
        rest = rest[match.end() :].strip()
        if not rest:
            return lambda item: all(test(item) for test in tests)
        if not rest.startswith("and "):
            raise _unsupported()
        rest = rest[4:].strip()


def selected(body: dict[str, Any], select: str | None) -> dict[str, Any]:
    """The body narrowed to ``$select``, without which some members are not shown [doc]."""
    if not select:
        return {name: value for name, value in body.items() if name not in ON_SELECT}
    names = [name.strip() for name in select.split(",")]
    return {name: value for name, value in body.items() if name in names or name.startswith("@odata.")}


def context_path(path: str, select: str | None, entity: bool) -> str:
    """The fragment of ``@odata.context``; $select narrows it [rec]."""
    return path + (f"({select})" if select else "") + ("/$entity" if entity else "")


def listing(call: Call, path: str, items: list[dict[str, Any]], cost: int = 1) -> Answer:
    """A collection's page: $filter, $top and $skiptoken, $select, then ``@odata.nextLink`` where more follow."""
    query = call.query
    _check_options(call)
    if "$filter" in query:
        names = call.schemas.members(_KINDS.get(path, "")) or _OTHERS.get(path)
        names = names or frozenset(name for item in items for name in item)
        test = filter_test(query["$filter"], names)
        items = [item for item in items if test(item)]
    if "$orderby" in query:
        name, _space, direction = query["$orderby"].partition(" ")
        items = sorted(items, key=lambda item: str(item.get(name) or "").lower(), reverse=direction.strip() == "desc")
    size = _number(query.get("$top", "100"))
    if not 1 <= size <= 999:
        raise bad_request(f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive.")
    start = _number(query.get("$skiptoken", "0"))
    page = items[start : start + size]
    body: dict[str, Any] = {"@odata.context": call.context(context_path(path, query.get("$select"), entity=False))}
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
    body["value"] = [selected(item, query.get("$select")) for item in page]
    return Answer(200, body, cost=cost)


def _eventual(call: Call) -> bool:
    return call.headers.get("ConsistencyLevel", "").lower() == "eventual"


def _check_options(call: Call) -> None:
    """Refuse what the lab does not have, and what Graph has only with ``ConsistencyLevel: eventual`` [doc]."""
    query = call.query
    if "$search" in query:
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    if "$orderby" in query and "$filter" in query and not _eventual(call):
        raise GraphError(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
    for name in query:
        if name.startswith("$") and name not in OPTIONS:
            raise bad_request(f"The query option '{name}' is not supported.")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request("Invalid value for a query option.") from None
