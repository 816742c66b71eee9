# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection is to cost at most, and what was measured. P is the play with one ping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .measure import Results

FAR = 0.15
FLEETS = (10, 50, 200)
# What of this collection is measured, for the peak of its memory
OURS = ("entra", "entra_module", "role_own", "role_shared", "first_own", "first_shared")


@dataclass(frozen=True)
class Goal:
    """A figure that is to be at most ``limit``; ``measured`` is None where this run did not measure it."""

    text: str
    limit: float
    measured: float | None
    unit: str = ""

    @property
    def met(self) -> str:
        """Whether it is met."""
        if self.measured is None:
            return "not measured"
        return "yes" if self.measured <= self.limit else "**no**"


def goals(results: Results) -> list[Goal]:
    """All goals with what was measured."""
    return [*_times(results), *_memory(results), *_fleets(results), *_exact(results)]


def _times(results: Results) -> Iterator[Goal]:
    wall = results.wall_ratio
    yield Goal("`entra_app`, converged, in process", 0.95, wall("entra", "ping"), "P")
    yield Goal("`entra_app`, converged, as a module", 1.3, wall("entra_module", "ping"), "P")
    yield Goal("whole role, one server, converged, with proof", 1.3, wall("role_own", "ping"), "P")
    yield Goal("the same, to the peer's application and service principal", 0.15, wall("role_own", "peer"))
    yield Goal("the same at 150 ms a request", 0.22, wall("role_own", "peer", latency=FAR))
    yield Goal("first run, to the peer's three tasks that create", 0.15, wall("first_own", "peer_first"))


def _memory(results: Results) -> Iterator[Goal]:
    ours = [peak for key in OURS for place in results.places(key) if (peak := results.median("memory", key, *place))]
    peers = [peak for place in results.places("peer") if (peak := results.median("memory", "peer", *place))]
    measured = max(ours) / min(peers) if ours and peers else None
    yield Goal("peak memory of the largest process at any N, to the peer's", 1 / 3, measured)


def _fleets(results: Results) -> Iterator[Goal]:
    for key, what in (("entra", "`entra_app`"), ("role_own", "whole role")):
        for servers in FLEETS:
            text = f"{servers} servers with an application each, {what}, to {servers} hosts of ping"
            yield Goal(text, 0.9, results.wall_ratio(key, "ping", servers), "P")
    for servers in FLEETS:
        requests = results.requests("registration", servers)
        sent = requests["login"] + requests["graph"] if requests else None
        yield Goal(f"{servers} servers that share one: requests to Entra for registration", 2 + servers / 10, sent)
        tasks = results.facts.get(f"registrations {servers}")
        yield Goal(f"{servers} servers that share one: tasks that register", 1, tasks)


def _exact(results: Results) -> Iterator[Goal]:
    whole, rest = results.requests("role_own"), results.requests("no_proof")
    entra = rest["login"] + rest["graph"] if rest else None
    proof = sum(whole.values()) - sum(rest.values()) if whole and rest else None
    yield Goal("requests to Entra, one server, converged, the token's included", 3, entra)
    yield Goal("requests to the console", 3, rest["console"] if rest else None)
    yield Goal("requests for the proof", 3, proof)
    yield Goal("a second run: requests that write, new client secrets included", 0, results.facts.get("writes"))
    yield Goal("a console's task: loaded modules of msgraph, kiota and azure.identity", 0, results.facts.get("console"))
    yield Goal("an Entra task: loaded modules of msgraph's models", 30, results.facts.get("models"))
