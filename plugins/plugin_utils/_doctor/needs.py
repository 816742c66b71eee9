# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The Microsoft Graph permissions that a server's declaration needs. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import permission_hints as hints

Options = t.Mapping[str, t.Any]
# Any one of these permissions is enough; the first is the least privileged
Alternatives = tuple[str, ...]


def _needed(method: str, path: str) -> tuple[Alternatives, ...]:
    """Return the permissions that a request needs, from the table in permission_hints."""
    return next(needed for verbs, place, needed in hints.NEEDED if method in verbs and place == path)


BASIC: Alternatives = (hints.OWNED_BY, *hints.CHANGES_ALL)
OWNERS = _needed("POST", r"/owners/")
ASSIGN = _needed("POST", r"/appRoleAssignedTo")
CONSENT = ((hints.GRANT, hints.DIRECTORY[0]),)
USERS = _needed("GET", r"/users/")
GROUPS = _needed("GET", r"/groups")


def permissions(application: Options) -> dict[Alternatives, str]:
    """Return the permissions for the declared options of entra_app, each with its reason."""
    found: dict[Alternatives, str] = {BASIC: "creating an application and changing those that it owns"}

    def add(needed: t.Iterable[Alternatives], why: str) -> None:
        for alternatives in needed:
            found.setdefault(alternatives, why)

    assignments, owners = _members(application.get("assignments")), _members(application.get("owners"))
    principal = application.get("service_principal") or {}
    if assignments:
        add(ASSIGN, "assigning users and groups")
    if owners or _members(principal.get("owners")):
        add(OWNERS, "adding owners")
    for resource in application.get("admin_consent") or []:
        if resource.get("scopes"):
            add(CONSENT, "consenting for all users")
        if resource.get("app_roles"):
            add(ASSIGN, "consenting to application permissions")
    if any(_is_name(item.get("user")) for item in (*assignments, *owners)):
        add(USERS, "finding users by name")
    if any(_is_name(item.get("group")) for item in assignments):
        add(GROUPS, "finding groups by name")
    return found


def missing(needed: t.Mapping[Alternatives, str], caller: hints.Caller) -> dict[str, str]:
    """Return the least privileged permission for each need that ``caller`` does not meet, with its reason."""
    return {alternatives[0]: why for alternatives, why in needed.items() if not caller.may(alternatives)}


def _members(lists: t.Any) -> list[t.Mapping[str, t.Any]]:
    """Return the entries of {set, add, remove} lists. An entry that is only a name is a user."""
    found = [item for items in (lists or {}).values() for item in items or []]
    return [item if isinstance(item, t.Mapping) else {"user": item} for item in found]


def _is_name(value: t.Any) -> bool:
    return bool(value) and not _input.GUID.fullmatch(str(value))
