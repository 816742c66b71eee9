# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/policies: the tenant's default app management policy, those of single applications, and the authorization policy.

v1.0 does not show the rules on audiences and redirect URIs, which only the beta has [doc]. policies.py enforces them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from ..errors import not_found
from ..router import Router
from . import permissions
from .graph_applications import ADDRESS, find
from .graph_call import Answer, Call
from .odata import listing

DEFAULT_ID = "00000000-0000-0000-0000-000000000000"
# The consent that users may give for themselves, if any, and as owners of a resource [doc]
_CONSENT = "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"
_OF_OWNED = "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"
# The members of the beta [doc]
_BETA = ("audiences", "redirectUris")


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", "/policies/defaultAppManagementPolicy", read_default)
    router.add("GET", "/policies/appManagementPolicies/(?P<key>[^/]+)", read_one)
    router.add("GET", "/policies/authorizationPolicy", read_authorization)
    router.add("GET", ADDRESS + "/appManagementPolicies", list_of_application)


def new_policy(
    max_password_days: int | None = None,
    passwords_allowed: bool = True,
    max_certificate_days: int | None = None,
    trusted_issuers_only: bool = False,
    blocked_audiences: Iterable[str] = (),
    identifier_uris: Iterable[str] = (),
    blocked_domains: Iterable[str] = (),
) -> dict[str, Any]:
    """Build the tenant's default policy. Without a rule it is disabled [doc].

    ``blocked_audiences`` and ``identifier_uris`` are names of rules, such as personalMicrosoftAccount and
    nonDefaultUriAddition. ``blocked_domains`` are those of redirect URIs.
    """
    passwords = [] if passwords_allowed else [_credentials("passwordAddition"), _credentials("customPasswordAddition")]
    if max_password_days is not None:
        passwords.append(_credentials("passwordLifetime", max_password_days))
    keys = [] if max_certificate_days is None else [_credentials("asymmetricKeyLifetime", max_certificate_days)]
    if trusted_issuers_only:
        keys.append(_credentials("trustedCertificateAuthority"))
    v2 = {"excludeAppsReceivingV2Tokens": True, "excludeSaml": True, "isStateSetByMicrosoft": False}
    restrictions: dict[str, Any] = {"passwordCredentials": passwords, "keyCredentials": keys}
    # The default policy has separate rules for applications and service principals.
    principals = dict(restrictions)
    restrictions["identifierUris"] = {name: {**_rule(), **v2} for name in identifier_uris}
    restrictions["audiences"] = {name: _rule() for name in blocked_audiences}
    domains = list(blocked_domains)
    blocked = {"uriWithBlockedDomain": {**_rule(), "blockedDomains": domains}} if domains else {}
    restrictions["redirectUris"] = blocked
    return {
        "id": DEFAULT_ID,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications "
        "and service principals.",
        "isEnabled": any(restrictions.values()),
        "applicationRestrictions": restrictions,
        "servicePrincipalRestrictions": principals,
    }


def custom(rules: dict[str, Any]) -> dict[str, Any]:
    """Build a policy for single applications with the rules of new_policy [doc]."""
    common = new_policy(**rules)["applicationRestrictions"]
    credentials = {name: common.pop(name) for name in ("passwordCredentials", "keyCredentials")}
    return {
        "id": str(uuid.uuid4()),
        "displayName": "Policy of single applications",
        "description": "",
        "isEnabled": True,
        "restrictions": {**credentials, "applicationRestrictions": common},
    }


def _rule() -> dict[str, Any]:
    return {"state": "enabled", "restrictForAppsCreatedAfterDateTime": "2019-10-19T10:37:00Z"}


def _credentials(kind: str, days: int | None = None) -> dict[str, Any]:
    return {"restrictionType": kind, "maxLifetime": None if days is None else f"P{days}D", **_rule()}


def _shown(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy as v1.0 shows it: a rule type that only the beta has is named unknownFutureValue [doc]."""

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [plain(name, item) for item in value]
        if name == "restrictionType" and value == "trustedCertificateAuthority":
            return "unknownFutureValue"
        if isinstance(value, dict):
            return {key: plain(key, item) for key, item in value.items() if key not in _BETA}
        return value

    return {name: plain(name, value) for name, value in policy.items()}


def read_default(call: Call) -> Answer:
    """GET the tenant's default policy. It needs a separate permission."""
    permissions.needs(call, permissions.POLICY)
    context = {"@odata.context": call.context("policies/defaultAppManagementPolicy/$entity")}
    return Answer(200, {**context, **_shown(call.tenant.policy)})


def read_one(call: Call, key: str) -> Answer:
    """GET a policy of single applications."""
    permissions.needs(call, permissions.POLICY)
    found = next((policy for policy in call.tenant.policies.values() if policy["id"] == key), None)
    if found is None:
        raise not_found(key)
    return Answer(200, {"@odata.context": call.context("policies/appManagementPolicies/$entity"), **_shown(found)})


def list_of_application(call: Call, **address: str) -> Answer:
    """GET an application's own policies: none or one [doc]."""
    permissions.needs(call, permissions.POLICY)
    own = call.tenant.policies.get(find(call, address).body["appId"])
    return listing(call, "appManagementPolicies", [_shown(own)] if own else [])


def read_authorization(call: Call) -> Answer:
    """GET the default user permissions of the tenant, such as consent to applications [doc]."""
    permissions.needs(call, permissions.AUTHORIZATION_POLICY)
    assigned = [_CONSENT, _OF_OWNED] if call.tenant.user_consent else [_OF_OWNED]
    body = {
        "@odata.context": call.context("policies/authorizationPolicy/$entity"),
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone",
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": assigned,
        },
    }
    return Answer(200, body)
