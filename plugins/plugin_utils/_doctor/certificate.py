# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the TLS certificate that a server presents, trusted or not, and check its expiry date."""

from __future__ import annotations

import socket
import ssl
import typing as t
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    not_checked,
    ok,
    warning,
)

try:  # installed with azure-identity
    from cryptography import x509
    from cryptography.x509.oid import NameOID
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

# How long before the expiry date to warn. Certificates for 90 days are usually renewed a month before they expire,
# shorter ones after two thirds of their lifetime
WARN_BEFORE = timedelta(days=14)
# The number of names to list
NAMED = 5


@dataclass(frozen=True)
class Certificate:
    """A certificate: its names, its issuer, and its validity period in UTC."""

    names: tuple[str, ...]
    issuer: str
    valid_from: datetime
    expires: datetime


def fetch(url: str, timeout: float) -> Certificate | None:
    """Return the certificate of the server at the https address ``url``, or None if it cannot be read.

    The certificate is not verified, because no data is sent over the connection.
    """
    parts = urlsplit(url)
    if not HAS_CRYPTOGRAPHY or parts.scheme != "https" or not parts.hostname:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            closing(socket.create_connection((parts.hostname, parts.port or 443), timeout)) as connection,
            context.wrap_socket(connection, server_hostname=parts.hostname) as tls,
        ):
            return _read(tls.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):  # the HTTP request reports the reason
        return None


def _read(content: bytes) -> Certificate:
    """Parse a DER certificate. Raise ValueError for any other content."""
    found = x509.load_der_x509_certificate(content)
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*extension.get_values_for_type(x509.DNSName)]
        names += [str(address) for address in extension.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        names = []
    issuers = [
        str(item.value)
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for item in found.issuer.get_attributes_for_oid(kind)
    ]
    return Certificate(
        tuple(names), ", ".join(issuers) or "an unnamed issuer", _utc(found, "before"), _utc(found, "after")
    )


def _utc(found: t.Any, end: str) -> datetime:
    """Return one end of the validity period. cryptography 42 added the attributes with a time zone."""
    aware = getattr(found, f"not_valid_{end}_utc", None)
    return t.cast("datetime", aware or getattr(found, f"not_valid_{end}").replace(tzinfo=timezone.utc))


def finding(name: str, certificate: Certificate | None, now: datetime) -> Finding:
    """Return the finding for a certificate that HTTP has verified. Pure."""
    if certificate is None:
        return not_checked(name, "the certificate's expiry date could not be read")
    left = certificate.expires - now
    early = min(WARN_BEFORE, (certificate.expires - certificate.valid_from) / 3)
    seen = described(certificate)
    if left <= early:
        days = max(0, left.days)
        return warning(name, f"{seen} (in {days} day{'' if days == 1 else 's'})", "Renew the server's certificate")
    return ok(name, seen)


def described(certificate: Certificate) -> str:
    """Describe a certificate in words. Pure."""
    more = len(certificate.names) - NAMED
    names = ", ".join(certificate.names[:NAMED]) + (f" and {more} more" if more > 0 else "")
    day = certificate.expires.strftime("%Y-%m-%d")
    return f"the certificate for {names or 'no name'}, issued by {certificate.issuer}, expires on {day}"
