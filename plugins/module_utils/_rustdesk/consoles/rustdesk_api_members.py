# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What rustdesk_api calls the members of its providers, and how its values are read and written; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import PROVIDER_TYPES

Document = dict[str, t.Any]

# The types that it has besides OpenID Connect; their name is their type.
BUILT_IN = ("github", "google")
# The types whose scopes cannot be set, and those of the others (model/oauth.go [src])
FIXED_SCOPES = ("github", "linuxdo")
DEFAULT_SCOPES = "openid,profile,email"
KEYS = {
    "client_id": "client_id",
    "client_secret": "client_secret",
    "issuer": "issuer",
    "pkce": "pkce_enable",
    "auto_register": "auto_register",
}
# The members of a provider that are read
PROVIDER = {
    "id": int,
    "op": str,
    "oauth_type": str,
    "scopes": str,
    "pkce_method": str,
    **dict.fromkeys(KEYS.values(), str),
    "pkce_enable": bool,
    "auto_register": bool,
}


def provider(item: Document) -> Provider:
    """The provider of a listed object."""
    values: Document = {option: item.get(key) for option, key in KEYS.items()}
    oauth_type = item.get("oauth_type")
    return Provider(
        item["op"],
        type=oauth_type if isinstance(oauth_type, str) else None,
        enabled=True,
        scopes=sorted(part.strip() for part in _scopes(item).split(",") if part.strip()),
        key=item.get("id"),
        extra={"pkce_method": item.get("pkce_method"), "scopes": item.get("scopes")},
        **{**values, "pkce": bool(item.get("pkce_enable"))},
    )


def surprises(written: Document, found: Provider | None) -> list[str]:
    """The members of the form ``written`` that the provider ``found`` has otherwise."""
    kept = form(found, {}, found.type) if found else {}
    return [key for key, value in written.items() if key != "id" and (kept.get(key) or None) != (value or None)]


def _scopes(item: Document) -> str:
    """The scopes that the console asks for: without any of its own, the default ones (service/oauth.go [src])."""
    own = str(item.get("scopes") or "")
    return own if own.strip() or item.get("oauth_type") in FIXED_SCOPES else DEFAULT_SCOPES


def form(target: Provider, values: Document, provider_type: str | None) -> Document:
    """The whole form of a provider, with ``values`` changed; the client secret is needed each time [src].

    What is null or left out is not written, except for PKCE: without its switch it is turned off, and without its
    method that becomes S256 (FormatOauthInfo in model/oauth.go [src]).
    """
    own = provider_type in BUILT_IN or provider_type not in (None, *PROVIDER_TYPES)
    made = {key: getattr(target, option) for option, key in KEYS.items()}
    made |= {KEYS[option]: value for option, value in values.items() if option in KEYS}
    scopes = ",".join(values["scopes"]) if "scopes" in values else target.extra.get("scopes")
    method = target.extra.get("pkce_method") or ("S256" if made.get("pkce_enable") else None)
    return {
        **({"id": target.key} if target.key is not None else {}),
        "op": target.name,
        "oauth_type": provider_type if own else "oidc",
        **{key: value for key, value in made.items() if value is not None},
        **({"scopes": scopes} if scopes else {}),
        **({"pkce_method": method} if method else {}),
    }
