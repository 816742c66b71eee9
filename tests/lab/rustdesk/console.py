# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common part of all consoles. A dialect is a subclass in its own module."""

from __future__ import annotations

import json
import ssl
from typing import Any, ClassVar

from aiohttp import web

from ..clock import Clock
from ..faults import Fault
from ..vault import Vault
from .accounts import Account, Accounts, LoginError, new_api_token
from .relying_party import Provider, RelyingParty, Request, SignInError


class Pending:
    """A client's sign-in that waits for its user. The client polls for it by its `code`."""

    def __init__(self, request: Request, code: str, client: dict[str, Any], now: float) -> None:
        self.request = request
        self.code = code
        self.client = client
        self.created = now
        self.account: Account | None = None


class Console:
    """A console: accounts, pending sign-ins, and the switches a test may set."""

    kind = ""
    second_factors: ClassVar[tuple[str, ...]] = ("totp", "email")
    # How long a sign-in may take.
    pending_seconds = 600
    # Name and initial value of every switch of the dialect.
    default_switches: ClassVar[dict[str, Any]] = {}

    def __init__(self, name: str, clock: Clock, vault: Vault, tls: ssl.SSLContext) -> None:
        self.name = name
        self.url = ""
        self.http_url = ""
        self.switches = dict(self.default_switches)
        self.vault = vault
        self.clock = clock
        self.accounts = Accounts(clock, vault)
        self.api_token = new_api_token(vault)
        self.relying_party = RelyingParty(clock, vault, tls)
        self._pending: dict[str, Pending] = {}

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        raise NotImplementedError

    def settings(self) -> Any:
        """Return the settings as stored, values in clear."""
        raise NotImplementedError

    def put_settings(self, document: Any) -> None:
        """Store settings without the client's knowledge."""
        raise NotImplementedError

    def restart(self) -> None:
        """Restart the server. Its database is kept."""

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        if fault.throttle is not None:
            return web.Response(status=429, headers=fault.retry_after)
        return web.Response(status=403)

    async def begin_sign_in(
        self, provider: Provider, redirect_uri: str, client: dict[str, Any], code: str = ""
    ) -> Pending:
        """Start a sign-in whose `code` is by default its state. Raises SignInError."""
        request = await self.relying_party.begin(provider, redirect_uri)
        pending = Pending(request, code or request.state, client, self.clock.time())
        self._pending[request.state] = pending
        return pending

    async def finish_sign_in(self, code: str, state: str, current: Provider | None) -> Account:
        """Finish the sign-in of `state`, with the provider as it is stored now. Raises SignInError."""
        pending = self.waiting(state)
        if pending is None:
            raise SignInError("The session of this sign-in is unknown or expired")
        if current is None:
            raise SignInError(f"The provider {pending.request.provider.name} is no longer available")
        pending.request.provider = current
        claims = await self.relying_party.finish(pending.request, code)
        try:
            pending.account = self.account_of(current.name, claims)
        except LoginError as error:
            raise SignInError(str(error)) from None
        return pending.account

    def account_of(self, provider: str, claims: dict[str, Any]) -> Account:
        """Return the account of the identity, created if it has none. Raises LoginError."""
        return self.accounts.from_claims(provider, claims)

    def provider_of(self, state: str) -> str:
        """Return the provider's name of a pending sign-in, or an empty string."""
        pending = self.waiting(state)
        return pending.request.provider.name if pending else ""

    def collect_sign_in(self, code: str, client: dict[str, str]) -> dict[str, Any] | None:
        """Return the login response of a finished sign-in, once, or None while it is pending."""
        found = next((state for state, pending in self._pending.items() if pending.code == code), "")
        pending = self.waiting(found)
        if pending is None or pending.account is None:
            return None
        if any(pending.client.get(name) != client.get(name) for name in ("id", "uuid")):
            return None
        del self._pending[found]
        return self.accounts.open(pending.account, pending.client)

    def waiting(self, state: str) -> Pending | None:
        """Return the sign-in of a state until it times out."""
        pending = self._pending.get(state)
        if pending and pending.created + self.pending_seconds <= self.clock.time():
            del self._pending[state]
            return None
        return pending


async def json_body(request: web.BaseRequest) -> Any:
    """Return the JSON of the body, or None."""
    try:
        return json.loads(await request.read())
    except ValueError:
        return None


async def json_object(request: web.BaseRequest) -> dict[str, Any] | None:
    """Return the JSON object of the body, or None."""
    body = await json_body(request)
    return body if isinstance(body, dict) else None


def login_option(names: list[str], form: str) -> list[str]:
    """Return the names in login-options in one `form`: oidc or common-oidc."""
    if form == "oidc":
        return [f"oidc/{name}" for name in names]
    return ["common-oidc/" + json.dumps([{"name": name} for name in names], separators=(",", ":"))]
