# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find the parts of a server to be removed that another host still declares and that are therefore kept. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import Declaration

# The variables that another host's claims follow from. Without public_url, users reach the console at console_url.
VARIABLES = ("tenant_id", "app_unique_name", "console_url", "public_url", "secret_name", "provider_name")
# The role's defaults, if any
DEFAULTS = {
    "app_unique_name": "rustdesk-sso",
    "secret_name": "rustdesk-sso {{ inventory_hostname }}",
    "provider_name": "azure",
}
TENANT_ID = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)


@dataclass(frozen=True)
class Other:
    """Another host, and the text of each of VARIABLES that is set for it.

    ``unread`` are variables that are set but cannot be read, for example because a vault password is missing. They may
    have any value.
    """

    name: str
    values: t.Mapping[str, str]
    unread: t.Collection[str] = ()

    def value(self, variable: str) -> str:
        """Return the variable's value, or the role's default if it is not set."""
        return self.values.get(variable, DEFAULTS[variable].replace("{{ inventory_hostname }}", self.name))

    def may_be(self, variable: str, value: str) -> bool:
        """Return whether the variable may have this ``value``, ignoring case."""
        return variable in self.unread or self.value(variable).lower() == value.lower()

    def may_have_address(self, variable: str, address: str) -> bool:
        """Return whether the variable may have this ``address``.

        If the public address is not set, it is the console's. An address that is not in the inventory may be set where
        the role is used.
        """
        if variable == "public_url" and variable not in self.values and variable not in self.unread:
            variable = "console_url"
        own = self.values.get(variable)
        return variable in self.unread or own is None or _addresses.same(own, address)

    def holder_elsewhere(self, console_url: str) -> str:
        """Return the name of its client secret if its console is certainly another one; else empty."""
        surely = "console_url" in self.values and not self.may_have_address("console_url", console_url)
        if not surely or "secret_name" in self.unread:
            return ""
        return self.value("secret_name")


class Claims(t.TypedDict):
    """The name of the first host that still declares each of these objects; empty if none does."""

    application: str
    redirect_uri: str
    client_secret: str
    provider: str


# Used in place of a host's name if not all hosts are known
PARTIAL = "?"


def of(declaration: Declaration, others: t.Iterable[Other], *, partial: bool = False) -> Claims:
    """Return the claims of ``others`` on the server to be removed.

    If the inventory is ``partial``, hosts outside it may use the application.
    """
    application = redirect_uri = client_secret = provider = ""
    for other in others:
        same_console = other.may_have_address("console_url", declaration["console_url"])
        if same_console and other.may_be("provider_name", declaration["provider_name"]):
            provider = provider or other.name
            # The console may hold the client secret under either name
            client_secret = client_secret or other.name
        if not shares(declaration, other):
            continue
        application = application or other.name
        if other.may_have_address("public_url", declaration["public_url"]):
            redirect_uri = redirect_uri or other.name
        if other.may_be("secret_name", declaration["client_secret"]["name"]):
            client_secret = client_secret or other.name
    return {
        "application": application or (PARTIAL if partial else ""),
        "redirect_uri": redirect_uri,
        "client_secret": client_secret,
        "provider": provider,
    }


def problems(declaration: Declaration, others: t.Iterable[Other]) -> list[str]:
    """Return a sentence for each redirect URI to be removed that this server or another one still declares."""
    known, found = list(others), []
    for uri in declaration["remove_redirect_uris"]:
        address = uri.removesuffix(CALLBACK_PATH)
        own = [declaration["server"]] if _addresses.same(uri, declaration["callback_url"]) else []
        names = [*own, *(other.name for other in known if other.may_have_address("public_url", address))]
        if names:
            found.append(
                f"rustdesk_sso_remove_redirect_uris contains {uri}, which {names[0]} declares or may declare. Remove "
                "it from the list, or declare a different address for that server."
            )
    return found


def holders(others: t.Iterable[Other], *, partial: bool = False) -> list[str] | None:
    """Return the names of the client secrets of ``others``; None if not all are known."""
    known = list(others)
    if partial or any("secret_name" in other.unread for other in known):
        return None
    return sorted({other.value("secret_name") for other in known})


def shares(declaration: Declaration, other: Other) -> bool:
    """Return whether ``other`` may declare the same application as ``declaration``.

    A tenant may be named by its ID or by one of its domain names.
    """
    tenant = other.values.get("tenant_id")
    one, two = declaration["tenant_id"], tenant or declaration["tenant_id"]
    comparable = bool(TENANT_ID.fullmatch(one)) == bool(TENANT_ID.fullmatch(two))
    same_tenant = "tenant_id" in other.unread or not comparable or one.lower() == two.lower()
    return same_tenant and other.may_be("app_unique_name", declaration["application"]["unique_name"])


PARTLY = "the inventory contains only a part of the servers"
NAMES = {
    "redirect_uri": "the redirect URI",
    "client_secret": "the client secrets",
    "provider": "the provider",
}


def kept(claims: t.Mapping[str, str]) -> list[str]:
    """Return the objects that are kept because of ``claims``, each with the reason."""
    return [f"{words} ({why(claims[what])})" for what, words in NAMES.items() if claims[what]]


def why(name: str) -> str:
    """Return why an object is kept that the host of this ``name`` declares."""
    return PARTLY if name == PARTIAL else f"declared by {name}"
