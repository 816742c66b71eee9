# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Time-based one-time passwords (RFC 6238) from the secrets that consoles issue.

rustdesk_console issues secrets of 80 bits (otplib 12 [src]), which libraries that follow RFC 4226 reject.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, counted

SECONDS = 30
# Bytes of the shortest secret that a console issues
SHORTEST = 10
HINT = "Copy the secret again from the console, or from the key URI behind its QR code"


def step(moment: float) -> int:
    """Return the number of the time step of ``moment``, in seconds since 1970; each step has its own code."""
    return int(moment) // SECONDS


def code(secret: str, moment: float) -> str:
    """Return the code at ``moment``, in seconds since 1970, for the base32 text ``secret``.

    The code has six digits and uses SHA-1, as in all known consoles. Raises InputError as key().
    """
    digest = hmac.new(key(secret), step(moment).to_bytes(8, "big"), "sha1").digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def key(secret: str) -> bytes:
    """Decode the base32 text ``secret``, in upper or lower case, with or without spaces and padding.

    Raises InputError, which explains the problem without quoting the text.
    """
    text = re.sub(r"[\s-]", "", secret)
    letters = text.rstrip("=")
    if re.search("[^A-Za-z2-7]", letters):
        raise InputError("totp_secret contains characters that are not base32 (A-Z, 2-7)", hint=HINT)
    if letters != text and len(text) % 8:
        raise InputError("totp_secret has the wrong padding", hint="Remove the trailing equals signs")
    try:
        found = base64.b32decode(letters + "=" * (-len(letters) % 8), casefold=True)
    except binascii.Error as error:  # its text is not quoted, because it may contain a part of the secret
        raise InputError(
            f"totp_secret is not a whole number of bytes in base32 ({counted(len(letters), 'character')})", hint=HINT
        ) from error
    if len(found) < SHORTEST:
        raise InputError(
            f"totp_secret is too short: it has {counted(len(letters), 'character')}, but consoles issue 16 or more",
            hint=HINT,
        )
    return found
