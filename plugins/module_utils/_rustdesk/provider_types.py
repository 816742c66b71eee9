# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The types of identity providers in RustDesk, and the options that each requires.

Source: the types on the page Settings > OIDC of RustDesk Server Pro, and the documentation of each service [doc].
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


@dataclass(frozen=True)
class ProviderType:
    """A type of provider. ``issuer`` is set for a service with a single issuer, ``endpoints`` for a service without
    discovery.

    ``own_issuer`` is true if each customer has their own issuer, which must be declared.
    """

    issuer: str | None = None
    own_issuer: bool = False
    endpoints: tuple[str, str, str] | None = None


PROVIDER_TYPES: dict[str, ProviderType] = {
    "azure": ProviderType(own_issuer=True),
    "google": ProviderType("https://accounts.google.com"),
    "okta": ProviderType(own_issuer=True),
    "github": ProviderType(
        "https://github.com",
        endpoints=(
            "https://github.com/login/oauth/authorize",
            "https://github.com/login/oauth/access_token",
            "https://api.github.com/user",
        ),
    ),
    "gitlab": ProviderType("https://gitlab.com"),
    "facebook": ProviderType(
        "https://www.facebook.com",
        endpoints=(
            "https://www.facebook.com/dialog/oauth",
            "https://graph.facebook.com/oauth/access_token",
            "https://graph.facebook.com/me?fields=id,name,email",
        ),
    ),
    "auth0": ProviderType(own_issuer=True),
    "apple": ProviderType("https://appleid.apple.com"),
    "oidc": ProviderType(),
    "oauth2": ProviderType(),
}
# RustDesk calls Microsoft's provider "azure", since Server Pro 1.8.4 "Microsoft"; clients accept both names.
ALIASES = ("azure", "microsoft")
# The consoles with arbitrary, case-sensitive names: they look up the exact name, and SQLite and PostgreSQL compare it
# case-sensitively (src/modules/oidc/services/oidc.service.ts of databk/rustdesk-console 1.8.0, service/oauth.go of
# lejianwen/rustdesk-api 2.7 [src]).
FREE_NAMES = ("rustdesk_console", "rustdesk_api")


def same_name(one: str, other: str, console_type: str | None = None) -> bool:
    """True if two names mean the same provider in a console of this type.

    In RustDesk Server Pro, and in a console of an unknown type, case does not matter, and azure and microsoft are the
    same.
    """
    if console_type in FREE_NAMES:
        return one == other
    one, other = one.lower(), other.lower()
    return one == other or (one in ALIASES and other in ALIASES)


def type_of(params: t.Mapping[str, t.Any]) -> str:
    """Return the declared type; if it is omitted, the type with the provider's name, or else OpenID Connect.

    Raises InputError if the type of a built-in service is declared under another name, because RustDesk identifies
    these services by name.
    """
    name = params["name"].lower()
    named = next((known for known in PROVIDER_TYPES if same_name(known, name)), "oidc")
    declared = params.get("type") or named
    if declared not in ("oidc", "oauth2") and declared != named:
        raise InputError(
            f"A provider of type {declared} cannot be named {params['name']}",
            answer="RustDesk identifies its built-in services by name",
            hint=f"Name it {declared}, or set type to oidc and issuer to the service's issuer",
        )
    return str(declared)


def is_declared(params: t.Mapping[str, t.Any]) -> bool:
    """True if ``params`` declare a type, by the option or by the name of a built-in service."""
    return bool(params.get("type")) or any(same_name(known, params["name"]) for known in PROVIDER_TYPES)


def stored(provider_type: str, console_type: str | None) -> tuple[str, ...]:
    """Return the values with which a console of this type may store a provider type; the first one is written. Empty if
    the console stores none.

    rustdesk_console knows two protocols (src/modules/oidc/entities/oidc-provider.entity.ts [src]). rustdesk_api treats
    google as OpenID Connect and has no OAuth 2.0 providers except built-in ones (service/oauth.go [src]).
    """
    oauth2 = provider_type == "oauth2" or bool(PROVIDER_TYPES[provider_type].endpoints)
    if console_type == "rustdesk_console":
        return ("oauth2",) if oauth2 else ("oidc",)
    if console_type == "rustdesk_api":
        special = {"google": ("google", "oidc"), "github": ("github",)}
        return special.get(provider_type, () if oauth2 else ("oidc",))
    return ()


def may_sign_in_with_oauth2(provider: t.Mapping[str, t.Any]) -> bool:
    """True if a stored provider, by its option names, is an OAuth 2.0 provider with all its endpoints.

    rustdesk_console takes the IDs of users from the UserInfo endpoint, and with OpenID Connect from the ID token.
    Without endpoints, users cannot sign in (src/modules/oidc/services/oidc.service.ts of databk/rustdesk-console 1.8.0
    [src]).
    """
    return provider.get("type") == "oauth2" and all(provider.get(name) for name in ENDPOINTS)


def missing(provider_type: str, has: t.Mapping[str, t.Any]) -> list[str]:
    """Return the options that a new provider of this type requires and ``has`` lacks."""
    needed = ["client_id", "client_secret"]
    if provider_type == "oauth2":
        needed += ENDPOINTS
    elif provider_type == "oidc" or PROVIDER_TYPES[provider_type].own_issuer:
        needed += [] if has.get("authorization_endpoint") else ["issuer"]
    return [option for option in needed if not has.get(option)]
