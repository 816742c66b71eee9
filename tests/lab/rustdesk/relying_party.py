# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OpenID Connect client of a console: discovery, authorization request, code redemption, ID token."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ..clock import Clock
from ..requests_log import CONSOLE_AGENT
from ..vault import Vault

TIMEOUT = aiohttp.ClientTimeout(total=15)
SCOPE = "openid openid email profile"
METADATA = ("authorization_endpoint", "token_endpoint", "jwks_uri")
ENDPOINTS = (*METADATA, "userinfo_endpoint")


class SignInError(Exception):
    """A sign-in cannot continue. The text is what the console shows."""


@dataclass
class Provider:
    """The provider as the relying party needs it.

    With `discovery` the endpoints come from the issuer's metadata, otherwise they are used as given. `pkce` is the
    challenge's method, S256 or plain, or empty for none. An `oauth2` provider issues no ID token: its users are
    identified by the userinfo endpoint. With `from_userinfo`, that also applies if there is an ID token.
    """

    name: str
    client_id: str
    client_secret: str
    issuer: str
    discovery: bool = True
    protocol: str = "oidc"
    from_userinfo: bool = False
    scope: str = SCOPE
    pkce: str = "S256"
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""


@dataclass
class Request:
    """A pending authorization request."""

    provider: Provider
    state: str
    redirect_uri: str
    nonce: str
    verifier: str
    url: str


class RelyingParty:
    """A client with the behavior of the Rust library in the real server, which compares issuers byte for byte [doc]."""

    def __init__(self, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        self._clock = clock
        self._vault = vault
        self._tls = tls

    async def begin(self, provider: Provider, redirect_uri: str) -> Request:
        """Discover the provider now and build the authorization URL. Raises SignInError."""
        resolved = await self.resolve(provider)
        state = secrets.token_urlsafe(16)
        nonce = secrets.token_urlsafe(16)
        verifier = self._vault.token(32) if provider.pkce else ""
        query = {"response_type": "code", "client_id": provider.client_id, "state": state}
        if provider.pkce:
            query |= {"code_challenge": _challenge(verifier, provider.pkce), "code_challenge_method": provider.pkce}
        query |= {"redirect_uri": redirect_uri, "scope": provider.scope}
        if provider.protocol == "oidc":
            query["nonce"] = nonce
        endpoint = resolved.authorization_endpoint
        joiner = "&" if urlsplit(endpoint).query else "?"
        return Request(provider, state, redirect_uri, nonce, verifier, endpoint + joiner + urlencode(query))

    async def finish(self, request: Request, code: str) -> dict[str, Any]:
        """Redeem the code and verify the ID token. Returns its claims, completed by userinfo. Raises SignInError."""
        provider = await self.resolve(request.provider)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
        }
        if request.verifier:
            form["code_verifier"] = request.verifier
        status, body = await self._fetch("POST", provider.token_endpoint, form)
        if status != 200:
            reason = body.get("error_description") or body.get("error") or f"HTTP {status}"
            raise SignInError(f"Failed to contact token endpoint: Server returned error response: {reason}")
        token = body.get("access_token", "")
        if provider.protocol == "oauth2":
            return await self._whom(provider, token)
        claims = self._verified(body.get("id_token"), request, provider, await self._keys(provider))
        if provider.from_userinfo:
            return await self._whom(provider, token)
        if not any(claims.get(name) for name in ("preferred_username", "name", "email")):
            claims = {**await self.userinfo(provider, token, claims["sub"]), **claims}
        return claims

    async def resolve(self, provider: Provider) -> Provider:
        """Return the provider with the endpoints to use, from discovery if it uses that. Raises SignInError."""
        if not provider.discovery:
            return provider
        metadata = await self.discover(provider.issuer)
        return replace(provider, discovery=False, **{name: metadata.get(name) or "" for name in ENDPOINTS})

    async def discover(self, issuer: str) -> dict[str, Any]:
        """Return an issuer's metadata if its keys can be reached. Raises SignInError."""
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
        await self._fetch_keys(metadata["jwks_uri"])
        return metadata

    async def userinfo(self, provider: Provider, token: str, subject: str) -> dict[str, Any]:
        """Return the userinfo endpoint's claims about the same user, or none."""
        if not provider.userinfo_endpoint or not token:
            return {}
        headers = {"Authorization": f"Bearer {token}"}
        status, body = await self._fetch("GET", provider.userinfo_endpoint, headers=headers)
        return body if status == 200 and body.get("sub") == subject else {}

    async def _whom(self, provider: Provider, token: str) -> dict[str, Any]:
        """Return the user of an access token, whose identifier is `id`, `sub` or `login`. Raises SignInError."""
        headers = {"Authorization": f"Bearer {token}"}
        status, body = await self._fetch("GET", provider.userinfo_endpoint, headers=headers)
        subject = next((str(body[name]) for name in ("id", "sub", "login") if body.get(name)), "")
        if status != 200 or not subject:
            raise SignInError(f"Failed to contact userinfo endpoint: HTTP status code {status}")
        login = body.get("login")
        return {**body, "sub": subject, **({"preferred_username": login} if login else {})}

    async def _keys(self, provider: Provider) -> KeySet | None:
        return await self._fetch_keys(provider.jwks_uri) if provider.jwks_uri else None

    async def _fetch_keys(self, url: str) -> KeySet:
        status, jwks = await self._fetch("GET", url)
        try:
            return KeySet.import_key_set(jwks)
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInError(
                f"Failed to discover OpenID Provider: no signing keys, HTTP status code {status}"
            ) from None

    def _verified(self, token: Any, request: Request, provider: Provider, keys: KeySet | None) -> dict[str, Any]:
        """Return the claims of an ID token. Without known keys its signature is not verified; TLS is trusted instead
        [src].
        """
        if not isinstance(token, str):
            raise SignInError("Server did not return an ID token")
        try:
            if keys is None:
                claims = json.loads(jws.extract_compact(token.encode()).payload)
            else:
                claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
            issuer = {"iss": {"essential": True, "value": provider.issuer}} if provider.issuer else {}
            jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock.time()),
                leeway=0,
                **issuer,
                aud={"essential": True, "value": provider.client_id},
                exp={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": request.nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInError(f"Failed to verify ID token, {error}") from None
        return dict(claims)

    async def _fetch(
        self, method: str, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON object of a request without redirects. Raises SignInError if no valid response
        arrives.
        """
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


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
