# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The types of identity providers that RustDesk knows, and what each needs.

Source: the types on the page Settings > OIDC of RustDesk Server Pro, and the documentation of each service [doc].
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


@dataclass(frozen=True)
class ProviderType:
    """``issuer`` is that of a service that has just one; ``endpoints`` are those of a service without discovery.

    ``own_issuer`` is true where each customer has an issuer of his own, which has to be declared.
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
# RustDesk calls Microsoft's provider "azure", since Server Pro 1.8.4 "Microsoft"; clients take both names.
ALIASES = ("azure", "microsoft")
# The consoles to which a name is a free text and another spelling another provider: they look for the exact name, and
# SQLite and PostgreSQL tell upper from lower case (src/modules/oidc/services/oidc.service.ts of databk/rustdesk-console
# 1.8.0, service/oauth.go of lejianwen/rustdesk-api 2.7 [src]).
FREE_NAMES = ("rustdesk_console", "rustdesk_api")


def same_name(one: str, other: str, console_type: str | None = None) -> bool:
    """Whether two names mean one provider to a console of this type.

    To RustDesk Server Pro, and to a console of an unknown type, case does not matter, and azure and microsoft are one.
    """
    if console_type in FREE_NAMES:
        return one == other
    one, other = one.lower(), other.lower()
    return one == other or (one in ALIASES and other in ALIASES)


def type_of(params: t.Mapping[str, t.Any]) -> str:
    """The declared type; if it is omitted, that of this name, else OpenID Connect with an issuer of its own.

    Raises InputError if the type of a service is declared under another name: RustDesk knows it by its name.
    """
    name = params["name"].lower()
    named = next((known for known in PROVIDER_TYPES if same_name(known, name)), "oidc")
    declared = params.get("type") or named
    if declared not in ("oidc", "oauth2") and declared != named:
        raise InputError(
            f"A provider of type {declared} cannot be named {params['name']}",
            answer="RustDesk knows the services that are built in by their names",
            hint=f"Name it {declared}, or set type to oidc and issuer to the service's issuer",
        )
    return str(declared)


def is_declared(params: t.Mapping[str, t.Any]) -> bool:
    """Whether ``params`` declare a type: by the option, or by a name that belongs to a service."""
    return bool(params.get("type")) or any(same_name(known, params["name"]) for known in PROVIDER_TYPES)


def stored(provider_type: str, console_type: str | None) -> tuple[str, ...]:
    """The words under which a console of this type may store a type; the first is to be written. Empty if the console
    stores none.

    rustdesk_console knows two protocols (src/modules/oidc/entities/oidc-provider.entity.ts [src]). rustdesk_api treats
    google as OpenID Connect and has no OAuth 2.0 providers but its own (service/oauth.go [src]).
    """
    oauth2 = provider_type == "oauth2" or bool(PROVIDER_TYPES[provider_type].endpoints)
    if console_type == "rustdesk_console":
        return ("oauth2",) if oauth2 else ("oidc",)
    if console_type == "rustdesk_api":
        special = {"google": ("google", "oidc"), "github": ("github",)}
        return special.get(provider_type, () if oauth2 else ("oidc",))
    return ()


def may_sign_in_with_oauth2(provider: t.Mapping[str, t.Any]) -> bool:
    """Whether a stored provider, by its option names, is an OAuth 2.0 provider that has all its endpoints.

    rustdesk_console takes the ID of its users from the answer of its UserInfo endpoint, and with OpenID Connect from
    the ID token. Without endpoints, it signs nobody in (src/modules/oidc/services/oidc.service.ts of
    databk/rustdesk-console 1.8.0 [src]).
    """
    return provider.get("type") == "oauth2" and all(provider.get(name) for name in ENDPOINTS)


def missing(provider_type: str, has: t.Mapping[str, t.Any]) -> list[str]:
    """The options that ``has`` lacks and a new provider of this type needs."""
    needed = ["client_id", "client_secret"]
    if provider_type == "oauth2":
        needed += ENDPOINTS
    elif provider_type == "oidc" or PROVIDER_TYPES[provider_type].own_issuer:
        needed += [] if has.get("authorization_endpoint") else ["issuer"]
    return [option for option in needed if not has.get(option)]
