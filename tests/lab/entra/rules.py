# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules on an application that its published type does not show: redirect URIs, audience, lengths [doc]."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ..directory import Tenant
from ..errors import GraphError, bad_request

PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
PLATFORMS = ("web", "spa", "publicClient")
AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", *PERSONAL)
FORBIDDEN = "!$'(),;"
SINGLE_SIGN_ON_MODES = (None, "password", "saml", "notSupported", "oidc")
MEMBER_TYPES = frozenset({"User", "Application"})
MAX_TEXT = 1024
TOKEN_VERSIONS = (None, 1, 2)
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# In the value of a role or scope [doc]
VALUE = re.compile(r"(?!\.)[!#$%&'()*+,\-./:;=?@\[\]^_`{|}~0-9A-Za-z]{1,120}")


def is_personal(body: dict[str, Any]) -> bool:
    """Return True if the application admits personal Microsoft accounts, which have stricter limits."""
    return body.get("signInAudience") in PERSONAL


def check(body: dict[str, Any], unchanged: dict[str, Any] | None = None) -> None:
    """Raise Graph's 400 if the application as a whole would violate a rule.

    `unchanged` is the state before the request.
    """
    personal = is_personal(body)
    if body["signInAudience"] not in AUDIENCES:
        raise _invalid("signInAudience")
    _check_token_version(body["api"]["requestedAccessTokenVersion"], personal)
    name = body.get("displayName")
    if not name:
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
    if len(name) > (90 if personal else 256):
        raise _invalid("displayName")
    if personal and body["appRoles"]:
        raise _invalid("appRoles")
    for kind in PLATFORMS:
        _check_redirect_uris(kind, body[kind]["redirectUris"], personal)
    uris = [uri for kind in PLATFORMS for uri in body[kind]["redirectUris"]]
    if len(set(uris)) != len(uris):  # one URI on two platforms (MicrosoftDocs/azure-docs#89929 [iss])
        raise bad_request("Redirect URIs must have distinct values.")
    logout = body["web"]["logoutUrl"]
    if logout and (urlsplit(logout).scheme != "https" or len(logout) > 255):
        raise _invalid("logoutUrl")
    _check_tags(body["tags"], "Application")
    if len(body["description"] or "") > MAX_TEXT:
        raise _invalid("description")
    _check_identifier_uris(body["identifierUris"], personal)
    _check_access(body["requiredResourceAccess"], personal)
    for role in body["appRoles"]:
        _check_role(role)
    for name, entries in (("appRoles", body["appRoles"]), ("api", body["api"]["oauth2PermissionScopes"])):
        _check_permissions(name, entries)
    if unchanged:
        check_disabled_first(unchanged["appRoles"], body["appRoles"])
        check_disabled_first(unchanged["api"]["oauth2PermissionScopes"], body["api"]["oauth2PermissionScopes"])


def _check_token_version(version: int | None, personal: bool) -> None:
    if personal and version != 2:
        raise bad_request(
            "Application must accept Access Token Version 2 when the sign-in audience includes personal accounts. "
            "Property api.requestedAccessTokenVersion is invalid."
        )
    if version not in TOKEN_VERSIONS:
        raise _invalid("requestedAccessTokenVersion")


def check_service_principal(body: dict[str, Any]) -> None:
    """Raise Graph's 400 if the service principal as a whole would violate a rule."""
    for name in ("notes", "description"):
        if len(body[name] or "") > MAX_TEXT:
            raise _invalid(name, "ServicePrincipal")
    if body["preferredSingleSignOnMode"] not in SINGLE_SIGN_ON_MODES:
        raise _invalid("preferredSingleSignOnMode", "ServicePrincipal")
    _check_tags(body["tags"], "ServicePrincipal")


def _check_tags(tags: list[str], resource: str) -> None:
    if any(not 1 <= len(tag) <= 256 or any(mark.isspace() for mark in tag) for tag in tags):
        raise _invalid("tags", resource)
    if len(set(tags)) != len(tags):
        raise _invalid("tags", resource)


def _check_identifier_uris(uris: list[str], personal: bool) -> None:
    if len({uri.lower() for uri in uris}) != len(uris):
        raise _duplicates()
    if personal and (len(uris) > 50 or any(uri.lower().startswith("urn:") for uri in uris)):
        raise _invalid("identifierUris")


