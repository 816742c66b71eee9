# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Turn the two lists of who may sign in into options of entra_app. Pure.

Both lists together are the complete list of assignments, and assignment is required. Empty lists could mean all users
or none, so a declaration must state which.
"""

from __future__ import annotations

import typing as t

Values = t.Mapping[str, t.Any]

PREFIX = "rustdesk_sso_app_"
GROUPS, USERS = f"{PREFIX}allowed_groups", f"{PREFIX}allowed_users"
PRINCIPAL, ASSIGNMENTS = f"{PREFIX}service_principal", f"{PREFIX}assignments"
REQUIRED = "app_role_assignment_required"
# The options of entra_app that the lists set
OPTIONS = ("assignments", "service_principal")


def declared(values: Values) -> bool:
    """Return whether the role's variables ``values`` set one of the lists."""
    return GROUPS in values or USERS in values


def options(values: Values) -> dict[str, t.Any]:
    """Return the options of entra_app that the lists set; empty if no list is set."""
    if not declared(values):
        return {}
    members = _members(values)
    return {
        "assignments": {"set": members},
        "service_principal": {**(values.get(PRINCIPAL) or {}), REQUIRED: bool(members)},
    }


def problems(values: Values) -> t.Iterator[str]:
    """Yield a sentence for each mistake: conflicts with other variables, and ambiguous or ineffective lists."""
    if not declared(values):
        return
    named = " and ".join(name for name in (GROUPS, USERS) if name in values)
    for name in (GROUPS, USERS):
        if any(not str(item).strip() for item in values.get(name) or []):
            yield f"{name} contains an empty entry. Remove it."
    if ASSIGNMENTS in values:
        yield f"{named} cannot be combined with {ASSIGNMENTS}. Use one of them."
    required = (values.get(PRINCIPAL) or {}).get(REQUIRED)
    if _members(values) and required is False:
        yield f"{named} cannot restrict sign-in while {REQUIRED} is false. Remove {REQUIRED} from {PRINCIPAL}."
    if not _members(values) and required is not False:
        yield (
            f"{named} {'is' if ' and ' not in named else 'are'} empty, so no user could sign in. To allow all users, "
            f"set {REQUIRED} in {PRINCIPAL} to false. To block all users, set {PREFIX}enabled to false."
        )


def _members(values: Values) -> list[dict[str, t.Any]]:
    """Build the entries of O(assignments), in an order that does not depend on that of the lists."""
    return [
        {kind: name}
        for kind, variable in (("group", GROUPS), ("user", USERS))
        for name in sorted({str(item).strip() for item in values.get(variable) or []} - {""})
    ]
