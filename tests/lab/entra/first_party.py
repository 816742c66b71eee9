# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service principal of Microsoft Graph that every tenant has, with the public identifiers."""

from __future__ import annotations

from typing import Any

from ..directory import Tenant
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
    "Group.Read.All": "5f8c59db-677d-491f-a6b8-5f174b11ec1d",
    "GroupMember.Read.All": "bc024368-1153-4739-b217-4326f2e966d0",
}
# Delegated permissions that a user cannot consent to alone
ADMIN_SCOPES = ("Group.Read.All", "GroupMember.Read.All")
ROLES = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadBasic.All": "97235f07-e226-4f63-ace3-39588e11d3a1",
}


def graph_principal(created: str) -> dict[str, Any]:
    """Return the body of Microsoft Graph's service principal."""
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
            "type": "Admin" if name in ADMIN_SCOPES else "User",
            "userConsentDescription": name,
            "userConsentDisplayName": name,
            "value": name,
        }
        for name, key in SCOPES.items()
    ]
    return objects.new_service_principal(application, OWNER, created)


def granted_roles(tenant: Tenant, principal: dict[str, Any]) -> list[str]:
    """Return Microsoft Graph's application permissions of a service principal: set ones and assigned ones."""
    graph = tenant.service_principal(APP_ID)
    values = {role["id"]: role["value"] for role in graph.body["appRoles"]} if graph else {}
    held = tenant.assignments_to(graph.body["id"], principal["id"]) if graph else []
    assigned = [values[item["appRoleId"]] for item in held if item["appRoleId"] in values]
    return list(dict.fromkeys([*tenant.roles.get(principal["appId"], []), *assigned]))
