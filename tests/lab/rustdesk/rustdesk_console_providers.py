# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The providers of a rustdesk-console, and the validation of requests that change them [src]."""

from __future__ import annotations

import uuid
from typing import Any

from ..clock import Clock, stamp
from ..vault import Vault
from . import nest
from .nest import NestError

_TYPES = nest.one_of("oidc", "oauth2")
_REQUIRED = {"name": nest.filled, "issuer": nest.url, "clientId": nest.filled}
_OPTIONAL = {
    "type": _TYPES,
    "clientSecret": nest.text,
    "scope": nest.text,
    "authorizationEndpoint": nest.url,
    "tokenEndpoint": nest.url,
    "userinfoEndpoint": nest.url,
    "jwksUri": nest.url,
    "enabled": nest.boolean,
}
_SCOPES = {"oidc": "openid email profile", "oauth2": "read:user user:email"}
# Both start disabled and without a client, and return at every start [rec].
_PRESETS: tuple[dict[str, Any], ...] = (
    {
        "name": "google",
        "issuer": "https://accounts.google.com",
        "scope": "openid email profile",
        "authorizationEndpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "tokenEndpoint": "https://oauth2.googleapis.com/token",
        "userinfoEndpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "priority": 1,
    },
    {
        "name": "github",
        "issuer": "https://github.com",
        "scope": "read:user user:email",
        "authorizationEndpoint": "https://github.com/login/oauth/authorize",
        "tokenEndpoint": "https://github.com/login/oauth/access_token",
        "userinfoEndpoint": "https://api.github.com/user",
        "priority": 2,
    },
)


class Providers:
    """The providers by GUID. Every method that takes one raises NestError if it does not exist."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self._clock = clock
        self._vault = vault
        self._by_guid: dict[str, dict[str, Any]] = {}
        self.add_presets()

    def add_presets(self) -> None:
        """Add google and github if no provider has that name."""
        for preset in _PRESETS:
            if self._named(preset["name"]) is None:
                self._add({"clientId": "", "clientSecret": "", "enabled": False, **preset})

    def all(self) -> list[dict[str, Any]]:
        """Return all providers in their order, secrets in clear."""
        return sorted(self._by_guid.values(), key=lambda item: (item["priority"], item["name"]))

    def matching(self, part: str) -> list[dict[str, Any]]:
        """Return the providers whose name contains a text."""
        return [item for item in self.all() if part.lower() in item["name"].lower()]

    def enabled_names(self) -> list[str]:
        """Return the providers in login-options."""
        return [item["name"] for item in self.all() if item["enabled"]]

    def enabled(self, name: str) -> dict[str, Any] | None:
        """Return the enabled provider with exactly this name."""
        found = self._named(name)
        return found if found and found["enabled"] else None

    def find(self, guid: str) -> dict[str, Any]:
        """Return one provider, its secret in clear."""
        if guid not in self._by_guid:
            raise NestError(404, f'OIDC 提供商 "{guid}" 不存在')
        return dict(self._by_guid[guid])

    def create(self, body: Any) -> dict[str, Any]:
        """Add a provider."""
        wanted = nest.checked(body, _REQUIRED, _OPTIONAL)
        self._refuse_second(wanted["name"])
        kind = wanted.get("type") or "oidc"
        # Empty texts become null, unlike in an update.
        given = {name: value for name, value in wanted.items() if value not in ("", None)}
        return dict(self._add({"scope": _SCOPES[kind], **given, "type": kind, "priority": 0}))

    def update(self, guid: str, body: Any) -> dict[str, Any]:
        """Change the members sent. An empty secret erases the stored one [rec].

        A null passes the validation and clears the member, unless the database requires it [src].
        """
        wanted = nest.checked(body, {}, {**_REQUIRED, **_OPTIONAL})
        if any(name in wanted and wanted[name] is None for name in (*_REQUIRED, "type", "enabled")):
            raise NestError(500, "Internal server error")
        stored = self.find(guid)
        if wanted.get("name") and wanted["name"] != stored["name"]:
            self._refuse_second(wanted["name"])
        self._by_guid[guid].update(wanted, updatedAt=self._now())
        self._keep_secret(self._by_guid[guid])
        return self.find(guid)

    def delete(self, guid: str) -> dict[str, Any]:
        """Remove a provider and return it."""
        stored = self.find(guid)
        del self._by_guid[guid]
        return stored

    def sort(self, guids: Any) -> None:
        """Put providers in this order."""
        if not isinstance(guids, list) or not all(isinstance(guid, str) for guid in guids):
            raise NestError(400, "Validation failed (parsable array expected)")
        unknown = [guid for guid in guids if guid not in self._by_guid]
        if unknown:
            raise NestError(400, f"以下 OIDC 提供商不存在: {', '.join(unknown)}")
        for priority, guid in enumerate(guids):
            self._by_guid[guid]["priority"] = priority

    def replace(self, providers: list[dict[str, Any]]) -> None:
        """Replace the providers. Missing members get their default."""
        self._by_guid = {}
        for provider in providers:
            self._add(provider)

    def _named(self, name: str) -> dict[str, Any] | None:
        return next((item for item in self._by_guid.values() if item["name"] == name), None)

    def _refuse_second(self, name: str) -> None:
        if self._named(name):
            raise NestError(400, f'OIDC 提供商名称 "{name}" 已存在')

    def _add(self, members: dict[str, Any]) -> dict[str, Any]:
        now = self._now()
        provider: dict[str, Any] = {
            "guid": str(uuid.uuid4()),
            "name": "",
            "type": "oidc",
            "issuer": "",
            "clientId": "",
            "clientSecret": None,
            "scope": _SCOPES["oidc"],
            "authorizationEndpoint": None,
            "tokenEndpoint": None,
            "userinfoEndpoint": None,
            "jwksUri": None,
            "enabled": True,
            "priority": 0,
            "createdAt": now,
            "updatedAt": now,
            **members,
        }
        self._by_guid[provider["guid"]] = provider
        self._keep_secret(provider)
        return provider

    def _keep_secret(self, provider: dict[str, Any]) -> None:
        if provider["clientSecret"]:
            self._vault.keep(provider["clientSecret"])

    def _now(self) -> str:
        return stamp(self._clock.now(), 3)
