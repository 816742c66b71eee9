# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login server: discovery, keys, and the routes to the token and authorize endpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiohttp import web

from ..directory import Directory, Tenant
from ..errors import StsError
from ..faults import Fault
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from .answers import NO_STORE, SECURITY, answer
from .authorize import Authorize
from .keys import SigningKey
from .token import Token

ALIASES = ("common", "organizations", "consumers")
# Personal accounts belong to a tenant of their own [doc].
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
_RECORDED = json.loads((Path(__file__).parents[1] / "recorded" / "sts_exchanges.json").read_text("utf-8"))
TENANT = r"/(?P<tenant>[^/]+)"


class Login:
    """login.microsoftonline.com, as far as the lab implements it."""

    name = "login"

    def __init__(self, directory: Directory, vault: Vault, key: SigningKey, workloads: SigningKey) -> None:
        self._directory = directory
        self._key = key
        self.url = ""
        self.graph_url = ""
        self._authorize = Authorize(self, directory, vault)
        self.tokens = Token(self, directory, vault, key, workloads, self._authorize)
        self._router = Router()
        add = self._router.add
        add("GET", "/common/discovery/instance", self._instances)
        add("GET", TENANT + r"/v2\.0/\.well-known/openid-configuration", self._configuration)
        add("GET", TENANT + r"/\.well-known/openid-configuration", self._old_configuration)
        add("GET", TENANT + r"/discovery/v2\.0/keys", self._keys)
        add("POST", TENANT + r"/oauth2/v2\.0/token", self.tokens.handle)
        add("GET", TENANT + r"/oauth2/v2\.0/authorize", self._authorize.start)
        add("POST", TENANT + r"/oauth2/v2\.0/authorize", self._authorize.start)
        add("POST", TENANT + "/login", self._authorize.sign_in)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        try:
            handler, names = self._router.find(request.method, request.path)
        except WrongMethod:
            return self.error(StsError(900561, method=request.method))
        except NotFound:
            return web.Response(status=404, headers=SECURITY)
        return await handler(request, **names)

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        if fault.throttle is not None:
            return web.Response(status=429, headers={**SECURITY, **fault.retry_after})
        return self.error(StsError(int(fault.deny or 0)))

    def error(self, error: StsError, correlation_id: str = "") -> web.Response:
        """Build an error response of the token endpoint or of discovery."""
        return answer(error.body(self._directory.now(), self.url, correlation_id), error.status, NO_STORE)

    def tenant(self, key: str) -> Tenant:
        """Return the tenant of a request's path. Raises AADSTS90002."""
        tenant = self._directory.tenant(key)
        if tenant is None:
            raise StsError(90002, tenant=key)
        return tenant

    def issuer(self, tenant: Tenant) -> str:
        """Return the issuer of version 2.0 tokens, always with the GUID."""
        return f"{self.url}/{tenant.id}/v2.0"

    async def _instances(self, request: web.BaseRequest) -> web.Response:
        endpoint = request.query.get("authorization_endpoint", "")
        tenant = endpoint.removesuffix("/oauth2/v2.0/authorize").rsplit("/", 1)[-1] or "common"
        host = self.url.removeprefix("https://")
        body = {
            "tenant_discovery_endpoint": f"{self.url}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": request.query.get("api-version", "1.1"),
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
        return answer(body)

    async def _configuration(self, request: web.BaseRequest, tenant: str) -> web.Response:
        """Serve discovery [rec]. Alias tenants return the literal template as issuer [iss]."""
        if tenant in ("common", "organizations"):
            path, issuer = tenant, f"{self.url}/{{tenantid}}/v2.0"
        elif tenant in ("consumers", CONSUMERS):
            path, issuer = tenant, f"{self.url}/{CONSUMERS}/v2.0"
        else:
            found = self._directory.tenant(tenant)
            if found is None:
                return self._unknown_tenant(tenant)
            path, issuer = found.id, self.issuer(found)
        return answer(self._document(path, issuer), headers={"Cache-Control": "max-age=86400, private"})

    def _unknown_tenant(self, tenant: str) -> web.Response:
        """Build a discovery error, whose name and wording differ from the token endpoint's [rec]."""
        body = StsError(90002, tenant=tenant).body(self._directory.now(), self.url)
        recorded = _RECORDED["unknown_tenant_on_discovery"]["body"]
        body["error"] = recorded["error"]
        text = recorded["error_description"].partition("\r\n")[0].replace("{tenant}", tenant)
        body["error_description"] = "\r\n".join([text, *body["error_description"].split("\r\n")[1:]])
        return answer(body, 400)

    def _document(self, path: str, issuer: str) -> dict[str, Any]:
        """Return the recorded document with the lab's hosts."""
        recorded = _RECORDED["openid_configuration_tenant"]["body"]
        text = json.dumps(recorded).replace("https://login.microsoftonline.com/{tenant}", f"{self.url}/{path}")
        graph_host = self.graph_url.removeprefix("https://")
        return {
            **json.loads(text),
            "issuer": issuer,
            "userinfo_endpoint": f"{self.graph_url}/oidc/userinfo",
            "cloud_instance_name": self.url.removeprefix("https://"),
            "cloud_graph_host_name": graph_host,
            "msgraph_host": graph_host,
        }

    async def _old_configuration(self, request: web.BaseRequest, tenant: str) -> web.Response:
        """Serve discovery of version 1.0, which an issuer without ``/v2.0`` leads to. Its issuer differs [doc]."""
        found = self._directory.tenant(tenant)
        if found is None:
            return self._unknown_tenant(tenant)
        return answer(self._document(found.id, f"https://sts.windows.net/{found.id}/"))

    async def _keys(self, request: web.BaseRequest, tenant: str) -> web.Response:
        if tenant not in (*ALIASES, CONSUMERS) and self._directory.tenant(tenant) is None:
            return self._unknown_tenant(tenant)
        return answer(self._key.jwks(), headers={"Cache-Control": "max-age=86400, private"})
