# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OpenID Connect client inside a console: discovery, authorization request, code redemption, ID token."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ..clock import Clock
from ..requests_log import CONSOLE_AGENT
from ..vault import Vault

TIMEOUT = aiohttp.ClientTimeout(total=15)
SCOPE = "openid openid email profile"
METADATA = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInError(Exception):
    """Why a sign-in cannot go on; the text is what the console shows."""


@dataclass
class Provider:
    """What the relying party needs of a provider."""

    name: str
    client_id: str
    client_secret: str
    issuer: str


@dataclass
class Request:
    """An authorization request on its way."""

    provider: Provider
    state: str
    redirect_uri: str
    nonce: str
    verifier: str
    url: str


class RelyingParty:
    """Does what the Rust library in the real server does, issuer equality byte for byte included [doc]."""

    def __init__(self, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        self._clock = clock
        self._vault = vault
        self._tls = tls

    async def begin(self, provider: Provider, redirect_uri: str) -> Request:
        """Discover the provider now and build the authorization URL; raises SignInError."""
        metadata, _keys = await self._discover(provider)
        state = secrets.token_urlsafe(16)
        nonce = secrets.token_urlsafe(16)
        verifier = self._vault.token(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": provider.client_id,
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
                "redirect_uri": redirect_uri,
                "scope": SCOPE,
                "nonce": nonce,
            }
        )
        endpoint = metadata["authorization_endpoint"]
        joiner = "&" if urlsplit(endpoint).query else "?"
        return Request(provider, state, redirect_uri, nonce, verifier, endpoint + joiner + query)

    async def finish(self, request: Request, code: str) -> dict[str, Any]:
        """Redeem the code and verify the ID token; returns its claims, completed by userinfo; raises SignInError."""
        metadata, keys = await self._discover(request.provider)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
            "client_id": request.provider.client_id,
            "client_secret": request.provider.client_secret,
        }
        status, body = await self._fetch("POST", metadata["token_endpoint"], form)
        if status != 200:
            reason = body.get("error_description") or body.get("error") or f"HTTP {status}"
            raise SignInError(f"Failed to contact token endpoint: Server returned error response: {reason}")
        claims = self._verified(body.get("id_token"), request, metadata, keys)
        if not any(claims.get(name) for name in ("preferred_username", "name", "email")):
            claims = {**await self._userinfo(metadata, body.get("access_token", ""), claims["sub"]), **claims}
        return claims

    async def _discover(self, provider: Provider) -> tuple[dict[str, Any], KeySet]:
        issuer = provider.issuer
        if urlsplit(issuer).scheme not in ("https", "http"):
            raise SignInError("Failed to discover OpenID Provider: relative URL without a base")
        status, metadata = await self._fetch("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if status != 200:
            raise SignInError(
                f"Failed to discover OpenID Provider: Server returned invalid response: HTTP status code {status}"
            )
        if metadata.get("issuer") != issuer:
            raise SignInError(
                "Failed to discover OpenID Provider: Validation error: unexpected issuer URI "
                f"`{metadata.get('issuer')}` (expected `{issuer}`)"
            )
        if not all(metadata.get(name) for name in METADATA):
            raise SignInError("Failed to discover OpenID Provider: Failed to parse server response")
        status, jwks = await self._fetch("GET", metadata["jwks_uri"])
        try:
            return metadata, KeySet.import_key_set(jwks)
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInError(
                f"Failed to discover OpenID Provider: no signing keys, HTTP status code {status}"
            ) from None

    def _verified(self, token: Any, request: Request, metadata: dict[str, Any], keys: KeySet) -> dict[str, Any]:
        if not isinstance(token, str):
            raise SignInError("Server did not return an ID token")
        try:
            decoded = jwt.decode(token, keys, algorithms=["RS256"])
            jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock.time()),
                leeway=0,
                iss={"essential": True, "value": metadata["issuer"]},
                aud={"essential": True, "value": request.provider.client_id},
                exp={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": request.nonce},
            ).validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise SignInError(f"Failed to verify ID token, {error}") from None
        return dict(decoded.claims)

    async def _userinfo(self, metadata: dict[str, Any], token: str, subject: str) -> dict[str, Any]:
        endpoint = metadata.get("userinfo_endpoint")
        if not endpoint or not token:
            return {}
        status, body = await self._fetch("GET", endpoint, headers={"Authorization": f"Bearer {token}"})
        return body if status == 200 and body.get("sub") == subject else {}

    async def _fetch(
        self, method: str, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and JSON object of a request without redirects; raises SignInError where none comes."""
        sent = {"User-Agent": CONSOLE_AGENT, "Accept": "application/json", **(headers or {})}
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as session,
                session.request(method, url, data=form, headers=sent, ssl=self._tls, allow_redirects=False) as response,
            ):
                body = await response.json(content_type=None)
                return response.status, body if isinstance(body, dict) else {}
        except ValueError:
            return response.status, {}
        except (aiohttp.ClientError, TimeoutError) as error:
            step = "contact token endpoint" if form else "discover OpenID Provider"
            raise SignInError(f"Failed to {step}: Request failed: {error}") from None
