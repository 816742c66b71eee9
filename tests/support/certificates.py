# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates with which an application signs in, as files."""

from __future__ import annotations

import base64
import functools
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from lab.client import Tenant


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make(ends: datetime, name: str = "automation") -> x509.Certificate:
    """Create a certificate that expires at ``ends``."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(_key().public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(min(ends, datetime.now(timezone.utc)) - timedelta(days=1))
    return builder.not_valid_after(ends).sign(_key(), hashes.SHA256())


def write_pem(path: Path, *certificates: x509.Certificate) -> Path:
    """Write a PEM file with the private key and ``certificates``, of which the first is its own."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    parts = [_key().private_bytes(encoding, form, serialization.NoEncryption())]
    path.write_bytes(b"".join([*parts, *(certificate.public_bytes(encoding) for certificate in certificates)]))
    return path


def write_pfx(path: Path, certificate: x509.Certificate, password: str) -> Path:
    """Write a PFX file with the private key and ``certificate``."""
    encrypted = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"own", _key(), certificate, None, encrypted))
    return path


def register(tenant: Tenant, certificate: x509.Certificate) -> None:
    """Add ``certificate`` to the automation's application."""
    path = f"/applications/{tenant.automation['application_object_id']}"
    held = tenant.graph("GET", path).json()["keyCredentials"]
    key = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    new = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key}
    tenant.graph("PATCH", path, {"keyCredentials": [*held, new]}).raise_for_status()
