# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token endpoint: client credentials and authorization codes."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from ..directory import Directory, Record, Tenant
from ..errors import StsError
from ..vault import Vault
from . import assigned, consent, first_party
from .answers import NO_STORE, answer
from .authorize import Authorize, Code
from .clients import Clients, with_basic
from .keys import SigningKey, pairwise

if TYPE_CHECKING:
    from .login import Login

APP_TOKEN_SECONDS = 3599
# The claim ``wids`` of an application and of a user without a directory role [doc]
NO_ROLE_OF_APP, NO_ROLE_OF_USER = "0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"
ALIASES = ("common", "organizations", "consumers")


class Token:
    """Issue tokens."""

    def __init__(
        self,
        login: Login,
        directory: Directory,
        vault: Vault,
        key: SigningKey,
        workloads: SigningKey,
        authorize: Authorize,
    ) -> None:
        self._login = login
        self._directory = directory
        self._vault = vault
        self._key = key
        self._authorize = authorize
        self._clients = Clients(directory, workloads)

    async def handle(self, request: web.BaseRequest, tenant: str) -> web.Response:
        """POST /{tenant}/oauth2/v2.0/token."""
        form = dict(parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            form = with_basic(form, request.headers.get("Authorization", ""))
            for field in ("grant_type", "client_id"):
                if not form.get(field):
                    raise StsError(900144, field=field)
            form["client_id"] = form["client_id"].lower()
            if form["grant_type"] == "client_credentials":
                body = self._client_credentials(tenant, form)
            elif form["grant_type"] == "authorization_code":
                body = self._authorization_code(tenant, form, request.headers.get("Origin"))
            else:
                raise StsError(70003, grant_type=form["grant_type"])
        except StsError as error:
            return self._login.error(error, request.headers.get("client-request-id", ""))
        return answer(body, headers=NO_STORE)

    def _endpoints(self, tenant: Tenant) -> list[str]:
        base = [f"{self._login.url}/{key}" for key in (tenant.id, tenant.domain, *ALIASES)]
        return [item + suffix for item in base for suffix in ("/oauth2/v2.0/token", "/v2.0")]

    def _client_credentials(self, key: str, form: dict[str, str]) -> dict[str, Any]:
        if key in ALIASES:
            raise StsError(50059)
        tenant = self._login.tenant(key)
        app_id = form["client_id"]
        if not self._clients.authenticate(tenant, app_id, form, self._endpoints(tenant)):
            raise StsError(7000218)
        _application, principal = self._clients.find(tenant, app_id)
        if principal is None:
            raise StsError(7000229, app_id=app_id, tenant=tenant.id)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise StsError(70011, scope=scope)
        token = self.app_token(
            tenant, app_id, principal.body["id"], first_party.granted_roles(tenant, principal.body), scope
        )
        return {
            "token_type": "Bearer",
            "expires_in": APP_TOKEN_SECONDS,
            "ext_expires_in": APP_TOKEN_SECONDS,
            "access_token": token,
        }

    def app_token(
        self,
        tenant: Tenant,
        app_id: str,
        oid: str,
        roles: list[str],
        scope: str = "",
        lifetime: int = APP_TOKEN_SECONDS + 1,
    ) -> str:
        """Issue an access token for the application itself. Its audience is the scope's resource, or Graph."""
        told = {"idtyp": "app", "wids": [NO_ROLE_OF_APP], **({"roles": list(roles)} if roles else {})}
        return self._access_token(tenant, app_id, oid, told, scope, lifetime)

    def user_token(self, tenant: Tenant, app_id: str, oid: str, scopes: list[str], scope: str) -> str:
        """Issue a user's access token, with its permissions in ``scp`` [doc]."""
        told = {"idtyp": "user", "wids": [NO_ROLE_OF_USER], "scp": " ".join(scopes)}
        return self._access_token(tenant, app_id, oid, told, scope, APP_TOKEN_SECONDS + 1)

    def _access_token(
        self, tenant: Tenant, app_id: str, oid: str, told: dict[str, Any], scope: str, lifetime: int
    ) -> str:
        now = int(self._directory.clock.time())
        claims = {
            "aud": scope.removesuffix("/.default") or self._login.graph_url,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": app_id,
            "oid": oid,
            "sub": oid,
            "tid": tenant.id,
            "ver": "1.0",
            **told,
        }
        return self._vault.keep(self._key.sign(claims))

    def _authorization_code(self, key: str, form: dict[str, str], origin: str | None) -> dict[str, Any]:
        for field in ("code", "redirect_uri"):
            if not form.get(field):
                raise StsError(900144, field=field)
        code = self._authorize.code(form["code"])
        if code is None:
            raise StsError(9002313)
        tenant = code.tenant
        if key not in ALIASES and self._login.tenant(key) is not tenant:
            raise StsError(9002313)
        app_id = form["client_id"]
        authenticated = self._clients.authenticate(tenant, app_id, form, self._endpoints(tenant))
        if code.app_id != app_id:
            raise StsError(70000)
        self._check_platform(code, authenticated, origin)
        if code.redeemed:
            raise StsError(54005)
        if code.expires <= self._directory.clock.time():
            raise StsError(70008)
        if code.redirect_uri != form["redirect_uri"]:
            raise StsError(500112, redirect_uri=form["redirect_uri"], expected=code.redirect_uri)
        _check_verifier(code, form.get("code_verifier", ""))
        application, principal = self._clients.find(tenant, app_id)
        if principal:
            assigned.check(tenant, principal, code.user)
            consent.check(tenant, principal, code.user, code.scope)
        code.redeemed = True
        return self._user_tokens(code, application)

    @staticmethod
    def _check_platform(code: Code, authenticated: bool, origin: str | None) -> None:
        """Check what the platform of the redirect URI requires of the client [doc]."""
        if code.platform == "web" and not authenticated:
            raise StsError(7000218)
        if code.platform == "spa" and not origin:
            raise StsError(9002327)
        if code.platform == "publicClient" and authenticated:
            raise StsError(700025)

    def _user_tokens(self, code: Code, application: Record) -> dict[str, Any]:
        now = int(self._directory.clock.time())
        tenant, user = code.tenant, code.user
        subject = pairwise(tenant.pairwise_salt, code.app_id, user.oid)
        scopes = code.scope.split()
        body: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": " ".join(dict.fromkeys(name for name in scopes if name != "offline_access")),
            "expires_in": APP_TOKEN_SECONDS,
            "ext_expires_in": APP_TOKEN_SECONDS,
            "access_token": self._vault.keep(
                self._key.sign(
                    {
                        "aud": self._login.graph_url,
                        "iss": f"https://sts.windows.net/{tenant.id}/",
                        "iat": now,
                        "nbf": now,
                        "exp": now + APP_TOKEN_SECONDS + 1,
                        "appid": code.app_id,
                        "idtyp": "user",
                        "oid": user.oid,
                        "scp": " ".join(dict.fromkeys(scopes)),
                        "sub": subject,
                        "tid": tenant.id,
                        "ver": "1.0",
                    }
                )
            ),
        }
        if "offline_access" in scopes:
            body["refresh_token"] = self._vault.token(64)
        if "openid" in scopes:
            body["id_token"] = self._vault.keep(self._key.sign(self._id_claims(code, application, subject, now)))
        return body

    def _id_claims(self, code: Code, application: Record, subject: str, now: int) -> dict[str, Any]:
        """Return the claims of a version 2.0 ID token [doc], never with email_verified."""
        tenant, user, scopes = code.tenant, code.user, code.scope.split()
        claims: dict[str, Any] = {
            "aud": code.app_id,
            "iss": self._login.issuer(tenant),
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "rh": "0." + uuid.uuid4().hex,
            "sub": subject,
            "tid": tenant.id,
            "uti": uuid.uuid4().hex[:22],
            "ver": "2.0",
        }
        if code.nonce:
            claims["nonce"] = code.nonce
        if "profile" in scopes:
            claims |= {"name": user.display_name, "preferred_username": user.upn, "oid": user.oid}
        wanted = (application.body["optionalClaims"] or {}).get("idToken", [])
        if "email" in scopes or any(item["name"] == "email" for item in wanted):
            claims |= assigned.email(tenant, application, user)
        return claims | assigned.claims(tenant, application, tenant.service_principal(code.app_id), user)


def _check_verifier(code: Code, verifier: str) -> None:
    if not code.challenge:
        return
    sent = verifier
    if code.challenge_method == "S256":
        sent = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if sent != code.challenge:
        raise StsError(501481)
