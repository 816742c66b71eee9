# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Which users a console keeps from signing in with a provider, though that works; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._restrictions import Restriction
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_api import RustdeskApi

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider

MAXIMUM = "maximum_authorized_users"
EMAIL = "email"
# The types of rustdesk_api that do not use the scopes of the provider [src]
WITHOUT_SCOPES = ("github", "linuxdo")


def needs_users(provider: Provider | None, maximum: int | None) -> bool:
    """Whether the number of users decides anything."""
    return bool(provider and provider.enabled and maximum)


def restrictions(
    console_type: str, provider: Provider | None, maximum: int | None, authorized: int | None
) -> list[Restriction]:
    """The restrictions of ``provider``, as it is or shall be; none if users are not offered it.

    ``maximum`` is how many users may sign in with the providers of the console, and ``authorized`` how many have; None
    is unknown.
    """
    if provider is None or not provider.enabled:
        return []
    found = []
    if _registers_nobody(console_type, provider):
        found.append(
            Restriction(
                "registration",
                "the console creates no account for a user who signs in for the first time",
                "Set auto_register of rustdesk_oidc_provider to true, or turn on automatic registration of the "
                "provider in the console",
            )
        )
    found += _maximum(maximum, authorized)
    if _lacks_email(console_type, provider):
        found.append(
            Restriction(
                "email_claim",
                "the console names new users by their e-mail address, but does not ask for the scope email, so that "
                "their names are empty or random digits",
                "Add email to scopes of rustdesk_oidc_provider",
            )
        )
    return found


def _registers_nobody(console_type: str, provider: Provider) -> bool:
    """Whether users who sign in for the first time get no account.

    rustdesk_api fails for them if its provider has null (http/controller/api/ouath.go of 2.7 [src]); new providers are
    made with true.
    """
    is_null = provider.auto_register is None and provider.key is not None
    return provider.auto_register is False or (is_null and console_type == RustdeskApi.type)


def _lacks_email(console_type: str, provider: Provider) -> bool:
    """Whether a console that needs the e-mail address of its users does not ask for it.

    rustdesk_api names a new user by what the UserInfo endpoint gives, of which Entra's has no name but the address
    (model/oauth.go, service/oauth.go and service/user.go of lejianwen/rustdesk-api 2.7 [src]; UserInfo endpoint of the
    Microsoft identity platform [doc]). Without scopes of its own, it asks for email. rustdesk_console (oidc.service.ts
    of 1.8.0 [src]) and Pro [iss] name users by other claims of the ID token, and need no address.
    """
    chosen = provider.scopes or [EMAIL]
    return console_type == RustdeskApi.type and provider.type not in WITHOUT_SCOPES and EMAIL not in chosen


def _maximum(maximum: int | None, authorized: int | None) -> list[Restriction]:
    """The limit of RustDesk Server Pro, "Maximum number of authorized users" on its OIDC page.

    No server was seen to reach it. That it counts users who have signed in with a provider, and that 0 admits nobody
    rather than everybody, is what its name suggests [inf].
    """
    hint = (
        "Raise the maximum number of authorized users under Settings > OIDC in the console, or set "
        f"{MAXIMUM} of rustdesk_oidc_provider"
    )
    if maximum is not None and maximum <= 0:
        return [Restriction(MAXIMUM, f"the maximum number of authorized users of the console is {maximum}", hint)]
    if maximum is None or authorized is None or authorized < maximum:
        return []
    text = f"the console has {authorized} users of providers and allows {maximum}, so that it admits no new ones"
    return [Restriction(MAXIMUM, text, hint)]
