# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find the automation's own credential and its expiry date on the controller, without a request."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import credentials
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

try:  # it comes with azure-identity
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

# Credentials of the automation's application that expire. Tokens and identities are renewed by their issuer.
EXPIRING = ("secret", "certificate")
# Sources for which no option names the automation's application
NAMELESS = ("access_token", "azure_cli")


def find(params: t.Mapping[str, t.Any], secret_expires: str = "") -> dict[str, str]:
    """Return the automation's ``client_id`` and ``credential`` (a value of O(auth_source)), when it ``expires``, and
    the ``certificate_path`` of a certificate.

    ``params`` are the sign-in options. ``secret_expires`` is the declared expiry date of a client secret, in ISO 8601,
    because reading it from Entra needs access to the application. Unknown values are empty. Never raises.
    """
    try:
        credential = credentials.source(params)
    except InputError:
        return {"client_id": "", "credential": "", "expires": "", "certificate_path": ""}
    expires = secret_expires if credential == "secret" else ""
    path = str(params["certificate_path"]) if credential == "certificate" else ""
    if path:
        moment = certificate_expiry(path, params.get("certificate_password"))
        expires = moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
    client_id = "" if credential in NAMELESS else str(params.get("client_id") or "")
    return {"client_id": client_id, "credential": credential, "expires": expires, "certificate_path": path}


def certificate_expiry(path: str, password: str | None) -> datetime | None:
    """Return the expiry date (notAfter, UTC) of the certificate in a PEM or PFX file; None if it cannot be read.

    Like azure-identity, it takes the first certificate of a PEM file (certificate.py [src]).
    """
    if not HAS_CRYPTOGRAPHY:
        return None
    found: x509.Certificate | None
    try:
        content = _input.readable_file(path, "certificate_path")
        if b"-----BEGIN" in content:
            found = x509.load_pem_x509_certificate(content)
        else:
            _key, found, _others = pkcs12.load_key_and_certificates(content, password.encode() if password else None)
        if found is None:
            return None
        # not_valid_after_utc exists since cryptography 42; not_valid_after is deprecated
        aware: datetime | None = getattr(found, "not_valid_after_utc", None)
        return aware or found.not_valid_after.replace(tzinfo=timezone.utc)
    except (InputError, ValueError, TypeError):  # sign-in reports the problem with the file
        return None
