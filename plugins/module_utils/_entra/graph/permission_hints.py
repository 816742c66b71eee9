# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What to do about a request that Microsoft Graph refused: the one cause that the access token shows. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

OWNED_BY = "Application.ReadWrite.OwnedBy"
WRITE_ALL = "Application.ReadWrite.All"
READ_ALL = "Application.Read.All"
ASSIGN = "AppRoleAssignment.ReadWrite.All"
GRANT = "DelegatedPermissionGrant.ReadWrite.All"
DIRECTORY = ("Directory.ReadWrite.All", "Directory.Read.All")
# With any of these, every application can be changed, owned or not [doc]
CHANGES_ALL = (WRITE_ALL, DIRECTORY[0])
# With any of these, what seldom restricts anybody is read; without them it is not asked for [doc]. The last of the
# first is that of a user's session.
READ_GRANTS = frozenset({"Directory.Read.All", "Directory.ReadWrite.All", GRANT, "Directory.AccessAsUser.All"})
READ_AUTHORIZATION_POLICY = frozenset({"Policy.Read.All", "Policy.ReadWrite.Authorization"})
# Each of several is needed; the first of each is the least one, the others do as well [doc]
Needed = tuple[tuple[str, ...], ...]
READ_APPLICATIONS = (READ_ALL, *CHANGES_ALL, DIRECTORY[1])
# The first that fits: the methods, the path, the permissions from each request's page [doc]. The last is that of an
# application that the caller owns.
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
# The abilities of bootstrap_automation by what they grant
ABILITIES = {
    WRITE_ALL: "other_applications",
    ASSIGN: "assignments",
    GRANT: "consent",
    "User.ReadBasic.All": "names",
    "GroupMember.Read.All": "names",
    "Policy.Read.All": "policies",
}
# The ID of an application in a request's path: of the object, or the app ID
ADDRESSED = re.compile(r"/applications(?:/|\(appId=')([0-9a-f-]{36})", re.IGNORECASE)
PRINCIPAL = re.compile(r"/servicePrincipals/([0-9a-f-]{36})", re.IGNORECASE)
DELETED = "/deletedItems/"
ADMINISTRATOR = "Application Administrator"
PRIVILEGED, READER = "Privileged Role Administrator", "Global Reader"
# What a user needs the directory role for, the first that fits. Of a user, the token's scopes say what the client may
# do at most: those of Azure CLI suffice for everything, and the user's role decides [doc].
ROLES: tuple[tuple[str, str, str], ...] = (
    ("POST|PATCH|DELETE", r"/appRoleAssignedTo|/oauth2PermissionGrants", PRIVILEGED),
    ("GET", r"/users|/groups|/policies|/oauth2PermissionGrants", READER),
    (".*", r"", ADMINISTRATOR),
)
CREATES = re.compile(r"/(applications|servicePrincipals)$", re.IGNORECASE)
# The claim ``wids`` has one of these for every application or user; all others are directory roles [doc]
NO_ROLES = frozenset({"0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"})


@dataclass(frozen=True)
class Caller:
    """Who sends requests, by the claims of the access token [doc]: ``oid``, and ``roles`` of an application or ``scp``
    of a user, who is ``delegated``. ``wids`` are the directory roles, by the IDs of their templates. Nothing is
    ``known`` of a token that cannot be read."""

    object_id: str = ""
    permissions: frozenset[str] = frozenset()
    delegated: bool = False
    known: bool = False
    wids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, claims: t.Mapping[str, t.Any] | None) -> Caller:
        """The caller whose token has these ``claims``; None for one that cannot be read."""
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
        """Whether the caller has one of the ``permissions``."""
        return not self.permissions.isdisjoint(permissions)

    def owns(self, owners: t.Iterable[str]) -> bool:
        """Whether the caller is one of ``owners``, which are object IDs."""
        return self.object_id.lower() in {str(owner).lower() for owner in owners}


def hint(method: str, path: str, who: str, caller: Caller, graph: str) -> str:
    """What to do about Graph's 403 to a request of ``caller``, named ``who``; ``graph`` is Graph's address."""
    if caller.delegated:
        return _role(method, path)
    fits = (n for verbs, place, n in NEEDED if re.fullmatch(verbs, method) and re.search(place, path, re.IGNORECASE))
    needed = next(fits)
    last = needed == NEEDED[-1][2]
    missing = [alternatives[0] for alternatives in needed if not caller.may(alternatives)]
    if missing and last and not caller.known:
        return f"{grant(who, missing)}. If it has that, make it an owner of the application"
    if missing:
        return grant(who, missing)
    creates = method == "POST" and path.endswith("/applications")
    if last and not caller.may(CHANGES_ALL) and not creates:
        return _ownership(path, who, caller, graph)
    return (
        f"The {who} has the permission that this needs, so something else refuses it: ask an administrator for a "
        "policy of the tenant, or a restricted administrative unit, that protects the object"
    )


def _role(method: str, path: str) -> str:
    """As whom to sign in, for a user whom Graph refuses this request."""
    fits = (r for verbs, place, r in ROLES if re.fullmatch(verbs, method) and re.search(place, path, re.IGNORECASE))
    role = next(fits)
    if role != ADMINISTRATOR or method == "GET" or DELETED in path or CREATES.search(path):
        return f"Sign in as {role}"
    owned = "service principal" if PRINCIPAL.search(path) else "application"
    return f"Sign in as an owner of the {owned}, or as {role}"


def grant(who: str, permissions: t.Iterable[str]) -> str:
    """How to give the application ``who`` these permissions."""
    named = [*permissions]
    noun = "permissions" if len(named) > 1 else "permission"
    abilities = dict.fromkeys(ABILITIES[name] for name in named if name in ABILITIES)
    return (
        f"Grant the {who} the Microsoft Graph application {noun} {' and '.join(named)}, with admin consent"
        f"{ability(' and '.join(abilities))}"
    )


def ability(name: str) -> str:
    """Where the playbook bootstrap_automation grants what a hint asks for; empty if it does not."""
    return f" ({name} of bootstrap_abilities in the playbook bootstrap_automation)" if name else ""


def make_owner(application: str, caller: Caller) -> str:
    """The command that makes ``caller`` an owner of the ``application``, by its app ID or object ID.

    Azure CLI takes either for an application, and the object ID of a service principal for an owner [doc].
    """
    return f"az ad app owner add --id {application} --owner-object-id {caller.object_id}"


def _ownership(path: str, who: str, caller: Caller, graph: str) -> str:
    """How the caller, who may change what it owns, comes to own the object in ``path``."""
    if DELETED in path:
        return f"The {who} has {OWNED_BY} and does not own the deleted object. Let an {ADMINISTRATOR} do it"
    principal = PRINCIPAL.search(path)
    if principal:
        # Azure CLI adds no owner to a service principal [doc]
        body = f'{{"@odata.id": "{graph}/v1.0/directoryObjects/{caller.object_id}"}}'
        return (
            f"Make the {who} an owner of the service principal: az rest --method POST "
            f"--url '{graph}/v1.0/servicePrincipals/{principal[1]}/owners/$ref' --body '{body}'"
        )
    found = ADDRESSED.search(path)
    return f"Make the {who} an owner of the application: {make_owner(found[1] if found else '<client ID>', caller)}"
