# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What the SDK does with each request on its way: send it again, and read its answer within bounds.

Middleware of the SDK, and no transport of httpx: it serves the transports of proxies as well, which httpx keeps apart.
"""

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, waiting, waits

# The extension of a request that says whether it may be carried out twice
SAFE = "rustdesk_sso_safe_to_repeat"
# Graph answers 500 for what passes [iss].
PASSING = waits.PASSING | {500}
# Headers that are about the bytes on the wire
WIRE = (b"content-encoding", b"content-length", b"transfer-encoding")


class Repeats(sdk.BaseMiddleware):
    """Sends a request again as _exchange.waits says; the SDK's own handler waits for as long as it is told to."""

    def __init__(self, wait_timeout: float, timeout: float, asked: _causes.Asked) -> None:
        """``wait_timeout`` is in seconds, for all waits of one request that Graph asks for; ``timeout`` for an attempt.

        ``asked`` says where requests go.
        """
        super().__init__()
        self._budget, self._timeout, self._asked = waits.Budget(wait_timeout), timeout, asked

    async def send(self, request: t.Any, transport: t.Any) -> t.Any:
        """The last answer to ``request``; raises what stood in its place if the last attempt got none."""
        safe = request.extensions.get(SAFE, False)
        repeated = PASSING if safe else waits.NOTHING_DONE
        budget, attempts = self._budget, waits.Attempts(self._timeout)
        while True:
            seconds, answered = 0.0, None
            began = time.monotonic()
            try:
                response = await super().send(request, transport)
            # TLS's errors while reading come as they are
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
            said = f", which answered {answered}" if answered else ""
            wait = seconds or waits.pause(attempts.made)
            with waiting.waits_for(f"Microsoft Graph{said}", wait, announced=bool(seconds)):
                await asyncio.sleep(wait)


class Bounded(sdk.BaseMiddleware):
    """Reads each answer at once, as a whole, and within the bounds of an answer; it has to be the innermost."""

    def __init__(self, timeout: float) -> None:
        """``timeout`` is in seconds, from connecting to the end of the answer."""
        super().__init__()
        self._timeout = timeout

    async def send(self, request: t.Any, transport: t.Any) -> t.Any:
        """The answer; raises httpx.TransportError and UnreadableAnswer."""
        progress = _Progress()
        request.extensions["trace"] = progress.note
        request.headers["Accept-Encoding"] = bounds.ACCEPTED
        try:
            return await asyncio.wait_for(self._answer(request, transport), self._timeout)
        except asyncio.TimeoutError as error:  # before Python 3.11, this is no TimeoutError
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
    """How far a request has come, by httpcore's trace extension [doc]."""

    def __init__(self) -> None:
        self._sent = self._answered = False

    async def note(self, event: str, info: t.Mapping[str, t.Any]) -> None:
        """Called at each step."""
        request = info.get("request")
        if event.endswith(".send_request_headers.started"):
            self._sent = getattr(request, "method", b"") != b"CONNECT"  # which is for a proxy
        self._answered = self._answered or (self._sent and event.endswith(".receive_response_headers.complete"))

    def too_late(self) -> Exception:
        """The error for a request whose time is over."""
        if self._answered:
            return bounds.AnswerTooSlow()
        return t.cast(Exception, sdk.httpx.ReadTimeout("") if self._sent else sdk.httpx.ConnectTimeout(""))
