# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The goals of the benchmarks, and the measured values. P is a play with one ping for each host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .measure import Results

FAR = 0.15
FLEETS = (10, 50, 200)
LARGEST = FLEETS[-1]
# The candidates of this collection at LARGEST, for the peak of memory
OURS = ("entra", "several", "role_own", "role_shared", "first_own", "first_shared")


@dataclass(frozen=True)
class Goal:
    """A figure that should be at most ``limit``; ``measured`` is None if this run did not measure it."""

    text: str
    limit: float
    measured: float | None
    unit: str = ""

    @property
    def met(self) -> str:
        """Return whether the goal is met, in words."""
        if self.measured is None:
            return "not measured"
        return "yes" if self.measured <= self.limit else "**no**"

    @property
    def times(self) -> float | None:
        """Return the measured value as a multiple of the limit; None if the limit is zero."""
        return self.measured / self.limit if self.measured is not None and self.limit else None


def goals(results: Results) -> list[Goal]:
    """Return all goals with the measured values."""
    return [*_one_server(results), *_fleets(results), *_exact(results)]


def _one_server(results: Results) -> Iterator[Goal]:
    def goal(text: str, limit: float, key: str, to: str, latency: float = 0.0) -> Goal:
        return Goal(text, limit, results.wall_ratio(key, to, latency=latency), "P" if to == "ping" else "")

    yield goal("`entra_app`, converged, in process", 0.95, "entra", "ping")
    yield goal("`entra_app`, converged, as a module", 1.3, "entra_module", "ping")
    yield goal("whole role, one server, converged, with verification", 1.2, "role_own", "ping")
    yield goal("the same, compared with the peer's application and service principal", 0.15, "role_own", "peer")
    yield goal("the same at 150 ms per request, compared with the peer's", 0.25, "role_own", "peer", FAR)
    yield goal("first run, one server", 1.8, "first_own", "ping")
    yield goal("the same, compared with the peer's three tasks that create", 0.16, "first_own", "peer_first")


def _fleets(results: Results) -> Iterator[Goal]:
    for servers in FLEETS:
        text = f"whole role, {servers} servers with an application each, converged"
        yield Goal(text, 1.0, results.wall_ratio("role_own", "ping", servers), "P")
    text = f"first run, {LARGEST} servers with an application each"
    yield Goal(text, 2.0, results.wall_ratio("first_own", "ping", LARGEST), "P")
    peaks = [peak for key in OURS if (peak := results.median("memory", key, LARGEST))]
    peer = results.median("memory", "peer")
    text = f"peak memory at {LARGEST} servers, compared with the peer's"
    yield Goal(text, 0.45, max(peaks) / peer if peaks and peer else None)


def _exact(results: Results) -> Iterator[Goal]:
    facts = results.facts
    for servers in (1, 10):
        cost = results.last("role_own", servers)
        text = f"task results per server, {servers} server{'s' if servers > 1 else ''}, converged"
        yield Goal(text, 7, cost.tasks / servers if cost else None)
    whole, rest = results.last("role_own"), results.last("unverified")
    entra = rest.requests["login"] + rest.requests["graph"] if rest else None
    yield Goal("requests to Entra, one server, converged, including the token request", 3, entra)
    yield Goal("requests to the console", 3, rest.requests["console"] if rest else None)
    yield Goal("requests for verification", 3, whole.sent - rest.sent if whole and rest else None)
    ten = results.last("role_own", 10)
    yield Goal("requests, 10 servers with an application each, converged", 63, ten.sent if ten else None)
    yield Goal("a second run: write requests, including new client secrets", 0, facts.get("writes"))
    yield Goal("a task for a console: loaded modules of msgraph, kiota and azure.identity", 0, facts.get("console"))
    for servers in FLEETS:
        text = f"{servers} servers that share an application: tasks that register it"
        yield Goal(text, 1, facts.get(f"registrations {servers}"))
