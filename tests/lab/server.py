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
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from . import mutation
from .clock import Clock, http_date
from .faults import Fault, Faults
from .hold import Hold
from .requests_log import RequestsLog

# Bytes of white space per write in a padded response
BLOCK = 65536


class Service(Protocol):
    """The interface of a service."""

    name: str

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""

    def refusal(self, fault: Fault) -> web.Response:
        """Respond to a fault's ``throttle`` or ``deny`` in the service's own format."""


@dataclass
class Latency:
    """The latency of each request in seconds, for all servers that share it."""

    seconds: float = 0.0


class Server:
    """A server for a `Service` on 127.0.0.1."""

    def __init__(
        self,
        service: Service,
        clock: Clock,
        log: RequestsLog,
        faults: Faults,
        latency: Latency,
        tls: ssl.SSLContext | None,
        hold: Hold,
    ) -> None:
        self._service = service
        self._clock = clock
        self._log = log
        self._faults = faults
        self._latency = latency
        self._tls = tls
        self._hold = hold
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> str:
        """Listen, and return the URL without a path."""
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
        held = self._hold.take(entry["by"])
        if held and await held.kept(before=True):
            return _reset(request)
        fault = self._faults.take(self._service.name, request.method, request.raw_path, entry["by"])
        served = await self._service.handle(request) if fault and fault.served else None
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.cut == "before":
            return _reset(request)
        faulty = self._faulty(fault) if fault and fault.answers() else None
        response = faulty or served or await self._service.handle(request)
        if held and await held.kept(before=False):
            return _reset(request)
        if fault and fault.cut == "after":
            return _reset(request)
        if fault and fault.cut == "body":
            return await _half(request, response)
        if fault and fault.truncate and isinstance(response.body, bytes):
            response.body = response.body[: len(response.body) // 2]
        if fault and fault.mutate is not None:
            mutation.apply(response, fault.mutate, entry)
        entry["status"] = response.status
        if fault:
            response.headers.update(fault.headers)
        # A fault may have its own clock.
        response.headers.setdefault("Date", http_date(self._clock.now()))
        if fault and (fault.garble or fault.pad or fault.drip):
            return await _spoiled(request, response, fault)
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


async def _spoiled(request: web.BaseRequest, response: web.Response, fault: Fault) -> web.StreamResponse:
    """Send a response that no client can use, or only a patient one."""
    body = bytes(response.body) if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(status=response.status, headers=response.headers)
    stream.content_length = len(body) + fault.pad
    if fault.garble:
        if request.transport is not None:
            request.transport.write(b"\x00\x01 no HTTP\r\n\r\n")
            request.transport.close()
        return stream
    with suppress(OSError):  # the client has disconnected
        await stream.prepare(request)
        step = 1 if fault.drip else max(1, len(body))
        for start in range(0, len(body), step):
            await stream.write(body[start : start + step])
            await asyncio.sleep(fault.drip)
        for _block in range(fault.pad // BLOCK + 1):
            await stream.write(b" " * min(BLOCK, fault.pad))
    return stream


async def _half(request: web.BaseRequest, response: web.Response) -> web.Response:
    """Send the headers and a part of the body, then reset the connection."""
    body = response.body if isinstance(response.body, bytes) and response.body else b"{}"
    headers = {
        "Content-Type": response.headers.get("Content-Type", "application/json"),
        "Content-Length": str(len(body)),
    }
    part = web.StreamResponse(status=response.status, headers=headers)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    return _reset(request)


def _reset(request: web.BaseRequest) -> web.Response:
    """Reset the connection like a failing network. The returned response is never sent."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)
