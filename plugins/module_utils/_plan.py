# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Comparing what is declared with what is there: pure, without a network.

A resource is described by a table of fields. ``None`` in a declaration means that the field is not managed.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

SECRET = "<secret>"
OTHER_SECRET = "<different secret>"


@dataclass(frozen=True)
class Field:
    """One manageable property.

    ``option`` is its name in options, results and diffs; ``path`` its place in the service's JSON document;
    ``unordered`` is true for lists that the service reorders; ``secret`` values never appear in a diff.
    """

    option: str
    path: tuple[str, ...]
    unordered: bool = False
    secret: bool = False

    def read(self, document: t.Mapping[str, t.Any]) -> t.Any:
        """The field's value in the service's ``document``; ``None`` where any part of the path is missing."""
        value: t.Any = document
        for key in self.path:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return sorted(value) if self.unordered and isinstance(value, list) else value

    def equal(self, present: t.Any, desired: t.Any) -> bool:
        """Whether two values of this field mean the same to the service."""
        if self.unordered:
            return sorted(present or []) == sorted(desired or [])
        return bool(present == desired)


@dataclass(frozen=True)
class Change:
    """A field that has to become another value."""

    field: Field
    before: t.Any
    after: t.Any


def plan(fields: t.Iterable[Field], present: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> list[Change]:
    """The changes that lead from ``present`` to ``desired``, both keyed by option name, in the table's order."""
    changes = []
    for field in fields:
        want = desired.get(field.option)
        if want is None:
            continue
        have = present.get(field.option)
        if not field.equal(have, want):
            changes.append(Change(field, have, sorted(want) if field.unordered else want))
    return changes


def body(changes: t.Iterable[Change]) -> dict[str, t.Any]:
    """The smallest nested document that carries ``changes``, for a PATCH or a create request."""
    document: dict[str, t.Any] = {}
    for change in changes:
        place = document
        for key in change.field.path[:-1]:
            place = place.setdefault(key, {})
        place[change.field.path[-1]] = change.after
    return document


def diff(changes: t.Iterable[Change]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The ``before`` and ``after`` of Ansible's diff for ``changes``, without any secret."""
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for change in changes:
        name = change.field.option
        if change.field.secret:
            before[name] = SECRET if change.before else None
            after[name] = OTHER_SECRET if change.before else SECRET
        else:
            before[name], after[name] = change.before, change.after
    return before, after
