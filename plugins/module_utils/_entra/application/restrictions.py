# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find restrictions that keep users from signing in with a healthy application; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._restrictions import Restriction

# The scopes that RustDesk requests; each is a delegated permission of Microsoft Graph, which needs consent [doc].
SCOPES = ("openid", "profile", "email")
# The prefix of assigned policies that allow users to consent for themselves [doc]
OWN_CONSENT = "managepermissiongrantsforself."
# The users that each audience admits in addition to, or instead of, those of the tenant [doc]
ADMITTED = {
    "AzureADMultipleOrgs": "users of other tenants",
    "AzureADandPersonalMicrosoftAccount": "users of other tenants and personal Microsoft accounts",
    "PersonalMicrosoftAccount": "personal Microsoft accounts",
}


@dataclass(frozen=True)
class Facts:
    """Facts about an application and its tenant; None means unknown.

    ``assigned``: any user or group is assigned. ``users_may_consent``: the tenant allows users to consent to
    applications. ``consented``: an administrator has consented to SCOPES for all users.
    """

    sign_in_audience: str | None
    assignment_required: bool
    assigned: bool | None = None
    users_may_consent: bool | None = None
    consented: bool | None = None


def restrictions(facts: Facts) -> list[Restriction]:
    """Return the restrictions that follow from ``facts``; unknown facts restrict no user."""
    found = []
    if facts.assignment_required and facts.assigned is False:
        found.append(
            Restriction(
                "assignment",
                "assignment is required, and no user or group is assigned (AADSTS50105)",
                "Set assignments, or set app_role_assignment_required of service_principal to false",
            )
        )
    reason = _no_own_consent(facts)
    if reason and facts.consented is False:
        found.append(
            Restriction(
                "consent",
                f"{reason}, and no administrator has consented to {', '.join(SCOPES)} for all users (AADSTS90094, "
                "AADSTS65001)",
                "Have an administrator consent on behalf of the organization at first sign-in, or grant these scopes "
                "of Microsoft Graph with admin_consent",
            )
        )
    admitted = ADMITTED.get(facts.sign_in_audience or "")
    if admitted:
        found.append(
            Restriction(
                "sign_in_audience",
                f"the sign-in audience {facts.sign_in_audience} admits {admitted}, but the issuer of this tenant "
                "refuses them (AADSTS50020)",
                "Set sign_in_audience to AzureADMyOrg, and invite other users to the tenant as guests",
            )
        )
    return found


def _no_own_consent(facts: Facts) -> str:
    """Return the reason why users cannot consent for themselves; empty if they can or if this is unknown.

    "Applications that require users to be assigned must have their permissions consented by an administrator, even if
    the user consent policies would otherwise allow it" (Manage users and groups assignment to an application [doc]).
    """
    if facts.assignment_required:
        return "users cannot consent themselves if assignment is required"
    return "the tenant does not allow users to consent to applications" if facts.users_may_consent is False else ""


def users_may_consent(policy: t.Mapping[str, t.Any]) -> bool | None:
    """Return True if Graph's authorizationPolicy allows users to consent for themselves; None if unknown.

    A policy that is limited to some permissions or publishers counts as consent, because its scope is unknown.
    """
    assigned = (policy.get("defaultUserRolePermissions") or {}).get("permissionGrantPoliciesAssigned")
    if not isinstance(assigned, list):
        return None
    return any(str(name).lower().startswith(OWN_CONSENT) for name in assigned)


def covers(grants: t.Iterable[t.Mapping[str, t.Any]]) -> bool:
    """Return True if a grant for all users covers SCOPES; only Microsoft Graph has scopes with these names [inf]."""
    return any(set(SCOPES) <= set(grant.get("scopes") or []) for grant in grants)
