# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The one place that imports azure-identity and msgraph-sdk.

The SDK builds the requests. Its response models are never imported: reading one application loads 1200 modules, which
takes two seconds with each task [src: msgraph-sdk 1.65].
"""
# mypy: disable-error-code="assignment, misc"
# The stand-ins for what is not installed have no types; require() is called before any is used.

from __future__ import annotations

import logging

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import MissingLibraryError

AZURE_IDENTITY_REQUIREMENT = "azure-identity>=1.16"
MSGRAPH_REQUIREMENT = "msgraph-sdk>=1.5.2"

try:
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.transport import AsyncioRequestsTransport
    from azure.identity import aio as identity
except ImportError:
    AccessToken = AsyncioRequestsTransport = identity = None
    AzureError = Exception

try:
    import httpcore  # httpx loads it with the first client; loaded here, the workers that Ansible forks have it already
    import httpx
    from httpx import HTTPError
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from kiota_http.kiota_client_factory import KiotaClientFactory
    from kiota_http.middleware import BaseMiddleware, ParametersNameDecodingHandler
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient
except ImportError:
    httpcore = httpx = None
    AzureIdentityAuthenticationProvider = KiotaClientFactory = Method = ParametersNameDecodingHandler = None
    BaseMiddleware = object
    HTTPError = Exception
    RequestInformation = GraphRequestAdapter = GraphServiceClient = None

# What fails is told in the task's result; without a handler Python writes the SDK's warnings to standard error as well.
logging.getLogger("azure").addHandler(logging.NullHandler())

__all__ = [
    "AccessToken",
    "AsyncioRequestsTransport",
    "AzureError",
    "AzureIdentityAuthenticationProvider",
    "BaseMiddleware",
    "GraphRequestAdapter",
    "GraphServiceClient",
    "HTTPError",
    "KiotaClientFactory",
    "Method",
    "ParametersNameDecodingHandler",
    "RequestInformation",
    "httpcore",
    "httpx",
    "identity",
    "require",
]


def require() -> None:
    """Raise MissingLibraryError that names all packages that speaking to Entra needs and that are not installed."""
    needed = {
        AZURE_IDENTITY_REQUIREMENT: identity,
        MSGRAPH_REQUIREMENT: httpx,
        _http.REQUESTS_REQUIREMENT: _http.HAS_REQUESTS,
    }
    missing = [requirement for requirement, found in needed.items() if not found]
    if missing:
        raise MissingLibraryError(*missing)
