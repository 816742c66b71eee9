# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What of a server that is taken out another host still declares, and is therefore left. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import Declaration

# Variables that another host's claims follow from; the console's address is that of its users where none is declared.
VARIABLES = ("tenant_id", "app_unique_name", "console_url", "public_url", "secret_name", "provider_name")
# The role's defaults of those that have one
DEFAULTS = {
    "app_unique_name": "rustdesk-sso",
    "secret_name": "rustdesk-sso {{ inventory_hostname }}",
    "provider_name": "azure",
}
TENANT_ID = re.compile(r"[0-9a-f-]{36}", re.IGNORECASE)


@dataclass(frozen=True)
class Other:
    """Another host, and the text of each of VARIABLES that is set for it.

    ``unread`` are those that are set and cannot be read, such as with a missing vault password: they may be anything.
    """

    name: str
    values: t.Mapping[str, str]
    unread: t.Collection[str] = ()

    def value(self, variable: str) -> str:
        """The variable's value, which is the role's default where it is not set."""
        return self.values.get(variable, DEFAULTS[variable].replace("{{ inventory_hostname }}", self.name))

    def may_be(self, variable: str, value: str) -> bool:
        """Whether the variable may have this ``value``; upper and lower case are the same."""
        return variable in self.unread or self.value(variable).lower() == value.lower()

    def may_have_address(self, variable: str, address: str) -> bool:
        """The same for an address. The public address is that of the console where it is not set. An address that is
        not in the inventory may be given where the role is used."""
        if variable == "public_url" and variable not in self.values and variable not in self.unread:
            variable = "console_url"
        own = self.values.get(variable)
        return variable in self.unread or own is None or _addresses.same(own, address)

    def holder_elsewhere(self, console_url: str) -> str:
        """The name of its client secret, if its console is surely another one; else empty."""
        surely = "console_url" in self.values and not self.may_have_address("console_url", console_url)
        if not surely or "secret_name" in self.unread:
            return ""
        return self.value("secret_name")


class Claims(t.TypedDict):
    """By what another host still declares, the name of the first such host; empty where none does."""

    application: str
    redirect_uri: str
    client_secret: str
    provider: str


# In place of a host's name, where not all hosts are known
PARTIAL = "?"


def of(declaration: Declaration, others: t.Iterable[Other], *, partial: bool = False) -> Claims:
    """What ``others`` declare of the server that leaves. In a ``partial`` inventory, hosts that are not in it may use
    the application."""
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
    """A sentence for each redirect URI that is to be removed and that this server or another one still declares."""
    known, found = list(others), []
    for uri in declaration["remove_redirect_uris"]:
        address = uri.removesuffix(CALLBACK_PATH)
        own = [declaration["server"]] if _addresses.same(uri, declaration["callback_url"]) else []
        names = [*own, *(other.name for other in known if other.may_have_address("public_url", address))]
        if names:
            found.append(
                f"rustdesk_sso_remove_redirect_uris contains {uri}, which {names[0]} declares or may declare. Remove "
                "it from the list, or declare another address for that server."
            )
    return found


def holders(others: t.Iterable[Other], *, partial: bool = False) -> list[str] | None:
    """The names of the client secrets of ``others``; None if they are not all known."""
    known = list(others)
    if partial or any("secret_name" in other.unread for other in known):
        return None
    return sorted({other.value("secret_name") for other in known})


def shares(declaration: Declaration, other: Other) -> bool:
    """Whether ``other`` may declare the same application as ``declaration``. A tenant may be named by its ID or by its
    domain names."""
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
    """What is left of the console and in the application because of ``claims``, each with the reason."""
    return [f"{words} ({why(claims[what])})" for what, words in NAMES.items() if claims[what]]


def why(name: str) -> str:
    """Why something is left that the host of this ``name`` declares."""
    return PARTLY if name == PARTIAL else f"declared by {name}"
