# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Explain a refusal by the tenant's app management policy."""

from __future__ import annotations

import re
import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

# The codes of refusals by a policy, and what they are about in the policy's rules [iss].
LIFETIME = "CredentialInvalidLifetimeAsPerAppPolicy"
KIND = "CredentialTypeNotAllowedAsPerAppPolicy"
AUDIENCE = "SignInAudienceNotAllowedAsPerAppPolicy"
HINTS = {
    LIFETIME: "Shorten lifetime in client_secrets",
    KIND: "Ask an administrator to exempt this application from the policy, as RustDesk can only use client secrets",
    AUDIENCE: "Choose another sign_in_audience, or ask an administrator to exempt this application from the policy",
}
ANSWER_LONGEST = 500


def refused(error: ServiceError) -> bool:
    """Whether a policy is why a request was refused."""
    return error.code in HINTS


async def explained(graph: Graph, error: ServiceError) -> ServiceError:
    """The refusal ``error`` with the rule of the policy that caused it, if reading it is permitted."""
    rules = ""
    with suppress(ServiceError):  # needs a permission of its own (Policy.Read.All)
        rules = _rules(await _policy(graph, error), error.code)
    return error.but(answer=f"{error.answer}; {rules}" if rules else None, hint=HINTS[error.code or ""])


async def _policy(graph: Graph, error: ServiceError) -> dict[str, t.Any]:
    """The policy that the answer names, which is the tenant's default one or one of its own [doc]."""
    attempted = "Reading the app management policy failed"
    policies = graph.client.policies
    default = await graph.get(policies.default_app_management_policy, attempted) or {}
    named = re.search(r"policy '([0-9a-f-]{36})'", error.answer or "")
    if named is None or named.group(1) == default.get("id"):
        return default
    own = policies.app_management_policies.by_app_management_policy_id(named.group(1))
    return await graph.get(own, attempted) or {}


def _rules(policy: t.Mapping[str, t.Any], code: str | None) -> str:
    """The restrictions of client secrets that a policy sets, in its own words."""
    restrictions = policy.get("applicationRestrictions") or policy.get("restrictions") or {}
    rules = [
        rule["restrictionType"] + (f" {rule['maxLifetime']}" if rule.get("maxLifetime") else "")
        for rule in restrictions.get("passwordCredentials") or []
        if rule.get("state", "enabled") == "enabled"
        and (code != LIFETIME or rule["restrictionType"] == "passwordLifetime")
    ]
    said = f"the policy {policy.get('displayName')} has: {', '.join(rules)}" if rules else ""
    return said[:ANSWER_LONGEST]
