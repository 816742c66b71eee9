# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Which Microsoft Graph permission a refused request needs: the least one, from each request's page [doc]."""

from __future__ import annotations

import re

OWNED = (
    "Application.ReadWrite.OwnedBy; an application that it does not own needs it as an owner, "
    "or Application.ReadWrite.All"
)
# With any of these, what seldom restricts anybody is read; without them it is not asked for [doc]. The last of the
# first is that of a user's session.
READ_GRANTS = frozenset(
    {
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Directory.AccessAsUser.All",
    }
)
READ_AUTHORIZATION_POLICY = frozenset({"Policy.Read.All", "Policy.ReadWrite.Authorization"})
# The first that fits: the methods, the path, the permission, and the ability of bootstrap_automation with it.
NEEDED = (
    ("POST|DELETE", r"/owners/", "Application.ReadWrite.All", "other_applications"),
    ("POST|DELETE", r"/appRoleAssignedTo", "AppRoleAssignment.ReadWrite.All and Application.Read.All", "assignments"),
    ("GET", r"/appRoleAssign", "Application.Read.All", "assignments"),
    (
        *("GET", r"/oauth2PermissionGrants"),
        *("DelegatedPermissionGrant.ReadWrite.All, or Directory.Read.All to read only", "consent"),
    ),
    (".*", r"/oauth2PermissionGrants", "DelegatedPermissionGrant.ReadWrite.All", "consent"),
    ("GET", r"/users/", "User.ReadBasic.All", "names"),
    ("GET", r"/groups", "GroupMember.Read.All", "names"),
    ("GET", r"/policies/", "Policy.Read.All", "policies"),
    ("GET", r"/applications$", "Application.Read.All, to list what it does not own", ""),
    (".*", r"", OWNED, ""),
)


def hint(method: str, path: str, who: str) -> str:
    """What to do about Graph's 403 to a request: ``who`` is the automation in words."""
    fitting = (
        (permission, name)
        for verbs, place, permission, name in NEEDED
        if re.fullmatch(verbs, method) and re.search(place, path, re.IGNORECASE)
    )
    permission, name = next(fitting)
    return f"Grant the {who} the Microsoft Graph application permission {permission}, with admin consent{ability(name)}"


def ability(name: str) -> str:
    """Where the playbook bootstrap_automation grants what a hint asks for; empty if it does not."""
    return f" ({name} of bootstrap_abilities in the playbook bootstrap_automation)" if name else ""
