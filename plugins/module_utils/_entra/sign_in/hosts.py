# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The hosts of each cloud. Tokens and client secrets are sent to no other host, whatever a response names; pure.

The login hosts are the aliases in Microsoft's instance discovery [rec] and the hosts that MSAL knows
(authority.py [src]).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import quoted

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud

LONGEST_QUOTE = 100
Hosts = tuple[tuple[str, ...], tuple[str, ...]]
_GOVERNMENT: Hosts = (
    ("login.microsoftonline.us", "login.usgovcloudapi.net", "login-us.microsoftonline.com"),
    ("graph.microsoft.us", "dod-graph.microsoft.us"),
)
# The login hosts and the hosts of Microsoft Graph, by the values of O(cloud)
CLOUDS: dict[str, Hosts] = {
    "public": (
        ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
        ("graph.microsoft.com",),
    ),
    "us_government": _GOVERNMENT,
    "us_government_dod": _GOVERNMENT,
    "china": (("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"), ("microsoftgraph.chinacloudapi.cn",)),
}
PORTALS = {
    "public": "https://entra.microsoft.com",
    "us_government": "https://entra.microsoft.us",
    "us_government_dod": "https://entra.microsoft.us",
    "china": "https://entra.microsoftonline.cn",
}
# The hosts of version 1 issuers in all clouds [doc]; no request goes to them
V1_ISSUERS = frozenset({"https://sts.windows.net", "https://sts.chinacloudapi.cn"})


@dataclass(frozen=True)
class Trusted:
    """The origins of one cloud, such as ``https://login.microsoftonline.com``.

    ``graph`` is None if Graph's address is unknown; then any https address is accepted. ``option`` names the options
    that set the origins.
    """

    login: frozenset[str]
    graph: frozenset[str] | None
    option: str

    def foreign(self, member: str, url: str) -> str | None:
        """Return the problem with ``url``, ``member`` of a login endpoint's response; None if it can be used."""
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018  # the property raises ValueError for a bad port
        except ValueError:
            return f"its {member} is not a URL"
        if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or not url.isprintable():
            return f"its {member} is not an https URL without a user name"
        allowed = self.login | (V1_ISSUERS if member == "issuer" else frozenset())
        if member == "userinfo_endpoint":
            if self.graph is None:
                return None
            allowed |= self.graph
        if _addresses.origin(url) in allowed:
            return None
        found = quoted(parts.netloc, LONGEST_QUOTE)
        return f"its {member} is at {found}, which is not a host of this cloud ({_named(allowed)})"

    def is_graph(self, host: str) -> bool:
        """Return True if ``host``, with any port, belongs to Microsoft Graph in this cloud."""
        address = f"https://{host}"
        allowed = self.graph is None or _addresses.origin(address) in self.graph
        return allowed and self.foreign("userinfo_endpoint", address) is None


def portal(cloud: Cloud) -> str:
    """Return the address of the Microsoft Entra admin center in ``cloud``; empty for a cloud that is not Microsoft's.

    Source: the firewall allow list in Microsoft's Entra FAQ [doc].
    """
    host = urlsplit(_addresses.origin(cloud.authority_host)).netloc
    return next((PORTALS[name] for name, known in CLOUDS.items() if host in known[0]), "")


def portal_page(address: str, app_id: str) -> str:
    """Return the URL of an application's page in the admin center at ``address``; empty if either is empty."""
    place = "#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId"
    return f"{address}/{place}/{app_id}" if address and app_id else ""


def of_cloud(cloud: Cloud) -> Trusted:
    """Return the origins of ``cloud``: its own, and those of the Microsoft cloud that it is or is declared to be."""
    known = _of_known(cloud.authority_host) or CLOUDS[cloud.declared]
    login, graph = _origins(known[0], cloud.authority_host), _origins(known[1], cloud.graph_endpoint)
    return Trusted(login, graph, "cloud and authority_host")


def of_issuer(issuer: str) -> Trusted:
    """Return the origins of the Microsoft cloud of ``issuer``, or the issuer's alone if it is in none."""
    known = _of_known(issuer)
    return Trusted(_origins(known[0] if known else (), issuer), _origins(known[1]) if known else None, "issuer")


def _of_known(url: str) -> Hosts | None:
    """Return the Microsoft cloud to which the host of ``url`` belongs."""
    host = urlsplit(_addresses.origin(url)).netloc
    return next((known for known in CLOUDS.values() if host in known[0]), None)


def _origins(hosts: t.Iterable[str], *urls: str) -> frozenset[str]:
    return frozenset([*(f"https://{host}" for host in hosts), *map(_addresses.origin, urls)])


def _named(origins: t.Iterable[str]) -> str:
    return ", ".join(sorted(origin.removeprefix("https://") for origin in origins))
