# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings document of a Pro console: its shapes, its provider types, and its validation.

The document is stored only in the shape `default`. No shape was ever seen on a live server [inf]: they represent what a
release may use, with other paths, verbs and keys for the same settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..vault import Vault
from .relying_party import SCOPE, Provider

MASK = "********"
_STRINGS = (
    "client_id",
    "client_secret",
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_endpoint",
)
_CAMEL = {
    "order_index": "orderIndex",
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "authorization_endpoint": "authorizationEndpoint",
    "token_endpoint": "tokenEndpoint",
    "userinfo_endpoint": "userinfoEndpoint",
    "jwks_endpoint": "jwksEndpoint",
}
_WRAPPED = {
    "name": "op",
    "order_index": "order",
    "enabled": "active",
    "client_id": "app_id",
    "client_secret": "secret",
    "issuer": "issuer_url",
    "authorization_endpoint": "authorize_url",
    "token_endpoint": "token_url",
    "userinfo_endpoint": "userinfo_url",
    "jwks_endpoint": "jwks_url",
}


class UnreadableError(Exception):
    """An invalid settings document was sent. The text is the console's response."""


@dataclass(frozen=True)
class Shape:
    """One shape of the settings. Renamed keys map from the stored name to the transmitted one."""

    read: tuple[str, str]
    save: tuple[str, str]
    top: dict[str, str]
    provider: dict[str, str]
    # The path of the callback URL, if it is separate
    callback: str = ""


SHAPES = {
    "default": Shape(("GET", "/api/oidc/settings"), ("PUT", "/api/oidc/settings"), {}, {}),
    "camel": Shape(
        ("GET", "/api/settings/oidc"),
        ("POST", "/api/settings/oidc"),
        {"max_auth_count": "maxAuthCount", "callback_url": "callbackUrl", "trusted_origins": "trustedOrigins"},
        _CAMEL,
    ),
    "wrapped": Shape(("GET", "/api/admin/oidc"), ("PUT", "/api/admin/oidc/save"), {}, _WRAPPED),
    "list": Shape(
        ("GET", "/api/v2/auth-providers"),
        ("PUT", "/api/v2/auth-providers"),
        {},
        {**_CAMEL, "name": "title", "order_index": "position"},
        "/api/v2/auth-callback",
    ),
}


def shown(document: dict[str, Any], shape: str) -> Any:
    """Convert a stored document to a shape. Unknown keys are unchanged."""
    wire = SHAPES[shape]
    providers = [_renamed(item, wire.provider) for item in document["providers"]]
    if shape == "list":
        return providers
    rest = {name: value for name, value in document.items() if name != "providers"}
    if shape == "wrapped":
        inner = {**rest.pop("oidc", {}), "max": rest.pop("max_auth_count"), "items": providers}
        return {"code": 0, "data": {**rest, "oidc": inner}}
    return _renamed({name: providers if name == "providers" else value for name, value in document.items()}, wire.top)


