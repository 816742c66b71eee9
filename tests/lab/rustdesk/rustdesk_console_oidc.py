# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rustdesk-console's configuration of a stored provider: discovery, a cache, given endpoints [src]."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..clock import Clock
from .relying_party import Provider, RelyingParty, SignInError

CACHE_SECONDS = 24 * 3600


class ConfigurationError(Exception):
    """No authorization URL can be built for the provider."""


class CachedDiscovery:
    """Configurations, cached by issuer only.

    A configuration includes the client's ID and secret. A second provider of the same issuer therefore signs its users
    in as the first one's client, until the issuer leaves the cache [rec].
    """

    def __init__(self, clock: Clock, relying_party: RelyingParty) -> None:
        self._clock = clock
        self._relying_party = relying_party
        self._cache: dict[str, tuple[float, Provider]] = {}

    def forget(self, issuer: str | None = None) -> None:
        """Forget an issuer, or all."""
        if issuer is None:
            self._cache.clear()
        else:
            self._cache.pop(issuer, None)

    async def provider(self, stored: dict[str, Any]) -> Provider:
        """Return the relying party's view of a stored provider. Raises ConfigurationError."""
        issuer = stored["issuer"]
        if issuer not in self._cache or self._cache[issuer][0] <= self._clock.time():
            self._cache[issuer] = (self._clock.time() + CACHE_SECONDS, await self._configuration(stored))
        cached = self._cache[issuer][1]
        # Values outside the client's configuration come from the provider itself.
        found = replace(cached, name=stored["name"], protocol=stored["type"], scope=stored["scope"])
        if found.protocol == "oauth2":
            found.userinfo_endpoint = stored["userinfoEndpoint"] or ""
        if not found.client_id or not found.authorization_endpoint:
            raise ConfigurationError
        return found

    async def _configuration(self, stored: dict[str, Any]) -> Provider:
        given = Provider(
            stored["name"],
            stored["clientId"],
            stored["clientSecret"] or "",
            stored["issuer"],
            discovery=False,
            authorization_endpoint=stored["authorizationEndpoint"] or "",
            token_endpoint=stored["tokenEndpoint"] or "",
            userinfo_endpoint=stored["userinfoEndpoint"] or "",
            jwks_uri=stored["jwksUri"] or "",
        )
        if stored["type"] == "oauth2" or not stored["clientId"]:
            return given
        try:
            return await self._relying_party.resolve(replace(given, discovery=True))
        except SignInError:
            return given

    async def test(self, stored: dict[str, Any]) -> dict[str, Any]:
        """Return the result of the console's own test of a provider."""
        try:
            metadata = await self._relying_party.discover(stored["issuer"])
        except SignInError as error:
            return {"success": False, "message": f"Discovery 验证失败: {error}"}
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        endpoints = {name: metadata[name] for name in names if metadata.get(name)}
        self.forget(stored["issuer"])
        message = f"Discovery 验证成功，已发现 {len(endpoints)} 个端点"  # noqa: RUF001
        return {"success": True, "message": message, "endpoints": endpoints}
