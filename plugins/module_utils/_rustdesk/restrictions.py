# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Detect users whom a console keeps from signing in with a provider although the sign-in works; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._restrictions import Restriction
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_api import RustdeskApi

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider

MAXIMUM = "maximum_authorized_users"
EMAIL = "email"
# The provider types of rustdesk_api that ignore the provider's scopes [src]
WITHOUT_SCOPES = ("github", "linuxdo")


def needs_users(provider: Provider | None, maximum: int | None) -> bool:
    """True if the number of users matters."""
    return bool(provider and provider.enabled and maximum)


def restrictions(
    console_type: str, provider: Provider | None, maximum: int | None, authorized: int | None
) -> list[Restriction]:
    """Return the restrictions of ``provider``, in its present or planned state; none if it is not offered to users.

    ``maximum`` is the number of users who may sign in with the console's providers, ``authorized`` the number who have;
    None means unknown.
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
                "the console names new users by their e-mail address, but does not request the scope email, so their "
                "names are empty or random digits",
                "Add email to scopes of rustdesk_oidc_provider",
            )
        )
    return found


def _registers_nobody(console_type: str, provider: Provider) -> bool:
    """True if users who sign in for the first time get no account.

    rustdesk_api fails for them if the provider's value is null (http/controller/api/ouath.go of 2.7 [src]); new
    providers are created with true.
    """
    is_null = provider.auto_register is None and provider.key is not None
    return provider.auto_register is False or (is_null and console_type == RustdeskApi.type)


def _lacks_email(console_type: str, provider: Provider) -> bool:
    """True if the console needs the e-mail address of its users but does not request it.

    rustdesk_api names a new user by the claims of the UserInfo endpoint, where Entra's only name is the e-mail address
    (model/oauth.go, service/oauth.go and service/user.go of lejianwen/rustdesk-api 2.7 [src]; UserInfo endpoint of the
    Microsoft identity platform [doc]). Without configured scopes, it requests email. rustdesk_console (oidc.service.ts
    of 1.8.0 [src]) and Pro [iss] name users by other claims of the ID token and need no address.
    """
    chosen = provider.scopes or [EMAIL]
    return console_type == RustdeskApi.type and provider.type not in WITHOUT_SCOPES and EMAIL not in chosen


def _maximum(maximum: int | None, authorized: int | None) -> list[Restriction]:
    """Return the restriction by Pro's limit, "Maximum number of authorized users" on its OIDC page, if it is reached.

    No server was observed at its limit. Its name suggests that it counts users who have signed in with a provider, and
    that 0 admits no users rather than all [inf].
    """
    hint = (
        "Raise the maximum number of authorized users under Settings > OIDC in the console, or set "
        f"{MAXIMUM} of rustdesk_oidc_provider"
    )
    if maximum is not None and maximum <= 0:
        return [Restriction(MAXIMUM, f"the maximum number of authorized users of the console is {maximum}", hint)]
    if maximum is None or authorized is None or authorized < maximum:
        return []
    have = "user has" if authorized == 1 else "users have"
    text = f"{authorized} {have} signed in with the console's providers; it allows {maximum} and admits no new ones"
    return [Restriction(MAXIMUM, text, hint)]
