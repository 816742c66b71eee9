# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions that each action needs [doc]."""

from __future__ import annotations

from ..directory import Record
from ..errors import denied
from .graph_call import Call

ALL = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All"})
READ = ALL | {"Application.Read.All", "Directory.Read.All"}
OWNED = "Application.ReadWrite.OwnedBy"
POLICY = frozenset(
    {"Policy.Read.All", "Policy.Read.ApplicationConfiguration", "Policy.ReadWrite.ApplicationConfiguration"}
)
AUTHORIZATION_POLICY = frozenset({"Policy.Read.All", "Policy.ReadWrite.Authorization"})
GRANTS = frozenset({"DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"})
# Reading grants needs more than reading applications [doc].
READ_GRANTS = GRANTS | {"Directory.Read.All"}
ASSIGN = "AppRoleAssignment.ReadWrite.All"
_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
USERS = _DIRECTORY | {"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"}
GROUPS = _DIRECTORY | {"GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All"}

EVERYTHING = sorted(ALL | POLICY | GRANTS | {ASSIGN, "Application.Read.All", "User.Read.All", "Group.Read.All"})


def may_read(call: Call) -> None:
    """Read one application or service principal."""
    if not call.caller.roles & (READ | {OWNED}):
        raise denied()


def may_list(call: Call) -> None:
    """List them. Sources differ on whether OwnedBy is enough, so it is a switch."""
    if call.caller.roles & READ:
        return
    if not (OWNED in call.caller.roles and call.tenant.list_with_owned_by):
        raise denied()


def may_create(call: Call) -> None:
    """Register an application."""
    if not call.caller.roles & (ALL | {OWNED}):
        raise denied()


def has_all(call: Call) -> bool:
    """Return True if the caller may change objects it does not own."""
    return bool(call.caller.roles & ALL)


def may_change(call: Call, record: Record) -> None:
    """Change or delete this object. OwnedBy covers only objects that the caller owns."""
    if not has_all(call) and not (OWNED in call.caller.roles and call.caller.oid in record.owners):
        raise denied()


def needs(call: Call, *alternatives: frozenset[str]) -> None:
    """Require one permission of each set."""
    if not all(call.caller.roles & wanted for wanted in alternatives):
        raise denied()
