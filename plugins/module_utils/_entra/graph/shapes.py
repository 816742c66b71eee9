# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check the type of each member of Graph's documents when a response arrives; pure.

A name has the same type wherever it occurs. Names and types are from Microsoft Graph v1.0 [doc]; others are not read.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
# IDs become part of request URLs, so no other characters are allowed
ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
IDS = frozenset(["id", "appId", "keyId", "principalId", "resourceId", "resourceAppId", "appRoleId", "clientId"])
TEXTS = frozenset(
    [
        "@odata.nextLink",
        "@odata.type",
        "displayName",
        "uniqueName",
        "description",
        "notes",
        "serviceManagementReference",
        "signInAudience",
        "groupMembershipClaims",
        "disabledByMicrosoftStatus",
        "userPrincipalName",
        "principalType",
        "principalDisplayName",
        "consentType",
        "scope",
        "secretText",
        "hint",
        "customKeyIdentifier",
        "type",
        "usage",
        "thumbprint",
        "name",
        "issuer",
        "subject",
        "audience",
        "homePageUrl",
        "logoutUrl",
        "logoUrl",
        "marketingUrl",
        "privacyStatementUrl",
        "supportUrl",
        "termsOfServiceUrl",
        "adminConsentDisplayName",
        "adminConsentDescription",
        "userConsentDisplayName",
        "userConsentDescription",
        "restrictionType",
        "state",
        "maxLifetime",
        "tokenEncryptionKeyId",
        "loginUrl",
        "preferredSingleSignOnMode",
        "servicePrincipalType",
        "appOwnerOrganizationId",
    ]
)
TIMES = frozenset(("startDateTime", "endDateTime", "createdDateTime", "deletedDateTime"))
FLAGS = frozenset(
    [
        "isEnabled",
        "isDisabled",
        "isFallbackPublicClient",
        "enableIdTokenIssuance",
        "enableAccessTokenIssuance",
        "essential",
        "accountEnabled",
        "appRoleAssignmentRequired",
        "allProperties",
        "credentialsWithUsageSign",
        "credentialsWithUsageVerify",
        "removeUnverifiedEmailClaim",
    ]
)
NUMBERS = frozenset(("requestedAccessTokenVersion",))
LISTS_OF_TEXTS = frozenset(
    [
        "redirectUris",
        "identifierUris",
        "tags",
        "audiences",
        "allowedMemberTypes",
        "additionalProperties",
        "delegatedPermissionIds",
        "notificationEmailAddresses",
        "permissionGrantPoliciesAssigned",
        "servicePrincipalNames",
    ]
)
# Lists of objects, with the required members of each object
LISTS_OF_OBJECTS: dict[str, tuple[str, ...]] = {
    "passwordCredentials": ("keyId",),
    "keyCredentials": ("keyId",),
    "appRoles": ("id",),
    "oauth2PermissionScopes": ("id",),
    "preAuthorizedApplications": ("appId", "delegatedPermissionIds"),
    "requiredResourceAccess": ("resourceAppId", "resourceAccess"),
    "resourceAccess": ("id", "type"),
    "idToken": ("name",),
    "accessToken": ("name",),
    "saml2Token": ("name",),
}
OBJECTS = frozenset(
    [
        "web",
        "spa",
        "publicClient",
        "api",
        "info",
        "optionalClaims",
        "implicitGrantSettings",
        "servicePrincipalLockConfiguration",
        "authenticationBehaviors",
        "applicationRestrictions",
        "servicePrincipalRestrictions",
        "restrictions",
        "defaultUserRolePermissions",
    ]
)
EXPECTED: dict[str, type] = {
    **dict.fromkeys((*TEXTS, *IDS, *TIMES), str),
    **dict.fromkeys(FLAGS, bool),
    **dict.fromkeys(NUMBERS, int),
    **dict.fromkeys(OBJECTS, dict),
    **dict.fromkeys((*LISTS_OF_TEXTS, *LISTS_OF_OBJECTS), list),
}
# Restrictions of a policy; their parts have the same names as members of an application [doc]
RULES = ("applicationRestrictions", "servicePrincipalRestrictions", "restrictions")
# All members of this object are flags, even those named after a member with another type [doc]
LOCKS = "servicePrincipalLockConfiguration"
# Members that are never null if selected
ALWAYS = ("id", "appId")


def check(document: t.Any, attempted: str, hint: str, selected: t.Collection[str] | None = None) -> None:
    """Raise ServiceError, which begins with ``attempted``, if a member of ``document`` has the wrong type.

    ``selected`` are the members that a read selected, None for a write. If IDs are among them, the object or each entry
    of the collection must have them.
    """
    if "value" in document:  # a collection; in an entry, the member value can have any type
        _documents.expect("value", document["value"], list, attempted, hint)
    _object(document, attempted, hint)
    if selected is None:
        return
    entries = [item for item in document["value"] if isinstance(item, dict)] if "value" in document else [document]
    for entry in entries:
        for name in ALWAYS:
            if name in selected:
                _documents.text(entry, name, attempted, hint)


def _object(document: dict[str, t.Any], attempted: str, hint: str) -> None:
    for name, value in document.items():
        if value is not None:
            _member(name, value, attempted, hint)


def _member(name: str, value: t.Any, attempted: str, hint: str) -> None:
    if name in EXPECTED:
        _documents.expect(name, value, EXPECTED[name], attempted, hint)
    if name in TIMES and not _is_time(value):
        raise _documents.not_understood(f"{name} is not a time", attempted, hint)
    if name in IDS and not ID.fullmatch(value):
        raise _documents.not_understood(f"{name} is not an ID", attempted, hint)
    if name == LOCKS:
        for lock, locked in value.items():
            if locked is not None and not lock.startswith("@"):
                _documents.expect(lock, locked, bool, attempted, hint)
        return
    for item in value if isinstance(value, list) else [value]:
        if name in LISTS_OF_TEXTS:
            _documents.expect(f"an entry of {name}", item, str, attempted, hint)
        elif name in LISTS_OF_OBJECTS:
            _entry(name, item, attempted, hint)
        if isinstance(item, dict) and name not in RULES:
            _object(item, attempted, hint)


def _is_time(value: str) -> bool:
    """Return True for a timestamp of any precision."""
    found = TIME.fullmatch(value)
    if not found:
        return False
    zone = (found.group(2) or "Z").replace("Z", "+00:00")
    try:
        datetime.fromisoformat(value[:19] + zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return False
    return True


def _entry(name: str, item: t.Any, attempted: str, hint: str) -> None:
    """Check an entry of a list of objects."""
    _documents.expect(f"an entry of {name}", item, dict, attempted, hint)
    for member in LISTS_OF_OBJECTS[name]:
        if item.get(member) is None:
            raise _documents.not_understood(f"an entry of {name} has no {member}", attempted, hint)
