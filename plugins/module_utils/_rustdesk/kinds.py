# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The kinds of identity providers that RustDesk knows, and what each needs.

Source: the kinds of the page Settings > OIDC of RustDesk Server Pro, and the documentation of each service [doc].
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


@dataclass(frozen=True)
class Kind:
    """``issuer`` is that of a service that has just one; ``endpoints`` are those of a service without discovery.

    ``own_issuer`` is true where each customer has an issuer of his own, which has to be declared.
    """

    issuer: str | None = None
    own_issuer: bool = False
    endpoints: tuple[str, str, str] | None = None


KINDS: dict[str, Kind] = {
    "azure": Kind(own_issuer=True),
    "google": Kind("https://accounts.google.com"),
    "okta": Kind(own_issuer=True),
    "github": Kind(
        "https://github.com",
        endpoints=(
            "https://github.com/login/oauth/authorize",
            "https://github.com/login/oauth/access_token",
            "https://api.github.com/user",
        ),
    ),
    "gitlab": Kind("https://gitlab.com"),
    "facebook": Kind(
        "https://www.facebook.com",
        endpoints=(
            "https://www.facebook.com/dialog/oauth",
            "https://graph.facebook.com/oauth/access_token",
            "https://graph.facebook.com/me?fields=id,name,email",
        ),
    ),
    "auth0": Kind(own_issuer=True),
    "apple": Kind("https://appleid.apple.com"),
    "oidc": Kind(),
    "oauth2": Kind(),
}
# RustDesk calls Microsoft's provider "azure", since Server Pro 1.8.4 "Microsoft"; clients take both names.
ALIASES = ("azure", "microsoft")


def same_name(one: str, other: str) -> bool:
    """Whether two names mean one provider to RustDesk: case does not matter, azure and microsoft are one."""
    one, other = one.lower(), other.lower()
    return one == other or (one in ALIASES and other in ALIASES)


def kind_of(params: t.Mapping[str, t.Any]) -> str:
    """The declared kind; when it is omitted, that of this name, else OpenID Connect with an issuer of its own.

    Raises InputError where a service's own kind is declared under another name: RustDesk knows it by its name.
    """
    name = params["name"].lower()
    named = next((kind for kind in KINDS if same_name(kind, name)), "oidc")
    kind = params.get("kind") or named
    if kind not in ("oidc", "oauth2") and kind != named:
        raise InputError(
            f"A provider of kind {kind} cannot be named {params['name']}",
            answer="RustDesk knows the services that are built in by their names",
            hint=f"Name it {kind}, or declare kind oidc with the service's issuer",
        )
    return str(kind)


def missing(kind: str, has: t.Mapping[str, t.Any]) -> list[str]:
    """The options that a provider of this kind cannot be made without, of those that ``has`` lacks."""
    needed = ["client_id", "client_secret"]
    if kind == "oauth2":
        needed += ENDPOINTS
    elif (KINDS[kind].own_issuer or kind == "oidc") and not has.get("authorization_endpoint"):
        needed.append("issuer")
    return [option for option in needed if not has.get(option)]
