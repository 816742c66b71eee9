# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service principal of Microsoft Graph that every tenant has; the identifiers are the public ones."""

from __future__ import annotations

from typing import Any

from . import objects

APP_ID = "00000003-0000-0000-c000-000000000000"
# The tenant of Microsoft's own applications.
OWNER = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
SCOPES = {
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
}
ROLES = {"Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884"}


def graph_principal(created: str) -> dict[str, Any]:
    """The body of Microsoft Graph's service principal."""
    application = objects.new_application(APP_ID, "microsoft.com", created)
    application["displayName"] = "Microsoft Graph"
    application["signInAudience"] = "AzureADMultipleOrgs"
    application["appRoles"] = [
        {
            "allowedMemberTypes": ["Application"],
            "description": name,
            "displayName": name,
            "id": key,
            "isEnabled": True,
            "origin": "Application",
            "value": name,
        }
        for name, key in ROLES.items()
    ]
    application["api"]["oauth2PermissionScopes"] = [
        {
            "adminConsentDescription": name,
            "adminConsentDisplayName": name,
            "id": key,
            "isEnabled": True,
            "type": "User",
            "userConsentDescription": name,
            "userConsentDisplayName": name,
            "value": name,
        }
        for name, key in SCOPES.items()
    ]
    return objects.new_service_principal(application, OWNER, created)
