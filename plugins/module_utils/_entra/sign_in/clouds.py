# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The Microsoft clouds: their login endpoints and their Microsoft Graph endpoints."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input


@dataclass(frozen=True)
class Cloud:
    """A cloud's two base URLs, without a trailing slash, and the value of O(cloud)."""

    authority_host: str
    graph_endpoint: str
    declared: str = "public"

    @property
    def scope(self) -> str:
        """The scope of a client-credentials token for this cloud's Graph."""
        return f"{self.graph_endpoint}/.default"

    @property
    def token_exchange_audience(self) -> str:
        """The audience that this cloud recommends for the tokens of federated credentials."""
        return TOKEN_EXCHANGE.get(self.authority_host, "api://AzureADTokenExchange")


# Source: Microsoft's "National clouds" and "Deployments" pages [doc]
CLOUDS = {
    "public": Cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_government": Cloud("https://login.microsoftonline.us", "https://graph.microsoft.us", "us_government"),
    "us_government_dod": Cloud(
        "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "us_government_dod"
    ),
    "china": Cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn", "china"),
}

# By authority; all others use the public cloud's (Azure/login#452, terraform-provider-azuread#1755 [iss])
TOKEN_EXCHANGE = {
    "https://login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "https://login.chinacloudapi.cn": "api://AzureADTokenExchangeChina",
}

# The values of AZURE_CLOUD_ENVIRONMENT that AWX's built-in Azure credential and Azure's own tools set
AZURE_NAMES = {
    "AzureCloud": "public",
    "AzurePublicCloud": "public",
    "AzureUSGovernment": "us_government",
    "AzureUSGovernmentCloud": "us_government",
    "AzureChinaCloud": "china",
}


def choose(params: t.Mapping[str, t.Any]) -> Cloud:
    """Return the cloud that the options O(cloud), O(authority_host) and O(graph_endpoint) select.

    Raises InputError for an address that is not an https origin.
    """
    named = CLOUDS[params["cloud"]]
    return Cloud(
        _input.origin(params.get("authority_host") or named.authority_host, "authority_host"),
        _input.origin(params.get("graph_endpoint") or named.graph_endpoint, "graph_endpoint"),
        params["cloud"],
    )
