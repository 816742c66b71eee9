# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Explain why a request received no response, for requests, httpx and azure-identity alike; pure.

A cause is identified by the exceptions in the failure's chain, not by its text; _exchange.failures has the table.
_answers covers gateways and proxies that answer in place of a service.
"""

from __future__ import annotations

import re
import ssl
import traceback
import typing as t
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange.failures import (
    CERTIFICATE_WANTED,
    CONNECTION,
    NO_COMMON_VERSION,
    NOT_TLS,
    TLS,
    UNKNOWN,
    Row,
    Seen,
)

__all__ = ["UNKNOWN", "Asked", "Cause", "find", "is_final", "is_refused_by_proxy", "lost", "of_exception", "why"]


@dataclass(frozen=True)
class Asked:
    """The target of a request: the address ``url``, and the options that hold the address and the CA.

    ``through`` is the proxy set by an option; without it, the environment's proxy applies. ``shown`` replaces an
    address that is a secret. ``timeout`` is the request's timeout in seconds.
    """

    url: str
    option: str
    ca: str = "ca_path"
    through: _proxy.Proxy | None = None
    shown: str = ""
    timeout: float | None = None

    @property
    def host(self) -> str:
        """The host and port as written in the address."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or self.url

    @property
    def within(self) -> str:
        """The request's timeout, as worded in messages."""
        if self.timeout is None:
            return "the timeout of this task"
        return f"{self.timeout:g} second{'' if self.timeout == 1 else 's'}"

    @cached_property
    def proxy(self) -> _proxy.Proxy | None:
        """The proxy that the request goes through."""
        return self.through or _proxy.of_environment(self.url)


@dataclass(frozen=True)
class Cause:
    """The explanation of a failure; ``name`` is that of the table's row.

    ``open`` means that the request may have been carried out, ``final`` that it is not sent again.
    """

    name: str
    answer: str
    hint: str
    open: bool = False
    final: bool = False


# The location in OpenSSL's source that raised an error
CODE_PLACE = re.compile(r"\s*\(_ssl\.c:\d+\)|^\[SSL: \w+\] (certificate verify failed: )?")
# Exceptions raised before the request was sent
NOT_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "ConnectTimeoutError",
    "ConnectionRefusedError",
    "NameResolutionError",
    "NewConnectionError",
    "PoolTimeout",
    "ProxyError",
    "gaierror",
}
# TLS alerts and errors of a server that did not carry out the request
REFUSALS = CERTIFICATE_WANTED | NOT_TLS | NO_COMMON_VERSION


def of_exception(error: BaseException, asked: Asked) -> Cause:
    """Return why the request that raised ``error`` received no response."""
    seen = _seen(error, plain=asked.url.lower().startswith("http://"))
    to_proxy = "ProxyError" in seen.names and asked.proxy is not None
    row = _tls_row(seen)
    if asked.proxy and (row is None or row.name == "tls_cut") and not seen.sent:
        answer, hint = asked.proxy.failure(seen.reason, set(seen.names), asked.shown or asked.url, asked.option)
        return Cause("proxy", answer, hint, final=is_final(error))
    row = row or _connection_row(seen)
    who = asked.shown or asked.host
    texts = {
        "who": f"the {asked.proxy.name}" if to_proxy and asked.proxy else who,
        "url": asked.shown or asked.url,
        "option": asked.proxy.option if to_proxy and asked.proxy else asked.option,
        "ca": asked.ca,
        "within": asked.within,
        "reason": seen.reason.replace(asked.host, who),
    }
    return Cause(row.name, row.answer.format(**texts), row.hint.format(**texts), seen.sent, row.final)


def lost(error: BaseException, cause: Cause) -> str:
    """Describe a request that may have been carried out but received no response because of ``cause``."""
    if cause.name == UNKNOWN:
        return f"the connection failed after the request was sent: {why(error)}"
    return f"the request was sent, but {cause.answer}"


def is_final(error: BaseException) -> bool:
    """True if the request that raised ``error`` should not be sent again: it would fail again immediately, for example
    because TLS or a proxy refuses it, or it timed out."""
    if is_refused_by_proxy(error):  # it may lock the account after several wrong passwords
        return True
    seen = _seen(error)
    return (_tls_row(seen) or _connection_row(seen)).final


def _connection_row(seen: Seen) -> Row:
    return next(row for row in CONNECTION if row.fits(seen))


def _tls_row(seen: Seen) -> Row | None:
    """Return the row of the TLS failure; None if TLS did not fail."""
    return next((row for row in TLS if row.fits(seen)), None)


def is_refused_by_proxy(error: BaseException) -> bool:
    """True if a proxy refused the request that raised ``error``."""
    return bool(_names(error) & {"SOCKS5AuthError", "SOCKS5Error"}) or "Tunnel connection failed: 4" in str(error)


def _seen(error: BaseException, *, plain: bool = False) -> Seen:
    chain = _chain(error)
    names = frozenset(type(one).__name__ for one in chain)
    inner = next((one for one in reversed(chain) if isinstance(one, ssl.SSLError) and not _waits(one)), None)
    tls = str(getattr(inner, "reason", None) or "")
    verify_code = getattr(inner, "verify_code", None)
    refused = verify_code is not None or tls in REFUSALS or (inner is not None and _in_handshake(inner))
    sent = not refused and not names & NOT_SENT
    return Seen(names, why(error), verify_code, tls, sent, plain)


def _waits(error: ssl.SSLError) -> bool:
    """True if this is how non-blocking TLS signals that it waits for more data."""
    return isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError))


def _in_handshake(error: BaseException) -> bool:
    return any(frame.name == "do_handshake" for frame in traceback.extract_tb(error.__traceback__))


def find(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the exception of class ``kind`` that led to ``error``; None if there is none."""
    return next((one for one in _chain(error) if isinstance(one, kind)), None)


def _names(error: BaseException) -> set[str]:
    return {type(one).__name__ for one in _chain(error)}


def _chain(error: BaseException) -> list[BaseException]:
    """Return ``error`` and all exceptions that led to it."""
    found: dict[int, BaseException] = {}
    waiting: list[t.Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in found:
            found[id(one)] = one
            inner = getattr(one, "inner_exception", None)  # azure-core's
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), inner, *one.args]
    return list(found.values())


def why(error: BaseException) -> str:
    """Return the reason for a failed connection in a few words, without the addresses and objects that libraries add
    to it."""
    cause: BaseException = error
    seen = set()
    while id(cause) not in seen:
        seen.add(id(cause))
        inner = getattr(cause, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in cause.args if isinstance(arg, BaseException)), None) or cause.__cause__
        if inner is None:
            break
        cause = inner
    text = str(cause) or str(error) or type(cause).__name__
    text = text.rsplit(": ", 1)[-1] if "object at 0x" in text else text
    return " ".join(CODE_PLACE.sub("", text).split())
