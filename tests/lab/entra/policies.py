# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""App management policies. An application's own policy replaces the tenant's default one [doc].

The automation's own application is exempt, so that tests can sign in under any policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ..clock import parse
from ..directory import Tenant
from ..errors import GraphError

Document = dict[str, Any]

# The rules that an audience can violate
_AUDIENCES = {
    "AzureADMultipleOrgs": {"azureAdMultipleOrgs"},
    "AzureADandPersonalMicrosoftAccount": {"azureAdMultipleOrgs", "personalMicrosoftAccount"},
    "PersonalMicrosoftAccount": {"personalMicrosoftAccount"},
}
_MORE = "See https://aka.ms/identifier-uri-addition-error for more information on this error."


def check_password(tenant: Tenant, owner: Document, lifetime: timedelta) -> None:
    """Raise Graph's 400 for a new client secret of the application or service principal `owner` [iss]."""
    for policy, rules in _policies(tenant, owner):
        for rule in _enabled(rules["passwordCredentials"], owner):
            if rule["restrictionType"] == "passwordAddition":
                raise _type_refused(policy)
            if rule["restrictionType"] == "passwordLifetime":
                _check_lifetime(policy, rule, lifetime)


def check_certificate(tenant: Tenant, owner: Document, lifetime: timedelta) -> None:
    """Raise Graph's 400 for a new certificate. The codes are those of client secrets [inf]."""
    for policy, rules in _policies(tenant, owner):
        for rule in _enabled(rules["keyCredentials"], owner):
            if rule["restrictionType"] == "trustedCertificateAuthority":  # no certificate of the lab has an issuer
                raise _type_refused(policy)
            if rule["restrictionType"] == "asymmetricKeyLifetime":
                _check_lifetime(policy, rule, lifetime)


def check_application(tenant: Tenant, body: Document, before: Document | None = None) -> None:
    """Raise Graph's 400 for a new audience or URI. `before` is the application's previous state [doc].

    A policy does not affect earlier values [doc].
    """
    before = before or {}
    for policy, rules in _policies(tenant, body):
        if body["signInAudience"] != before.get("signInAudience"):
            _check_audience(body, rules)
        for uri in body["identifierUris"]:
            if uri not in before.get("identifierUris", []):
                _check_identifier_uri(tenant, body, uri, rules)
        rule = rules["redirectUris"].get("uriWithBlockedDomain", {})
        for uri in _redirect_uris(body) - _redirect_uris(before):
            if urlsplit(uri).hostname in rule.get("blockedDomains", []):
                # Neither the code nor the text is published [inf].
                raise GraphError(
                    400,
                    "InvalidRedirectUriAsPerAppPolicy",
                    f"The redirect URI '{uri}' is not allowed as per assigned policy '{policy['id']}'.",
                )


def _policies(tenant: Tenant, owner: Document) -> Iterator[tuple[Document, Document]]:
    """Return the policy that applies to an object, with its rules, if it is enabled."""
    if owner["appId"] == tenant.automation.get("client_id"):
        return
    policy = tenant.policies.get(owner["appId"]) or tenant.policy
    if not policy.get("isEnabled"):
        return
    rules = policy.get("applicationRestrictions") or policy["restrictions"]
    yield policy, {**rules, **rules.get("applicationRestrictions", {})}


def _enabled(rules: list[Document], owner: Document) -> Iterator[Document]:
    """Return the rules that apply to an object of this age."""
    for rule in rules:
        since = rule["restrictForAppsCreatedAfterDateTime"]
        if rule["state"] == "enabled" and parse(since) < parse(owner["createdDateTime"]):
            yield rule


def _type_refused(policy: Document) -> GraphError:
    text = f"Credential type not allowed as per assigned policy '{policy['id']}'."
    return GraphError(400, "CredentialTypeNotAllowedAsPerAppPolicy", text)


def _check_lifetime(policy: Document, rule: Document, lifetime: timedelta) -> None:
    if lifetime > timedelta(days=int(rule["maxLifetime"][1:-1])):
        text = f"Credential lifetime exceeds the max value allowed as per assigned policy '{policy['id']}'."
        details = [{"code": "InvalidKeyEndDate", "message": text, "target": "EndDate"}]
        raise GraphError(400, "CredentialInvalidLifetimeAsPerAppPolicy", text, details)


def _check_audience(body: Document, rules: Document) -> None:
    """The text does not name the policy [src: tests of microsoft-365-agents-toolkit]."""
    if _AUDIENCES.get(body["signInAudience"], set()) & set(rules["audiences"]):
        text = f"'signInAudience' property value '{body['signInAudience']}' is not allowed."
        raise GraphError(400, "SignInAudienceNotAllowedAsPerAppPolicy", text)


def _check_identifier_uri(tenant: Tenant, body: Document, uri: str, rules: Document) -> None:
    """The texts are Microsoft's [doc]. The first code is public [iss], the second is not known [inf]."""
    if body["api"]["requestedAccessTokenVersion"] == 2:
        return
    unique = (tenant.id, body["appId"], tenant.domain)
    if "uriAdditionWithoutUniqueTenantIdentifier" in rules["identifierUris"] and not any(
        part in uri for part in unique
    ):
        raise GraphError(
            400,
            "InvalidUniqueTenantIdentifierAsPerAppPolicy",
            f"Failed to add identifier URI {uri}. All newly added URIs must contain a tenant verified domain, tenant "
            f"ID, or app ID, as per the default tenant policy of your organization. {_MORE}",
        )
    default = (f"api://{body['appId']}", f"api://{tenant.id}/{body['appId']}")
    if "nonDefaultUriAddition" in rules["identifierUris"] and uri not in default:
        raise GraphError(
            400,
            "InvalidIdentifierUri",
            f"The newly added URI {uri} must comply with the format 'api://{{appId}}' or 'api://{{tenantId}}/{{appId}}'"
            " as per the default app management policy of your organization. If the requestedAccessTokenVersion is set"
            f" to 2, this restriction may not apply. {_MORE}",
        )


def _redirect_uris(body: Document) -> set[str]:
    return {uri for kind in ("web", "spa", "publicClient") for uri in body.get(kind, {}).get("redirectUris", [])}
