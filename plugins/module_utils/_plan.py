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

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

SECRET = "<secret>"
OTHER_SECRET = "<different secret>"

Value = t.Any
Document = dict[str, t.Any]


def _same(value: Value) -> Value:
    return value


@dataclass(frozen=True)
class Kind:
    """How a property is read, compared and written; all three functions are pure.

    ``read`` turns the service's value into the option's, ``write`` the option's into the service's, ``key`` gives what
    two values of the option have in common when they mean the same. ``whole`` is true where the service replaces all
    of it, whatever is written, so that it may only be changed from a state that was surely read.
    """

    read: t.Callable[[Value], Value] = _same
    write: t.Callable[[Value], Value] = _same
    key: t.Callable[[Value], Value] = _same
    whole: bool = False


def _sorted(value: Value) -> Value:
    return sorted(value) if isinstance(value, list) else value


PLAIN = Kind()
# A text that "" clears; the service knows null instead.
TEXT = Kind(write=lambda value: value or None, key=lambda value: value or None)
# A list of texts in an order that means nothing.
SET = Kind(
    read=lambda value: sorted(value or []),
    write=lambda value: sorted(set(value)),
    key=lambda value: sorted(set(value or [])),
    whole=True,
)


def records(members: t.Mapping[str, str], order: str, unordered: tuple[str, ...] = ()) -> Kind:
    """The kind of a list of objects in an order that means nothing.

    ``members`` maps their names in options to those in the service's JSON; ``order`` is the member by which results
    sort them, ``unordered`` names those that are lists in an order that means nothing.
    """

    def read(value: Value) -> list[Document]:
        items = [{name: item.get(member) for name, member in members.items()} for item in value or []]
        return sort([{n: _sorted(v) if n in unordered else v for n, v in item.items()} for item in items])

    def write(value: Value) -> list[Document]:
        return [
            {member: item[name] for name, member in members.items() if item.get(name) is not None} for item in value
        ]

    def sort(items: list[Document]) -> list[Document]:
        return sorted(items, key=lambda item: (str(item.get(order) or ""), repr(sorted(item.items(), key=repr))))

    def key(value: Value) -> list[Document]:
        items = [{n: _sorted(v) if n in unordered else v for n, v in item.items() if v} for item in value or []]
        return sort(items)

    return Kind(read, write, key, whole=True)


@dataclass(frozen=True)
class Field:
    """One manageable property.

    ``option`` is its name in options, results and diffs; ``path`` its place in the service's JSON document; ``secret``
    values never appear in a diff.
    """

    option: str
    path: tuple[str, ...]
    kind: Kind = PLAIN
    secret: bool = False

    def read(self, document: t.Mapping[str, t.Any]) -> Value:
        """The option's value in the service's ``document``; that of null where any part of the path is missing."""
        value: Value = document
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return self.kind.read(value)

    def equal(self, present: Value, desired: Value) -> bool:
        """Whether two values of this field mean the same to the service."""
        return bool(self.kind.key(present) == self.kind.key(desired))


@dataclass(frozen=True)
class Change:
    """A field that has to become another value."""

    field: Field
    before: Value
    after: Value


def plan(fields: t.Iterable[Field], present: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> list[Change]:
    """The changes that lead from ``present`` to ``desired``, both keyed by option name, in the table's order."""
    changes = []
    for item in fields:
        want = desired.get(item.option)
        if want is None:
            continue
        have = present.get(item.option)
        if not item.equal(have, want):
            # As the service will give it back.
            changes.append(Change(item, have, item.kind.read(item.kind.write(want))))
    return changes


def body(changes: t.Iterable[Change]) -> Document:
    """The smallest nested document that carries ``changes``, for a PATCH or a create request."""
    document: Document = {}
    for change in changes:
        place = document
        for key in change.field.path[:-1]:
            place = place.setdefault(key, {})
        place[change.field.path[-1]] = change.field.kind.write(change.after)
    return document


def diff(changes: t.Iterable[Change]) -> tuple[Document, Document]:
    """The ``before`` and ``after`` of Ansible's diff for ``changes``, without any secret."""
    before: Document = {}
    after: Document = {}
    for change in changes:
        name = change.field.option
        if change.field.secret:
            before[name] = SECRET if change.before else None
            after[name] = OTHER_SECRET if change.before else SECRET
        else:
            before[name], after[name] = change.before, change.after
    return before, after


def chosen(present: t.Iterable[str], declared: t.Mapping[str, t.Any]) -> set[str]:
    """What a list shall hold by its ``set``, or its ``add`` and ``remove``, given what it holds now."""
    if declared.get("set") is not None:
        return set(declared["set"])
    return (set(present) - set(declared.get("remove") or [])) | set(declared.get("add") or [])


def repeated(values: t.Sequence[str]) -> list[str]:
    """Those of ``values`` that are there more than once, sorted."""
    return sorted({value for value in values if values.count(value) > 1})


def check_once(where: str, values: t.Sequence[str], hint: str | None = None) -> None:
    """Raise InputError naming ``where`` if any of ``values`` is there more than once."""
    duplicates = repeated(values)
    if duplicates:
        raise InputError(f"{where} has duplicates: {_input.cut(', '.join(duplicates))}", hint=hint)


def check_chosen(option: str, declared: t.Mapping[str, t.Any]) -> None:
    """Raise InputError where ``declared`` is both exact and relative, see chosen()."""
    if declared.get("set") is not None and (declared.get("add") or declared.get("remove")):
        raise InputError(f"{option} has set together with add or remove", hint="Use set alone, or add and remove")


# The members of a collection, each under the key that makes it the same member.
Items = dict[str, Document]


@dataclass(frozen=True)
class Step:
    """What happens to one member of a collection: it is added (no ``before``), changed, or removed (no ``after``)."""

    key: str
    before: Document | None
    after: Document | None


def steps(present: Items, after: Items) -> list[Step]:
    """What leads from the members ``present`` to those of ``after``: additions first, removals last."""
    gone = [Step(key, item, None) for key, item in present.items() if key not in after]
    new = [Step(key, None, item) for key, item in after.items() if key not in present]
    other = [Step(k, present[k], item) for k, item in after.items() if k in present and present[k] != item]
    return [*new, *other, *gone]
