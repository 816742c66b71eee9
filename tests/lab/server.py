# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One loopback server: TLS, request log, latency, faults, then the service itself."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from . import mutation
from .clock import Clock, http_date
from .faults import Fault, Faults
from .requests_log import RequestsLog


class Service(Protocol):
    """What a server serves."""

    name: str

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""

    def refusal(self, fault: Fault) -> web.Response:
        """Answer in the service's own manner a fault's ``throttle`` or ``deny``."""


@dataclass
class Latency:
    """How many seconds each request is on its way, for all servers that share it."""

    seconds: float = 0.0


class Server:
    """Serves a `Service` on 127.0.0.1."""

    def __init__(
        self,
        service: Service,
        clock: Clock,
        log: RequestsLog,
        faults: Faults,
        latency: Latency,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._service = service
        self._clock = clock
        self._log = log
        self._faults = faults
        self._latency = latency
        self._tls = tls
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> str:
        """Listen; returns the URL without a path."""
        self._runner = web.ServerRunner(web.Server(self._serve))
        await self._runner.setup()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        await web.SockSite(self._runner, listener, ssl_context=self._tls, shutdown_timeout=0.1).start()
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        return self.url

    async def stop(self) -> None:
        """Stop listening and drop open connections."""
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode("utf-8", "replace")
        path, _mark, query = request.raw_path.partition("?")
        entry = self._log.add(self._service.name, request.method, path, query, dict(request.headers), body)
        if self._latency.seconds:
            await asyncio.sleep(self._latency.seconds)
        fault = self._faults.take(self._service.name, request.method, request.raw_path, entry["by"])
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.cut == "before":
            return _reset(request)
        response = self._faulty(fault) if fault and fault.answers() else await self._service.handle(request)
        if fault and fault.cut == "after":
            return _reset(request)
        if fault and fault.truncate and isinstance(response.body, bytes):
            response.body = response.body[: len(response.body) // 2]
        if fault and fault.mutate is not None:
            mutation.apply(response, fault.mutate, entry)
        entry["status"] = response.status
        # A fault may have a clock of its own.
        response.headers.setdefault("Date", http_date(self._clock.now()))
        return response

    def _faulty(self, fault: Fault) -> web.Response:
        if fault.throttle is not None or fault.deny is not None:
            return self._service.refusal(fault)
        headers = dict(fault.headers)
        if fault.redirect is not None:
            headers["Location"] = fault.redirect
            return web.Response(status=fault.status or 302, headers=headers)
        status = fault.status or 200
        if fault.json is not None:
            text, kind = json.dumps(fault.json), "application/json"
        elif fault.html is not None:
            text, kind = fault.html, "text/html; charset=utf-8"
        else:
            text, kind = fault.body or "", "text/plain; charset=utf-8"
        if text:
            headers.setdefault("Content-Type", kind)
        return web.Response(status=status, headers=headers, body=text.encode())


def _reset(request: web.BaseRequest) -> web.Response:
    """Reset the connection as a failing network would; the response returned is never sent."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
