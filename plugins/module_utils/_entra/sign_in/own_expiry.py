# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What the automation signs in with and when that expires, from what the controller has: no request is sent."""

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

# Credentials of the automation's application that expire. A token or an identity of somebody else's does not expire
# here: whoever issues it renews it.
EXPIRING = ("secret", "certificate")
# Those without an application of the automation's own, or for which nothing here names it
NAMELESS = ("access_token", "azure_cli")


def find(params: t.Mapping[str, t.Any], secret_expires: str = "") -> dict[str, str]:
    """The automation's ``client_id``, its ``credential`` (a value of O(auth_source)), when that ``expires``, and the
    ``certificate_path`` of a certificate.

    ``params`` are the options of the sign-in, ``secret_expires`` is when a client secret is declared to expire, in
    ISO 8601: Entra tells that only to who may read the application. What is unknown is empty. Never raises.
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
    """The end (notAfter) of the certificate that azure-identity would use of a PEM or PFX file, in UTC; None if it
    cannot be read.

    Of a PEM file that is the first certificate (azure-identity's certificate.py [src]).
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
        # cryptography has the first since 42, and will remove the second
        aware: datetime | None = getattr(found, "not_valid_after_utc", None)
        return aware or found.not_valid_after.replace(tzinfo=timezone.utc)
    except (InputError, ValueError, TypeError):  # the sign-in itself tells what is wrong with the file
        return None
