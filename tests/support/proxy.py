# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxies on loopback: HTTP with CONNECT, and SOCKS5. Both resolve only the names that they are given."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any

OPEN, REFUSED, UNAUTHORIZED = "open", "refused", "unauthorized"


class Proxy(ThreadingTCPServer):
    """A proxy that listens while it is used as a context manager.

    ``hosts`` maps the known names to ports on 127.0.0.1; ``credentials`` are the user name and password that it
    requires.
    """

    daemon_threads = True
    scheme = ""
    handler: type[BaseRequestHandler]

    def __init__(self, hosts: Mapping[str, int], credentials: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), self.handler)
        self.hosts = hosts
        self.credentials = credentials
        # The outcome of each connection request, with its target
        self.seen: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        """The proxy's URL, with the credentials that it accepts."""
        login = f"{':'.join(self.credentials)}@" if self.credentials else ""
        return f"{self.scheme}://{login}{self.address}"

    def targets(self, outcome: str = OPEN) -> list[str]:
        """The targets of the requests with this outcome."""
        return [target for target, came in self.seen if came == outcome]

    def open(self, host: str) -> socket.socket | None:
        """Connect to the name; return None if the proxy does not know it."""
        port = self.hosts.get(host)
        self.seen.append((host, OPEN if port else REFUSED))
        return socket.create_connection(("127.0.0.1", port), timeout=20) if port else None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnects."""

    def __enter__(self) -> Proxy:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Connect(BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.request.recv(1)
            if not byte:
                return
            head += byte
        first, *lines = head.decode("latin-1").split("\r\n")
        host = first.split(" ")[1].rpartition(":")[0]
        if self.server.credentials:
            wanted = base64.b64encode(":".join(self.server.credentials).encode()).decode()
            if f"proxy-authorization: basic {wanted}".lower() not in [line.lower() for line in lines]:
                self.server.seen.append((host, UNAUTHORIZED))
                self._answer("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="lab"\r\n')
                return
        upstream = self.server.open(host) if first.startswith("CONNECT ") else None
        if upstream is None:
            self._answer("403 Forbidden")
            return
        self._answer("200 Connection established", body=False)
        _relay(self.request, upstream)

    def _answer(self, status: str, headers: str = "", body: bool = True) -> None:
        length = "Content-Length: 0\r\nConnection: close\r\n" if body else ""
        self.request.sendall(f"HTTP/1.1 {status}\r\n{headers}{length}\r\n".encode())


class _Socks5(BaseRequestHandler):
    """RFC 1928 with the user names and passwords of RFC 1929; only CONNECT to names."""

    server: Proxy

    def handle(self) -> None:
        _version, count = self._read(2)
        methods = self._read(count)
        wanted = 2 if self.server.credentials else 0
        self.request.sendall(bytes([5, wanted if wanted in methods else 255]))
        if wanted not in methods or not self._is_let_in(wanted):
            self.server.seen.append(("", UNAUTHORIZED))
            return
        _version, _command, _reserved, form = self._read(4)
        if form != 3:  # an address: the client has resolved the name
            self.request.sendall(b"\x05\x08\x00\x01" + bytes(6))
            return
        host = self._read(self._read(1)[0]).decode()
        self._read(2)
        upstream = self.server.open(host)
        reply = 0 if upstream else 2
        self.request.sendall(bytes([5, reply, 0, 1]) + bytes(6))
        if upstream:
            _relay(self.request, upstream)

    def _is_let_in(self, method: int) -> bool:
        if method == 0:
            return True
        self._read(1)
        name, password = (self._read(self._read(1)[0]).decode() for _part in range(2))
        right = (name, password) == self.server.credentials
        self.request.sendall(bytes([1, 0 if right else 1]))
        return right

    def _read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self.request.recv(count - len(found))
            if not part:
                raise ConnectionError
            found += part
        return found


class HttpProxy(Proxy):
    """An HTTP proxy that accepts only CONNECT, with Basic authentication."""

    scheme = "http"
    handler = _Connect


class SocksProxy(Proxy):
    """A SOCKS5 proxy that resolves names."""

    scheme = "socks5h"
    handler = _Socks5


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Copy in both directions until both sides have finished."""
    back = threading.Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join(20)
    other.close()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
