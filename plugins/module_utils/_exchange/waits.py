# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""How long a request waits before it is sent again; pure.

One policy for requests, azure-identity and httpx. What a service asks for is bounded twice: each wait by LONGEST, all
waits of one request by its budget. Pauses of our own come on top: they are short, and bounded by ATTEMPTS.

Attempts are bounded by the time for one: a service that keeps each for long is not given it several times.
"""

from __future__ import annotations

import math
import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import dates

# Seconds that one wait may take, and all waits of one request where no option says so
LONGEST = 60.0
BUDGET = 60.0
# How often a request is sent at most, and the seconds before its second attempt
ATTEMPTS = 5
PAUSE = 0.3
# Answers that say that nothing was done: any request may be sent again
NOTHING_DONE = frozenset({429})
# Answers that leave open what was done: a request is sent again if that is harmless
PASSING = frozenset({429, 502, 503, 504})
# How often a harmless request is sent at most that is answered 500, which a service may also mean for good
ATTEMPTS_AT_500 = 3
# A number as services write it (Graph's documentation shows 2.128); float() takes more than that
NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{0,400})?([eE][+-]?[0-9]{1,9})?")


def retry_after(headers: t.Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that an answer with these ``headers`` asks to wait: 0 or more, and infinite for an endless number.

    None if it asks for nothing, or for something that is neither a number nor an HTTP date (RFC 9110). ``now`` is the
    time that a date is compared with. Never raises.
    """
    text = (headers.get("Retry-After") or "").strip()
    if NUMBER.fullmatch(text):
        return max(0.0, float(text))
    until = dates.parse(text)
    if until is None:
        return None
    return max(0.0, (until - (now or dates.parse(headers.get("Date")) or datetime.now(timezone.utc))).total_seconds())


def wish(response: t.Any) -> str:
    """What to add where a ``response`` of requests or httpx is described that asks for a wait; empty for another."""
    seconds = retry_after(response.headers) if response.status_code in PASSING else None
    if not seconds:
        return ""
    return f", asking for {f'a wait of {math.ceil(seconds)} s' if math.isfinite(seconds) else 'an endless wait'}"


def pause(attempt: int) -> float:
    """The seconds to wait after this many attempts, where the service does not say how long."""
    return float(PAUSE * 2 ** (attempt - 1))


@dataclass(frozen=True)
class Attempts:
    """The attempts of one request: how many were ``made``, and the seconds that they ``took`` together.

    ``timeout`` is the time for one attempt, in seconds; None where nobody bounds it.
    """

    timeout: float | None = None
    made: int = 0
    took: float = 0.0

    def after(self, seconds: float) -> Attempts:
        """These, and another one that took ``seconds``."""
        return Attempts(self.timeout, self.made + 1, self.took + seconds)

    @property
    def is_left(self) -> bool:
        """Whether another one may begin."""
        return self.made < ATTEMPTS and (self.timeout is None or self.took < self.timeout)


@dataclass(frozen=True)
class Budget:
    """The seconds that are ``left`` for the waits that a service asks for, of one request."""

    left: float = BUDGET

    def wait(self, wanted: float) -> float | None:
        """How long to wait where a service wants ``wanted`` seconds; None if there is not that much left."""
        seconds = min(wanted, LONGEST)
        return seconds if seconds <= self.left else None

    def after(self, wanted: float) -> Budget:
        """What is left once wait() is over."""
        return Budget(self.left - (self.wait(wanted) or 0.0))


USUAL = Budget()
