# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed identity endpoint of Azure App Service, one host for each tenant."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ..clock import stamp
from ..directory import Directory, Record, Tenant
from ..faults import Fault
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import objects
from .first_party import APP_ID
from .login import Login
from .token import APP_TOKEN_SECONDS

API_VERSION = "2019-08-01"


@dataclass
class Host:
    """An App Service with one managed identity."""

    tenant: Tenant
    client_id: str
    oid: str
    header: str
    user_assigned: bool = False


class ManagedIdentity:
    """The token endpoints of all hosts [doc: App Service, "Connect to Azure services in app code"]."""

    name = "identity"

    def __init__(self, directory: Directory, vault: Vault, login: Login) -> None:
        self._directory = directory
        self._vault = vault
        self._login = login
        self._hosts: dict[str, Host] = {}
        self._router = Router()
        self._router.add("GET", r"/(?P<tenant>[^/]+)/msi/token/?", self._token)
        self.url = ""

    def host(self, tenant: Tenant, permissions: list[str], user_assigned: bool) -> dict[str, Any]:
        """Give the tenant's host an identity with these Graph permissions. Returns its client ID and the host's
        environment.
        """
        host = self._hosts.get(tenant.id) or self._new(tenant)
        self._hosts[tenant.id] = host
        host.user_assigned = user_assigned
        tenant.roles[host.client_id] = list(permissions)
        return {
            "client_id": host.client_id,
            "environment": {
                "IDENTITY_ENDPOINT": f"{self.url}/{tenant.id}/msi/token",
                "IDENTITY_HEADER": host.header,
            },
        }

    def _new(self, tenant: Tenant) -> Host:
        """A managed identity is a service principal without an application [doc]."""
        moment = stamp(self._directory.now())
        application = objects.new_application(str(uuid.uuid4()), tenant.domain, moment)
        application["displayName"] = "automation-host"
        principal = objects.new_service_principal(application, tenant.id, moment)
        principal["servicePrincipalType"] = "ManagedIdentity"
        tenant.service_principals.seed(principal["id"], Record(principal))
        return Host(tenant, application["appId"], principal["id"], self._vault.token())

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        try:
            handler, names = self._router.find(request.method, request.path)
        except (NotFound, WrongMethod):
            return web.Response(status=404)
        return handler(request, **names)

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        return _refused(429 if fault.throttle is not None else 400, "The request was refused.")

    def _token(self, request: web.BaseRequest, tenant: str) -> web.Response:
        host = self._hosts.get(tenant)
        if host is None:
            return web.Response(status=404)
        query = request.query
        if request.headers.get("X-IDENTITY-HEADER") != host.header:
            return _refused(401, "The request is not authorized.")
        if query.get("api-version") != API_VERSION:
            return _refused(400, "Unsupported api-version.")
        if host.user_assigned and not query.get("client_id"):
            return _refused(400, "Unable to load the proper Managed Identity.")
        if query.get("client_id", host.client_id) != host.client_id or ("client_id" in query) > host.user_assigned:
            # Azure-Samples/azure-search-openai-demo#2148, MicrosoftDocs/azure-docs#43543 [iss]
            return _refused(400, "No Managed Identity found for specified ClientId/ResourceId/PrincipalId.")
        resource = query.get("resource", "").rstrip("/")
        if resource not in (self._login.graph_url, APP_ID):
            return _refused(400, f"AADSTS500011: The resource principal named {resource} was not found in the tenant.")
        now = int(self._directory.clock.time())
        roles = host.tenant.roles[host.client_id]
        token = self._login.tokens.app_token(host.tenant, host.client_id, host.oid, roles, resource)
        return web.json_response(
            {
                "access_token": token,
                "client_id": host.client_id,
                "expires_on": str(now + APP_TOKEN_SECONDS),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def _refused(status: int, message: str) -> web.Response:
    body = {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}
    return web.json_response(body, status=status)
