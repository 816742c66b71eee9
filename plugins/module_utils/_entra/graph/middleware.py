# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Middleware of the SDK that repeats requests and reads responses within bounds.

A transport of httpx would not do: httpx uses separate transports for proxies.
"""

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, waiting, waits

# The request extension that marks a request as safe to repeat
SAFE = "rustdesk_sso_safe_to_repeat"
# Graph returns 500 for temporary failures [iss].
PASSING = waits.PASSING | {500}
# Headers that describe the bytes on the wire
WIRE = (b"content-encoding", b"content-length", b"transfer-encoding")


class Repeats(sdk.BaseMiddleware):
    """Repeats requests by the rules of _exchange.waits; the SDK's own handler waits for any requested time."""

    def __init__(self, wait_timeout: float, timeout: float, asked: _causes.Asked) -> None:
        """Limit the waits that Graph requests for one request to ``wait_timeout`` seconds, an attempt to ``timeout``.

        ``asked`` describes the target of requests for messages.
        """
        super().__init__()
        self._budget, self._timeout, self._asked = waits.Budget(wait_timeout), timeout, asked

    async def send(self, request: t.Any, transport: t.Any) -> t.Any:
        """Return the last response to ``request``; raise the last attempt's error if it got none."""
        safe = request.extensions.get(SAFE, False)
        repeated = PASSING if safe else waits.NOTHING_DONE
        budget, attempts = self._budget, waits.Attempts(self._timeout)
        while True:
            seconds, answered = 0.0, None
            began = time.monotonic()
            try:
                response = await super().send(request, transport)
            # TLS errors while reading are not wrapped
            except (sdk.HTTPError, bounds.UnreadableAnswer, OSError) as error:
                cause = _causes.of_exception(error, self._asked)
                attempts = attempts.after(time.monotonic() - began)
                if cause.final or (cause.open and not safe) or not attempts.is_left:
                    raise
            else:
                attempts = attempts.after(time.monotonic() - began)
                wanted = budget.wait(waits.retry_after(response.headers) or 0.0)
                if response.status_code not in repeated or wanted is None or not attempts.is_left:
                    return response
                seconds, answered = wanted, response.status_code
                budget = budget.after(seconds)
            status = f", which answered {answered}" if answered else ""
            wait = seconds or waits.pause(attempts.made)
            with waiting.waits_for(f"Microsoft Graph{status}", wait, announced=bool(seconds)):
                await asyncio.sleep(wait)


class Bounded(sdk.BaseMiddleware):
    """Reads each response as a whole, limited in time and size; must be the innermost middleware."""

    def __init__(self, timeout: float) -> None:
        """Limit each exchange, from the connection to the end of the response, to ``timeout`` seconds."""
        super().__init__()
        self._timeout = timeout

    async def send(self, request: t.Any, transport: t.Any) -> t.Any:
        """Return the response; raise httpx.TransportError or UnreadableAnswer."""
        progress = _Progress()
        request.extensions["trace"] = progress.note
        request.headers["Accept-Encoding"] = bounds.ACCEPTED
        try:
            return await asyncio.wait_for(self._answer(request, transport), self._timeout)
        except asyncio.TimeoutError as error:  # not a subclass of TimeoutError before Python 3.11
            raise progress.too_late() from error

    async def _answer(self, request: t.Any, transport: t.Any) -> t.Any:
        response = await super().send(request, transport)
        raw = bytearray()
        try:
            async for part in response.aiter_raw():
                raw += part
                if len(raw) > bounds.LARGEST:
                    raise bounds.AnswerTooLarge
        finally:
            await response.aclose()
        return sdk.httpx.Response(
            response.status_code,
            headers=[(name, value) for name, value in response.headers.raw if name.lower() not in WIRE],
            content=bounds.body(bytes(raw), response.headers.get("Content-Encoding")),
            request=request,
            extensions={name: value for name, value in response.extensions.items() if name != "network_stream"},
        )


class _Progress:
    """The progress of a request, from httpcore's trace extension [doc]."""

    def __init__(self) -> None:
        self._sent = self._answered = False

    async def note(self, event: str, info: t.Mapping[str, t.Any]) -> None:
        """Record a step; called by httpcore."""
        request = info.get("request")
        if event.endswith(".send_request_headers.started"):
            self._sent = getattr(request, "method", b"") != b"CONNECT"  # CONNECT only reaches a proxy
        self._answered = self._answered or (self._sent and event.endswith(".receive_response_headers.complete"))

    def too_late(self) -> Exception:
        """Return the error for a request that timed out."""
        if self._answered:
            return bounds.AnswerTooSlow()
        return t.cast(Exception, sdk.httpx.ReadTimeout("") if self._sent else sdk.httpx.ConnectTimeout(""))
