# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RustDesk Server Pro's console.

The login, login-options and oidc/auth endpoints are known from the client's source [doc]; the settings document
is the most probable reading of its traces [inf].
"""

from __future__ import annotations

import json
import ssl
from typing import Any, ClassVar

from aiohttp import web

from ..clock import Clock
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import pages
from .accounts import LoginError, Session
from .console import Console
from .relying_party import Provider, SignInError

MASK = "********"
_STRINGS = ("client_id", "client_secret", "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint")


class Pro(Console):
    """A `pro` console: one settings document, read and written whole."""

    kind = "pro"
    default_switches: ClassVar[dict[str, Any]] = {
        # How GET shows client secrets: clear, masked or absent.
        "secrets": "clear",
        # The form of login-options: common-oidc or oidc.
        "login_options": "common-oidc",
        # Names in login-options are lower-cased, until a late release [doc].
        "lower_case": True,
    }

    def __init__(self, name: str, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        super().__init__(name, clock, vault, tls)
        # Kept as text: what was written comes back byte for byte.
        self._document = json.dumps(_fresh_document(vault))
        self._router = Router()
        for method, path, handler in (
            ("POST", "/api/login", self._login),
            ("POST", "/api/currentUser", self._current_user),
            ("POST", "/api/logout", self._logout),
            ("GET", "/api/oidc/settings", self._read_settings),
            ("PUT", "/api/oidc/settings", self._write_settings),
            ("GET", "/api/login-options", self._login_options),
            ("POST", "/api/oidc/auth", self._auth),
            ("GET", "/api/oidc/callback", self._callback),
            ("GET", "/api/oidc/auth-query", self._auth_query),
        ):
            self._router.add(method, path, handler)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        try:
            handler, _names = self._router.find(request.method, request.path)
        except WrongMethod as error:
            headers = {"Allow": ",".join(error.allowed), "Access-Control-Allow-Origin": "*"}
            return web.Response(status=405, headers=headers)
        except NotFound:
            if request.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
                return web.Response(status=404)
            return pages.console(self.name)
        return await handler(request)

    # Accounts

    async def _login(self, request: web.BaseRequest) -> web.Response:
        body = await _object(request)
        if body is None:
            return web.Response(status=400)
        try:
            return _json(self.accounts.login(body))
        except LoginError as error:
            return _json({"error": str(error)})

    async def _current_user(self, request: web.BaseRequest) -> web.Response:
        session = self._session(request)
        return _json(session.account.payload()) if session else web.Response(status=401)

    async def _logout(self, request: web.BaseRequest) -> web.Response:
        session = self._session(request)
        if session is None:
            return web.Response(status=401)
        self.accounts.close(session)
        return web.Response()

    def _session(self, request: web.BaseRequest) -> Session | None:
        return self.accounts.session(request.headers.get("Authorization", ""))

    def _refusal_unless_admin(self, request: web.BaseRequest) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self.api_token}":
            return web.Response(status=403)
        session = self._session(request)
        if session is None:
            return web.Response(status=401)
        return None if session.account.is_admin else web.Response(status=403)

    # Settings

    def settings(self) -> Any:
        """The settings document as stored."""
        return json.loads(self._document)

    def put_settings(self, document: Any) -> None:
        """Store a settings document behind the client's back."""
        self._document = json.dumps(document)

    async def _read_settings(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        if self.switches["secrets"] == "clear":
            return web.Response(text=self._document, content_type="application/json")
        document = self.settings()
        for provider in document["providers"]:
            if self.switches["secrets"] == "masked":
                provider["client_secret"] = MASK
            else:
                provider.pop("client_secret", None)
        return _json(document)

    async def _write_settings(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        document = await _object(request)
        if document is None:
            return web.Response(status=400, text="Failed to parse the request body as JSON")
        mistake = _mistake(document)
        if mistake:
            return _json({"error": mistake})
        if self.switches["secrets"] == "clear":
            self._document = (await request.read()).decode()
        else:
            self._keep_hidden_secrets(document)
            self._document = json.dumps(document)
        for provider in document["providers"]:
            if provider.get("client_secret") not in (None, "", MASK):
                self.vault.keep(provider["client_secret"])
        return web.Response()

    def _keep_hidden_secrets(self, document: dict[str, Any]) -> None:
        """A console that hides secrets takes a mask or nothing as 'leave it' [inf]."""
        stored = {item["name"]: item.get("client_secret") for item in self.settings()["providers"]}
        for provider in document["providers"]:
            if provider.get("client_secret") in (None, MASK):
                provider["client_secret"] = stored.get(provider["name"]) or ""

    # Sign-in of users

    def _providers(self) -> list[dict[str, Any]]:
        """The enabled providers in their order."""
        enabled = [item for item in self.settings()["providers"] if item.get("enabled")]
        return sorted(enabled, key=lambda item: item.get("order_index", 0))

    def _provider(self, name: str) -> Provider | None:
        for item in self._providers():
            if item["name"].lower() == name.lower():
                values = {member: item.get(member) or "" for member in ("client_id", "client_secret", "issuer")}
                return Provider(name=item["name"].lower(), **values)
        return None

    async def _login_options(self, request: web.BaseRequest) -> web.Response:
        names = [item["name"] for item in self._providers()]
        if self.switches["lower_case"]:
            names = [name.lower() for name in names]
        if self.switches["login_options"] == "oidc":
            return _json([f"oidc/{name}" for name in names])
        return _json(["common-oidc/" + json.dumps([{"name": name} for name in names], separators=(",", ":"))])

    async def _auth(self, request: web.BaseRequest) -> web.Response:
        body = await _object(request)
        if body is None or not isinstance(body.get("op"), str):
            return web.Response(status=400)
        provider = self._provider(body["op"])
        if provider is None:
            return _json({"error": f"OIDC provider {body['op']} not found"})
        callback = self.settings().get("callback_url") or f"{self.url}/api/oidc/callback"
        client = {name: body.get(name) for name in ("id", "uuid", "deviceInfo")}
        try:
            pending = await self.begin_sign_in(provider, callback, client)
        except SignInError as error:
            return _json({"error": str(error)})
        return _json({"code": pending.request.state, "url": pending.request.url})

    async def _callback(self, request: web.BaseRequest) -> web.Response:
        query = request.query
        if "error" in query:
            return pages.failed(query.get("error_description") or query["error"])
        state = query.get("state", "")
        try:
            account = await self.finish_sign_in(query.get("code", ""), state, self._provider(self.provider_of(state)))
        except SignInError as error:
            return pages.failed(str(error))
        return pages.succeeded(account.name)

    async def _auth_query(self, request: web.BaseRequest) -> web.Response:
        client = {name: request.query.get(name, "") for name in ("id", "uuid")}
        done = self.collect_sign_in(request.query.get("code", ""), client)
        return _json(done or {"error": "No authed oidc is found"})


def _fresh_document(vault: Vault) -> dict[str, Any]:
    """The settings of a console that has served before: another provider, and keys nobody has documented."""
    return {
        "max_auth_count": 500,
        "callback_url": "",
        "trusted_origins": ["https://console.example"],
        "providers": [
            {
                "name": "legacy",
                "order_index": 0,
                "enabled": False,
                "client_id": "legacy-client",
                "client_secret": vault.token(18),
                "issuer": "https://sso.legacy.example/realms/main",
                "authorization_endpoint": "",
                "token_endpoint": "",
                "userinfo_endpoint": "",
                "pkce": True,
                "group_mapping": {"staff": "everyone"},
                "root_ca": None,
            }
        ],
    }


def _mistake(document: dict[str, Any]) -> str:
    """What a strict reader finds wrong with a settings document, or an empty string."""
    providers = document.get("providers")
    if not isinstance(providers, list):
        return "missing field `providers`"
    count = document.get("max_auth_count")
    if not isinstance(count, int) or isinstance(count, bool):
        return "invalid field `max_auth_count`"
    if not isinstance(document.get("callback_url"), (str, type(None))):
        return "invalid field `callback_url`"
    names = []
    for item in providers:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
            return "missing field `name`"
        if not isinstance(item.get("enabled"), bool):
            return "invalid field `enabled`"
        if not isinstance(item.get("order_index"), int) or isinstance(item["order_index"], bool):
            return "invalid field `order_index`"
        for member in _STRINGS:
            if not isinstance(item.get(member), (str, type(None))):
                return f"invalid field `{member}`"
        if not item.get("client_id"):
            return "missing field `client_id`"
        names.append(item["name"].lower())
    return "duplicate provider name" if len(set(names)) != len(names) else ""


async def _object(request: web.BaseRequest) -> dict[str, Any] | None:
    """The JSON object of the body, or None where there is none."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _json(body: Any) -> web.Response:
    return web.json_response(body, headers={"Access-Control-Allow-Origin": "*"})
