# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults that can happen to each request of a run, and the endpoints that a run uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crash.flows import Ground

# Seconds that a request may take, and that a slow one takes
TIMEOUT, SLOW = 1, 1.5
HTML = "<html><head><title>Sign in to the gateway</title></head><body>Please sign in</body></html>"
KINDS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "headers": {"Retry-After": "0.05"}, "json": {"error": {"code": "429", "message": "x"}}},
    "500": {"status": 500, "json": {"error": "internal error"}},
    "502": {"status": 502, "html": "<html>Bad Gateway</html>"},
    "503": {"status": 503, "headers": {"Retry-After": "0.05"}, "html": "<html>Service Unavailable</html>"},
    "504": {"status": 504, "html": "<html>Gateway Timeout</html>"},
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
    "slow": {"delay": SLOW},
    "garbled": {"body": '{"access_token": \x00\x1b', "headers": {"Content-Type": "application/json"}},
    "empty 200": {"status": 200},
    "HTML 200": {"html": HTML},
}
TIMES = (1, 2, 5)
STARTS = ("first run", "converged")


@dataclass(frozen=True)
class Fault:
    """``times`` times in a row, the ``request`` (as named by crash.harness.boundaries()) encounters ``kind``."""

    request: str
    kind: str
    times: int

    def order(self, ground: Ground) -> None:
        """Schedule it in the lab of the ground, at the first console if the request is one to a console."""
        place, method, path = self.request.rsplit(" ", 2)
        service = ground.consoles[0].name if place.startswith("console") else place
        pattern = re.escape(path).replace("'", "('|%27)").replace(re.escape("{id}"), "[^/']+")
        ground.lab.fault(service, method, rf"^{pattern}(\?|$)", by="client", times=self.times, **KINDS[self.kind])


def faults(sent: list[str]) -> Iterator[Fault]:
    """Each kind, each number of times, at each endpoint."""
    for request in dict.fromkeys(sent):
        for kind in KINDS:
            for times in TIMES:
                yield Fault(request, kind, times)


def sample(sent: list[str], first: int) -> Iterator[Fault]:
    """One fault at every second endpoint, all of them in turn, beginning with number ``first``."""
    kinds = [*KINDS]
    for number, request in enumerate([*dict.fromkeys(sent)][first % 2 :: 2], first):
        yield Fault(request, kinds[number % len(kinds)], TIMES[number // 2 % len(TIMES)])
