# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The names of members in rustdesk_api's providers, and the conversion of their values; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import PROVIDER_TYPES

Document = dict[str, t.Any]

# Its types other than OpenID Connect; providers of these types are named after their type
BUILT_IN = ("github", "google")
# The types whose scopes cannot be set, and the default scopes of the others (model/oauth.go [src])
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
    """Return the provider of a listed object."""
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
    """Return the members of the ``written`` form that differ in the provider ``found``."""
    kept = form(found, {}, found.type) if found else {}
    return [key for key, value in written.items() if key != "id" and (kept.get(key) or None) != (value or None)]


def _scopes(item: Document) -> str:
    """Return the scopes that the console requests: the provider's own or the defaults (service/oauth.go [src])."""
    own = str(item.get("scopes") or "")
    return own if own.strip() or item.get("oauth_type") in FIXED_SCOPES else DEFAULT_SCOPES


def form(target: Provider, values: Document, provider_type: str | None) -> Document:
    """Return the complete form of a provider with the changed ``values``; the client secret is always required [src].

    Null and missing members are not written, except for PKCE: without its switch it is turned off, and without a method
    it uses S256 (FormatOauthInfo in model/oauth.go [src]).
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
