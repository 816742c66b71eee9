# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Applications that more servers share than they can have redirect URIs, from what is declared alone. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    Declaration,
    callback_url,
    variable,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import key

REMEDY = (
    f"Set {variable('unique_name')} to a different name for each group of servers, so that each group has its own "
    "application."
)


def refusals(declarations: t.Iterable[Declaration], others: t.Iterable[Other] = ()) -> dict[str, str]:
    """Return why an application cannot have the redirect URIs of all its servers, by application_key().

    ``others`` are servers of the same play that have not been declared yet. Of these, only those count whose variables
    are known to name the same application and an address. Two spellings of an address count as one, because the console
    keeps its own.
    """
    known = list(others)
    sharing: dict[str, list[Declaration]] = {}
    for declaration in declarations:
        sharing.setdefault(application_key(declaration), []).append(declaration)
    found = {}
    for name, members in sharing.items():
        urls = [member["callback_url"] for member in members]
        more = [url for other in known if (url := _callback_url(other, members[0]))]
        refused = refusal(members[0], [*urls, *more], len(urls) + len(more))
        if refused:
            found[name] = refused
    return found


def refusal(declaration: Declaration, callback_urls: t.Sequence[str], servers: int) -> str:
    """Return why the application of ``declaration`` cannot have these ``callback_urls`` of so many ``servers``.

    The sentence contains what to do. It is empty if the application can have them.

    Sources: see redirect_uris. With these, it stays below the about 1,000 items that all lists of an application
    together may have [doc]: each server has a redirect URI, a client secret, and a second one while that is renewed.
    """
    different = list({_addresses.key(url): url for url in callback_urls}.values())
    found = redirect_uris.too_many(different, declaration["application"].get("sign_in_audience"))
    name = declaration["application"]["unique_name"]
    return f"{servers} servers share the application {name}: {found[0]}. {REMEDY} Nothing was changed." if found else ""


def application_key(declaration: Declaration) -> str:
    """Return what servers that share an application have in common, as the key of a dictionary that Ansible keeps."""
    return " ".join(key(declaration))


def _callback_url(other: Other, declaration: Declaration) -> str:
    """Return the callback URL of ``other``, if it certainly shares the application of ``declaration``."""
    if {"tenant_id", "app_unique_name", "public_url"} & set(other.unread):
        return ""
    tenant = other.values.get("tenant_id", declaration["tenant_id"])
    if (tenant.lower(), other.value("app_unique_name")) != key(declaration):
        return ""
    address = other.values.get("public_url") or other.values.get("console_url")
    return callback_url(address) if address else ""
