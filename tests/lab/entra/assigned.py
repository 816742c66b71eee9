# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The effect of a user's assignments and groups on a sign-in: admission, and the claims of the ID token."""

from __future__ import annotations

from typing import Any

from ..directory import Record, Tenant, User
from ..errors import StsError


def _assignments(tenant: Tenant, principal: Record, user: User) -> list[dict[str, Any]]:
    """Return the user's own assignments and those of the user's groups."""
    return tenant.assignments_to(principal.body["id"], user.oid, *tenant.groups_of(user))


def check(tenant: Tenant, principal: Record, user: User) -> None:
    """Raise AADSTS50105 if the application requires an assignment that the user does not have [doc]."""
    body = principal.body
    if body["appRoleAssignmentRequired"] and not _assignments(tenant, principal, user):
        raise StsError(50105, app_id=body["appId"], app_name=body["displayName"], user=user.upn)


def claims(tenant: Tenant, application: Record, principal: Record | None, user: User) -> dict[str, Any]:
    """Return the ``roles`` and ``groups`` of an ID token [doc]. A claim without a value is left out."""
    held = _assignments(tenant, principal, user) if principal else []
    values = {role["id"]: role["value"] for role in application.body["appRoles"] if role["isEnabled"]}
    roles = list(dict.fromkeys(values[item["appRoleId"]] for item in held if values.get(item["appRoleId"])))
    groups, as_roles = _groups(tenant, application, {item["principalId"] for item in held}, user)
    # Emitted as roles, the groups replace the app roles.
    found = {"roles": groups} if as_roles and groups else {"roles": roles, "groups": groups}
    return {name: value for name, value in found.items() if value}


def _groups(tenant: Tenant, application: Record, assigned: set[str], user: User) -> tuple[list[str], bool]:
    """Return the groups that ``groupMembershipClaims`` admits, as the optional claim shows them, and whether to call
    them roles.
    """
    kinds = {kind.strip() for kind in (application.body["groupMembershipClaims"] or "").split(",")}
    mine = tenant.groups_of(user)
    if kinds & {"All", "SecurityGroup"}:
        shown = mine
    elif "ApplicationGroup" in kinds:
        shown = {key: name for key, name in mine.items() if key in assigned}
    else:
        return [], False
    wanted = (application.body["optionalClaims"] or {}).get("idToken", [])
    options = {option for item in wanted if item["name"] == "groups" for option in item["additionalProperties"]}
    # Cloud-only groups appear by name in a token only if they are assigned to the application.
    by_name = "cloud_displayname" in options and "ApplicationGroup" in kinds
    return list(shown.values() if by_name else shown), "emit_as_roles" in options


def email(tenant: Tenant, application: Record, user: User) -> dict[str, str]:
    """Return the ``email`` of an ID token. An email in an unverified domain can be omitted [doc].

    By default it is omitted only for multitenant applications [inf].
    """
    if not user.email:
        return {}
    domain = user.email.rpartition("@")[2].lower()
    verified = f".{domain}".endswith(f".{tenant.domain}")
    removed = (application.body["authenticationBehaviors"] or {}).get("removeUnverifiedEmailClaim")
    if removed is None:
        removed = application.body["signInAudience"] != "AzureADMyOrg"
    return {} if removed and not verified else {"email": user.email}
