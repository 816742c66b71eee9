# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The encodings of a secret in a text."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus


def written(secret: str) -> set[str]:
    """Return the secret in plain text, URL-encoded, JSON-escaped, and in base64 at any offset of a longer text."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    octets = secret.encode()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).decode().rstrip("=")
        # Without the characters that depend on the neighboring text
        inner = encoded[(0, 2, 3)[before] : len(encoded) - (1 if (before + len(octets)) % 3 else 0)]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms
