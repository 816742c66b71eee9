# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The key and certificate with which the automation authenticates."""

from __future__ import annotations

import hashlib
import re
import ssl
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, MissingLibraryError

# Entra requires keys of at least 2048 bits [doc]
KEY_SIZE = 3072
# Certificates are backdated, because the clocks of the controller and of Entra can differ
BACKDATED = timedelta(hours=1)
# The playbook recognizes its own certificates by this organization in the subject
ORGANIZATION = "deskops.rustdesk_sso"
PREFIX = "automation"
SUBJECT = re.compile(rf"{PREFIX} ([0-9a-f]{{6}})")
FIRST = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
PRIVATE_KEY = b"PRIVATE KEY-----"


@dataclass(frozen=True)
class Certificate:
    """The certificate in a PEM file. ``holder`` is None and ``tenant_id`` empty if the playbook did not create it."""

    thumbprint: str
    holder: str | None
    created: datetime
    expires: datetime
    has_key: bool = True
    tenant_id: str = ""


def create(holder: str, tenant_id: str, lifetime: timedelta, now: datetime) -> bytes:
    """Return a new private key and its certificate, self-signed with SHA-256, as one PEM document.

    ``holder`` is six hexadecimal digits. ``tenant_id`` is written to the subject, so that the file is never renewed for
    another tenant. Raise MissingLibraryError.
    """
    x509, oid = _library()
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    names = (
        (oid.ORGANIZATION_NAME, ORGANIZATION),
        (oid.ORGANIZATIONAL_UNIT_NAME, tenant_id),
        (oid.COMMON_NAME, f"{PREFIX} {holder}"),
    )
    subject = x509.Name([x509.NameAttribute(*name) for name in names])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return bytes(private) + bytes(certificate.public_bytes(serialization.Encoding.PEM))


def read(data: bytes, path: str) -> Certificate:
    """Return the first certificate in the PEM document ``data``, the content of the file ``path``.

    Raise InputError if it contains none, or MissingLibraryError.
    """
    x509, oid = _library()
    found = FIRST.search(data)
    try:
        if not found:
            raise ValueError
        certificate = x509.load_pem_x509_certificate(found.group())
        der = ssl.PEM_cert_to_DER_cert(found.group().decode())
    except ValueError:
        raise InputError(
            f"The file {path} has no certificate in PEM format",
            hint="Set bootstrap_certificate_path to a PEM file with a certificate and its private key, or to a file "
            "that does not exist, to have the playbook create both",
        ) from None
    created, expires = (_moment(certificate, name) for name in ("not_valid_before", "not_valid_after"))
    organization, unit, name = (
        [str(item.value) for item in certificate.subject.get_attributes_for_oid(part)]
        for part in (oid.ORGANIZATION_NAME, oid.ORGANIZATIONAL_UNIT_NAME, oid.COMMON_NAME)
    )
    own = SUBJECT.fullmatch(name[0]) if organization == [ORGANIZATION] and name else None
    thumbprint = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
    holder = own.group(1) if own else None
    created, tenant_id = (created + BACKDATED, "".join(unit)) if own else (created, "")
    return Certificate(thumbprint, holder, created, expires, PRIVATE_KEY in data, tenant_id)


def _moment(certificate: t.Any, name: str) -> datetime:
    """Return the time ``name`` of the certificate, in UTC. Before version 42, cryptography returns no time zone."""
    found: datetime = getattr(certificate, f"{name}_utc", None) or getattr(certificate, name)
    return found.replace(tzinfo=timezone.utc)


def _library() -> tuple[t.Any, t.Any]:
    """Return cryptography's x509 module and NameOID. azure-identity depends on cryptography."""
    try:
        from cryptography import x509
        from cryptography.x509.oid import NameOID
    except ImportError:
        raise MissingLibraryError("cryptography") from None
    return x509, NameOID
