# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules on an application that its published type does not show: redirect URIs, audience, lengths [doc]."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ..errors import GraphError, bad_request

PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", *PERSONAL)
FORBIDDEN = "!$'(),;"


def is_personal(body: dict[str, Any]) -> bool:
    """True where the application admits personal Microsoft accounts, which brings tighter limits."""
    return body.get("signInAudience") in PERSONAL


def check(body: dict[str, Any], unchanged: dict[str, Any] | None = None) -> None:
    """Raise Graph's 400 where the whole application would break a rule.

    `unchanged` is the state before the request.
    """
    personal = is_personal(body)
    if body["signInAudience"] not in AUDIENCES:
        raise _invalid("signInAudience")
    if personal and body["api"]["requestedAccessTokenVersion"] != 2:
        raise bad_request(
            "Application must accept Access Token Version 2 when the sign-in audience includes personal accounts. "
            "Property api.requestedAccessTokenVersion is invalid."
        )
    name = body.get("displayName")
    if not name:
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
    if len(name) > (90 if personal else 256):
        raise _invalid("displayName")
    if personal and body["appRoles"]:
        raise _invalid("appRoles")
    for kind in ("web", "spa", "publicClient"):
        _check_redirect_uris(kind, body[kind]["redirectUris"], personal)
    logout = body["web"]["logoutUrl"]
    if logout and (urlsplit(logout).scheme != "https" or len(logout) > 255):
        raise _invalid("logoutUrl")
    for tag in body["tags"]:
        if not 1 <= len(tag) <= 256 or any(mark.isspace() for mark in tag):
            raise _invalid("tags")
    if len(set(body["tags"])) != len(body["tags"]):
        raise _invalid("tags")
    if unchanged:
        check_disabled_first(unchanged["appRoles"], body["appRoles"])
        check_disabled_first(unchanged["api"]["oauth2PermissionScopes"], body["api"]["oauth2PermissionScopes"])


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
    """An enabled role or scope must be disabled before it is changed or removed [iss]."""
    kept = {entry.get("id"): entry for entry in new}
    for entry in old:
        if not entry.get("isEnabled"):
            continue
        other = kept.get(entry["id"])
        if other is None or any(other.get(name) != value for name, value in entry.items() if name != "isEnabled"):
            raise GraphError(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Permission (scope or role) cannot be deleted or updated unless disabled first",
            )


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Application'.")
