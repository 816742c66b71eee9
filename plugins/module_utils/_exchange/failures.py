# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The table of connection failures: the exceptions that identify each one, and its texts; pure.

OpenSSL's codes are those of x509_vfy.h and sslerr.h [doc]; the exception classes are those of urllib3, requests, httpx
and httpcore [src], and of _exchange.bounds.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds


@dataclass(frozen=True)
class Seen:
    """The exceptions of a failure: their class ``names``, the text of the innermost one, and OpenSSL's codes.

    ``sent`` is true if the request may have been sent, ``plain`` if it used no TLS.
    """

    names: frozenset[str]
    reason: str
    verify_code: int | None
    tls: str
    sent: bool
    plain: bool


@dataclass(frozen=True)
class Row:
    """One cause: the condition under which it ``fits``, and its texts, in which ``{who}`` is the peer.

    ``final`` means that the request is not sent again: it would fail again immediately, or take as long again.
    """

    name: str
    fits: t.Callable[[Seen], bool]
    answer: str
    hint: str
    final: bool = True


# OpenSSL's results of a verification
EXPIRED, NOT_YET_VALID, OTHER_NAME, UNTRUSTED = (10,), (9,), (62, 63, 64), (2, 18, 19, 20, 21, 27)
# OpenSSL's reasons for a failed handshake; RECORD_LAYER_FAILURE replaces WRONG_VERSION_NUMBER since OpenSSL 3.3
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
# Responses that violate HTTP, and invalid headers of either side
GARBLED = {"HeaderParsingError", "InvalidChunkLength", "InvalidHeader", "LocalProtocolError", "UnreadableAnswer"}
CLOSED = re.compile(r"closed|disconnected", re.IGNORECASE)
TAMPERED = "Check {option}, and whether a proxy on the way changed the response"
NOT_VALID = "TLS failed: the certificate of {who} "
TLS = (
    Row(
        "certificate_expired",
        lambda seen: seen.verify_code in EXPIRED,
        NOT_VALID + "has expired",
        "Renew the certificate. If it has not expired, correct the clock of the machine where the task runs",
    ),
    Row(
        "certificate_not_yet_valid",
        lambda seen: seen.verify_code in NOT_YET_VALID,
        NOT_VALID + "is not valid yet",
        "Synchronize the clock of the machine where the task runs, for example with NTP",
    ),
    Row(
        "certificate_of_another_name",
        lambda seen: seen.verify_code in OTHER_NAME or "doesn't match" in seen.reason,
        NOT_VALID + "is for another name",
        "Set {option} to a name in the certificate, or add the name to the certificate",
    ),
    Row(
        "unknown_authority",
        lambda seen: seen.verify_code in UNTRUSTED,
        NOT_VALID + "is not from a trusted certificate authority ({reason})",
        "Set {ca} to a PEM file with its certificate authority (that of the proxy, if one inspects TLS). If the file "
        "contains it, configure the server to send its intermediate certificates",
    ),
    Row(
        "certificate_not_valid",
        lambda seen: seen.verify_code is not None,
        NOT_VALID + "is not valid ({reason})",
        "Correct the server's certificate, and check {ca}",
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
        "Set {option} to an address that requires neither a client certificate, which is not supported, nor ciphers "
        "that OpenSSL does not offer here",
    ),
    Row(
        "not_tls",
        lambda seen: seen.tls in NOT_TLS,
        "TLS failed: {who} does not speak TLS on this port",
        "Check the port in {option}, or write the address with http:// if the service uses plain HTTP",
    ),
    Row(
        "no_common_tls_version",
        lambda seen: seen.tls in NO_COMMON_VERSION,
        "TLS failed: {who} and this machine have no TLS version in common ({reason})",
        "Enable TLS 1.2 or newer on the server",
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
        "Check {option}, and the firewalls and proxies on the way. The server may also require a client certificate",
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


def _is_cut(seen: Seen) -> bool:
    """True if the connection was closed; httpx has one class for that and for a response that is not HTTP."""
    return CLOSED.search(seen.reason) is not None


ANSWER = (
    Row(
        "answer_too_large",
        lambda seen: "AnswerTooLarge" in seen.names,
        f"the response from {{who}} is larger than {bounds.LARGEST // 1024**2} MiB",
        "Check {option}, and the proxies on the way: the service never sends responses that large",
    ),
    Row(
        "answer_too_deep",
        lambda seen: "AnswerTooDeep" in seen.names,
        f"the JSON in the response from {{who}} is nested more than {bounds.DEEPEST} levels deep",
        "Check {option}, and the proxies on the way: the service never sends such a response",
    ),
    Row(
        "answer_too_slow",
        lambda seen: "AnswerTooSlow" in seen.names,
        "the response from {who} was not complete within {within}",
        "Run the playbook again; increase timeout if the service is slow",
    ),
    Row(
        "answer_not_decodable",
        lambda seen: bool(seen.names & {"AnswerNotDecodable", "DecodeError", "DecodingError", "ContentDecodingError"}),
        "the response from {who} does not match its Content-Encoding header",
        TAMPERED,
    ),
    Row(
        "answer_not_http",
        lambda seen: bool(seen.names & GARBLED) or ("RemoteProtocolError" in seen.names and not _is_cut(seen)),
        "the response from {who} is not valid HTTP",
        TAMPERED,
        final=False,
    ),
)
CONNECTION = (
    *ANSWER,
    Row(
        "unknown_name",
        lambda seen: bool(seen.names & {"gaierror", "NameResolutionError"}),
        "the host name of {who} cannot be resolved",
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
        "Check the host and port in {option}, that the service is running, and the firewalls on the way",
        final=False,
    ),
    Row(
        "no_connection_in_time",
        lambda seen: bool(seen.names & {"ConnectTimeout", "ConnectTimeoutError"}),
        "no connection to {url} within {within}",
        "Check {option}, and the firewalls and proxies on the way; increase timeout if these are slow",
    ),
    Row(
        "no_answer_in_time",
        lambda seen: bool(seen.names & {"ReadTimeout", "ReadTimeoutError", "TimeoutError"}),
        "{who} did not answer within {within}",
        "Run the playbook again; increase timeout if the service is slow",
    ),
    Row(
        "cut_without_tls",
        lambda seen: seen.plain and bool(seen.names & CUT),
        "{who} closed the connection without a response",
        "If the service requires https, write the address in {option} with https://; otherwise check the service's log",
        final=False,
    ),
    Row(
        "cut",
        lambda seen: bool(seen.names & CUT),
        "{who} closed the connection without a response",
        "Check the service's log, and the proxies and firewalls on the way. The server may also require a client "
        "certificate",
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
