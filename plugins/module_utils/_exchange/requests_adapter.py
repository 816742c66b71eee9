# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read responses within the limits of _exchange.bounds, for every requests session that mounts Adapter."""

from __future__ import annotations

import http.client
import io
import socket
import time
import typing as t
from contextlib import suppress
from functools import lru_cache

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError, SSLError
    from urllib3.util import Timeout
except ImportError:
    HTTPAdapter = object  # type: ignore[assignment,misc]  # a stand-in, so that the class below can be defined


class _Wire(io.RawIOBase):
    """The bytes of one response, read within the socket's timeout as a whole and up to a maximum size.

    A socket's own timeout applies to each read, so a server that sends a byte now and then never exceeds it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._timeout = sock.gettimeout()
        self._deadline = None if self._timeout is None else time.monotonic() + self._timeout
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        """Read the available bytes. Raises TimeoutError if nothing was received, and UnreadableAnswer."""
        try:
            if self._deadline is not None:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("The read operation timed out")
                self._sock.settimeout(left)
            count = self._raw.readinto(buffer)
        except TimeoutError as error:
            if self._received:
                raise bounds.AnswerTooSlow from error
            raise
        self._received += count or 0
        if self._received > bounds.LARGEST_ON_WIRE:
            raise bounds.AnswerTooLarge
        return count

    def close(self) -> None:
        """Restore the socket's timeout, because the connection may serve another request."""
        if not self.closed:
            with suppress(OSError):
                self._sock.settimeout(self._timeout)
            self._raw.close()
        super().close()


class _Source:
    """A stand-in for the socket that http.client reads from."""

    def __init__(self, sock: t.Any) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Wire(self._sock))


class _Answer(http.client.HTTPResponse):
    """A response whose status line, headers, framing and body are all read within the limits."""

    def __init__(self, sock: t.Any, *arguments: t.Any, **options: t.Any) -> None:
        super().__init__(t.cast(socket.socket, _Source(sock)), *arguments, **options)


@lru_cache
def _bounded(pool: type) -> type:
    """Return a subclass of a urllib3 connection pool whose connections read bounded responses."""
    connection: t.Any = pool.ConnectionCls  # type: ignore[attr-defined]
    return type(
        pool.__name__, (pool,), {"ConnectionCls": type(connection.__name__, (connection,), {"response_class": _Answer})}
    )


class Adapter(HTTPAdapter):
    """An adapter that reads each response immediately, completely, and within the limits.

    Every failure to read a response is a requests.RequestException, with the cause in its arguments.
    """

    @property
    def max_retries(self) -> t.Any:
        """The retry policy of the next request, whose time starts now."""
        return self._retries.new()

    @max_retries.setter
    def max_retries(self, retries: t.Any) -> None:
        self._retries = retries

    def init_poolmanager(self, *arguments: t.Any, **options: t.Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _bind(self.poolmanager)

    def proxy_manager_for(self, *arguments: t.Any, **options: t.Any) -> t.Any:
        manager = super().proxy_manager_for(*arguments, **options)
        _bind(manager)
        return manager

    def send(
        self, request: t.Any, stream: bool = False, timeout: t.Any = None, *arguments: t.Any, **options: t.Any
    ) -> t.Any:
        """Send ``request``; a ``timeout`` in seconds covers the connection and the whole response together."""
        if isinstance(timeout, (int, float)):
            timeout = Timeout(total=timeout, connect=timeout, read=timeout)
        try:
            response = super().send(request, True, timeout, *arguments, **options)
            try:
                _read(response)
            except BaseException:
                response.close()
                raise
        except requests.RequestException:
            raise
        except (ProtocolError, ReadTimeoutError, SSLError) as error:
            if error.__cause__ is None:  # raised by urllib3 itself, which rejected what it read
                raise unreadable(error, request) from error
            raise requests.ConnectionError(error, request=request) from error
        except bounds.UnreadableAnswer as error:
            raise requests.RequestException(error, request=request) from error
        except (HTTPError, ValueError, LookupError, http.client.HTTPException) as error:
            raise unreadable(error, request) from error
        return response


def unreadable(error: Exception, request: t.Any = None) -> Exception:
    """Return the exception for a library's ``error`` about a response; its text is dropped."""
    return requests.RequestException(bounds.UnreadableAnswer(), type(error).__name__, request=request)


def _bind(manager: t.Any) -> None:
    pools = manager.pool_classes_by_scheme
    if not all(issubclass(pool.ConnectionCls.response_class, _Answer) for pool in pools.values()):
        manager.pool_classes_by_scheme = {scheme: _bounded(pool) for scheme, pool in pools.items()}


def _read(response: t.Any) -> None:
    raw = bytearray()
    response.raw.enforce_content_length = True  # the default of urllib3 2
    for part in response.raw.stream(bounds.CHUNK, decode_content=False):
        raw += part
        if len(raw) > bounds.LARGEST:
            raise bounds.AnswerTooLarge
    response._content = bounds.body(bytes(raw), response.headers.get("Content-Encoding"))
    response._content_consumed = True
