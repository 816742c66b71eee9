# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Expected responses, and the differences between a response and its expectation. Pure.

The simulated and the real services are checked against the same expectations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from live import published

Shape = Mapping[str, str]
GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Collections whose members are in the next segment of a path, and the placeholders for them
COLLECTIONS = (
    "applications|servicePrincipals|users|groups|oauth2PermissionGrants|appRoleAssignedTo|appRoleAssignments|"
    "federatedIdentityCredentials|owners|deletedItems|appManagementPolicies|oidc-providers|sessions"
)
_MEMBER = re.compile(rf"(?<=/)({COLLECTIONS})/(?!\$ref|(?:microsoft\.)?graph\.|sort$)[^/]+", re.IGNORECASE)
_KEY = re.compile(r"\((appId|uniqueName)='.*?'\)")


@dataclass(frozen=True)
class Answer:
    """The response of a service; ``body`` is the JSON document, a text, or None if it is empty."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Expected:
    """One request and its response.

    ``members`` are the required members of the response's object, by dotted paths in which ``[]`` stands for each item
    of a list, with the JSON types that they may have, such as ``string|null``. ``kind`` is a published type of Graph,
    of which the response, or each item of its ``value``, has no other members. ``code`` is the error code. ``says`` is
    a part of the error's text on which the collection relies. ``body`` is False if the response must be empty.
    """

    method: str
    template: str
    status: int | tuple[int, ...]
    members: Shape = field(default_factory=dict)
    kind: str = ""
    code: str | tuple[str, ...] = ()
    says: str = ""
    body: bool | None = True


def template(path: str) -> str:
    """Return a path without its query and without the parts that differ between two tenants or two runs."""
    path = path.partition("?")[0].replace("%27", "'").replace("%24", "$").removeprefix("/v1.0")
    path = re.sub(
        rf"^/(?:{GUID}|{{id}}|common|organizations|consumers|[^/]+\.[^/]+)(?=/(?:v2\.0|oauth2)/)", "/{tenant}", path
    )
    path = _KEY.sub(lambda match: f"({match[1]}='{{key}}')", path)
    path = path.replace("/microsoft.graph.", "/graph.")
    return _MEMBER.sub(lambda match: f"{_spelt(match[1])}/{{id}}", path)


def _spelt(collection: str) -> str:
    """OData's segments are compared without regard to case."""
    return next(name for name in COLLECTIONS.split("|") if name.lower() == collection.lower())


def differences(expected: Expected, answer: Answer) -> list[str]:
    """Return the differences between response and expectation; of its values, only types and codes are shown."""
    return [*_of_status(expected, answer), *_of_error(expected, answer), *_of_body(expected, answer)]


def _of_status(expected: Expected, answer: Answer) -> Iterator[str]:
    allowed = expected.status if isinstance(expected.status, tuple) else (expected.status,)
    if answer.status not in allowed:
        yield f"status is {answer.status}, expected {' or '.join(map(str, allowed))}"


def _of_error(expected: Expected, answer: Answer) -> Iterator[str]:
    codes = (expected.code,) if isinstance(expected.code, str) else expected.code
    if codes and not set(codes) & set(error_codes(answer.body)):
        found = ", ".join(error_codes(answer.body)) or "none"
        yield f"error code is {found}, expected {' or '.join(codes)}"
    if expected.says and expected.says not in json.dumps(answer.body, ensure_ascii=False):
        yield f"error message does not contain: {expected.says}"


def error_codes(body: Any) -> list[str]:
    """Return the error codes of a response: of Graph, of the token endpoint, or of rustdesk_api."""
    if not isinstance(body, dict):
        return []
    error = body.get("error")
    found = [error.get("code")] if isinstance(error, dict) else [error]
    found += [f"AADSTS{code}" for code in body.get("error_codes") or []]
    found += [body[name] for name in ("code", "statusCode") if isinstance(body.get(name), int)]
    return [str(code) for code in found if isinstance(code, (str, int))]


def _of_body(expected: Expected, answer: Answer) -> Iterator[str]:
    if expected.body is False and answer.body not in (None, ""):
        yield "body is not empty"
    if expected.body and answer.body in (None, "") and (expected.members or expected.kind):
        yield "body is empty"
        return
    for path, types in expected.members.items():
        yield from _of_member(path, types, answer.body)
    if expected.kind and isinstance(answer.body, dict):
        items = answer.body.get("value")
        for item in items if isinstance(items, list) else [answer.body]:
            yield from unknown_members(item, expected.kind)


def _of_member(path: str, types: str, body: Any) -> Iterator[str]:
    found: list[Any] = [body]
    shown = ""
    for name in path.split("."):
        shown = f"{shown}.{name}" if shown else name
        key, each = name.removesuffix("[]"), name.endswith("[]")
        if key:
            if any(not isinstance(item, dict) or key not in item for item in found):
                yield f"member {shown} is missing"
                return
            found = [item[key] for item in found]
        if each:
            if any(not isinstance(item, list) for item in found):
                yield f"member {shown.removesuffix('[]') or 'of the response'} is not a list"
                return
            found = [item for items in found for item in items]
    for kind in sorted({json_type(item) for item in found} - set(types.split("|"))):
        yield f"member {path} is {kind}, expected {types.replace('|', ' or ')}"


def json_type(value: Any) -> str:
    """Return the name of a JSON value's type."""
    for kind, name in ((bool, "boolean"), (int, "number"), (float, "number"), (str, "string"), (list, "list")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "object"


def unknown_members(item: Any, kind: str) -> Iterator[str]:
    """Yield the members of an object that the published type does not have: Graph has added some."""
    if not isinstance(item, dict):
        yield f"{kind} is {json_type(item)}, expected object"
        return
    for name in sorted(set(item) - published.members(kind)):
        if "@odata." not in name:
            yield f"{kind} has the unknown member {name}"
