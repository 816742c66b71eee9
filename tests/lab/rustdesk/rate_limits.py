# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rate limits as the NestJS throttler has them: per address and route, on the lab's clock [src]."""

from __future__ import annotations

import math
from collections import defaultdict

from ..clock import Clock

WINDOW_SECONDS = 60


class RateLimits:
    """Counts the requests of the last minute.

    Every request counts for a minute. The first one too many blocks its route for a minute; what comes meanwhile
    does not count, and afterwards the count begins anew.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._blocked: dict[tuple[str, str], float] = {}

    def hit(self, address: str, route: str, limit: int) -> tuple[bool, dict[str, str]]:
        """Count a request; returns whether it may pass and the headers of its answer."""
        now, key = self._clock.time(), (address, route)
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
