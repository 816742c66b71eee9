# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""databk/rustdesk-console 1.8.0, a free console.

Its responses were seen on a running 1.8.0 [rec]. Texts and internal behavior come from its source [src].
"""

from __future__ import annotations

import re
import ssl
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey

from ..clock import Clock
from ..requests_log import LAB_AGENT
from ..router import NotFound, Router, WrongMethod
from ..vault import Vault
from . import nest, pages
from .accounts import SECOND_FACTORS, Account, LoginError, MailError, Session
from .console import Console, Pending, json_body, login_option
from .nest import NestError, PlainError
from .rate_limits import RateLimits, client_of
from .relying_party import SignInError
from .rustdesk_console_oidc import CachedDiscovery, ConfigurationError
from .rustdesk_console_providers import Providers

SESSION_SECONDS = 30 * 24 * 3600
OTHER_LIMIT = 100
PENDING = "No authed oidc is found"
FALLBACK_URL = "http://localhost:3000"
LOGIN_ERRORS = {"Wrong credentials": "用户名或密码错误", "User is disabled": "账户已被禁用"}
# The members of requests, all of them optional (src/modules/auth/dto/auth.dto.ts [src])
CLIENT = {"id": nest.text, "uuid": nest.text}
LOGIN = {
    **dict.fromkeys(("username", "password", "id", "uuid", "verificationCode", "tfaCode", "secret"), nest.text),
    "autoLogin": nest.boolean,
    "type": nest.one_of("account", "mobile", "sms_code", "email_code", "tfa_code", "passkey_check"),
    "deviceInfo": nest.members({}, os=nest.text, type=nest.text, name=nest.text),
}
# For a sign-in with a provider, all of them are required (src/modules/oidc/dto/oidc.dto.ts [src]).
DEVICE_INFO = nest.members({"os": nest.text, "type": nest.text, "name": nest.text})
# The filters of the list of users (src/modules/user/dto/admin-user.dto.ts [src])
USER_FILTERS = (
    *("status", "name", "email", "is_admin", "third_auth_type", "strategy_name", "user_group_guid", "user_group_name"),
)
FAILED = "OIDC 认证失败，请重试"  # noqa: RUF001


class RustdeskConsole(Console):
    """A `rustdesk_console`: one resource per provider, and a rate limit for each request."""

    kind = "rustdesk_console"
    second_factors: ClassVar[tuple[str, ...]] = SECOND_FACTORS
    pending_seconds = 180
    default_switches: ClassVar[dict[str, Any]] = {
        # Whether the rate limits apply.
        "rate_limits": True,
        # Whether the SMTP settings are correct, so that codes arrive by email.
        "smtp": True,
        # Whether oidc/auth accepts the member apiDomain, as it does since 1.11.
        "api_domain": False,
        # The form of login-options: oidc, or common-oidc as in later releases.
        "login_options": "oidc",
    }

    def __init__(self, name: str, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        super().__init__(name, clock, vault, tls)
        self._key = OctKey.import_key(vault.token(32))
        self.accounts.session_seconds = SESSION_SECONDS
        self.accounts.new_token = self._jwt
        # otplib 12 creates secrets of 80 bits, and accepts only the code of its own time step.
        self.accounts.totp_bytes, self.accounts.totp_window = 10, 0
        self._limits = RateLimits(clock)
        self._discovery = CachedDiscovery(clock, self.relying_party)
        # Sign-ins whose user returned too late
        self._late: list[Pending] = []
        self._providers = Providers(clock, vault)
        self._general: dict[str, Any] = {
            "watermarkEnabled": True,
            "defaultLanguage": "en-US",
            "site": {"frontendUrl": "", "backendUrl": ""},
            "webauthn": {"enabled": True, "rpName": "RustDesk Console"},
        }
        self._router = Router()
        self._limits_of: dict[Callable[..., Any], int] = {
            self._login: 5,
            self._auth: 5,
            self._callback: 20,
            self._login_options: 20,
            self._auth_query: 120,
        }
        provider = r"/api/oidc-providers/(?P<guid>[^/]+)"
        for method, path, handler in (
            ("POST", "/api/login", self._login),
            ("POST", "/api/currentUser", self._current_user),
            ("POST", "/api/logout", self._logout),
            ("GET", "/api/sessions", self._sessions),
            ("DELETE", r"/api/sessions/(?P<jti>[^/]+)", self._end_session),
            ("GET", "/api/admin/users", self._users),
            ("GET", "/api/settings/general", self._read_general),
            ("PUT", "/api/settings/general", self._write_general),
            ("GET", "/api/oidc-providers", self._list),
            ("POST", "/api/oidc-providers", self._create),
            ("PATCH", "/api/oidc-providers/sort", self._sort),
            ("GET", provider, self._show),
            ("PATCH", provider, self._update),
            ("DELETE", provider, self._delete),
            ("PATCH", provider + "/toggle", self._toggle),
            ("POST", provider + "/test", self._test),
            ("GET", "/api/login-options", self._login_options),
            ("POST", "/api/oidc/auth", self._auth),
            ("GET", "/api/oidc/callback", self._callback),
            ("GET", "/api/oidc/auth-query", self._auth_query),
        ):
            self._router.add(method, path, handler)

    def restart(self) -> None:
        """Restart: the preset providers are restored, caches and counts are lost."""
        self._limits = RateLimits(self.clock)
        self._discovery.forget()
        self._providers.add_presets()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        headers: dict[str, str] = {}
        try:
            try:
                handler, names = self._router.find(request.method, request.path)
            except (NotFound, WrongMethod):
                # Express never responds with 405: another verb is another route.
                raise NestError(404, f"Cannot {request.method} {request.path_qs}") from None
            headers = await self._limited(request, handler)
            response = await handler(request, **names)
        except (NestError, PlainError) as error:
            response = error.response()
        response.headers.update(headers)
        return response

    async def _limited(self, request: web.BaseRequest, handler: Callable[..., Any]) -> dict[str, str]:
        # The lab's own users come from their own addresses.
        if not self.switches["rate_limits"] or request.headers.get("User-Agent", "").startswith(LAB_AGENT):
            return {}
        route = f"{request.method} {handler.__name__}"
        client = client_of(await json_body(request), request.remote or "")
        passes, headers = self._limits.hit(client, route, self._limits_of.get(handler, OTHER_LIMIT))
        if not passes:
            raise NestError(429, "ThrottlerException: Too Many Requests", headers)
        return headers

    # Accounts

    def _jwt(self, account: Account) -> str:
        now = int(self.clock.time())
        claims = {"sub": account.guid, "username": account.name, "email": account.email, "isAdmin": account.is_admin}
        claims |= {"jti": str(uuid.uuid4()), "iat": now, "exp": now + SESSION_SECONDS}
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._key)

    async def _login(self, request: web.BaseRequest) -> web.Response:
        body = nest.checked(await json_body(request), {}, LOGIN)
        if not body.get("username") or not (body.get("password") or body.get("secret")):
            raise PlainError(400, "用户名和密码不能为空")
        self.accounts.sends_mail = self.switches["smtp"]
        try:
            return web.json_response(self.accounts.login(body))
        except MailError:
            raise PlainError(400, "发送验证码邮件失败，请稍后重试") from None  # noqa: RUF001
        except LoginError as error:
            raise PlainError(401, LOGIN_ERRORS.get(str(error), "双因素认证验证码错误")) from None

    async def _current_user(self, request: web.BaseRequest) -> web.Response:
        session = self._session(request)
        nest.checked(await json_body(request), {}, CLIENT)
        return web.json_response(session.account.payload())

    async def _logout(self, request: web.BaseRequest) -> web.Response:
        """End the bearer's session, and all sessions of the user with the `id` and `uuid` in the body [rec]."""
        session = self._session(request)
        body = nest.checked(await json_body(request), {}, CLIENT)
        self.accounts.close(session)
        self.accounts.close_client(session.account, {name: value for name, value in body.items() if value})
        return web.json_response({"message": "登出成功"})

    async def _sessions(self, request: web.BaseRequest) -> web.Response:
        """Return the caller's own sessions, newest first [src]."""
        account = self._session(request).account
        found = sorted(self._sessions_of(account), key=lambda item: item.created, reverse=True)
        return web.json_response([self._listed_session(item) for item in found])

    async def _end_session(self, request: web.BaseRequest, jti: str) -> web.Response:
        account = self._session(request).account
        found = next((item for item in self._sessions_of(account) if self._jti(item) == jti), None)
        if found is None:
            raise NestError(404, "会话不存在")
        self.accounts.close(found)
        return web.json_response({"message": "会话已撤销"})

    def _sessions_of(self, account: Account) -> list[Session]:
        return [item for item in self.accounts.sessions() if item.account is account]

    def _jti(self, session: Session) -> str:
        return str(jwt.decode(session.token, self._key).claims["jti"])

    def _listed_session(self, session: Session) -> dict[str, Any]:
        """Return a session as it is listed. SQLite keeps whole seconds [src]."""
        begun = datetime.fromtimestamp(int(session.created), timezone.utc)
        times = {"createdAt": begun, "expiresAt": begun + timedelta(seconds=SESSION_SECONDS)}
        return {
            "jti": self._jti(session),
            "deviceId": session.id or None,
            "deviceUuid": session.uuid or None,
            **{f"device{name.title()}": session.device.get(name) for name in ("os", "type", "name")},
            **{name: moment.strftime("%Y-%m-%dT%H:%M:%S.000Z") for name, moment in times.items()},
        }

    def _session(self, request: web.BaseRequest) -> Session:
        session = self.accounts.session(request.headers.get("Authorization", ""))
        if session is None:
            raise NestError(401, "请先登录")
        return session

    def _admin(self, request: web.BaseRequest) -> None:
        if not self._session(request).account.is_admin:
            raise NestError(403, "无权限访问，需要管理员权限")  # noqa: RUF001

    async def _users(self, request: web.BaseRequest) -> web.Response:
        """Return the users page by page, newest first [src]."""
        self._admin(request)
        current, size = nest.page(dict(request.query), *USER_FILTERS)
        found = list(reversed(self.accounts.by_name.values()))
        data = found[(current - 1) * size : current * size]
        return web.json_response({"data": [_listed_user(user) for user in data], "total": len(found)})

    # Settings

    def settings(self) -> dict[str, Any]:
        """Return the general settings and the providers as stored, secrets in clear."""
        return {"general": self._general, "providers": self._providers.all()}

    def put_settings(self, document: Any) -> None:
        """Store general settings and providers without the client's knowledge."""
        self._general = document["general"]
        self._providers.replace(document["providers"])
        self._discovery.forget()

    async def _read_general(self, request: web.BaseRequest) -> web.Response:
        self._admin(request)
        return web.json_response(self._general)

    async def _write_general(self, request: web.BaseRequest) -> web.Response:
        """Change the general settings. Members that are missing or null are unchanged [src]."""
        self._admin(request)
        optional = {
            "defaultLanguage": nest.language,
            "site": nest.members({}, frontendUrl=nest.text, backendUrl=nest.text),
            "webauthn": nest.members({"enabled": nest.boolean}, rpName=nest.text),
        }
        body = nest.checked(await json_body(request), {"watermarkEnabled": nest.boolean}, optional)
        general = {**self._general, "watermarkEnabled": body["watermarkEnabled"]}
        general["defaultLanguage"] = body.get("defaultLanguage") or general["defaultLanguage"]
        for group in ("site", "webauthn"):
            given = {name: value for name, value in (body.get(group) or {}).items() if value is not None}
            general[group] = {**general[group], **given}
        self._general = general
        return web.json_response(general)

    async def _list(self, request: web.BaseRequest) -> web.Response:
        self._admin(request)
        current, size = nest.page(dict(request.query), "name")
        found = self._providers.matching(request.query.get("name", ""))
        data = found[(current - 1) * size : current * size]
        return web.json_response({"data": [_without_secret(item) for item in data], "total": len(found)})

    async def _show(self, request: web.BaseRequest, guid: str) -> web.Response:
        self._admin(request)
        return web.json_response(self._providers.find(guid))

    async def _create(self, request: web.BaseRequest) -> web.Response:
        self._admin(request)
        return web.json_response(self._providers.create(await json_body(request)))

    async def _update(self, request: web.BaseRequest, guid: str) -> web.Response:
        self._admin(request)
        body = await json_body(request)
        before = self._providers.find(guid)
        provider = self._providers.update(guid, body)
        self._discovery.forget(before["issuer"])
        self._discovery.forget(provider["issuer"])
        # The entity is loaded without its secret, so the response contains only one that was sent [rec].
        return web.json_response({**provider, "clientSecret": body.get("clientSecret")})

    async def _delete(self, request: web.BaseRequest, guid: str) -> web.Response:
        self._admin(request)
        self._discovery.forget(self._providers.delete(guid)["issuer"])
        return web.json_response({"message": "OIDC 提供商已删除"})

    async def _toggle(self, request: web.BaseRequest, guid: str) -> web.Response:
        self._admin(request)
        body = nest.checked(await json_body(request), {"enabled": nest.boolean}, {})
        return web.json_response(_without_secret(self._providers.update(guid, body)))

    async def _sort(self, request: web.BaseRequest) -> web.Response:
        self._admin(request)
        self._providers.sort(await json_body(request))
        return web.json_response({"message": "OIDC 提供商排序已更新"})

    async def _test(self, request: web.BaseRequest, guid: str) -> web.Response:
        """Test only the discovery: secret, client and redirect URI are not checked [rec]."""
        self._admin(request)
        provider = self._providers.find(guid)
        return web.json_response(await self._discovery.test(provider))

    # Sign-in of users

    async def _login_options(self, _request: web.BaseRequest) -> web.Response:
        return web.json_response(login_option(self._providers.enabled_names(), self.switches["login_options"]))

    def _redirect_uri(self) -> str:
        site = self._general["site"]
        return (site["backendUrl"] or site["frontendUrl"] or FALLBACK_URL) + "/api/oidc/callback"

    async def _auth(self, request: web.BaseRequest) -> web.Response:
        optional = {"id": nest.text, "uuid": nest.text, "deviceInfo": DEVICE_INFO, "callbackUrl": nest.url}
        if self.switches["api_domain"]:
            optional["apiDomain"] = nest.text
        body = nest.checked(await json_body(request), {"op": nest.text}, optional)
        name = re.sub("^(oidc|oauth2)/", "", body["op"])
        stored = self._providers.enabled(name)
        if stored is None:
            raise NestError(400, f'OIDC 提供商 "{name}" 不存在或未启用')
        try:
            provider = await self._discovery.provider(stored)
            client = {member: body.get(member) or "" for member in ("id", "uuid", "deviceInfo")}
            pending = await self.begin_sign_in(provider, self._redirect_uri(), client, str(uuid.uuid4()))
        except ConfigurationError:
            raise NestError(500, "Internal server error") from None
        return web.json_response({"code": pending.code, "url": pending.request.url}, status=201)

    async def _callback(self, request: web.BaseRequest) -> web.Response:
        """Handle the browser's return. A failure is shown without its reason [src]."""
        state = request.query.get("state", "")
        if "error" in request.query:
            return _failed(FAILED)
        known = self._pending.get(state)
        pending = self.waiting(state)
        if known and pending is None:
            self._late.append(known)
            return _failed("OIDC 授权已过期，请重新发起授权")  # noqa: RUF001
        if pending is None:
            return _failed("无效的 OIDC state 参数" if state else "OIDC 回调缺少 state 参数")
        if pending.account is not None:
            return _failed("OIDC 授权状态异常")
        name = pending.request.provider.name
        stored = self._providers.enabled(name)
        if stored is None:
            return _failed(f'OIDC 提供商 "{name}" 不存在')
        try:
            current = await self._discovery.provider(stored)
            await self.finish_sign_in(request.query.get("code", ""), state, current)
        except (SignInError, ConfigurationError):
            return _failed(FAILED)
        return pages.plain("认证成功", "您已成功登录，可以关闭此窗口返回应用。")  # noqa: RUF001

    def waiting(self, state: str) -> Pending | None:
        """Return the sign-in of a state until it times out. Its row is kept until the nightly cleanup [src]."""
        pending = self._pending.get(state)
        return pending if pending and pending.created + self.pending_seconds > self.clock.time() else None

    async def _auth_query(self, request: web.BaseRequest) -> web.Response:
        code = request.query.get("code", "")
        client = {name: request.query.get(name, "") for name in ("id", "uuid")}
        if any(late.code == code and client.items() <= late.client.items() for late in self._late):
            raise PlainError(401, "Authorization expired")
        done = self.collect_sign_in(code, client)
        if done is None:
            raise PlainError(401, PENDING)
        return web.json_response(done)

    def account_of(self, provider: str, claims: dict[str, Any]) -> Account:
        """Return the account with the subject `oidc:<provider>:<sub>`. An email address counts only if it is verified
        [rec].
        """
        known = self.accounts.of_identity(provider, claims)
        if known:
            return known
        email = str(claims.get("email") or "")
        name = claims.get("preferred_username") or claims.get("name") or email.split("@", 1)[0]
        name = unique = str(name or f"oidc_{str(claims['sub'])[:8]}")
        suffix = 1
        while unique in self.accounts.by_name:
            unique = f"{name}_{suffix}"
            suffix += 1
        verified = email if claims.get("email_verified") is True else ""
        account = Account(unique, None, email=verified, third_auth_type="oidc")
        return self.accounts.link(provider, claims, account)


def _failed(message: str) -> web.Response:
    return pages.plain("认证失败", message, 400)


def _listed_user(account: Account) -> dict[str, Any]:
    shown = account.payload()
    own = ("name", "display_name", "email", "note", "status", "is_admin", "third_auth_type")
    more = dict.fromkeys(("strategy_guid", "strategy_name", "user_group_guid", "user_group_name", "avatar"), "")
    return {"guid": account.guid, **{name: shown[name] for name in own}, **more}


def _without_secret(provider: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in provider.items() if name != "clientSecret"}
