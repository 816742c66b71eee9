# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The providers of a rustdesk-api, and the validation of requests that change them [src]."""

from __future__ import annotations

import re
from typing import Any

from ..clock import Clock
from ..vault import Vault

GOOGLE_ISSUER = "https://accounts.google.com"
# Their name is their type.
_NAMED_BY_TYPE = ("github", "google", "linuxdo")
_TYPES = (*_NAMED_BY_TYPE, "oidc", "webauth")
_TEXTS = ("op", "oauth_type", "issuer", "scopes", "client_id", "client_secret", "pkce_method")
_SWITCHES = ("auto_register", "pkce_enable")


class ApiError(Exception):
    """A failure for the response's body: its text and its code."""

    def __init__(self, text: str, code: int = 101) -> None:
        super().__init__(text)
        self.code = code


class Providers:
    """The providers in the order of their IDs. Every change raises ApiError if it is refused."""

    def __init__(self, clock: Clock, vault: Vault) -> None:
        self._clock = clock
        self._vault = vault
        self._by_id: dict[int, dict[str, Any]] = {}
        self._next = 1

    def all(self) -> list[dict[str, Any]]:
        """Return all providers, secrets in clear."""
        return [dict(item) for item in self._by_id.values()]

    def replace(self, providers: list[dict[str, Any]]) -> None:
        """Replace the providers. Missing members get their default."""
        self._by_id = {}
        for provider in providers:
            self._add(provider)

    def page(self, page: str, size: str) -> dict[str, Any]:
        """Return one page of the list."""
        number, count = page_of(page, size)
        found = self.all()
        shown = found[(number - 1) * count : number * count]
        return {"list": shown, "page": number, "total": len(found), "page_size": count}

    def named(self, op: str) -> dict[str, Any] | None:
        """Return the first provider with exactly this name."""
        return next((item for item in self._by_id.values() if item["op"] == op), None)

    def find(self, key: Any) -> dict[str, Any]:
        """Return one provider by its ID."""
        if key not in self._by_id:
            raise ApiError("Item not found.")
        return self._by_id[key]

    def create(self, body: dict[str, Any] | None) -> None:
        """Add a provider."""
        wanted = _formatted(_checked(body))
        if self.named(wanted["op"]):
            raise ApiError("Item already exists.")
        self._add(wanted)

    def update(self, body: dict[str, Any] | None) -> None:
        """Change a provider.

        Empty values are ignored, so nothing can be cleared, but a missing PKCE is switched off. The name is not checked
        for duplicates.
        """
        if not isinstance((body or {}).get("id"), int) or not body or not body["id"]:
            raise ApiError("Params validation failed.")
        wanted = _formatted(_checked(body))
        stored = self._by_id.get(body["id"])
        if stored is None:
            # In a database, an update of no row is not a failure.
            return
        # A boolean is a pointer there: false counts, null does not.
        changed = {name: value for name, value in wanted.items() if value or (value is False and name in _SWITCHES)}
        stored.update(changed, updated_at=self._now())
        self._vault.keep(stored["client_secret"])

    def delete(self, body: dict[str, Any] | None) -> None:
        """Remove a provider by its ID."""
        key = (body or {}).get("id")
        if not isinstance(key, int) or key <= 0:
            raise ApiError("Params validation failed." if body is None else "id is a required field")
        self.find(key)
        del self._by_id[key]

    def _add(self, members: dict[str, Any]) -> None:
        key = members.get("id") or self._next
        self._next = max(self._next, key) + 1
        now = self._now()
        defaults = {"op": "", "oauth_type": "oidc", "client_id": "", "client_secret": "", "auto_register": None}
        defaults |= {"scopes": "", "issuer": "", "pkce_enable": False, "pkce_method": "S256"}
        self._by_id[key] = {"id": key, **defaults, "created_at": now, "updated_at": now, **members}
        self._by_id[key]["id"] = key
        self._vault.keep(self._by_id[key]["client_secret"])

    def _now(self) -> str:
        return self._clock.now().strftime("%Y-%m-%d %H:%M:%S")


def page_of(page: str, size: str) -> tuple[int, int]:
    """Return number and size of a list's page. Anything but a positive number becomes the first page and ten."""
    return (
        int(page) if page.isdecimal() and int(page) else 1,
        int(size) if size.isdecimal() and int(size) else 10,
    )


def _checked(body: dict[str, Any] | None) -> dict[str, Any]:
    """Return the members of the form. Others are ignored."""
    if body is None:
        raise ApiError("Params validation failed.invalid character in JSON")
    for names, kind, text in ((_TEXTS, str, "string"), (_SWITCHES, bool, "bool")):
        for name in names:
            if not isinstance(body.get(name), (kind, type(None))):
                field = f"Go struct field OauthForm.{name} of type {text}"
                raise ApiError(f"Params validation failed.json: cannot unmarshal into {field}")
    for name, label in (("oauth_type", "OauthType"), ("client_id", "ClientId"), ("client_secret", "ClientSecret")):
        if not body.get(name):
            raise ApiError(f"{label} is a required field")
    if body.get("issuer") and not re.fullmatch(r"[a-zA-Z][\w+.-]*://\S+", body["issuer"]):
        raise ApiError("Issuer must be a valid URL")
    form = {name: body.get(name) or "" for name in _TEXTS}
    return {**form, **{name: body.get(name) for name in _SWITCHES}}


def _formatted(form: dict[str, Any]) -> dict[str, Any]:
    """Return the form with the values that its type prescribes."""
    kind = form["oauth_type"].strip()
    if kind not in _TYPES:
        raise ApiError("Params validation failed.invalid Oauth type")
    form["oauth_type"] = kind
    if kind in _NAMED_BY_TYPE:
        form["op"] = kind
    form["op"] = form["op"].strip() or "oidc"
    if kind == "google" and not form["issuer"]:
        form["issuer"] = GOOGLE_ISSUER
    if form["pkce_enable"] is None:
        form["pkce_enable"] = False
    form["pkce_method"] = form["pkce_method"] or "S256"
    return form
