# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login endpoints' signing key, and the tokens made with it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey


class SigningKey:
    """Signs access and ID tokens with RS256 and publishes the public half."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)

    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token."""
        return jwt.encode({"typ": "JWT", "alg": "RS256", "kid": self._key.kid}, claims, self._key)

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token of ours; raises ValueError where the signature or form is wrong."""
        try:
            return dict(jwt.decode(token, self._key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError) as error:
            raise ValueError(str(error)) from error


def read_assertion(token: str, certificate: x509.Certificate) -> dict[str, Any]:
    """The claims of a client assertion signed by the certificate's key; raises ValueError where it is not."""
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        return dict(jwt.decode(token, RSAKey.import_key(pem), algorithms=["RS256", "PS256"]).claims)
    except (JoseError, ValueError) as error:
        raise ValueError(str(error)) from error


def thumbprint(certificate: x509.Certificate) -> str:
    """The SHA-1 thumbprint in hexadecimal capitals, as Graph shows it [rec]."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def is_named_by(certificate: x509.Certificate, header: dict[str, Any]) -> bool:
    """True where an assertion's header names this certificate, by ``x5t`` or ``x5t#S256``, padded or not."""
    algorithm = hashes.SHA256() if "x5t#S256" in header else hashes.SHA1()
    named = str(header.get("x5t#S256") or header.get("x5t")).rstrip("=")
    return named == _encoded(certificate.fingerprint(algorithm))


def pairwise(salt: str, app_id: str, oid: str) -> str:
    """The ``sub`` claim: differs from application to application."""
    return _encoded(hashlib.sha256(f"{salt}/{app_id}/{oid}".encode()).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