def stored(sent: Any, shape: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return the document to store for a request in a shape. Raises UnreadableError."""
    wire = SHAPES[shape]
    if shape == "list":
        return {**before, "providers": _providers(sent, wire)}
    if not isinstance(sent, dict):
        raise UnreadableError("invalid type, expected a map")
    if shape == "wrapped":
        inner = sent.get("oidc")
        if not isinstance(inner, dict):
            raise UnreadableError("missing field `oidc`")
        rest = {name: value for name, value in sent.items() if name != "oidc"}
        extra = {name: value for name, value in inner.items() if name not in ("max", "items")}
        known = {"max_auth_count": inner.get("max"), "providers": _providers(inner.get("items"), wire)}
        return {**rest, **known, **({"oidc": extra} if extra else {})}
    document = _renamed(sent, {value: key for key, value in wire.top.items()})
    return {**document, "providers": _providers(document.get("providers"), wire)}


def _providers(items: Any, wire: Shape) -> list[Any]:
    if not isinstance(items, list):
        raise UnreadableError("missing field `providers`")
    back = {value: key for key, value in wire.provider.items()}
    return [_renamed(item, back) if isinstance(item, dict) else item for item in items]


def _renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): item for key, item in value.items()}


# Types

# The endpoints of services that do not support or need discovery [doc]
_BUILT_IN: dict[str, dict[str, Any]] = {
    "github": {
        "protocol": "oauth2",
        "scope": "user:email",
        "authorization_endpoint": "https://github.com/login/oauth/authorize",
        "token_endpoint": "https://github.com/login/oauth/access_token",
        "userinfo_endpoint": "https://api.github.com/user",
    },
    "facebook": {
        "protocol": "oauth2",
        "scope": "email public_profile",
        "authorization_endpoint": "https://www.facebook.com/dialog/oauth",
        "token_endpoint": "https://graph.facebook.com/oauth/access_token",
        "userinfo_endpoint": "https://graph.facebook.com/me?fields=id,name,email",
    },
    "google": {
        "issuer": "https://accounts.google.com",
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
    },
    "gitlab": {
        "issuer": "https://gitlab.com",
        "authorization_endpoint": "https://gitlab.com/oauth/authorize",
        "token_endpoint": "https://gitlab.com/oauth/token",
        "userinfo_endpoint": "https://gitlab.com/oauth/userinfo",
        "jwks_uri": "https://gitlab.com/oauth/discovery/keys",
    },
    "apple": {
        "issuer": "https://appleid.apple.com",
        "scope": "openid email name",
        "authorization_endpoint": "https://appleid.apple.com/auth/authorize",
        "token_endpoint": "https://appleid.apple.com/auth/token",
        "jwks_uri": "https://appleid.apple.com/auth/keys",
    },
}
# Services that need an issuer, because each of their tenants has one
_WITH_ISSUER = ("azure", "okta", "auth0")
KINDS = (*_WITH_ISSUER, *_BUILT_IN, "custom")


def kind_of(item: dict[str, Any]) -> str:
    """Return the type of a provider: its `kind`, or its name if that is a type, or custom."""
    kind = str(item.get("kind") or item["name"]).lower()
    kind = "azure" if kind == "microsoft" else kind
    return kind if kind in KINDS else "custom"


def provider_of(item: dict[str, Any]) -> Provider:
    """Return the relying party's view of a stored provider: discovery if it has an issuer, otherwise endpoints."""
    values = {member: item.get(member) or "" for member in ("client_id", "client_secret", "issuer")}
    endpoints = {
        "authorization_endpoint": item.get("authorization_endpoint") or "",
        "token_endpoint": item.get("token_endpoint") or "",
        "userinfo_endpoint": item.get("userinfo_endpoint") or "",
        "jwks_uri": item.get("jwks_endpoint") or "",
    }
    members: dict[str, Any] = {"name": item["name"].lower(), "scope": SCOPE, **values}
    if values["issuer"]:
        return Provider(**members)
    if endpoints["authorization_endpoint"] and endpoints["token_endpoint"]:
        protocol = "oidc" if endpoints["jwks_uri"] else "oauth2"
        return Provider(**{**members, **endpoints}, discovery=False, protocol=protocol)
    built_in = _BUILT_IN.get(kind_of(item))
    return Provider(**{**members, **built_in}, discovery=False) if built_in else Provider(**members)


# Contents


def fresh(vault: Vault) -> dict[str, Any]:
    """Return the settings of a console already in use: another provider, and undocumented keys."""
    return {
        "max_auth_count": 500,
        "callback_url": "",
        "trusted_origins": ["https://console.example"],
        "providers": [
            {
                "name": "legacy",
                "order_index": 0,
                "enabled": False,
                "client_id": "legacy-client",
                "client_secret": vault.token(18),
                "issuer": "https://sso.legacy.example/realms/main",
                "authorization_endpoint": "",
                "token_endpoint": "",
                "userinfo_endpoint": "",
                "pkce": True,
                "group_mapping": {"staff": "everyone"},
                "root_ca": None,
            }
        ],
    }


def mistake(document: dict[str, Any]) -> str:
    """Return the problem that a strict reader finds in a settings document, or an empty string."""
    providers = document.get("providers")
    if not isinstance(providers, list):
        return "missing field `providers`"
    count = document.get("max_auth_count")
    if not isinstance(count, int) or isinstance(count, bool):
        return "invalid field `max_auth_count`"
    if not isinstance(document.get("callback_url"), (str, type(None))):
        return "invalid field `callback_url`"
    names = []
    for item in providers:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
            return "missing field `name`"
        if not isinstance(item.get("enabled"), bool):
            return "invalid field `enabled`"
        if not isinstance(item.get("order_index"), int) or isinstance(item["order_index"], bool):
            return "invalid field `order_index`"
        for member in _STRINGS:
            if not isinstance(item.get(member), (str, type(None))):
                return f"invalid field `{member}`"
        if not item.get("client_id"):
            return "missing field `client_id`"
        names.append(item["name"].lower())
    return "duplicate provider name" if len(set(names)) != len(names) else ""
