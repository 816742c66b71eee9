# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Explain a refusal by an app management policy, either the tenant's default or the application's own."""

from __future__ import annotations

import re
import typing as t
from contextlib import asynccontextmanager, suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = t.Mapping[str, t.Any]

# The suffix of the code of every refusal by a policy [iss]
SUFFIX = "AsPerAppPolicy"
LIFETIME = "CredentialInvalidLifetimeAsPerAppPolicy"
KIND = "CredentialTypeNotAllowedAsPerAppPolicy"
AUDIENCE = "SignInAudienceNotAllowedAsPerAppPolicy"
# Part of the text of both refusals of an identifier URI [doc]; one of them has a code without SUFFIX
IDENTIFIER_URI = "identifier-uri-addition-error"
EXEMPT = "ask an administrator to exempt this application from the policy"
ANSWER_LONGEST = 500


class Cause(t.NamedTuple):
    """The part of a policy behind a refusal: the member of its restrictions, the next step, and the rules concerned
    (empty: all)."""

    member: str
    hint: str
    about: tuple[str, ...] = ()


# By the option written and the code: certificates and client secrets are refused with the same codes [inf].
CREDENTIALS = {
    ("client_secrets", LIFETIME): Cause(
        "passwordCredentials", "Shorten lifetime in client_secrets", ("passwordLifetime",)
    ),
    ("client_secrets", KIND): Cause(
        "passwordCredentials",
        "Ask an administrator to exempt this application from the policy: RustDesk can only use client secrets",
        ("passwordAddition",),
    ),
    ("certificates", LIFETIME): Cause(
        "keyCredentials", "Set certificates to one that is valid for a shorter time", ("asymmetricKeyLifetime",)
    ),
    # Graph v1.0 returns rule types that only its beta supports under the second name [doc].
    ("certificates", KIND): Cause(
        "keyCredentials",
        f"Set certificates to one from an issuer that the policy trusts, or {EXEMPT}",
        ("trustedCertificateAuthority", "unknownFutureValue"),
    ),
}
AUDIENCES = Cause("audiences", f"Set another sign_in_audience, or {EXEMPT}")
IDENTIFIER_URIS = {
    # Part of the text, and the rule [doc]
    "must contain": Cause(
        "identifierUris",
        f"In identifier_uris, use URIs with {{app_id}}, the tenant ID or a verified domain, or {EXEMPT}",
        ("uriAdditionWithoutUniqueTenantIdentifier",),
    ),
    "must comply": Cause(
        "identifierUris", f"In identifier_uris, use only api://{{app_id}}, or {EXEMPT}", ("nonDefaultUriAddition",)
    ),
}
REDIRECT_URIS = Cause(
    "redirectUris",
    f"Change web_redirect_uris, spa_redirect_uris or public_client_redirect_uris, or {EXEMPT}",
)
UNKNOWN = Cause("", EXEMPT[0].upper() + EXEMPT[1:])


def cause(code: str | None, answer: str | None, subject: str) -> Cause | None:
    """Return the cause of a refusal with this ``code`` and ``answer``; None if no policy refused it. Pure.

    ``subject`` is the option whose credentials were written: client_secrets or certificates.
    """
    if answer and IDENTIFIER_URI in answer:
        return next((known for words, known in IDENTIFIER_URIS.items() if words in answer), UNKNOWN)
    if not (code or "").endswith(SUFFIX):
        return None
    if code == AUDIENCE:
        return AUDIENCES
    if "RedirectUri" in (code or ""):  # the code is not published [inf]
        return REDIRECT_URIS
    return CREDENTIALS.get((subject, code or ""), UNKNOWN)


def rules(policy: Document, found: Cause) -> str:
    """Return the enabled rules of ``policy`` behind a refusal by their names in Graph, or just the policy's name. Pure.

    An application's own policy has a different structure than the default one [doc]. Graph v1.0 does not show the rules
    on audiences and redirect URIs, which only its beta has [doc].
    """
    if not policy:
        return ""
    own = _object(policy.get("restrictions"))
    shared = _object(policy.get("applicationRestrictions")) or _object(own.get("applicationRestrictions"))
    rule = {**own, **shared}.get(found.member)
    listed = rule if isinstance(rule, list) else []
    named = _object(rule) or {str(item.get("restrictionType")): item for item in map(_object, listed)}
    texts = [
        f"{name} {item['maxLifetime']}" if item.get("maxLifetime") else name
        for name, item in named.items()
        if isinstance(item, dict)
        and item.get("state", "enabled") == "enabled"
        and (not found.about or name in found.about)
    ]
    has = f"has: {', '.join(texts)}" if texts else "refused it"
    return f"the policy {policy.get('displayName')} {has}"[:ANSWER_LONGEST]


def _object(value: t.Any) -> Document:
    """Return ``value`` if it is an object, else an empty one: rules of another shape are ignored."""
    return value if isinstance(value, dict) else {}


@asynccontextmanager
async def explaining(graph: Graph, subject: str, object_id: str | None) -> t.AsyncIterator[None]:
    """Raise a refusal by a policy with the next step and, if the permission to read it exists, the rule behind it.

    For ``subject``, see cause(). ``object_id`` is that of the application, if it exists.
    """
    try:
        yield
    except ServiceError as error:
        found = cause(error.code, error.answer, subject)
        if found is None:
            raise
        explanation = ""
        with suppress(ServiceError):  # needs Policy.Read.All
            explanation = rules(await _policy(graph, error.answer or "", object_id), found)
        raise error.but(answer=f"{error.answer}; {explanation}" if explanation else None, hint=found.hint) from error


async def _policy(graph: Graph, answer: str, object_id: str | None) -> Document:
    """Return the policy that ``answer`` names, else the application's own, which replaces the default one [doc]."""
    attempted = "Reading the app management policy failed"
    policies = graph.client.policies
    named = re.search(r"policy '([0-9a-f-]{36})'", answer)
    if named is None and object_id:
        application = graph.client.applications.by_application_id(object_id)
        for policy in await graph.pages(graph.request("GET", application.app_management_policies), attempted):
            return policy
    default = await graph.get(policies.default_app_management_policy, attempted) or {}
    if named is None or named.group(1) == default.get("id"):
        return default
    own = policies.app_management_policies.by_app_management_policy_id(named.group(1))
    return await graph.get(own, attempted) or {}
