# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The names of members in rustdesk_console's objects, and the conversion of their values; pure."""

from __future__ import annotations

import re
import typing as t
from contextlib import suppress
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.abandoned_sessions import OpenSession
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import (
    ENDPOINTS,
    PROVIDER_TYPES,
)

Document = dict[str, t.Any]

# The scopes that it requests if a provider has none (oidc.service.ts [src])
DEFAULT_SCOPES = {"oauth2": "read:user user:email"}
DEFAULT_SCOPE = "openid email profile"
SECRET = "clientSecret"
KEYS = {
    "name": "name",
    "enabled": "enabled",
    "client_id": "clientId",
    "client_secret": SECRET,
    "issuer": "issuer",
    "authorization_endpoint": "authorizationEndpoint",
    "token_endpoint": "tokenEndpoint",
    "userinfo_endpoint": "userinfoEndpoint",
    "jwks_endpoint": "jwksUri",
}
CLEARABLE = (*ENDPOINTS, "jwks_endpoint")


def sessions(answer: t.Any) -> list[OpenSession]:
    """Return the sessions in a response, without those in an unknown format."""
    found = []
    for item in answer if isinstance(answer, list) else []:
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            begun = datetime.fromisoformat(item["createdAt"].replace("Z", "+00:00"))
            begun = begun if begun.tzinfo else begun.replace(tzinfo=timezone.utc)
            if re.fullmatch(r"[\w-]+", item["jti"]):  # it is used in a path
                found.append(OpenSession(item["jti"], str(item["deviceId"]), str(item["deviceName"]), begun))
    return found


def provider(item: Document, place: int | None) -> Provider:
    """Return the provider of an object from the list or its own document, at ``place`` in the list."""
    values: Document = {option: item.get(key) for option, key in KEYS.items()}
    return Provider(
        type=item.get("type"),
        scopes=sorted((item.get("scope") or DEFAULT_SCOPES.get(str(item.get("type")), DEFAULT_SCOPE)).split()),
        order=place,
        key=item["guid"],
        secret_readable=SECRET in item,  # the list has none [rec]
        **values,
    )


def body(values: Document) -> Document:
    """Return the members of a request. An empty address is rejected, and null clears it (src/modules/oidc/dto and the
    nullable columns of src/modules/oidc/entities [src])."""
    cleared = {option: None for option in CLEARABLE if values.get(option) == ""}
    body = {KEYS[option]: value for option, value in {**values, **cleared}.items() if option in KEYS}
    if "type" in values:
        body["type"] = values["type"]
    if "scopes" in values:
        body["scope"] = " ".join(values["scopes"])
    return body


def new_body(values: Document, provider_type: str) -> Document:
    """Return the members of a request for a new provider of type ``provider_type``."""
    made, known = body(values), PROVIDER_TYPES[provider_type]
    made.setdefault("issuer", known.issuer or values.get("authorization_endpoint"))
    if provider_type == "oauth2" or known.endpoints:
        made["type"] = "oauth2"
    if known.endpoints:
        for key, value in zip(
            ("authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint"), known.endpoints, strict=True
        ):
            made.setdefault(key, value)
    return made


def differences(wanted: Document, found: Document) -> list[str]:
    """Return the members of ``wanted`` that differ in ``found``; null, empty and missing are the same."""
    return [key for key, value in wanted.items() if (found.get(key) or None) != (value or None)]