def check_hosts(tenant: Tenant, body: dict[str, Any], unchanged: dict[str, Any] | None = None) -> None:
    """Raise Graph's 400 for a new identifier URI whose host does not belong to the organization [iss].

    The host of an https URI must be a verified domain of the tenant or a subdomain. An ID as the host of an api URI
    must be that of the application or of the tenant [doc: identifier-uri-restrictions]. An application that gets tokens
    of version 2 may use any host [iss: MicrosoftDocs/azure-docs#82762].
    """
    if body["api"]["requestedAccessTokenVersion"] == 2:
        return
    known = {uri.lower() for uri in (unchanged or {"identifierUris": []})["identifierUris"]}
    for uri in body["identifierUris"]:
        if uri.lower() not in known and not _has_own_host(tenant, body, uri):
            text = "Values of identifierUris property must use a verified domain of the organization or its subdomain"
            raise GraphError(400, "HostNameNotOnVerifiedDomain", f"{text}: '{uri}'")


def _has_own_host(tenant: Tenant, body: dict[str, Any], uri: str) -> bool:
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme in ("https", "http"):
        return f".{host}".endswith(f".{tenant.domain}")
    return parts.scheme != "api" or not GUID.fullmatch(host) or host in (body["appId"], tenant.id)


def _check_access(resources: list[dict[str, Any]], personal: bool) -> None:
    """Check the requested permissions. The limits on their number apply to personal audiences [doc]."""
    counts = [len(entry["resourceAccess"]) for entry in resources]
    if personal and (len(counts) > 50 or max(counts, default=0) > 30 or sum(counts) > 200):
        raise _invalid("requiredResourceAccess")
    for entry in resources:
        if not entry.get("resourceAppId"):
            raise _invalid("requiredResourceAccess")
        if any(not item.get("id") or item.get("type") not in ("Role", "Scope") for item in entry["resourceAccess"]):
            raise _invalid("requiredResourceAccess")


def _check_role(role: dict[str, Any]) -> None:
    members = role.get("allowedMemberTypes")
    if not all(role.get(name) for name in ("id", "displayName", "description")):
        raise _invalid("appRoles")
    if not members or set(members) - MEMBER_TYPES:
        raise _invalid("appRoles")


def _check_permissions(name: str, entries: list[dict[str, Any]]) -> None:
    """Check app roles and delegated permissions: each ID and value occurs once [inf]."""
    ids = [str(entry.get("id", "")).lower() for entry in entries]
    values = [entry["value"] for entry in entries if entry.get("value") is not None]
    if "" in ids or not all(VALUE.fullmatch(value) for value in values):
        raise _invalid(name)
    if len(set(ids)) != len(ids) or len(set(values)) != len(values):
        raise _duplicates()


def _check_redirect_uris(kind: str, uris: list[str], personal: bool) -> None:
    if len(uris) > (100 if personal else 256) or len(set(uris)) != len(uris):
        raise _invalid("redirectUris")
    for uri in uris:
        if len(uri) > 256 or any(mark in FORBIDDEN for mark in uri) or any(mark.isspace() for mark in uri):
            raise _invalid("redirectUris")
        parts = urlsplit(uri)
        if not parts.scheme or parts.fragment:
            raise _invalid("redirectUris")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise bad_request(
                f"Invalid value specified for property 'redirectUris' of resource 'Application': '{uri}' "
                "must start with 'HTTPS' or 'http://localhost'."
            )
        if parts.scheme in ("http", "https") and not parts.hostname:
            raise _invalid("redirectUris")
        if kind == "web" and parts.scheme not in ("https", "http", "urn"):
            raise _invalid("redirectUris")
        if personal and ("*" in uri or parts.query):
            raise _invalid("redirectUris")


def check_disabled_first(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """Require that an enabled role or scope is disabled before it is changed or removed [iss]."""
    kept = {entry.get("id"): entry for entry in new}
    for entry in old:
        if not entry.get("isEnabled"):
            continue
        other = kept.get(entry["id"])
        if other is None or _meaning(other) != _meaning(entry):
            raise GraphError(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Permission (scope or role) cannot be deleted or updated unless disabled first",
            )


def _meaning(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a role or scope without its switch, for comparison. The order of lists does not matter [rec]."""
    kept = {name: sorted(value) if isinstance(value, list) else value for name, value in entry.items()}
    return {name: value for name, value in kept.items() if name != "isEnabled" and value is not None}


def _invalid(name: str, resource: str = "Application") -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource '{resource}'.")


def _duplicates() -> GraphError:
    return bad_request("Request contains a property with duplicate values.")
