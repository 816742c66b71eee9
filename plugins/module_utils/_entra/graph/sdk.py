# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The only importer of azure-identity and msgraph-sdk.

The SDK builds the requests. Its response models are not used: they load 1200 modules to read one application, which
takes two seconds per task [src: msgraph-sdk 1.65].
"""
# mypy: disable-error-code="assignment, misc"
# The placeholders for missing packages have no types; require() runs before any is used.

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
    import httpcore  # loaded before Ansible forks its workers; otherwise httpx loads it in each of them
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

# The task's result reports failures; without a handler, Python also writes the SDK's warnings to standard error.
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
    """Raise MissingLibraryError with all missing packages that Entra requires."""
    needed = {
        AZURE_IDENTITY_REQUIREMENT: identity,
        MSGRAPH_REQUIREMENT: httpx,
        _http.REQUESTS_REQUIREMENT: _http.HAS_REQUESTS,
    }
    missing = [requirement for requirement, found in needed.items() if not found]
    if missing:
        raise MissingLibraryError(*missing)
