# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback that no client expects: wrong certificates, no TLS, no HTTP, pages of other services."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import trustme

HOST = "127.0.0.1"
Talk = Callable[[socket.socket], None]


class Authorities:
    """A CA that clients trust, with its PEM file, and a CA that they do not trust."""

    def __init__(self, directory: Path) -> None:
        self.trusted, self.unknown = trustme.CA(), trustme.CA()
        self.path = directory / "own-ca.pem"
        self.trusted.cert_pem.write_to_path(str(self.path))

    def context(
        self, name: str = HOST, *, expired: bool = False, unknown: bool = False, ends: timedelta | None = None
    ) -> ssl.SSLContext:
        """The TLS context of a server with a certificate for ``name`` that expires after ``ends``."""
        ended = datetime.now(timezone.utc) + (timedelta(days=-2) if expired else ends) if expired or ends else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (self.unknown if unknown else self.trusted).issue_cert(name, not_after=ended).configure_cert(context)
        return context

    def asking(self, version: ssl.TLSVersion) -> ssl.SSLContext:
        """The TLS context of a server that requires a client certificate."""
        context = self.context()
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        self.trusted.configure_trust(context)
        return context


def over(context: ssl.SSLContext) -> Talk:
    """A server that speaks TLS and returns an empty response."""

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(65536)
            tls.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    return talk


def saying(text: bytes) -> Talk:
    """A server that always answers with this text."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(text)

    return talk


class Sending:
    """A TLS server that answers every request with the same parts, for as long as the client reads them.

    ``begun`` and ``done`` count the requests and the bytes sent; ``pause`` is in seconds, after each part.
    """

    def __init__(self, context: ssl.SSLContext, parts: Callable[[], Iterable[bytes]], pause: float = 0) -> None:
        self._context, self._parts, self._pause = context, parts, pause
        self._never = threading.Event()
        self.begun = self.done = 0

    def __call__(self, connection: socket.socket) -> None:
        """Talk with one client."""
        with self._context.wrap_socket(connection, server_side=True) as tls:
            while _request(tls):
                self.begun += 1
                for part in self._parts():
                    tls.sendall(part)
                    self.done += len(part)
                    self._never.wait(self._pause)


def _request(connection: socket.socket) -> bytes:
    """Read one request with its body; empty at the end of the connection."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(65536)
        if not more:
            return b""
        text += more
    head, _end, body = text.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length.group(1)):
        body += connection.recv(65536)
    return head + body


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """Run a server that talks with each client in this way, and return its port for the block."""
    listener = socket.create_server((HOST, 0))

    def one(connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError), connection:  # includes ssl.SSLError
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _address = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@contextmanager
def answering(
    answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, Mapping[str, str], bytes]],
    context: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Run an HTTP server whose ``answer`` returns status, headers and body; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = answer(self, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore a client that disconnects."""

    server = Server((HOST, 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"{'https' if context else 'http'}://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Gateway:
    """Cloudflare Access in front of a console: without a service token it redirects to a team's login page."""

    NAMES = ("CF-Access-Client-Id", "CF-Access-Client-Secret")

    def __init__(self, upstream: str, ca_path: str, token: tuple[str, str]) -> None:
        self.upstream = upstream
        self.ca_path = ca_path
        self.token = token
        # Method, path, and True if the request was let in
        self.seen: list[tuple[str, str, bool]] = []

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Return the console's response or the redirect."""
        given = tuple(request.headers.get(name, "") for name in self.NAMES)
        self.seen.append((request.command, request.path, given == self.token))
        if given != self.token:
            query = "kid=0123&redirect_url=%2F&meta=eyJhbGciOiJSUzI1NiJ9"
            return 302, {"Location": f"https://team.cloudflareaccess.com/cdn-cgi/access/login/desk?{query}"}, b""
        kept = {name: value for name, value in request.headers.items() if name not in (*self.NAMES, "Host")}
        reply = requests.request(
            request.command,
            self.upstream + request.path,
            data=body,
            headers=kept,
            verify=self.ca_path,
            allow_redirects=False,
            timeout=20,
        )
        return reply.status_code, {"Content-Type": reply.headers.get("Content-Type", "")}, reply.content
