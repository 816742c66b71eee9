# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The retry policy for requests, azure-identity and httpx; pure.

A wait that a service requests is limited by LONGEST, and all waits of one request by its budget. The pauses of this
policy are short, limited by ATTEMPTS, and do not count towards the budget.

All attempts together start within the timeout of a single attempt, so a slow service is not tried several times.
"""

from __future__ import annotations

import math
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import dates

# The most seconds of one wait, and of all waits of one request unless an option sets them
LONGEST = 60.0
BUDGET = 60.0
# The most attempts of a request, and the seconds before the second one
ATTEMPTS = 5
PAUSE = 0.3
# Statuses after which nothing was done, so any request may be sent again
NOTHING_DONE = frozenset({429})
# Statuses after which a request is sent again if that is harmless
PASSING = frozenset({429, 502, 503, 504})
# The most attempts of a harmless request that is answered 500, because a 500 may be permanent
ATTEMPTS_AT_500 = 3
# A number as services write it (Graph's documentation shows 2.128); float() accepts more than that
NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{0,400})?([eE][+-]?[0-9]{1,9})?")


def retry_after(headers: t.Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the wait in seconds that a response with these ``headers`` requests: 0 or more, infinite for a number
    that is too large.

    None if there is no Retry-After header, or its value is neither a number nor an HTTP date (RFC 9110). A date is
    compared with ``now``. Never raises.
    """
    text = (headers.get("Retry-After") or "").strip()
    if NUMBER.fullmatch(text):
        return max(0.0, float(text))
    until = dates.parse(text)
    if until is None:
        return None
    return max(0.0, (until - (now or dates.parse(headers.get("Date")) or datetime.now(timezone.utc))).total_seconds())


def wish(response: t.Any) -> str:
    """Describe the wait that a ``response`` of requests or httpx requests, to append to a message; empty if none."""
    seconds = retry_after(response.headers) if response.status_code in PASSING else None
    if not seconds:
        return ""
    return f", requesting {f'a wait of {math.ceil(seconds)} s' if math.isfinite(seconds) else 'an endless wait'}"


def pause(attempt: int) -> float:
    """Return the seconds to wait after this many attempts if the service requests no wait."""
    return float(PAUSE * 2 ** (attempt - 1))


@dataclass(frozen=True)
class Attempts:
    """The attempts of one request: how many were ``made``, and the seconds that they ``took`` together.

    ``timeout`` is the timeout of one attempt in seconds; None if there is no limit.
    """

    timeout: float | None = None
    made: int = 0
    took: float = 0.0

    def after(self, seconds: float) -> Attempts:
        """Return these attempts and another one that took ``seconds``."""
        return Attempts(self.timeout, self.made + 1, self.took + seconds)

    @property
    def is_left(self) -> bool:
        """True if another attempt may start."""
        return self.made < ATTEMPTS and (self.timeout is None or self.took < self.timeout)


@dataclass(frozen=True)
class Budget:
    """The seconds that are ``left`` for the waits that a service requests, for one request."""

    left: float = BUDGET

    def wait(self, wanted: float) -> float | None:
        """Return how long to wait if a service requests ``wanted`` seconds; None if the budget does not allow it."""
        seconds = min(wanted, LONGEST)
        return seconds if seconds <= self.left else None

    def after(self, wanted: float) -> Budget:
        """Return the budget left after a wait."""
        return Budget(self.left - (self.wait(wanted) or 0.0))


USUAL = Budget()
