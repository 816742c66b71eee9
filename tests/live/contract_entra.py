# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expectations of Microsoft Graph and of the token endpoint, by the names of the cases. Pure data.

The members are those that recorded responses have [rec], the errors those that were recorded or reported [rec] [iss].
"""

from __future__ import annotations

from live.contract import Expected

APPLICATION = {
    "id": "string",
    "appId": "string",
    "displayName": "string",
    "uniqueName": "string|null",
    "signInAudience": "string",
    "createdDateTime": "string",
    "disabledByMicrosoftStatus": "string|null",
    "description": "string|null",
    "notes": "string|null",
    "tags": "list",
    "identifierUris": "list",
    "groupMembershipClaims": "string|null",
    "serviceManagementReference": "string|null",
    "optionalClaims": "object|null",
    "appRoles[].id": "string",
    "requiredResourceAccess": "list",
    "passwordCredentials[].keyId": "string",
    "passwordCredentials[].hint": "string|null",
    "passwordCredentials[].secretText": "null",
    "passwordCredentials[].displayName": "string|null",
    "passwordCredentials[].startDateTime": "string",
    "passwordCredentials[].endDateTime": "string",
    "keyCredentials": "list",
    "web.redirectUris": "list",
    "web.homePageUrl": "string|null",
    "web.logoutUrl": "string|null",
    "web.implicitGrantSettings.enableIdTokenIssuance": "boolean",
    "web.implicitGrantSettings.enableAccessTokenIssuance": "boolean",
    "web.redirectUriSettings[].uri": "string",
    "spa.redirectUris": "list",
    "publicClient.redirectUris": "list",
    "api.oauth2PermissionScopes": "list",
    "api.preAuthorizedApplications": "list",
    "api.requestedAccessTokenVersion": "number|null",
    "info.logoUrl": "string|null",
}
SELECTED = {name: APPLICATION[name] for name in ("id", "appId", "displayName", "uniqueName", "web.redirectUris")}
PRINCIPAL = {
    "id": "string",
    "appId": "string",
    "displayName": "string",
    "accountEnabled": "boolean",
    "appRoleAssignmentRequired": "boolean",
    "appOwnerOrganizationId": "string|null",
    "servicePrincipalType": "string",
    "servicePrincipalNames": "list",
    "tags": "list",
    "notes": "string|null",
    "appRoles": "list",
    "oauth2PermissionScopes": "list",
    "notificationEmailAddresses": "list",
    "disabledByMicrosoftStatus": "string|null",
}
SECRET = {
    "keyId": "string",
    "secretText": "string",
    "hint": "string",
    "displayName": "string|null",
    "startDateTime": "string",
    "endDateTime": "string",
    "customKeyIdentifier": "string|null",
}
GRANT = {
    "id": "string",
    "clientId": "string",
    "consentType": "string",
    "principalId": "string|null",
    "resourceId": "string",
    "scope": "string",
}
ASSIGNMENT = {
    "id": "string",
    "appRoleId": "string",
    "principalId": "string",
    "principalType": "string",
    "principalDisplayName": "string|null",
    "resourceId": "string",
}
FEDERATED = {
    "id": "string",
    "name": "string",
    "issuer": "string",
    "subject": "string",
    "audiences": "list",
    "description": "string|null",
}
ERROR = {
    "error.code": "string",
    "error.message": "string",
    "error.innerError.date": "string",
    "error.innerError.request-id": "string",
    "error.innerError.client-request-id": "string",
}
TOKEN_ERROR = {
    "error": "string",
    "error_description": "string",
    "error_codes[]": "number",
    "timestamp": "string",
    "trace_id": "string",
    "correlation_id": "string",
}
NOT_FOUND = "Request_ResourceNotFound"
BAD = "Request_BadRequest"
APP, SP = "/applications/{id}", "/servicePrincipals/{id}"
DELETED = "/directory/deletedItems/{id}"


def _list(members: dict[str, str]) -> dict[str, str]:
    return {"value": "list", **{f"value[].{name}": types for name, types in members.items()}}


def _refused(method: str, template: str, status: int, code: str | tuple[str, ...], says: str = "") -> Expected:
    return Expected(method, template, status, ERROR, code=code, says=says)


def _done(method: str, template: str) -> Expected:
    return Expected(method, template, 204, body=False)


GRAPH: dict[str, Expected] = {
    # Applications
    "create an application": Expected("POST", "/applications", 201, APPLICATION, "application"),
    "create with an unknown token": _refused("POST", "/applications", 401, "InvalidAuthenticationToken"),
    "read an application": Expected("GET", APP, 200, APPLICATION, "application"),
    "read selected members": Expected("GET", APP, 200, SELECTED, "application"),
    "read by the application ID in place of the object ID": _refused("GET", APP, 404, NOT_FOUND),
    "read by application ID": Expected("GET", "/applications(appId='{key}')", 200, APPLICATION, "application"),
    "read by unique name": Expected("GET", "/applications(uniqueName='{key}')", 200, APPLICATION, "application"),
    "read an unknown unique name": _refused("GET", "/applications(uniqueName='{key}')", 404, NOT_FOUND),
    "list applications by name": Expected("GET", "/applications", 200, _list(SELECTED), "application"),
    "list applications that the automation owns": Expected(
        "GET", SP + "/ownedObjects/graph.application", 200, _list(SELECTED), "application"
    ),
    "create by unique name": Expected("PATCH", "/applications(uniqueName='{key}')", 201, APPLICATION, "application"),
    "change by unique name": _done("PATCH", "/applications(uniqueName='{key}')"),
    "change an application": _done("PATCH", APP),
    "create with a unique name that a deleted application has": _refused(
        "PATCH", "/applications(uniqueName='{key}')", 400, BAD, "uniqueName already exists"
    ),
    "delete an application": _done("DELETE", APP),
    "delete an application that is deleted": _refused("DELETE", APP, 404, NOT_FOUND),
    "list deleted applications": Expected(
        "GET", "/directory/deletedItems/graph.application", 200, _list({"id": "string", "deletedDateTime": "string"})
    ),
    "list deleted service principals": Expected(
        "GET", "/directory/deletedItems/graph.servicePrincipal", 200, _list({"id": "string", "appId": "string"})
    ),
    "restore an application": Expected("POST", DELETED + "/restore", 200, {"id": "string", "displayName": "string"}),
    "purge": _done("DELETE", DELETED),
    "purge what is not deleted": _refused("DELETE", DELETED, 404, NOT_FOUND),
    "read several at once": Expected(
        "POST",
        "/$batch",
        200,
        {"responses[].id": "string", "responses[].status": "number", "responses[].body": "object"},
    ),
    # Client secrets and policies
    "add a client secret": Expected("POST", APP + "/addPassword", 200, SECRET, "passwordCredential"),
    "remove a client secret": _done("POST", APP + "/removePassword"),
    "remove an unknown client secret": _refused(
        "POST", APP + "/removePassword", 400, BAD, "No password credential found with keyId"
    ),
    "list the policies of an application": Expected("GET", APP + "/appManagementPolicies", 200, {"value": "list"}),
    "read the default app management policy": Expected(
        "GET",
        "/policies/defaultAppManagementPolicy",
        200,
        {"id": "string", "isEnabled": "boolean", "applicationRestrictions": "object"},
    ),
    "read an unknown app management policy": _refused(
        "GET", "/policies/appManagementPolicies/{id}", 404, (NOT_FOUND, "ResourceNotFound")
    ),
    "read the authorization policy": Expected(
        "GET",
        "/policies/authorizationPolicy",
        200,
        {"defaultUserRolePermissions": "object"},
    ),
    # Owners, federated credentials, logo
    "list owners": Expected("GET", APP + "/owners", 200, _list({"id": "string"})),
    "add an owner": _done("POST", APP + "/owners/$ref"),
    "add an owner again": _refused(
        "POST", APP + "/owners/$ref", 400, BAD, "One or more added object references already exist"
    ),
    "remove an owner": _done("DELETE", APP + "/owners/{id}/$ref"),
    "add a federated credential": Expected("POST", APP + "/federatedIdentityCredentials", 201, FEDERATED),
    "list federated credentials": Expected("GET", APP + "/federatedIdentityCredentials", 200, _list(FEDERATED)),
    "change a federated credential": _done("PATCH", APP + "/federatedIdentityCredentials/{id}"),
    "remove a federated credential": _done("DELETE", APP + "/federatedIdentityCredentials/{id}"),
    "set the logo": _done("PUT", APP + "/logo"),
    "read the logo": Expected("GET", APP + "/logo", 200, body=None),
    # Service principals, consent, assignments
    "create a service principal": Expected("POST", "/servicePrincipals", 201, PRINCIPAL, "servicePrincipal"),
    "create a second service principal": _refused(
        "POST", "/servicePrincipals", 409, "Request_MultipleObjectsWithSameKeyValue"
    ),
    "read a service principal by application ID": Expected(
        "GET", "/servicePrincipals(appId='{key}')", 200, PRINCIPAL, "servicePrincipal"
    ),
    "list service principals by name": Expected(
        "GET", "/servicePrincipals", 200, _list({"id": "string", "appId": "string"}), "servicePrincipal"
    ),
    "change a service principal": _done("PATCH", SP),
    "list the owners of a service principal": Expected("GET", SP + "/owners", 200, _list({"id": "string"})),
    "add an owner of a service principal": _done("POST", SP + "/owners/$ref"),
    "delete a service principal": _done("DELETE", SP),
    "list the grants of a client": Expected("GET", "/oauth2PermissionGrants", 200, _list(GRANT)),
    "list the grants of a service principal": Expected("GET", SP + "/oauth2PermissionGrants", 200, _list(GRANT)),
    "grant a delegated permission": Expected("POST", "/oauth2PermissionGrants", 201, GRANT),
    "grant a delegated permission again": _refused(
        "POST", "/oauth2PermissionGrants", 409, "Request_MultipleObjectsWithSameKeyValue"
    ),
    "change a grant": _done("PATCH", "/oauth2PermissionGrants/{id}"),
    "revoke a grant": _done("DELETE", "/oauth2PermissionGrants/{id}"),
    "list assignments": Expected("GET", SP + "/appRoleAssignedTo", 200, _list(ASSIGNMENT)),
    "list the application permissions": Expected("GET", SP + "/appRoleAssignments", 200, _list(ASSIGNMENT)),
    "assign": Expected("POST", SP + "/appRoleAssignedTo", 201, ASSIGNMENT),
    "assign again": _refused(
        "POST", SP + "/appRoleAssignedTo", 400, BAD, "Permission being assigned already exists on the object"
    ),
    "remove an assignment": _done("DELETE", SP + "/appRoleAssignedTo/{id}"),
    "read an unknown user": _refused("GET", "/users/{id}", 404, NOT_FOUND),
    "list groups by name": Expected("GET", "/groups", 200, {"value": "list"}),
}

LOGIN: dict[str, Expected] = {
    "discovery": Expected(
        "GET",
        "/{tenant}/v2.0/.well-known/openid-configuration",
        200,
        {
            "issuer": "string",
            "authorization_endpoint": "string",
            "token_endpoint": "string",
            "jwks_uri": "string",
            "userinfo_endpoint": "string",
            "response_types_supported": "list",
            "scopes_supported": "list",
            "id_token_signing_alg_values_supported": "list",
        },
    ),
    "discovery of an unknown tenant": Expected(
        "GET",
        "/{tenant}/v2.0/.well-known/openid-configuration",
        400,
        TOKEN_ERROR,
        code="AADSTS90002",
    ),
    "token": Expected(
        "POST",
        "/{tenant}/oauth2/v2.0/token",
        200,
        {"token_type": "string", "expires_in": "number", "ext_expires_in": "number", "access_token": "string"},
    ),
    # A new secret is refused with either code until it is replicated (active-directory-dotnetcore-daemon-v2#87 [iss])
    "token with a wrong secret": Expected(
        "POST", "/{tenant}/oauth2/v2.0/token", 401, TOKEN_ERROR, code=("AADSTS7000215", "AADSTS7000222")
    ),
    "token of an unknown application": Expected(
        "POST", "/{tenant}/oauth2/v2.0/token", (400, 401), TOKEN_ERROR, code="AADSTS700016"
    ),
    "token in an unknown tenant": Expected("POST", "/{tenant}/oauth2/v2.0/token", 400, TOKEN_ERROR, code="AADSTS90002"),
}
