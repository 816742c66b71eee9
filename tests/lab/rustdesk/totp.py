# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time-based one-time passwords as consoles create and verify them (RFC 6238 with SHA-1, six digits, 30 seconds)."""

from __future__ import annotations

import base64
import hmac
import secrets
import time

SECONDS = 30


def new_secret(length: int) -> str:
    """Return the base32 text of this many random bytes, without padding, as consoles show it."""
    return base64.b32encode(secrets.token_bytes(length)).decode().rstrip("=")


def code_of(secret: str, step: int) -> str:
    """Return the code of a time step."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] % 16
    number = int.from_bytes(digest[start : start + 4], "big") % 2**31
    return f"{number % 1_000_000:06d}"


def code_at(secret: str, moment: float | None = None) -> str:
    """Return the code of a time, by default now. The user's device has its own clock, which the lab cannot move."""
    return code_of(secret, int(time.time() if moment is None else moment) // SECONDS)
