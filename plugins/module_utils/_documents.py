# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read members of a JSON document from a service: each has the type that is expected, or a ServiceError says which."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

Document = dict[str, t.Any]
# How JSON's types are called in errors
TYPES = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
# What can stand in a header without spaces
TOKEN = re.compile(r"[!-~]{1,16000}")
HINT = "Run the playbook again. If this repeats, check whether a proxy answers in place of the service"


def text(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str:
    """The text ``name`` of ``document``; raises ServiceError, which begins with ``attempted``, for anything else."""
    return t.cast("str", _member(document, name, str, attempted, hint))


def token(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str:
    """The same for a token that goes into a header: HTTP libraries quote a header in the error for one that cannot be
    sent."""
    found = text(document, name, attempted, hint)
    if not TOKEN.fullmatch(found):
        raise not_understood(f"{name} is not a token", attempted, hint)
    return found


def optional_text(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> str | None:
    """The same; None if it is missing or null."""
    return None if document.get(name) is None else text(document, name, attempted, hint)


def objects(document: t.Mapping[str, t.Any], name: str, attempted: str, hint: str = HINT) -> list[Document]:
    """The list of objects ``name`` of ``document``; raises ServiceError as text() does."""
    return list_of_objects(_member(document, name, list, attempted, hint), name, attempted, hint)


def list_of_objects(value: t.Any, name: str, attempted: str, hint: str = HINT) -> list[Document]:
    """``value``, which errors call ``name``, as a list of objects; raises ServiceError as text() does."""
    if not isinstance(value, list):
        raise wrong(name, list, value, attempted, hint)
    for item in value:
        if not isinstance(item, dict):
            raise wrong(f"an entry of {name}", dict, item, attempted, hint)
    return value


def check(document: t.Any, shape: t.Mapping[str, t.Any], attempted: str, hint: str = HINT, place: str = "") -> None:
    """Raise ServiceError, as text() does, where a member of ``document`` is of another type than in ``shape``.

    A ``shape`` has for the name of each member that is looked at: a type; a shape, for an object; or a list of one of
    these, for a list of them. Members that are missing or null are left to their reader. ``place`` is where the
    document is within an answer.
    """
    if not isinstance(document, dict):
        raise wrong(place or "the answer", dict, document, attempted, hint)
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
    """The error for a member ``name`` that is not of the type ``expected``; it never quotes what was ``found``."""
    what = "missing" if found is None else TYPES.get(type(found), "something else")
    return not_understood(f"{name} is {what}, not {TYPES[expected]}", attempted, hint)


def expect(name: str, value: t.Any, expected: type, attempted: str, hint: str = HINT) -> None:
    """Raise ServiceError if the ``value`` of the member ``name`` is not of the type ``expected``."""
    if not _is(value, expected):
        raise wrong(name, expected, value, attempted, hint)


def not_understood(what: str, attempted: str, hint: str = HINT) -> ServiceError:
    """The error for an answer that is not understood, for the reason ``what``."""
    return ServiceError(attempted, answer=f"the answer is not understood: {what}", hint=hint)


def _member(document: t.Mapping[str, t.Any], name: str, expected: type, attempted: str, hint: str) -> t.Any:
    value = document.get(name)
    expect(name, value, expected, attempted, hint)
    return value


def _is(value: t.Any, expected: type) -> bool:
    """Whether a JSON value is of a type; true is no number."""
    return isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
