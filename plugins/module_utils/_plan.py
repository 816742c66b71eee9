# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Compare the declared with the present state of a resource; pure.

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

    ``read`` converts the service's value to the option's, ``write`` the option's to the service's. Two values of the
    option mean the same if their ``key`` is equal. ``whole`` is true if the service replaces the entire property on
    every write, so that it may only be changed from a state that is known to be current.
    """

    read: t.Callable[[Value], Value] = _same
    write: t.Callable[[Value], Value] = _same
    key: t.Callable[[Value], Value] = _same
    whole: bool = False


def _sorted(value: Value) -> Value:
    return sorted(value) if isinstance(value, list) else value


PLAIN = Kind()
# Text that "" clears; the service uses null instead.
TEXT = Kind(write=lambda value: value or None, key=lambda value: value or None)
# An unordered list of strings.
SET = Kind(
    read=lambda value: sorted(value or []),
    write=lambda value: sorted(set(value)),
    key=lambda value: sorted(set(value or [])),
    whole=True,
)


def records(members: t.Mapping[str, str], order: str, unordered: tuple[str, ...] = ()) -> Kind:
    """Return the kind of an unordered list of objects.

    ``members`` maps the names of their members in options to those in the service's JSON. Results are sorted by the
    member ``order``; ``unordered`` names the members that are unordered lists.
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

    ``option`` is its name in options, results and diffs, ``path`` its place in the service's JSON document. ``secret``
    values never appear in a diff.
    """

    option: str
    path: tuple[str, ...]
    kind: Kind = PLAIN
    secret: bool = False

    def read(self, document: t.Mapping[str, t.Any]) -> Value:
        """Return the option's value in the service's ``document``; a missing part of the path counts as null."""
        value: Value = document
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return self.kind.read(value)

    def equal(self, present: Value, desired: Value) -> bool:
        """True if two values of this field mean the same to the service."""
        return bool(self.kind.key(present) == self.kind.key(desired))


@dataclass(frozen=True)
class Change:
    """A field whose value has to change."""

    field: Field
    before: Value
    after: Value


def plan(fields: t.Iterable[Field], present: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> list[Change]:
    """Return the changes from ``present`` to ``desired``, both keyed by option name, in the table's order."""
    changes = []
    for item in fields:
        want = desired.get(item.option)
        if want is None:
            continue
        have = present.get(item.option)
        if not item.equal(have, want):
            # As the service will return it.
            changes.append(Change(item, have, item.kind.read(item.kind.write(want))))
    return changes


def body(changes: t.Iterable[Change]) -> Document:
    """Return the smallest nested document with ``changes``, for a PATCH or a create request."""
    document: Document = {}
    for change in changes:
        place = document
        for key in change.field.path[:-1]:
            place = place.setdefault(key, {})
        place[change.field.path[-1]] = change.field.kind.write(change.after)
    return document


def diff(changes: t.Iterable[Change]) -> tuple[Document, Document]:
    """Return the ``before`` and ``after`` of Ansible's diff for ``changes``, without secrets."""
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
    """Return the desired entries of a list: those of ``set``, or the present ones changed by ``add`` and ``remove``."""
    if declared.get("set") is not None:
        return set(declared["set"])
    return (set(present) - set(declared.get("remove") or [])) | set(declared.get("add") or [])


def repeated(values: t.Sequence[str]) -> list[str]:
    """Return the ``values`` that occur more than once, sorted."""
    return sorted({value for value in values if values.count(value) > 1})


def check_once(where: str, values: t.Sequence[str], hint: str | None = None) -> None:
    """Raise InputError naming ``where`` if any of ``values`` occurs more than once."""
    duplicates = repeated(values)
    if duplicates:
        raise InputError(f"{where} has duplicates: {_input.cut(', '.join(duplicates))}", hint=hint)


def check_chosen(option: str, declared: t.Mapping[str, t.Any]) -> None:
    """Raise InputError if ``declared`` combines set with add or remove; see chosen()."""
    if declared.get("set") is not None and (declared.get("add") or declared.get("remove")):
        raise InputError(f"{option} combines set with add or remove", hint="Use either set, or add and remove")


# The members of a collection, each under the key that identifies it.
Items = dict[str, Document]


@dataclass(frozen=True)
class Step:
    """A change to one member of a collection: it is added (no ``before``), changed, or removed (no ``after``)."""

    key: str
    before: Document | None
    after: Document | None


def steps(present: Items, after: Items) -> list[Step]:
    """Return the steps from the members ``present`` to those of ``after``: additions first, removals last."""
    gone = [Step(key, item, None) for key, item in present.items() if key not in after]
    new = [Step(key, None, item) for key, item in after.items() if key not in present]
    other = [Step(k, present[k], item) for k, item in after.items() if k in present and present[k] != item]
    return [*new, *other, *gone]
