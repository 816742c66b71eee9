# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Why a request got no answer: one table for requests, httpx and azure-identity (_exchange.failures); pure.

Causes are found by the exceptions that a failure consists of, not by its text. _answers has what answers in place of a
service.
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
    """Where a request goes: the address ``url``, and the options that hold the address and the CA.

    ``through`` is the proxy that an option names; without it, the environment's applies. ``shown`` takes the place of
    an address that is a secret. ``timeout`` is in seconds, that of the request.
    """

    url: str
    option: str
    ca: str = "ca_path"
    through: _proxy.Proxy | None = None
    shown: str = ""
    timeout: float | None = None

    @property
    def host(self) -> str:
        """Host and port as the address has them."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or self.url

    @property
    def within(self) -> str:
        """The time for the request, as messages say it."""
        if self.timeout is None:
            return "the timeout of this task"
        return f"{self.timeout:g} second{'' if self.timeout == 1 else 's'}"

    @cached_property
    def proxy(self) -> _proxy.Proxy | None:
        """The proxy that the request goes through."""
        return self.through or _proxy.of_environment(self.url)


@dataclass(frozen=True)
class Cause:
    """What to tell of a failure. ``open`` says that the request may have been carried out, ``final`` that it is not
    sent again; ``name`` is that of the row."""

    name: str
    answer: str
    hint: str
    open: bool = False
    final: bool = False


# Where in OpenSSL's source an error was raised
CODE_PLACE = re.compile(r"\s*\(_ssl\.c:\d+\)|^\[SSL: \w+\] (certificate verify failed: )?")
# Classes of failures before the request was sent
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
# What a server does in the place of carrying out a request
REFUSALS = CERTIFICATE_WANTED | NOT_TLS | NO_COMMON_VERSION


def of_exception(error: BaseException, asked: Asked) -> Cause:
    """Why the request that raised ``error`` got no answer."""
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
    """What to say of a request that may have been carried out, and got no answer because of ``cause``."""
    if cause.name == UNKNOWN:
        return f"the connection failed after the request was sent: {why(error)}"
    return f"the request was sent, but {cause.answer}"


def is_final(error: BaseException) -> bool:
    """Whether the request that raised ``error`` is not sent again: it would fail again at once, as where TLS or a proxy
    refuses it, or its time was over."""
    if is_refused_by_proxy(error):  # it may lock the account after several wrong passwords
        return True
    seen = _seen(error)
    return (_tls_row(seen) or _connection_row(seen)).final


def _connection_row(seen: Seen) -> Row:
    return next(row for row in CONNECTION if row.fits(seen))


def _tls_row(seen: Seen) -> Row | None:
    """The failure of TLS; None if it is not what failed."""
    return next((row for row in TLS if row.fits(seen)), None)


def is_refused_by_proxy(error: BaseException) -> bool:
    """Whether a proxy has refused the request that raised ``error``."""
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
    """Whether this is how TLS without blocking says that it waits for more."""
    return isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError))


def _in_handshake(error: BaseException) -> bool:
    return any(frame.name == "do_handshake" for frame in traceback.extract_tb(error.__traceback__))


def find(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The exception of class ``kind`` that led to ``error``; None if none did."""
    return next((one for one in _chain(error) if isinstance(one, kind)), None)


def _names(error: BaseException) -> set[str]:
    return {type(one).__name__ for one in _chain(error)}


def _chain(error: BaseException) -> list[BaseException]:
    """``error`` and all exceptions that led to it."""
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
    """The reason of a failed connection in few words, without the addresses and objects that libraries put in."""
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
