# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read members of a JSON document from a service, raising ServiceError for a member of another type than expected."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

Document = dict[str, t.Any]
# Names of JSON's types in errors
TYPES = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
# Characters allowed in a header without spaces
TOKEN = re.compile(r"[!-~]{1,16000}")
HINT = "Run the playbook again. If this repeats, check whether a proxy answers in place of the service"


def text(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str:
    """Return the text ``name`` of ``document``; raises ServiceError, which begins with ``attempted``, for anything
    else."""
    return t.cast("str", _member(document, name, str, attempted, hint))


def token(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str:
    """Return a token for use in a header, as text() does. Others are rejected, because HTTP libraries quote an invalid
    header in their errors."""
    found = text(document, name, attempted, hint)
    if not TOKEN.fullmatch(found):
        raise not_understood(f"{name} is not a token", attempted, hint)
    return found


def optional_text(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str | None:
    """Return the text ``name`` as text() does; None if it is missing or null."""
    return None if document.get(name) is None else text(document, name, attempted, hint)


def objects(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> list[Document]:
    """Return the list of objects ``name`` of ``document``; raises ServiceError as text() does."""
    return list_of_objects(_member(document, name, list, attempted, hint), name, attempted, hint)


def list_of_objects(value: t.Any, name: str, attempted: str, hint: str = HINT) -> list[Document]:
    """Return ``value``, called ``name`` in errors, as a list of objects; raises ServiceError as text() does."""
    if not isinstance(value, list):
        raise wrong(name, list, value, attempted, hint)
    for item in value:
        if not isinstance(item, dict):
            raise wrong(f"an entry of {name}", dict, item, attempted, hint)
    return value


def check(document: t.Any, shape: t.Mapping[str, t.Any], attempted: str, hint: str = HINT, place: str = "") -> None:
    """Raise ServiceError, as text() does, if a member of ``document`` is of another type than in ``shape``.

    A ``shape`` maps the name of each checked member to a type, to a shape for an object, or to a list with one of these
    for a list. Members that are missing or null are left to their reader. ``place`` is the position of the document
    within the response.
    """
    if not isinstance(document, dict):
        raise wrong(place or "the response", dict, document, attempted, hint)
    for name, expected in shape.items():
        if document.get(name) is not None:
            _check(document[name], expected, attempted, hint, f"{place}.{name}" if place else name)


def _check(value: t.Any, expected: t.Any, attempted: str, hint: str, place: str) -> None:
    if isinstance(expected, list):
        if not isinstance(value, list):
            raise wrong(place, list, value, attempted, hint)
        for item in value:
            _check(item, expected[0], attempted, hint, f"an entry of {place}")
    elif isinstance(expected, t.Mapping):
        check(value, expected, attempted, hint, place)
    elif not _is(value, expected):
        raise wrong(place, expected, value, attempted, hint)


def wrong(name: str, expected: type, found: t.Any, attempted: str, hint: str = HINT) -> ServiceError:
    """Return the error for a member ``name`` that is not of the type ``expected``; it never quotes the value
    ``found``."""
    what = "missing" if found is None else TYPES.get(type(found), "something else")
    return not_understood(f"{name} is {what}, not {TYPES[expected]}", attempted, hint)


def expect(name: str, value: t.Any, expected: type, attempted: str, hint: str = HINT) -> None:
    """Raise ServiceError if the ``value`` of the member ``name`` is not of the type ``expected``."""
    if not _is(value, expected):
        raise wrong(name, expected, value, attempted, hint)


def not_understood(what: str, attempted: str, hint: str = HINT) -> ServiceError:
    """Return the error for a response that is not understood, with the reason ``what``."""
    return ServiceError(attempted, answer=f"the response is not understood: {what}", hint=hint)


def _member(document: t.Mapping[str, t.Any], name: str, expected: type, attempted: str, hint: str) -> t.Any:
    value = document.get(name)
    expect(name, value, expected, attempted, hint)
    return value


def _is(value: t.Any, expected: type) -> bool:
    """True if a JSON value is of the type ``expected``; a boolean is not a number."""
    return isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
