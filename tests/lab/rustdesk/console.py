# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all dialects of consoles share; a dialect is one subclass in a module of its own."""

from __future__ import annotations

import ssl
from typing import Any, ClassVar

from aiohttp import web

from ..clock import Clock
from ..faults import Fault
from ..vault import Vault
from .accounts import Account, Accounts, LoginError, new_api_token
from .relying_party import Provider, RelyingParty, Request, SignInError

PENDING_SECONDS = 600


class Pending:
    """A client's sign-in that waits for its user."""

    def __init__(self, request: Request, client: dict[str, Any], now: float) -> None:
        self.request = request
        self.client = client
        self.created = now
        self.account: Account | None = None


class Console:
    """A console: accounts, sign-ins on their way, and the switches a test may set."""

    kind = ""
    # Name and first value of every switch of the dialect.
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
        """The settings as stored, values in clear."""
        raise NotImplementedError

    def put_settings(self, document: Any) -> None:
        """Store settings behind the client's back."""
        raise NotImplementedError

    def refusal(self, fault: Fault) -> web.Response:
        """The answer to a request that a fault throttles or denies."""
        if fault.throttle is not None:
            return web.Response(status=429, headers=fault.retry_after)
        return web.Response(status=403)

    async def begin_sign_in(self, provider: Provider, redirect_uri: str, client: dict[str, Any]) -> Pending:
        """Start a sign-in; raises SignInError."""
        request = await self.relying_party.begin(provider, redirect_uri)
        pending = Pending(request, client, self.clock.time())
        self._pending[request.state] = pending
        return pending

    async def finish_sign_in(self, code: str, state: str, current: Provider | None) -> Account:
        """Finish the sign-in of `state`, with the provider as it is stored now; raises SignInError."""
        pending = self._waiting(state)
        if pending is None:
            raise SignInError("The session of this sign-in is unknown or expired")
        if current is None:
            raise SignInError(f"The provider {pending.request.provider.name} is no longer available")
        pending.request.provider = current
        claims = await self.relying_party.finish(pending.request, code)
        try:
            pending.account = self.accounts.from_claims(current.name, claims)
        except LoginError as error:
            raise SignInError(str(error)) from None
        return pending.account

    def provider_of(self, state: str) -> str:
        """The name of the provider of a sign-in on its way, or an empty string."""
        pending = self._waiting(state)
        return pending.request.provider.name if pending else ""

    def collect_sign_in(self, code: str, client: dict[str, str]) -> dict[str, Any] | None:
        """The login answer of a finished sign-in, once; None while it waits."""
        pending = self._waiting(code)
        if pending is None or pending.account is None:
            return None
        if any(pending.client.get(name) != client.get(name) for name in ("id", "uuid")):
            return None
        del self._pending[code]
        return self.accounts.open(pending.account, pending.client)

    def _waiting(self, state: str) -> Pending | None:
        pending = self._pending.get(state)
        if pending and pending.created + PENDING_SECONDS <= self.clock.time():
            del self._pending[state]
            return None
        return pending
