# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule of an app management policy behind a refusal, and how to resolve it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.app_management_policies import (
    cause,
    rules,
)

PASSWORDS = [
    {"restrictionType": "passwordAddition", "state": "enabled", "maxLifetime": None},
    {"restrictionType": "customPasswordAddition", "state": "enabled", "maxLifetime": None},
    {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P30D"},
    {"restrictionType": "symmetricKeyLifetime", "state": "enabled", "maxLifetime": "P40D"},
]
KEYS = [
    {"restrictionType": "asymmetricKeyLifetime", "state": "enabled", "maxLifetime": "P60D"},
    {"restrictionType": "unknownFutureValue", "state": "enabled", "maxLifetime": None},
]
URIS = {
    "@odata.type": "#microsoft.graph.identifierUriConfiguration",
    "nonDefaultUriAddition": {"state": "enabled", "excludeAppsReceivingV2Tokens": True},
    "uriAdditionWithoutUniqueTenantIdentifier": {"state": "enabled"},
}
# The beta's form, which v1.0 may show one day
AUDIENCES = {"azureAdMultipleOrgs": {"state": "disabled"}, "personalMicrosoftAccount": {"state": "enabled"}}
REDIRECTS = {"uriWithBlockedDomain": {"state": "enabled", "blockedDomains": ["a.example"]}, "uriWithWildcard": None}
APPLICATION = {"identifierUris": URIS, "audiences": AUDIENCES, "redirectUris": REDIRECTS}
DEFAULT = {
    "displayName": "Default",
    "applicationRestrictions": {"passwordCredentials": PASSWORDS, "keyCredentials": KEYS, **APPLICATION},
}
CUSTOM = {
    "displayName": "Custom",
    "restrictions": {
        "passwordCredentials": PASSWORDS,
        "keyCredentials": KEYS,
        "applicationRestrictions": APPLICATION,
    },
}
UNIQUE = (
    "Failed to add identifier URI api://x. All newly added URIs must contain a tenant verified domain, tenant ID, or "
    "app ID. See https://aka.ms/identifier-uri-addition-error"
)
FORMAT = (
    "The newly added URI api://x must comply with the format 'api://{appId}' or 'api://{tenantId}/{appId}'. See "
    "https://aka.ms/identifier-uri-addition-error"
)
LIFETIME, KIND = "CredentialInvalidLifetimeAsPerAppPolicy", "CredentialTypeNotAllowedAsPerAppPolicy"

CASES = {
    "client secret too long": (LIFETIME, "", "client_secrets", "lifetime in client_secrets", "passwordLifetime P30D"),
    "client secret at all": (KIND, "", "client_secrets", "only use client secrets", "passwordAddition"),
    "certificate too long": (LIFETIME, "", "certificates", "certificates", "asymmetricKeyLifetime P60D"),
    "certificate of any issuer": (KIND, "", "certificates", "certificates", "unknownFutureValue"),
    "audience": (
        "SignInAudienceNotAllowedAsPerAppPolicy",
        "",
        "",
        "sign_in_audience",
        "personalMicrosoftAccount",
    ),
    "identifier URI without tenant or application": (
        "InvalidUniqueTenantIdentifierAsPerAppPolicy",
        UNIQUE,
        "",
        "identifier_uris",
        "uriAdditionWithoutUniqueTenantIdentifier",
    ),
    "identifier URI with a path": ("Whatever", FORMAT, "", "identifier_uris", "nonDefaultUriAddition"),
    "redirect URI": ("InvalidRedirectUriAsPerAppPolicy", "", "", "web_redirect_uris", "uriWithBlockedDomain"),
}
OPTIONS = {"client_secrets", "certificates", "sign_in_audience", "identifier_uris", "web_redirect_uris", "lifetime"}


@pytest.mark.parametrize(("code", "answer", "subject", "hint", "rule"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("policy", [DEFAULT, CUSTOM], ids=["default", "custom"])
def test_a_refusal_names_the_rule_that_caused_it(
    policy: dict[str, Any], code: str, answer: str, subject: str, hint: str, rule: str
) -> None:
    found = cause(code, answer, subject)
    assert found is not None
    assert rules(policy, found) == f"the policy {policy['displayName']} has: {rule}"
    assert hint in found.hint
    others = {option for option in OPTIONS if option not in hint}
    assert not [option for option in others if option in found.hint]


@pytest.mark.parametrize(
    ("code", "answer"), [(None, None), ("Request_BadRequest", "policy"), ("Authorization_RequestDenied", "")]
)
def test_other_refusals_name_no_policy(code: str | None, answer: str | None) -> None:
    assert cause(code, answer, "client_secrets") is None


def test_an_unknown_code() -> None:
    """The policy is named, but no rule or option is guessed."""
    found = cause("SomethingNewAsPerAppPolicy", "", "client_secrets")
    assert found is not None
    assert rules(DEFAULT, found) == "the policy Default refused it"
    assert found.hint == "Ask an administrator to exempt this application from the policy"


def test_a_policy_that_does_not_show_its_rule() -> None:
    """Graph v1.0 lacks the rules on audiences. Without a policy, none is mentioned."""
    found = cause("SignInAudienceNotAllowedAsPerAppPolicy", "", "")
    assert found is not None
    shown = {"displayName": "Default", "applicationRestrictions": {"passwordCredentials": PASSWORDS}}
    assert rules(shown, found) == "the policy Default refused it"
    assert rules({}, found) == ""
