# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authorize endpoint and the sign-in of a user."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from ..clock import stamp
from ..directory import Directory, Record, Tenant, User
from ..errors import StsError
from ..vault import Vault
from . import assigned, consent, objects, pages
from .clients import is_disabled

if TYPE_CHECKING:
    from .login import Login

CODE_SECONDS = 600
PLATFORMS = ("web", "spa", "publicClient")
ALIASES = ("common", "organizations", "consumers")


@dataclass
class Code:
    """An authorization code and the request that it was issued for."""

    tenant: Tenant
    user: User
    app_id: str
    redirect_uri: str
    platform: str
    scope: str
    nonce: str
    challenge: str
    challenge_method: str
    expires: float
    redeemed: bool = False


class Authorize:
    """The sign-in pages and the codes they issue."""

    def __init__(self, login: Login, directory: Directory, vault: Vault) -> None:
        self._login = login
        self._directory = directory
        self._vault = vault
        self._flows: dict[str, tuple[str, dict[str, str]]] = {}
        self._codes: dict[str, Code] = {}

    def code(self, value: str) -> Code | None:
        """Return the code issued under this value."""
        return self._codes.get(value)

    async def start(self, request: web.BaseRequest, tenant: str) -> web.Response:
        """GET or POST /{tenant}/oauth2/v2.0/authorize: show the page that asks for the user name."""
        if request.method == "POST":
            asked = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        else:
            asked = dict(request.query)
        try:
            application = self._application(tenant, asked)
            self._platform(application, asked)
        except StsError as error:
            return pages.failed(error, self._directory.now())
        try:
            self._check_response_type(application, asked)
        except StsError as error:
            return self._redirect(asked, {"error": error.error, "error_description": str(error)})
        flow = secrets.token_urlsafe(24)
        self._flows[flow] = (tenant, asked)
        return pages.user_name(self._action(tenant), flow, application.body["displayName"], asked.get("login_hint", ""))

    async def sign_in(self, request: web.BaseRequest, tenant: str) -> web.Response:
        """POST /{tenant}/login: process the user name, then the password, then redirect to the application."""
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        flow = form.get("ctx", "")
        if flow not in self._flows:
            return pages.failed(StsError(50058), self._directory.now())
        tenant, asked = self._flows[flow]
        upn = form.get("loginfmt", "").strip()
        try:
            # Both may have changed since the page was shown.
            application = self._application(tenant, asked)
            platform = self._platform(application, asked)
        except StsError as error:
            return pages.failed(error, self._directory.now())
        name = application.body["displayName"]
        found = self._directory.user(upn)
        if found is None:
            unknown = StsError(50034, user=upn, tenant_name=tenant)
            return pages.user_name(self._action(tenant), flow, name, upn, unknown)
        home, user = found
        if "passwd" not in form:
            return pages.password(self._action(tenant), flow, name, upn)
        if not secrets.compare_digest(form["passwd"].encode(), user.password.encode()):
            return pages.password(self._action(tenant), flow, name, upn, StsError(50126))
        try:
            target = self._admit(tenant, application, home, user, asked.get("scope", ""))
        except StsError as error:
            return pages.failed(error, self._directory.now())
        del self._flows[flow]
        return self._redirect(asked, {"code": self._issue(target, user, platform, asked)})

    def _action(self, tenant: str) -> str:
        return f"{self._login.url}/{tenant}/login"

    def _application(self, key: str, asked: dict[str, str]) -> Record:
        """Return the requesting application. Raises an AADSTS error, which is shown as a page, never sent to the
        redirect URI.
        """
        app_id = asked.get("client_id", "").lower()
        if not app_id:
            raise StsError(900144, field="client_id")
        found = self._directory.application(app_id)
        if key in ALIASES:
            if found is None:
                raise StsError(700016, app_id=app_id, tenant_name=key)
            if found[1].body["signInAudience"] == "AzureADMyOrg":
                raise StsError(50194, app_id=app_id, app_name=found[1].body["displayName"], alias=key)
            return found[1]
        tenant = self._login.tenant(key)
        if found is None or (found[0] is not tenant and found[1].body["signInAudience"] == "AzureADMyOrg"):
            raise StsError(700016, app_id=app_id, tenant_name=tenant.name)
        return found[1]

    @staticmethod
    def _platform(application: Record, asked: dict[str, str]) -> str:
        """Return the platform that the redirect URI is registered under. Raises AADSTS50011."""
        wanted = asked.get("redirect_uri", "")
        for platform in PLATFORMS:
            if any(_same(registered, wanted) for registered in application.body[platform]["redirectUris"]):
                return platform
        raise StsError(50011, redirect_uri=wanted, app_id=application.body["appId"])

    @staticmethod
    def _check_response_type(application: Record, asked: dict[str, str]) -> None:
        wanted = asked.get("response_type", "").split()
        if not wanted:
            raise StsError(900144, field="response_type")
        implicit = application.body["web"]["implicitGrantSettings"]
        if "id_token" in wanted and not implicit["enableIdTokenIssuance"]:
            raise StsError(700054)
        if wanted != ["code"]:
            # The lab does not issue tokens from this endpoint, even if the setting allows it.
            raise StsError(70007)

    def _admit(self, key: str, application: Record, home: Tenant, user: User, scope: str) -> Tenant:
        """Return the tenant the user signs in to. Raises an AADSTS error if the user may not use the application."""
        target = home if key in ALIASES else self._login.tenant(key)
        body = application.body
        if home is not target:
            raise StsError(
                50020,
                user=user.upn,
                user_tenant=home.id,
                tenant_name=target.name,
                app_id=body["appId"],
                app_name=body["displayName"],
            )
        if not user.enabled:
            raise StsError(50057)
        principal = target.service_principal(body["appId"])
        if principal is None:
            # If the tenant allows it, the user's own consent creates the service principal [doc].
            if not target.user_consent:
                raise StsError(90094)
            owner = self._directory.application(body["appId"])
            made = objects.new_service_principal(body, (owner[0] if owner else target).id, stamp(self._directory.now()))
            principal = Record(made, created=self._directory.clock.time())
            target.service_principals.write(made["id"], principal)
        if is_disabled(application, principal):
            raise StsError(7000112, app_id=body["appId"], app_name=body["displayName"])
        assigned.check(target, principal, user)
        # Which of the two is reported first is not known [inf]
        consent.ask(target, principal, user, scope)
        return target

    def _issue(self, tenant: Tenant, user: User, platform: str, asked: dict[str, str]) -> str:
        value = self._vault.keep("1.A" + secrets.token_urlsafe(60))
        challenge = asked.get("code_challenge", "")
        self._codes[value] = Code(
            tenant,
            user,
            asked["client_id"].lower(),
            asked["redirect_uri"],
            platform,
            asked.get("scope", ""),
            asked.get("nonce", ""),
            challenge,
            asked.get("code_challenge_method", "plain") if challenge else "",
            self._directory.clock.time() + CODE_SECONDS,
        )
        return value

    @staticmethod
    def _redirect(asked: dict[str, str], answer: dict[str, str]) -> web.Response:
        """Redirect to the redirect URI in the requested response mode."""
        if "state" in asked:
            answer["state"] = asked["state"]
        target = asked["redirect_uri"]
        mode = asked.get("response_mode") or ("query" if asked.get("response_type", "") == "code" else "fragment")
        if mode == "form_post":
            return pages.form_post(target, answer)
        parts = urlsplit(target)
        if mode == "fragment":
            target = urlunsplit(parts._replace(fragment=urlencode(answer)))
        else:
            query = "&".join(part for part in (parts.query, urlencode(answer)) if part)
            target = urlunsplit(parts._replace(query=query))
        return web.Response(status=302, headers={"Location": target, "Cache-Control": "no-store, no-cache"})


def _same(registered: str, wanted: str) -> bool:
    """Return True if the URIs are equal. The port is ignored for localhost only [doc]."""
    if registered == wanted:
        return True
    one, other = urlsplit(registered), urlsplit(wanted)
    if any(parts.netloc.partition(":")[0] != "localhost" for parts in (one, other)):
        return False
    return (one.scheme, one.path, one.query) == (other.scheme, other.path, other.query)
