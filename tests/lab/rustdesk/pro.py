# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RustDesk Server Pro's console.

The login, login-options and oidc/auth endpoints are known from the client's source [doc]. The settings document is the
most probable reading of its traces [inf].
"""

from __future__ import annotations

import json
import ssl
from typing import Any, ClassVar

from aiohttp import web

from ..clock import Clock
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import pages, pro_document
from .accounts import Account, LoginError, Session
from .console import Console, json_body, json_object, login_option
from .pro_document import MASK, SHAPES
from .relying_party import Provider, SignInError

AZURE, MICROSOFT = "azure", "Microsoft"
CALLBACK = "/api/oidc/callback"


class Pro(Console):
    """A `pro` console: one settings document, read and written as a whole."""

    kind = "pro"
    default_switches: ClassVar[dict[str, Any]] = {
        # How GET shows client secrets: clear, masked or absent.
        "secrets": "clear",
        # The form of login-options: common-oidc or oidc.
        "login_options": "common-oidc",
        # Names in login-options are lowercase until a late release [doc].
        "lower_case": True,
        # The shape of the settings in requests and responses: a key of SHAPES.
        "shape": "default",
        # The provider azure is called Microsoft, as since 1.8.4 [doc].
        "microsoft_name": False,
        # A TOTP code opens only one session.
        "totp_once": True,
        # The callback uses the address that the client uses, if that is a trusted origin, as since 1.8.6 [inf].
        "trusted_origins": False,
    }

    def __init__(self, name: str, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        super().__init__(name, clock, vault, tls)
        # Kept as text, so that reads return it byte for byte.
        self._document = json.dumps(pro_document.fresh(vault))
        self._router = Router()
        for method, path, handler in (
            ("POST", "/api/login", self._login),
            ("POST", "/api/currentUser", self._current_user),
            ("POST", "/api/logout", self._logout),
            ("GET", "/api/users", self._users),
            ("GET", "/api/login-options", self._login_options),
            ("POST", "/api/oidc/auth", self._auth),
            ("GET", CALLBACK, self._callback),
            ("GET", "/api/oidc/auth-query", self._auth_query),
        ):
            self._router.add(method, path, handler)

        self._settings_routers = {shape: self._settings_router(shape) for shape in SHAPES}

    def _settings_router(self, shape: str) -> Router:
        router, wire = Router(), SHAPES[shape]
        router.add(*wire.read, self._read_settings)
        router.add(*wire.save, self._write_settings)
        if wire.callback:
            router.add("GET", wire.callback, self._read_callback)
            router.add("PUT", wire.callback, self._write_callback)
        return router

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        for router in (self._router, self._settings_routers[self.switches["shape"]]):
            try:
                handler, _names = router.find(request.method, request.path)
            except WrongMethod as error:
                headers = {"Allow": ",".join(error.allowed), "Access-Control-Allow-Origin": "*"}
                return web.Response(status=405, headers=headers)
            except NotFound:
                continue
            return await handler(request)
        if request.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
            return web.Response(status=404)
        return pages.console(self.name, self.switches["shape"])

    # Accounts

    async def _login(self, request: web.BaseRequest) -> web.Response:
        body = await json_object(request)
        if body is None:
            return web.Response(status=400)
        self.accounts.totp_once = self.switches["totp_once"]
        try:
            return _json(self.accounts.login(body))
        except LoginError as error:
            return _json({"error": str(error)})

    async def _current_user(self, request: web.BaseRequest) -> web.Response:
        session = self._session(request)
        return _json(session.account.payload()) if session else web.Response(status=401)

    async def _logout(self, request: web.BaseRequest) -> web.Response:
        """End the sessions of the client whose `id` and `uuid` are in the body, as RustDesk's clients send it [inf]."""
        session = self._session(request)
        if session is None:
            return web.Response(status=401)
        body = await json_object(request) or {}
        client = {name: body.get(name) for name in ("id", "uuid")}
        if not all(isinstance(value, str) for value in client.values()):
            return web.Response(status=400)
        self.accounts.close(session)
        self.accounts.close_client(session.account, client)
        return web.Response()

    async def _users(self, request: web.BaseRequest) -> web.Response:
        """Return the users page by page, as the vendor's users.py reads them [doc]."""
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        query = {name: request.query.get(name, "") for name in ("current", "pageSize")}
        if not all(value.isdecimal() and int(value) for value in query.values()):
            return web.Response(status=400)
        current, size = int(query["current"]), int(query["pageSize"])
        users = [{"guid": user.guid, **user.payload()} for user in self.accounts.by_name.values()]
        return _json({"total": len(users), "data": users[(current - 1) * size : current * size]})

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
        """Return the settings document as stored."""
        return json.loads(self._document)

    def put_settings(self, document: Any) -> None:
        """Store a settings document without the client's knowledge."""
        self._document = json.dumps(document)

    def _shape(self) -> str:
        return self.switches["shape"]

    async def _read_settings(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        if self._untouched():
            return web.Response(text=self._document, content_type="application/json")
        document = self.settings()
        for provider in document["providers"]:
            provider["name"] = self._shown_name(provider["name"])
            if self.switches["secrets"] == "masked":
                provider["client_secret"] = MASK
            elif self.switches["secrets"] == "absent":
                provider.pop("client_secret", None)
        return _json(pro_document.shown(document, self._shape()))

    def _untouched(self) -> bool:
        """Return whether stored and transmitted text are the same."""
        return (
            self.switches["secrets"] == "clear" and self._shape() == "default" and not self.switches["microsoft_name"]
        )

    async def _write_settings(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        sent = await json_body(request)
        if sent is None or (self._shape() != "list" and not isinstance(sent, dict)):
            return web.Response(status=400, text="Failed to parse the request body as JSON")
        try:
            document = pro_document.stored(sent, self._shape(), self.settings())
        except pro_document.UnreadableError as error:
            return self._refused(str(error))
        mistake = pro_document.mistake(document)
        if mistake:
            return self._refused(mistake)
        if self._untouched():
            self._document = (await request.read()).decode()
        else:
            for provider in document["providers"]:
                provider["name"] = self._stored_name(provider["name"])
            if self.switches["secrets"] != "clear":
                self._keep_hidden_secrets(document)
            self._document = json.dumps(document)
        for provider in document["providers"]:
            if provider.get("client_secret") not in (None, "", MASK):
                self.vault.keep(provider["client_secret"])
        return _json({"code": 0, "data": None}) if self._shape() == "wrapped" else web.Response()

    def _refused(self, text: str) -> web.Response:
        if self._shape() == "wrapped":
            return _json({"code": 400, "message": text, "data": None})
        return _json({"error": text})

    def _keep_hidden_secrets(self, document: dict[str, Any]) -> None:
        """Apply a change. A console that hides secrets reads a mask or no value as 'keep it' [inf]."""
        stored = {item["name"]: item.get("client_secret") for item in self.settings()["providers"]}
        for provider in document["providers"]:
            if provider.get("client_secret") in (None, MASK):
                provider["client_secret"] = stored.get(provider["name"]) or ""

    async def _read_callback(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        return _json({"callback_url": self.settings().get("callback_url")}) if refused is None else refused

    async def _write_callback(self, request: web.BaseRequest) -> web.Response:
        refused = self._refusal_unless_admin(request)
        if refused is not None:
            return refused
        body = await json_object(request)
        if body is None or not isinstance(body.get("callback_url"), str):
            return web.Response(status=400)
        self._document = json.dumps({**self.settings(), "callback_url": body["callback_url"]})
        return web.Response()

    def _shown_name(self, name: str) -> str:
        return MICROSOFT if self.switches["microsoft_name"] and name.lower() == AZURE else name

    def _stored_name(self, name: str) -> str:
        return AZURE if self.switches["microsoft_name"] and name.lower() == MICROSOFT.lower() else name

    # Sign-in of users

    def _providers(self) -> list[dict[str, Any]]:
        """Return the enabled providers in their order."""
        enabled = [item for item in self.settings()["providers"] if item.get("enabled")]
        return sorted(enabled, key=lambda item: item.get("order_index", 0))

    def _provider(self, name: str) -> Provider | None:
        wanted = self._stored_name(name).lower()
        found = next((item for item in self._providers() if item["name"].lower() == wanted), None)
        return pro_document.provider_of(found) if found else None

    async def _login_options(self, request: web.BaseRequest) -> web.Response:
        names = [self._shown_name(item["name"]) for item in self._providers()]
        if self.switches["lower_case"]:
            names = [name.lower() for name in names]
        return _json(login_option(names, self.switches["login_options"]))

    async def _auth(self, request: web.BaseRequest) -> web.Response:
        body = await json_object(request)
        if body is None or not isinstance(body.get("op"), str):
            return web.Response(status=400)
        provider = self._provider(body["op"])
        if provider is None:
            return _json({"error": f"OIDC provider {body['op']} not found"})
        callback = self._callback_url(body.get("apiDomain"))
        client = {name: body.get(name) for name in ("id", "uuid", "deviceInfo")}
        try:
            pending = await self.begin_sign_in(provider, callback, client)
        except SignInError as error:
            return _json({"error": str(error)})
        return _json({"code": pending.request.state, "url": pending.request.url})

    def _callback_url(self, origin: Any) -> str:
        """Return the URL that users are sent back to, for a client that names the address it uses (rustdesk#15710
        [src]).
        """
        document = self.settings()
        if self.switches["trusted_origins"] and origin in (document.get("trusted_origins") or []):
            return f"{origin}{CALLBACK}"
        return document.get("callback_url") or f"{self.url}{CALLBACK}"

    def account_of(self, provider: str, claims: dict[str, Any]) -> Account:
        """Return the account of the identity, up to the maximum number of authorized users.

        That it counts the accounts of providers, blocks only users without an account, and blocks all users if it is 0,
        is guessed from the name of the setting [inf].
        """
        known = self.accounts.of_identity(provider, claims)
        authorized = sum(1 for account in self.accounts.by_name.values() if account.third_auth_type)
        maximum = self.settings().get("max_auth_count")
        if maximum is not None and (not maximum or (known is None and authorized >= maximum)):
            raise LoginError("The maximum number of authorized users has been reached")
        return super().account_of(provider, claims)

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


def _json(body: Any) -> web.Response:
    return web.json_response(body, headers={"Access-Control-Allow-Origin": "*"})
