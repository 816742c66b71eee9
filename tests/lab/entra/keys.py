# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signing key of the login endpoints, and the tokens signed with it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

_PADDINGS = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH),
}


class SigningKey:
    """Sign access and ID tokens with RS256, and publish the public key."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)

    def jwks(self) -> dict[str, Any]:
        """Return the JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a signed token."""
        return jwt.encode({"typ": "JWT", "alg": "RS256", "kid": self._key.kid}, claims, self._key)

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token signed here. Raises ValueError if signature or format are invalid."""
        try:
            return dict(jwt.decode(token, self._key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError) as error:
            raise ValueError(str(error)) from error


def read_assertion(token: str, certificate: x509.Certificate) -> dict[str, Any]:
    """Return the claims of a client assertion signed with the certificate's key. Raises ValueError otherwise.

    The asynchronous credentials of azure-identity sign parts that keep their base64 padding, which Entra accepts and
    JWT libraries do not [src: azure/identity/_internal/aad_client_base.py]. Therefore the parts are checked as sent.
    """
    signed, _dot, signature = token.rpartition(".")
    header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
    if header.get("alg") not in _PADDINGS:
        raise ValueError(f"the algorithm {header.get('alg')} is not accepted")
    try:
        certificate.public_key().verify(_decoded(signature), signed.encode(), _PADDINGS[header["alg"]], hashes.SHA256())
    except InvalidSignature as error:
        raise ValueError("the signature is not of this key") from error
    return dict(claims)


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 thumbprint in uppercase hexadecimal, as Graph shows it [rec]."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def is_named_by(certificate: x509.Certificate, header: dict[str, Any]) -> bool:
    """Return True if an assertion's header names this certificate, by ``x5t`` or ``x5t#S256``, padded or not."""
    algorithm = hashes.SHA256() if "x5t#S256" in header else hashes.SHA1()
    named = str(header.get("x5t#S256") or header.get("x5t")).rstrip("=")
    return named == _encoded(certificate.fingerprint(algorithm))


def pairwise(salt: str, app_id: str, oid: str) -> str:
    """Return the ``sub`` claim, which differs between applications."""
    return _encoded(hashlib.sha256(f"{salt}/{app_id}/{oid}".encode()).digest())


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
