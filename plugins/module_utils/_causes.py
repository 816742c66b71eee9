# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Why a request got no answer: one table for requests, httpx and azure-identity; pure.

Causes are found by the exceptions that a failure consists of, not by its text: OpenSSL's codes (x509_vfy.h, sslerr.h
[doc]) and the classes of urllib3, requests, httpx and httpcore [src]. _answers has what answers in place of a service.
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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds


@dataclass(frozen=True)
class Asked:
    """Where a request goes: the address ``url``, and the options that hold the address and the CA.

    ``through`` is the proxy that an option names; without it, the environment's applies. ``shown`` takes the place of
    an address that is a secret.
    """

    url: str
    option: str
    ca: str = "ca_path"
    through: _proxy.Proxy | None = None
    shown: str = ""

    @property
    def host(self) -> str:
        """Host and port as the address has them."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or self.url

    @cached_property
    def proxy(self) -> _proxy.Proxy | None:
        """The proxy that the request goes through."""
        return self.through or _proxy.of_environment(self.url)


@dataclass(frozen=True)
class Cause:
    """What to tell of a failure. ``open`` says that the request may have been carried out, ``final`` that it would fail
    again at once; ``name`` is that of the row."""

    name: str
    answer: str
    hint: str
    open: bool = False
    final: bool = False


@dataclass(frozen=True)
class Seen:
    """The exceptions of a failure: their class ``names``, the innermost's text, OpenSSL's codes.

    ``sent`` says that the request was on its way, ``plain`` that it was without TLS.
    """

    names: frozenset[str]
    reason: str
    verify_code: int | None
    tls: str
    sent: bool
    plain: bool


@dataclass(frozen=True)
class Row:
    """One cause: when it ``fits``, and its texts, in which ``{who}`` is what was connected to."""

    name: str
    fits: t.Callable[[Seen], bool]
    answer: str
    hint: str
    final: bool = True


# OpenSSL's results of a verification
EXPIRED, NOT_YET_VALID, OTHER_NAME, UNTRUSTED = (10,), (9,), (62, 63, 64), (2, 18, 19, 20, 21, 27)
# OpenSSL's reasons of a failed handshake; RECORD_LAYER_FAILURE is WRONG_VERSION_NUMBER since OpenSSL 3.3
NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "UNKNOWN_PROTOCOL",
}
NO_COMMON_VERSION = {
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY",
    "DH_KEY_TOO_SMALL",
}
CERTIFICATE_WANTED = {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_ACCESS_DENIED"}
# Where in OpenSSL's source an error was raised
CODE_PLACE = re.compile(r"\s*\(_ssl\.c:\d+\)|^\[SSL: \w+\] (certificate verify failed: )?")
UNKNOWN = "no_connection"
TLS_CUT = {"", "UNEXPECTED_EOF_WHILE_READING"}
CUT = {
    "BrokenPipeError",
    "BrokenResourceError",
    "ConnectionResetError",
    "EndOfStream",
    "IncompleteRead",
    "RemoteDisconnected",
    "RemoteProtocolError",
}
# Answers that break the rules of HTTP, and headers of either side
GARBLED = {"HeaderParsingError", "InvalidChunkLength", "InvalidHeader", "LocalProtocolError", "UnreadableAnswer"}
CLOSED = re.compile(r"closed|disconnected", re.IGNORECASE)
TAMPERED = "Check {option}, and the proxies on the way, which may have changed the answer"
NOT_VALID = "TLS failed: the certificate of {who} "
TLS = (
    Row(
        "certificate_expired",
        lambda seen: seen.verify_code in EXPIRED,
        NOT_VALID + "has expired",
        "Renew the certificate there; if it has not expired, correct the clock of the machine where the task runs",
    ),
    Row(
        "certificate_not_yet_valid",
        lambda seen: seen.verify_code in NOT_YET_VALID,
        NOT_VALID + "is not valid yet",
        "Correct the clock of the machine where the task runs, for example with NTP",
    ),
    Row(
        "certificate_of_another_name",
        lambda seen: seen.verify_code in OTHER_NAME or "doesn't match" in seen.reason,
        NOT_VALID + "is for another name",
        "Set {option} to a name that the certificate has, or add the name to the certificate",
    ),
    Row(
        "unknown_authority",
        lambda seen: seen.verify_code in UNTRUSTED,
        NOT_VALID + "is not from a trusted certification authority ({reason})",
        "Set {ca} to a PEM file with its certification authority (that of the proxy, if one inspects TLS). If the "
        "authority is in it, let the server send its intermediate certificates",
    ),
    Row(
        "certificate_not_valid",
        lambda seen: seen.verify_code is not None,
        NOT_VALID + "is not valid ({reason})",
        "Correct the certificate there, and check {ca}",
    ),
    Row(
        "client_certificate",
        lambda seen: seen.tls in CERTIFICATE_WANTED,
        "TLS failed: {who} requires a client certificate",
        "Exempt the machine where the task runs from client certificates, or set {option} to an address that requires "
        "none",
    ),
    Row(
        "handshake_refused",
        lambda seen: seen.tls in ("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_HANDSHAKE_FAILURE"),
        "TLS failed: {who} refuses the handshake",
        "Check whether it requires a client certificate, which is not supported, or ciphers that OpenSSL does not "
        "offer here; set {option} to an address that does not",
    ),
    Row(
        "not_tls",
        lambda seen: seen.tls in NOT_TLS,
        "TLS failed: {who} does not speak TLS on this port",
        "Check the port in {option}, or write the address with http:// if the service is plain HTTP",
    ),
    Row(
        "no_common_tls_version",
        lambda seen: seen.tls in NO_COMMON_VERSION,
        "TLS failed: {who} and this machine have no TLS version in common ({reason})",
        "Enable TLS 1.2 or newer there",
    ),
    Row(
        "unknown_server_name",
        lambda seen: seen.tls == "TLSV1_UNRECOGNIZED_NAME",
        "TLS failed: {who} does not know this host name",
        "Check the host name in {option}",
    ),
    Row(
        "tls_cut",
        lambda seen: bool(seen.names & {"SSLEOFError", "SSLZeroReturnError"}) and seen.tls in TLS_CUT,
        "TLS failed: {who} closed the connection",
        "Check {option}, and the firewalls and proxies on the way. A server that requires a client certificate may do "
        "this too",
        final=False,
    ),
    Row(
        "tls",
        lambda seen: bool(seen.tls) or "SSLError" in seen.names,
        "TLS failed: {reason}",
        "Check {option} and {ca}",
        final=False,
    ),
)
ANSWER = (
    Row(
        "answer_too_large",
        lambda seen: "AnswerTooLarge" in seen.names,
        f"the answer of {{who}} is larger than {bounds.LARGEST // 1024**2} MiB",
        "Check {option}, and the proxies on the way: no answer of the service is that large",
    ),
    Row(
        "answer_too_deep",
        lambda seen: "AnswerTooDeep" in seen.names,
        f"the JSON of the answer of {{who}} is nested more than {bounds.DEEPEST} levels deep",
        "Check {option}, and the proxies on the way: no answer of the service is like that",
    ),
    Row(
        "answer_too_slow",
        lambda seen: "AnswerTooSlow" in seen.names,
        "the answer of {who} was not complete within the timeout of this task",
        "Run the playbook again; set timeout to a longer time if the service is slow",
    ),
    Row(
        "answer_not_decodable",
        lambda seen: bool(seen.names & {"AnswerNotDecodable", "DecodeError", "DecodingError", "ContentDecodingError"}),
        "the answer of {who} is not encoded as its Content-Encoding says",
        TAMPERED,
    ),
    Row(
        "answer_not_http",
        lambda seen: bool(seen.names & GARBLED) or ("RemoteProtocolError" in seen.names and not _is_cut(seen)),
        "the answer of {who} is not valid HTTP",
        TAMPERED,
        final=False,
    ),
)
CONNECTION = (
    *ANSWER,
    Row(
        "unknown_name",
        lambda seen: bool(seen.names & {"gaierror", "NameResolutionError"}),
        "the name of {who} cannot be resolved",
        "Check the host name in {option}, and DNS where the task runs",
        final=False,
    ),
    Row(
        "https_needed",
        lambda seen: "BadStatusLine" in seen.names and ("\x15\x03" in seen.reason or "\\x15\\x03" in seen.reason),
        "{who} speaks TLS on this port",
        "Write the address in {option} with https://",
    ),
    Row(
        "not_http",
        lambda seen: bool(seen.names & {"BadStatusLine", "LineTooLong", "UnknownProtocol"}),
        "{who} does not speak HTTP on this port",
        "Check the port in {option}",
    ),
    Row(
        "refused",
        lambda seen: "ConnectionRefusedError" in seen.names or "Connection refused" in seen.reason,
        "no connection to {url}: connection refused",
        "Check the host and port in {option}, that the service runs, and the firewalls on the way",
        final=False,
    ),
    Row(
        "no_connection_in_time",
        lambda seen: bool(seen.names & {"ConnectTimeout", "ConnectTimeoutError"}),
        "no connection to {url} in time",
        "Check {option}, and the firewalls and proxies on the way",
        final=False,
    ),
    Row(
        "no_answer_in_time",
        lambda seen: bool(seen.names & {"ReadTimeout", "ReadTimeoutError", "TimeoutError"}),
        "{who} did not answer in time",
        "Run the playbook again; set timeout to a longer time if the service is slow",
        final=False,
    ),
    Row(
        "cut_without_tls",
        lambda seen: seen.plain and bool(seen.names & CUT),
        "{who} closed the connection without an answer",
        "If the service needs https, write the address in {option} with https://; otherwise check the service's log",
        final=False,
    ),
    Row(
        "cut",
        lambda seen: bool(seen.names & CUT),
        "{who} closed the connection without an answer",
        "Check the service's log, and the proxies and firewalls on the way. A server that requires a client "
        "certificate may do this too",
        final=False,
    ),
    Row(
        UNKNOWN,
        lambda seen: True,
        "no connection to {url}: {reason}",
        "Check {option} and the network",
        final=False,
    ),
)
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
        return Cause("proxy", answer, hint, final=is_refused_by_proxy(error))
    row = row or next(row for row in CONNECTION if row.fits(seen))
    who = asked.shown or asked.host
    texts = {
        "who": f"the {asked.proxy.name}" if to_proxy and asked.proxy else who,
        "url": asked.shown or asked.url,
        "option": asked.proxy.option if to_proxy and asked.proxy else asked.option,
        "ca": asked.ca,
        "reason": seen.reason.replace(asked.host, who),
    }
    return Cause(row.name, row.answer.format(**texts), row.hint.format(**texts), seen.sent, row.final)


def lost(error: BaseException, cause: Cause) -> str:
    """What to say of a request that may have been carried out, and got no answer because of ``cause``."""
    if cause.name == UNKNOWN:
        return f"the connection failed after the request was sent: {why(error)}"
    return f"the request was sent, but {cause.answer}"


def is_final(error: BaseException) -> bool:
    """Whether the request that raised ``error`` would fail again at once: TLS or a proxy refuses it."""
    if is_refused_by_proxy(error):  # it may lock the account after several wrong passwords
        return True
    seen = _seen(error)
    row = _tls_row(seen)
    return row is not None and row.final


def _is_cut(seen: Seen) -> bool:
    """Whether the connection ended; httpx has one class for that and for an answer that is not HTTP."""
    return CLOSED.search(seen.reason) is not None


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
