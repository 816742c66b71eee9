# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Who may sign in, as two lists of names: the options of entra_app that they stand for. Pure.

Both lists together are the complete list of assignments, and assignment is required. If they are empty, no run can tell
whether everybody or nobody is meant, so a declaration has to say it.
"""

from __future__ import annotations

import typing as t

Values = t.Mapping[str, t.Any]

PREFIX = "rustdesk_sso_app_"
GROUPS, USERS = f"{PREFIX}allowed_groups", f"{PREFIX}allowed_users"
PRINCIPAL, ASSIGNMENTS = f"{PREFIX}service_principal", f"{PREFIX}assignments"
REQUIRED = "app_role_assignment_required"
# The options of entra_app for which they stand
OPTIONS = ("assignments", "service_principal")


def declared(values: Values) -> bool:
    """Whether the role's variables ``values`` say who may sign in."""
    return GROUPS in values or USERS in values


def options(values: Values) -> dict[str, t.Any]:
    """The options of entra_app that the lists stand for; empty if there is none."""
    if not declared(values):
        return {}
    members = _members(values)
    return {
        "assignments": {"set": members},
        "service_principal": {**(values.get(PRINCIPAL) or {}), REQUIRED: bool(members)},
    }


def problems(values: Values) -> t.Iterator[str]:
    """A sentence for each mistake: what the lists contradict, and lists that would lock out everybody or nobody."""
    if not declared(values):
        return
    named = " and ".join(name for name in (GROUPS, USERS) if name in values)
    for name in (GROUPS, USERS):
        if any(not str(item).strip() for item in values.get(name) or []):
            yield f"{name} has an empty entry. Remove it."
    if ASSIGNMENTS in values:
        yield f"{named} and {ASSIGNMENTS} both say who is assigned. Use one of them."
    required = (values.get(PRINCIPAL) or {}).get(REQUIRED)
    if _members(values) and required is False:
        yield f"{named} cannot keep others out while {REQUIRED} is false. Remove it from {PRINCIPAL}."
    if not _members(values) and required is not False:
        yield (
            f"{named} {'is' if ' and ' not in named else 'are'} empty, so nobody could sign in. To let all users sign "
            f"in, set {REQUIRED} in {PRINCIPAL} to false as well. To let nobody sign in, set {PREFIX}enabled to false."
        )


def _members(values: Values) -> list[dict[str, t.Any]]:
    """The entries of O(assignments), in an order that does not depend on that of the lists."""
    return [
        {kind: name}
        for kind, variable in (("group", GROUPS), ("user", USERS))
        for name in sorted({str(item).strip() for item in values.get(variable) or []} - {""})
    ]
