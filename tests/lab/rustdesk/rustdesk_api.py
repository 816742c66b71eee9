# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lejianwen/rustdesk-api 2.7, a free console, as in its source [src].

Its administration API always responds with HTTP 200, and puts its own code into the body.
"""

from __future__ import annotations

import secrets
import ssl
import uuid
from typing import Any, ClassVar

from aiohttp import web

from ..clock import Clock
from ..requests_log import LAB_AGENT
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import pages
from .accounts import Account, Session
from .captcha import LoginLimiter
from .console import Console, json_object, login_option
from .relying_party import Provider, SignInError
from .rustdesk_api_language import in_chinese
from .rustdesk_api_providers import ApiError, Providers, page_of

DEFAULT_SCOPES = "openid,profile,email"
SESSION_SECONDS = 7 * 24 * 3600
GITHUB = {
    "protocol": "oauth2",
    "scope": "read:user user:email",
    "authorization_endpoint": "https://github.com/login/oauth/authorize",
    "token_endpoint": "https://github.com/login/oauth/access_token",
    "userinfo_endpoint": "https://api.github.com/user",
}
LINUXDO = {
    "protocol": "oauth2",
    "scope": "profile",
    "authorization_endpoint": "https://connect.linux.do/oauth2/authorize",
    "token_endpoint": "https://connect.linux.do/oauth2/token",
    "userinfo_endpoint": "https://connect.linux.do/api/user",
}


class BindRequired(Exception):
    """A sign-in of a user without an account, if the provider does not create accounts."""


class NeverSet(Exception):
    """A sign-in of a user without an account, if it was never set whether the provider creates accounts."""


class RustdeskApi(Console):
    """A `rustdesk_api`: verbs in paths, numeric IDs, changes that cannot clear anything."""

    kind = "rustdesk_api"
    second_factors: ClassVar[tuple[str, ...]] = ()
    pending_seconds = 300
    default_switches: ClassVar[dict[str, Any]] = {
        # The configured address of the API, the base of the callback. Empty for the console's own URL.
        "api_server": "",
        # The configuration's lang, for clients that request no language.
        "lang": "zh-CN",
        # How many failed logins lead to a captcha (0: always, -1: never).
        "captcha_threshold": 3,
        # How many failed logins ban an address (0: never).
        "ban_threshold": 0,
        # Whether the configuration's disable-pwd-login is set.
        "disable_pwd_login": False,
        # Whether login-options also offer webauth, the console's own page.
        "web_sso": True,
    }

    def __init__(self, name: str, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        super().__init__(name, clock, vault, tls)
        self.accounts.session_seconds = SESSION_SECONDS
        self._limiter = LoginLimiter(clock, self.accounts.mailbox)
        self._providers = Providers(clock, vault)
        self._router = Router()
        for method, path, handler in (
            ("POST", "/api/admin/login", self._admin_login),
            ("GET", "/api/admin/captcha", self._captcha),
            ("GET", "/api/admin/login-options", self._admin_login_options),
            ("POST", "/api/admin/logout", self._admin_logout),
            ("GET", "/api/admin/user/current", self._admin_current),
            ("GET", "/api/admin/user/list", self._users),
            ("GET", "/api/admin/oauth/list", self._list),
            ("GET", r"/api/admin/oauth/detail/(?P<key>[^/]+)", self._detail),
            ("POST", "/api/admin/oauth/create", self._create),
            ("POST", "/api/admin/oauth/update", self._update),
            ("POST", "/api/admin/oauth/delete", self._delete),
            ("POST", "/api/login", self._login),
            ("POST", "/api/currentUser", self._current_user),
            ("POST", "/api/logout", self._logout),
            ("GET", "/api/login-options", self._login_options),
            ("GET", "/api/version", self._version),
            ("POST", "/api/oidc/auth", self._auth),
            ("GET", "/api/oidc/callback", self._callback),
            ("GET", "/api/oauth/callback", self._callback),
            ("GET", "/api/oidc/auth-query", self._auth_query),
            ("GET", "/_admin/", self._admin_page),
        ):
            self._router.add(method, path, handler)

    def restart(self) -> None:
        """Restart: pending sign-ins and the count of failed logins are lost."""
        self._pending.clear()
        self._limiter = LoginLimiter(self.clock, self.accounts.mailbox)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request, in English if it requests a language other than Chinese."""
        self._limiter.captcha_threshold = self.switches["captcha_threshold"]
        self._limiter.ban_threshold = self.switches["ban_threshold"]
        response = await self._answer(request)
        language = request.headers.get("Accept-Language", "") or self.switches["lang"]
        return in_chinese(response) if language.lower().startswith("zh") else response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        # The lab's own users come from their own addresses.
        own = request.headers.get("User-Agent", "").startswith(LAB_AGENT)
        if not own and self._limiter.is_banned(request.remote or ""):
            return _failure("Banned.", 423)
        try:
            handler, names = self._router.find(request.method, request.path)
        except (NotFound, WrongMethod):
            return web.Response(status=404, text="404 page not found")
        try:
            return await handler(request, **names)
        except ApiError as error:
            return _failure(str(error), error.code)

    # Administrators

    async def _admin_login(self, request: web.BaseRequest) -> web.Response:
        if self.switches["disable_pwd_login"]:
            raise ApiError("Password login disabled.")
        body = await json_object(request)
        address = request.remote or ""
        if body is None or not body.get("username") or not body.get("password"):
            self._limiter.failed(address)
            raise ApiError("Params validation failed.EOF" if body is None else "Username is a required field")
        if self._limiter.needs_captcha(address) and not self._limiter.solved(body):
            raise ApiError("Captcha error.")
        account = self.accounts.verified(body)
        if account is None:
            self._limiter.failed(address)
            needed = self._limiter.needs_captcha(address)
            raise ApiError("Username or password error.", 110 if needed else 101)
        if account.status != 1:
            raise ApiError("User disabled.", 110 if self._limiter.needs_captcha(address) else 101)
        self._limiter.forget(address)
        token = self.accounts.open(account, {})["access_token"]
        return _success({**_admin_payload(account), "token": token})

    async def _captcha(self, request: web.BaseRequest) -> web.Response:
        if not self._limiter.needs_captcha(request.remote or ""):
            raise ApiError("No captcha required.")
        return _success({"captcha": self._limiter.captcha()})

    async def _admin_login_options(self, request: web.BaseRequest) -> web.Response:
        disabled, names = self.switches["disable_pwd_login"], [item["op"] for item in self._providers.all()]
        options = {"ops": names, "register": False, "disable_pwd": disabled, "auto_oidc": disabled and len(names) == 1}
        return _success({**options, "need_captcha": self._limiter.needs_captcha(request.remote or "")})

    async def _admin_logout(self, _request: web.BaseRequest) -> web.Response:
        """End no session: the route is registered before the middleware that reads the token [src]."""
        return _success(None)

    async def _admin_current(self, request: web.BaseRequest) -> web.Response:
        session = self._backend_session(request)
        return _success({**_admin_payload(session.account), "token": session.token})

    async def _users(self, request: web.BaseRequest) -> web.Response:
        """Return the users page by page, without an empty list."""
        self._refuse_unless_admin(request)
        number, count = page_of(request.query.get("page", ""), request.query.get("page_size", ""))
        users = list(enumerate(self.accounts.by_name.values(), start=1))
        shown = [_listed_user(key, account) for key, account in users[(number - 1) * count : number * count]]
        return _success({**({"list": shown} if shown else {}), "page": number, "total": len(users), "page_size": count})

    def _backend_session(self, request: web.BaseRequest) -> Session:
        session = self.accounts.of_token(request.headers.get("api-token", ""))
        if session is None:
            raise ApiError("Please log in first.", 403)
        return session

    def _refuse_unless_admin(self, request: web.BaseRequest) -> None:
        if not self._backend_session(request).account.is_admin:
            raise ApiError("No access.", 403)

    # Settings

    def settings(self) -> list[dict[str, Any]]:
        """Return the providers as stored, secrets in clear."""
        return self._providers.all()

    def put_settings(self, document: Any) -> None:
        """Replace the providers without the client's knowledge."""
        self._providers.replace(document)

    async def _list(self, request: web.BaseRequest) -> web.Response:
        self._refuse_unless_admin(request)
        return _success(self._providers.page(request.query.get("page", ""), request.query.get("page_size", "")))

    async def _detail(self, request: web.BaseRequest, key: str) -> web.Response:
        self._refuse_unless_admin(request)
        return _success(self._providers.find(int(key) if key.isdecimal() else 0))

    async def _create(self, request: web.BaseRequest) -> web.Response:
        self._refuse_unless_admin(request)
        self._providers.create(await json_object(request))
        return _success(None)

    async def _update(self, request: web.BaseRequest) -> web.Response:
        self._refuse_unless_admin(request)
        self._providers.update(await json_object(request))
        return _success(None)

    async def _delete(self, request: web.BaseRequest) -> web.Response:
        self._refuse_unless_admin(request)
        self._providers.delete(await json_object(request))
        return _success(None)

    # Client accounts

    async def _login(self, request: web.BaseRequest) -> web.Response:
        """Log a client in. No captcha is required, but failures count."""
        if self.switches["disable_pwd_login"]:
            return _error("Password login disabled.")
        account = self.accounts.verified(await json_object(request) or {})
        if account is None:
            self._limiter.failed(request.remote or "")
            return _error("Username or password error.")
        if account.status != 1:
            return _error("User disabled.")
        return self._opened(account, await json_object(request) or {})

    def _opened(self, account: Account, client: dict[str, Any]) -> web.Response:
        token = self.accounts.open(account, client)["access_token"]
        return web.json_response({"type": "access_token", "access_token": token, "user": _payload(account)})

    async def _current_user(self, request: web.BaseRequest) -> web.Response:
        session = self._client_session(request)
        return web.json_response(_payload(session.account)) if session else _unauthorized()

    def _client_session(self, request: web.BaseRequest) -> Session | None:
        session = self.accounts.session(request.headers.get("Authorization", ""))
        return session if session and session.account.status == 1 else None

    async def _logout(self, request: web.BaseRequest) -> web.Response:
        session = self._client_session(request)
        if session is None:
            return _unauthorized()
        self.accounts.close(session)
        return web.json_response(None)

    # Sign-in of users

    def _api_server(self) -> str:
        return self.switches["api_server"] or self.url

    async def _version(self, _request: web.BaseRequest) -> web.Response:
        """Return the version, even without a session (http/router/api.go of 2.7 [src])."""
        return _success("2.7")

    async def _login_options(self, _request: web.BaseRequest) -> web.Response:
        names = [item["op"] for item in self._providers.all()] + (["webauth"] if self.switches["web_sso"] else [])
        common = login_option(names, "common-oidc") if names else ["common-oidc/null"]
        return web.json_response(common + login_option(names, "oidc"))

    def _provider(self, op: str) -> Provider:
        """Return the relying party's view of a provider. Raises SignInError."""
        stored = self._providers.named(op)
        if stored is None or not stored["client_id"] or not stored["client_secret"]:
            raise SignInError("Config not found.")
        if stored["oauth_type"] == "webauth":
            raise SignInError("unsupported OAuth type")
        scopes = stored["scopes"].strip() or DEFAULT_SCOPES
        members: dict[str, Any] = {"scope": " ".join(scopes.split(",")), "pkce": "", "from_userinfo": True}
        if stored["pkce_enable"] and stored["pkce_method"] in ("S256", "plain"):
            members["pkce"] = stored["pkce_method"]
        fixed = {"github": GITHUB, "linuxdo": LINUXDO}.get(stored["oauth_type"])
        if fixed:
            members |= {"discovery": False, **fixed}
        return Provider(stored["op"], stored["client_id"], stored["client_secret"], stored["issuer"], **members)

    async def _auth(self, request: web.BaseRequest) -> web.Response:
        body = await json_object(request)
        if body is None or not body.get("op"):
            return _error("Params validation failed.")
        if body["op"] == "webauth":
            state = str(uuid.uuid4())
            return web.json_response({"code": state, "url": f"{self._api_server()}/_admin/#/oauth/{state}"})
        client = {name: body.get(name) or "" for name in ("id", "uuid", "deviceInfo")}
        try:
            provider = self._provider(body["op"])
            pending = await self.begin_sign_in(provider, f"{self._api_server()}/api/oidc/callback", client)
        except SignInError as error:
            return _error(str(error))
        return web.json_response({"code": pending.code, "url": pending.request.url})

    async def _callback(self, request: web.BaseRequest) -> web.Response:
        """Handle the browser's return. The reason of a failed redemption stays in the server's log."""
        state = request.query.get("state", "")
        if not state:
            return pages.scripted("OauthFailed", "state is empty.")
        pending = self.waiting(state)
        if pending is None:
            return pages.scripted("OauthFailed", "Oauth expired,please try again.")
        if pending.account is not None:
            return pages.scripted("OauthFailed", "Oauth has been success.")
        try:
            provider = self._provider(pending.request.provider.name)
            await self.finish_sign_in(request.query.get("code", ""), state, provider)
        except BindRequired:
            return web.Response(status=302, headers={"Location": f"{self._api_server()}/_admin/#/oauth/bind/{state}"})
        except NeverSet:
            # A null is dereferenced, and the server recovers
            return web.Response(status=500)
        except SignInError:
            return pages.scripted("OauthFailed", "Oauth failed.Get oauth token error.")
        return pages.scripted("OauthSuccess", "Oauth success.")

    async def _admin_page(self, _request: web.BaseRequest) -> web.Response:
        return pages.admin_page()

    async def _auth_query(self, request: web.BaseRequest) -> web.Response:
        code = request.query.get("code", "")
        pending = next((item for item in self._pending.values() if item.code == code), None)
        if pending is None or self.waiting(pending.request.state) is None:
            return _error("Oauth expired,please try again.")
        if pending.account is None:
            text = "Authorization in progress, please login and bind"
            return web.json_response({"message": text, "error": "No authed oidc is found"})
        del self._pending[pending.request.state]
        return self._opened(pending.account, pending.client)

    def account_of(self, provider: str, claims: dict[str, Any]) -> Account:
        """Return the account bound to the identity. Without auto_register, no account is created.

        A new identity is linked to the account with the same email address, if one exists. Without an address, a new
        account has no name.
        """
        known = self.accounts.of_identity(provider, claims)
        if known:
            return known
        stored = self._providers.named(provider)
        if stored is None or stored["auto_register"] is None:
            raise NeverSet
        if not stored["auto_register"]:
            raise BindRequired
        email = str(claims.get("email") or "").lower()
        same = next((item for item in self.accounts.by_name.values() if email and item.email.lower() == email), None)
        if same:
            return self.accounts.link(provider, claims, same)
        unique = str(claims.get("preferred_username") or email).replace(" ", "").lower()
        while unique in self.accounts.by_name:
            unique += str(secrets.randbelow(10))
        account = Account(unique, None, email=email, display_name=str(claims.get("name") or ""))
        account.third_auth_type = provider
        return self.accounts.link(provider, claims, account)


def _success(data: Any) -> web.Response:
    return web.json_response({"code": 0, "message": "success", "data": data})


def _failure(text: str, code: int) -> web.Response:
    return web.json_response({"code": code, "message": text, "data": None})


def _error(text: str) -> web.Response:
    return web.json_response({"error": text}, status=400)


def _unauthorized() -> web.Response:
    return web.json_response({"error": "Unauthorized"}, status=401)


def _admin_payload(account: Account) -> dict[str, Any]:
    return {
        "username": account.name,
        "email": account.email,
        "avatar": "",
        "token": "",
        "route_names": ["*"] if account.is_admin else ["Profile"],
        "nickname": account.display_name,
    }


def _listed_user(key: int, account: Account) -> dict[str, Any]:
    return {
        "id": key,
        "username": account.name,
        "email": account.email,
        "nickname": account.display_name,
        "avatar": "",
        "group_id": 1,
        "is_admin": account.is_admin,
        "status": 1 if account.status == 1 else 2,
        "remark": "",
    }


def _payload(account: Account) -> dict[str, Any]:
    shown = account.payload()
    return {name: shown[name] for name in ("name", "email", "note", "is_admin", "status", "info")}
