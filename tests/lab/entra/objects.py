# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications and service principals as Graph fills and shows them [rec]."""

from __future__ import annotations

import uuid
from typing import Any

from ..documents import copied

_NO_INFO = {
    "logoUrl": None,
    "marketingUrl": None,
    "privacyStatementUrl": None,
    "supportUrl": None,
    "termsOfServiceUrl": None,
}
_NO_PUBLISHER = {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}

_NO_LOCK = {
    "isEnabled": False,
    "allProperties": None,
    "credentialsWithUsageVerify": None,
    "credentialsWithUsageSign": None,
    "tokenEncryptionKeyId": None,
}

_NO_BEHAVIORS = {
    "blockAzureADGraphAccess": None,
    "removeUnverifiedEmailClaim": None,
    "requireClientServicePrincipal": None,
}
# Members that only a read with $select shows: the first [doc]; the second is newer than the recordings [inf]
ON_SELECT = frozenset({"authenticationBehaviors", "isDisabled"})

# In the order of the recordings. A complex member is in the first part if it is null, and in the second if it is set.
_APPLICATION: dict[str, Any] = {
    "id": None,
    "deletedDateTime": None,
    "appId": None,
    "applicationTemplateId": None,
    "authenticationBehaviors": None,
    "disabledByMicrosoftStatus": None,
    "createdDateTime": None,
    "displayName": None,
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isDisabled": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "servicePrincipalLockConfiguration": None,
    "requestSignatureVerification": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": _NO_INFO,
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": _NO_PUBLISHER,
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
}
_LATE = ("optionalClaims", "servicePrincipalLockConfiguration", "requestSignatureVerification", "certification")

# Where a service principal stores its application's tags, which appear among its own [doc]
_INHERITED = "tags of the application"

_SERVICE_PRINCIPAL: dict[str, Any] = {
    "id": None,
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "isDisabled": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "verifiedPublisher": _NO_PUBLISHER,
    "addIns": [],
    "appRoles": [],
    "info": _NO_INFO,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
}


def new_application(app_id: str, domain: str, created: str) -> dict[str, Any]:
    """Return an application with every default."""
    body = copied(_APPLICATION)
    body.update(id=str(uuid.uuid4()), appId=app_id, createdDateTime=created, publisherDomain=domain)
    return body


def new_service_principal(application: dict[str, Any], owner_tenant: str, created: str) -> dict[str, Any]:
    """Return a service principal of an application with every default."""
    body = copied(_SERVICE_PRINCIPAL)
    body.update(
        id=str(uuid.uuid4()), appId=application["appId"], appOwnerOrganizationId=owner_tenant, createdDateTime=created
    )
    mirror(application, body)
    return body


def mirror(application: dict[str, Any], principal: dict[str, Any]) -> None:
    """Copy the members that a service principal shows of its application."""
    uris = [uri for kind in ("web", "spa", "publicClient") for uri in application[kind]["redirectUris"]]
    principal.update(
        appDisplayName=application["displayName"],
        appDescription=application["description"],
        displayName=application["displayName"],
        homepage=application["web"]["homePageUrl"],
        disabledByMicrosoftStatus=application["disabledByMicrosoftStatus"],
        isDisabled=application["isDisabled"],
        logoutUrl=application["web"]["logoutUrl"],
        replyUrls=uris,
        servicePrincipalNames=[application["appId"], *application["identifierUris"]],
        signInAudience=application["signInAudience"],
        appRoles=copied(application["appRoles"]),
        oauth2PermissionScopes=copied(application["api"]["oauth2PermissionScopes"]),
        info=copied(application["info"]),
    )
    principal[_INHERITED] = list(application["tags"])


def plain(value: Any) -> Any:
    """Return a request body without OData annotations."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if "@odata." not in name}
    return value


def merge(body: dict[str, Any], change: dict[str, Any], defaults: dict[str, Any] | None = None) -> None:
    """Apply a PATCH: complex members are merged, collections replaced, and null resets a complex member [doc]."""
    defaults = _APPLICATION if defaults is None else defaults
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(body.get(name), dict) and name != "optionalClaims":
            merge(body[name], value, {})
        elif value is None and isinstance(defaults.get(name), dict):
            body[name] = copied(defaults[name])
        else:
            body[name] = copied(value)


def fill(body: dict[str, Any]) -> None:
    """Add the server's part to the members of an application [rec]."""
    claims = body["optionalClaims"]
    if claims is not None:
        body["optionalClaims"] = {
            kind: [
                {
                    "additionalProperties": claim.get("additionalProperties") or [],
                    "essential": claim.get("essential", False),
                    "name": claim.get("name"),
                    "source": claim.get("source"),
                }
                for claim in claims.get(kind) or []
            ]
            for kind in ("accessToken", "idToken", "saml2Token")
        }
    lock = body["servicePrincipalLockConfiguration"]
    if lock is not None:
        body["servicePrincipalLockConfiguration"] = {**_NO_LOCK, **lock}
    behaviors = body["authenticationBehaviors"]
    if behaviors is not None:
        body["authenticationBehaviors"] = {**_NO_BEHAVIORS, **behaviors}
    for role in body["appRoles"]:
        role.setdefault("isEnabled", True)
        role["origin"] = "Application"
    for access in body["requiredResourceAccess"]:
        access.setdefault("resourceAccess", [])
    web = body["web"]
    web["redirectUriSettings"] = [{"uri": uri, "index": None} for uri in web["redirectUris"]]


def shown(body: dict[str, Any], first: bool = False) -> dict[str, Any]:
    """Return an object as a response shows it. `first` marks the response to its creation.

    Later reads reverse some lists and drop the fraction of the creation time [rec].
    """
    if _INHERITED in body:
        body = {**body, "tags": list(dict.fromkeys([*body["tags"], *body[_INHERITED]]))}
        del body[_INHERITED]
    late = [name for name in _LATE if body.get(name) is not None]
    body = {name: copied(value) for name, value in body.items() if name not in late} | {
        name: copied(body[name]) for name in late
    }
    if "web" in body:
        body = _ordered(body, late)
    if first:
        return {name: value for name, value in body.items() if name not in ON_SELECT}
    body["createdDateTime"] = body["createdDateTime"][:19] + "Z"
    for name in ("appRoles", "requiredResourceAccess", "servicePrincipalNames", "replyUrls"):
        if name in body:
            body[name].reverse()
    for kind in ("web", "spa", "publicClient"):
        for name in ("redirectUris", "redirectUriSettings"):
            if name in body.get(kind, {}):
                body[kind][name].reverse()
    for credential in body["passwordCredentials"]:
        credential["secretText"] = None
    return body


def _ordered(body: dict[str, Any], late: list[str]) -> dict[str, Any]:
    """Move the set complex members to their recorded places: among the others by name, `spa` last."""
    tail = ["addIns", "api", "appRoles", "info", "keyCredentials", "parentalControlSettings", "passwordCredentials",
            "publicClient", "requiredResourceAccess", "verifiedPublisher"]  # fmt: skip
    tail = [*sorted(tail + late), "web", "spa"]
    return {name: body[name] for name in body if name not in tail} | {name: body[name] for name in tail}
