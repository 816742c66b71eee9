# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX's API on a port of the loopback interface, in a thread of the caller's process."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .api import PREFIX, Api, NotFound, Refused
from .rules import Forbidden

VERSION = "24.6.1"


class Awx:
    """A running API: ``with Awx({scm_url: folder}) as awx``. ``environment`` holds its address and credentials for
    awx.awx.
    """

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.api = Api(repositories)
        self.password = secrets.token_urlsafe(16)
        # Method and path of every request that may change something, except those for tokens
        self.writes: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"awx": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which awx.awx's modules find the API."""
        return {
            "CONTROLLER_HOST": self.url,
            "CONTROLLER_USERNAME": "admin",
            "CONTROLLER_PASSWORD": self.password,
            "CONTROLLER_VERIFY_SSL": "false",
        }

    def find(self, resource: str, name: str) -> dict[str, Any]:
        """Return the stored object with this name, secrets in clear."""
        (found,) = [item for item in self.api.items[resource].values() if item["name"] == name]
        return found

    def listed(self, resource: str, item: dict[str, Any], related: str) -> list[dict[str, Any]]:
        """Return the stored objects of ``resource`` in a list of an object."""
        return [self.api.items[resource][number] for number in self.api.lists.get((item["id"], related), [])]

    def __enter__(self) -> Awx:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def respond(self, method: str, target: str, authorization: str, body: Any) -> tuple[int, Any]:
        """Return the status and JSON of one request."""
        parts = urlsplit(target)
        with self._lock:
            scheme, _space, given = authorization.partition(" ")
            basic = base64.b64encode(f"admin:{self.password}".encode()).decode()
            if not (scheme == "Basic" and given == basic) and not (
                scheme == "Bearer" and given in self.api.tokens.values()
            ):
                return 401, {"detail": "Authentication credentials were not provided."}
            if parts.path.startswith(f"{PREFIX}tokens/"):
                return self._token(method, parts.path)
            if method != "GET":
                self.writes.append(f"{method} {parts.path}")
            try:
                return self.api.answer(method, parts.path, dict(parse_qsl(parts.query)), body)
            except NotFound:
                return 404, {"detail": "Not found."}
            except Refused as refused:
                return 400, refused.body
            except Forbidden as forbidden:
                return 403, {"detail": str(forbidden)}

    def _token(self, method: str, path: str) -> tuple[int, Any]:
        if method == "DELETE":
            del self.api.tokens[int(path.rstrip("/").rsplit("/", 1)[1])]
            return 204, None
        number = self.api.next_id()
        self.api.tokens[number] = secrets.token_urlsafe(24)
        return 201, {"id": number, "token": self.api.tokens[number]}


class _Handler(BaseHTTPRequestHandler):
    awx: Awx
    protocol_version = "HTTP/1.1"
    # Head and body go in one packet: otherwise the second would wait for the acknowledgement of the first
    wbufsize = -1

    def _serve(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(text) if text else {}
        status, answer = self.awx.respond(self.command, self.path, self.headers.get("Authorization", ""), body)
        sent = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", VERSION)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Log nothing: standard error belongs to the test."""
