# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON responses with the login server's headers."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

SECURITY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff"}
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}


def answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Build a JSON response [rec]."""
    return web.Response(
        status=status,
        headers={**SECURITY, **(headers or {}), "Content-Type": "application/json; charset=utf-8"},
        body=json.dumps(body, separators=(",", ":")).encode(),
    )
