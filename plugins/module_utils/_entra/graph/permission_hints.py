# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Next steps for a request that Microsoft Graph refused, derived from the access token. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import enumerated

OWNED_BY = "Application.ReadWrite.OwnedBy"
WRITE_ALL = "Application.ReadWrite.All"
READ_ALL = "Application.Read.All"
ASSIGN = "AppRoleAssignment.ReadWrite.All"
GRANT = "DelegatedPermissionGrant.ReadWrite.All"
DIRECTORY = ("Directory.ReadWrite.All", "Directory.Read.All")
# Any of these allows changing all applications, owned or not [doc]
CHANGES_ALL = (WRITE_ALL, DIRECTORY[0])
# Facts that seldom restrict users are read only with one of these permissions [doc]. Directory.AccessAsUser.All is the
# permission of a user's session.
READ_GRANTS = frozenset({"Directory.Read.All", "Directory.ReadWrite.All", GRANT, "Directory.AccessAsUser.All"})
READ_AUTHORIZATION_POLICY = frozenset({"Policy.Read.All", "Policy.ReadWrite.Authorization"})
# One permission of each tuple is needed; the first is the least privileged one [doc]
Needed = tuple[tuple[str, ...], ...]
READ_APPLICATIONS = (READ_ALL, *CHANGES_ALL, DIRECTORY[1])
# Methods, path, and the permissions from each request's page [doc]; the first match counts. The last row is for
# applications that the caller owns.
NEEDED: tuple[tuple[str, str, Needed], ...] = (
    ("POST|DELETE", r"/owners/", (CHANGES_ALL,)),
    ("POST|DELETE", r"/appRoleAssignedTo", ((ASSIGN,), READ_APPLICATIONS)),
    ("GET", r"/appRoleAssign", (READ_APPLICATIONS,)),
    ("GET", r"/oauth2PermissionGrants", ((GRANT, *DIRECTORY),)),
    (".*", r"/oauth2PermissionGrants", ((GRANT, DIRECTORY[0]),)),
    ("GET", r"/users/", (("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *DIRECTORY),)),
    ("GET", r"/groups", (("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", *DIRECTORY),)),
    ("GET", r"/policies/", (("Policy.Read.All",),)),
    ("GET", r"/applications$", (READ_APPLICATIONS,)),
    (".*", r"", ((OWNED_BY, *CHANGES_ALL),)),
)
# The ability of bootstrap_automation that grants each permission
ABILITIES = {
    WRITE_ALL: "other_applications",
    ASSIGN: "assignments",
    GRANT: "consent",
    "User.ReadBasic.All": "names",
    "GroupMember.Read.All": "names",
    "Policy.Read.All": "policies",
}
# The ID of an application in a request's path: an object ID or an app ID
ADDRESSED = re.compile(r"/applications(?:/|\(appId=')([0-9a-f-]{36})", re.IGNORECASE)
PRINCIPAL = re.compile(r"/servicePrincipals/([0-9a-f-]{36})", re.IGNORECASE)
DELETED = "/deletedItems/"
ADMINISTRATOR = "Application Administrator"
PRIVILEGED, READER = "Privileged Role Administrator", "Global Reader"
# The directory role that a user needs; the first match counts. A user's token only limits what the client may do: the
# scopes of Azure CLI allow everything, and the user's role decides [doc].
ROLES: tuple[tuple[str, str, str], ...] = (
    ("POST|PATCH|DELETE", r"/appRoleAssignedTo|/oauth2PermissionGrants", PRIVILEGED),
    ("GET", r"/users|/groups|/policies|/oauth2PermissionGrants", READER),
    (".*", r"", ADMINISTRATOR),
)
CREATES = re.compile(r"/(applications|servicePrincipals)$", re.IGNORECASE)
# Values of the claim ``wids`` that every application or user has; all others are directory roles [doc]
NO_ROLES = frozenset({"0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"})


@dataclass(frozen=True)
class Caller:
    """The sender of requests, from the access token's claims [doc]: ``oid``, and ``roles`` (application) or ``scp``
    (user, ``delegated``). ``wids`` are the template IDs of the directory roles. ``known`` is false for an unreadable
    token."""

    object_id: str = ""
    permissions: frozenset[str] = frozenset()
    delegated: bool = False
    known: bool = False
    wids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, claims: t.Mapping[str, t.Any] | None) -> Caller:
        """Return the caller with these ``claims``, None for an unreadable token."""
        if not claims or not claims.get("oid"):
            return cls()
        scopes = str(claims.get("scp") or "").split()
        held, wids = (
            {str(item) for item in found} if isinstance(found, list) else set()
            for found in (claims.get("roles"), claims.get("wids"))
        )
        roles = frozenset(item.lower() for item in wids) - NO_ROLES
        return cls(str(claims["oid"]), frozenset({*held, *scopes}), bool(scopes), known=True, wids=roles)

    def may(self, permissions: t.Iterable[str]) -> bool:
        """Return True if the caller has one of the ``permissions``."""
        return not self.permissions.isdisjoint(permissions)

    def owns(self, owners: t.Iterable[str]) -> bool:
        """Return True if the caller is one of ``owners``, which are object IDs."""
        return self.object_id.lower() in {str(owner).lower() for owner in owners}


def hint(method: str, path: str, who: str, caller: Caller, graph: str) -> str:
    """Return the next step after Graph's 403 to a request of ``caller``, called ``who``; ``graph`` is Graph's URL."""
    if caller.delegated:
        return _role(method, path)
    fits = (n for verbs, place, n in NEEDED if re.fullmatch(verbs, method) and re.search(place, path, re.IGNORECASE))
    needed = next(fits)
    last = needed == NEEDED[-1][2]
    missing = [alternatives[0] for alternatives in needed if not caller.may(alternatives)]
    if missing and last and not caller.known:
        return f"{grant(who, missing)}. If it already has the permission, make it an owner of the application"
    if missing:
        return grant(who, missing)
    creates = method == "POST" and path.endswith("/applications")
    if last and not caller.may(CHANGES_ALL) and not creates:
        return _ownership(path, who, caller, graph)
    return (
        f"The {who} has the required permission, so something else blocks the request. Ask an administrator whether a "
        "policy of the tenant or a restricted administrative unit protects the object"
    )


def _role(method: str, path: str) -> str:
    """Return the role that a user needs for a request that Graph refused."""
    fits = (r for verbs, place, r in ROLES if re.fullmatch(verbs, method) and re.search(place, path, re.IGNORECASE))
    role = next(fits)
    if role != ADMINISTRATOR or method == "GET" or DELETED in path or CREATES.search(path):
        return f"Sign in as {role}"
    owned = "service principal" if PRINCIPAL.search(path) else "application"
    return f"Sign in as an owner of the {owned}, or as {role}"


def grant(who: str, permissions: t.Iterable[str]) -> str:
    """Return how to grant the application ``who`` these permissions."""
    named = [*permissions]
    noun = "permissions" if len(named) > 1 else "permission"
    abilities = [*dict.fromkeys(ABILITIES[name] for name in named if name in ABILITIES)]
    granted = f"Grant the {who} the Microsoft Graph application {noun} {enumerated(named)}, with admin consent"
    return f"{granted}: {add(*abilities)}" if abilities else granted


def add(*abilities: str) -> str:
    """Return how to grant ``abilities``, by their names, with the playbook bootstrap_automation."""
    return f"add {enumerated(abilities)} to bootstrap_abilities, and run the playbook bootstrap_automation again"


def make_owner(application: str, caller: Caller) -> str:
    """Return the command that makes ``caller`` an owner of the ``application``, an app ID or object ID.

    Azure CLI accepts either for an application, and the object ID of a service principal for an owner [doc].
    """
    return f"az ad app owner add --id {application} --owner-object-id {caller.object_id}"


def _ownership(path: str, who: str, caller: Caller, graph: str) -> str:
    """Return how to make the caller, which may change only what it owns, an owner of the object in ``path``."""
    if DELETED in path:
        return f"The {who} has {OWNED_BY} but does not own the deleted object. Have an {ADMINISTRATOR} do this"
    principal = PRINCIPAL.search(path)
    if principal:
        # Azure CLI cannot add an owner to a service principal [doc]
        body = f'{{"@odata.id": "{graph}/v1.0/directoryObjects/{caller.object_id}"}}'
        return (
            f"Make the {who} an owner of the service principal: az rest --method POST "
            f"--url '{graph}/v1.0/servicePrincipals/{principal[1]}/owners/$ref' --body '{body}'"
        )
    found = ADDRESSED.search(path)
    return f"Make the {who} an owner of the application: {make_owner(found[1] if found else '<client ID>', caller)}"
