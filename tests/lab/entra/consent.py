# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consent to delegated permissions: whether a sign-in needs it, and whether the user may give it.

The scopes of OpenID Connect are permissions of Microsoft Graph like others [doc].
"""

from __future__ import annotations

from ..directory import Record, Tenant, User
from ..errors import StsError
from . import first_party
from .graph_grants import opaque


def lacks(tenant: Tenant, principal: Record, user: User, scope: str) -> list[str]:
    """Return the requested scopes without consent from an administrator for all users or from this user."""
    granted: set[str] = set()
    for record in tenant.grants.all():
        grant = record.body
        if grant["clientId"] == principal.body["id"] and grant["principalId"] in (None, user.oid):
            granted |= set((grant["scope"] or "").split())
    # A scope of another resource contains its URI
    return [name for name in dict.fromkeys(scope.split()) if "/" not in name and name not in granted]


def ask(tenant: Tenant, principal: Record, user: User, scope: str) -> None:
    """Let the user consent to the missing scopes. Raises AADSTS90094 if the user may not.

    Users always accept the prompt: their consent becomes a grant for that user [doc]. No prompt appears if the tenant
    does not allow it, for permissions that need an administrator, or if the application requires assignment (Manage
    users and groups assignment to an application [doc]; MicrosoftDocs/azure-docs#59963 for the code).
    """
    wanted = lacks(tenant, principal, user, scope)
    if not wanted:
        return
    needs_administrator = bool({*first_party.ADMIN_SCOPES} & {*wanted})
    if not tenant.user_consent or needs_administrator or principal.body["appRoleAssignmentRequired"]:
        raise StsError(90094)
    resource = tenant.service_principal(first_party.APP_ID)
    if resource is None:
        raise StsError(90094)
    key = opaque(principal.body["id"], resource.body["id"], user.oid)
    earlier = tenant.grants.read(key)
    scopes = [*(earlier.body["scope"] or "").split(), *wanted] if earlier else wanted
    grant = {
        "clientId": principal.body["id"],
        "consentType": "Principal",
        "id": key,
        "principalId": user.oid,
        "resourceId": resource.body["id"],
        "scope": " ".join(scopes),
    }
    tenant.grants.write(key, Record(grant))


def check(tenant: Tenant, principal: Record, user: User, scope: str) -> None:
    """Raise AADSTS65001 if the requested tokens lack consent."""
    if lacks(tenant, principal, user, scope):
        body = principal.body
        raise StsError(65001, app_id=body["appId"], app_name=body["displayName"])
