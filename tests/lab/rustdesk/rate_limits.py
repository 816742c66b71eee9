# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rate limits of the NestJS throttler in a rustdesk_console: per client and route, on the lab's clock.

Source: src/common/guards/device-throttler.guard.ts [src].
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from ..clock import Clock

WINDOW_SECONDS = 60


class RateLimits:
    """A counter of the requests of the last minute.

    Every request counts for a minute. The first one above the limit blocks its route for a minute. Requests during the
    block do not count, and afterwards the count restarts.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._blocked: dict[tuple[str, str], float] = {}

    def hit(self, client: str, route: str, limit: int) -> tuple[bool, dict[str, str]]:
        """Count a request. Returns whether it may pass and the headers of its response."""
        now, key = self._clock.time(), (client, route)
        until = self._blocked.get(key)
        if until is not None and until > now:
            return False, {"Retry-After": str(math.ceil(until - now))}
        if until is not None:
            del self._blocked[key], self._hits[key]
        hits = [moment for moment in self._hits[key] if moment + WINDOW_SECONDS > now] + [now]
        self._hits[key] = hits
        if len(hits) > limit:
            self._blocked[key] = now + WINDOW_SECONDS
            return False, {"Retry-After": str(WINDOW_SECONDS)}
        return True, {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - len(hits)),
            "X-RateLimit-Reset": str(math.ceil(hits[0] + WINDOW_SECONDS - now)),
        }


def client_of(body: Any, address: str) -> str:
    """Return the key that a request counts for: the ID in its body, regardless of the sender, or its address [src]."""
    members = body if isinstance(body, dict) else {}
    given = members.get("id") or members.get("uuid") or members.get("deviceId")
    return str(given or address)
