# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller that dies at a request of the product: the process is lost, not only a connection."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
from requests.adapters import HTTPAdapter


class ControllerDied(BaseException):
    """The run has ended here. The product must not catch it, because in a dead process no handler runs."""


@dataclass(frozen=True)
class Crash:
    """The point at which the controller dies: right before the ``request``-th request (counted from 1) is sent.

    If ``done``, it dies after the service has processed that request, before the response is read. With ``path``, only
    requests whose path ends with it are counted.
    """

    request: int
    done: bool = False
    path: str = ""


class Wire:
    """Count the product's requests inside the context, and let the controller die at one of them.

    A request that a library repeats automatically counts once.
    """

    def __init__(self, crash: Crash | None = None) -> None:
        self.sent = 0
        self._counted = 0
        # Method and URL of each request
        self.requests: list[tuple[str, str]] = []
        self._crash = crash
        self._died = False
        self._lock = threading.Lock()  # the product also sends from threads
        self._patches = ExitStack()

    def __enter__(self) -> Wire:
        send, send_async = HTTPAdapter.send, httpx.AsyncHTTPTransport.handle_async_request

        def sent(adapter: HTTPAdapter, request: Any, *more: Any, **options: Any) -> Any:
            lost = self._next(request.method, request.url)
            answer = send(adapter, request, *more, **options)
            self._lose(lost)
            return answer

        async def sent_async(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            lost = self._next(request.method, str(request.url))
            answer = await send_async(transport, request)
            self._lose(lost)
            return answer

        self._patches.enter_context(patch.object(HTTPAdapter, "send", sent))
        self._patches.enter_context(patch.object(httpx.AsyncHTTPTransport, "handle_async_request", sent_async))
        return self

    def __exit__(self, *error: object) -> None:
        self._patches.close()

    def _next(self, method: str, url: str) -> bool:
        """Count a request; return True if its response is lost. Raises ControllerDied if it is not sent."""
        with self._lock:
            self.check()
            self.sent += 1
            self.requests.append((method, url))
            if self._crash is not None and urlsplit(url).path.endswith(self._crash.path):
                self._counted += 1
                self._died = self._counted == self._crash.request
            lost = self._died and self._crash is not None and self._crash.done
        if self._died and not lost:
            raise ControllerDied
        return lost

    def _lose(self, lost: bool) -> None:
        if lost:
            raise ControllerDied

    def check(self) -> None:
        """Raise ControllerDied if the controller is dead."""
        if self._died:
            raise ControllerDied
