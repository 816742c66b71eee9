# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection is to cost at most, and what was measured. P is the play with one ping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from . import missed
from .measure import Results

FAR = 0.15
ENTRA = ("login", "graph")
FLEETS = (10, 50, 200)
# What of this collection is measured, for the peak of its memory
OURS = ("entra", "entra_module", "role_own", "role_shared", "first_own", "first_shared")


@dataclass(frozen=True)
class Goal:
    """A figure that is to be at most ``limit``; ``measured`` is None where this run did not measure it.

    ``why`` says of a figure that is above it where it comes from and what the limit is.
    """

    text: str
    limit: float
    measured: float | None
    why: Callable[[], str]
    unit: str = ""

    @property
    def missed(self) -> bool:
        """Whether it was measured and is not met."""
        return self.measured is not None and self.measured > self.limit

    @property
    def met(self) -> str:
        """Whether it is met."""
        if self.measured is None:
            return "not measured"
        return "**no**" if self.missed else "yes"


def goals(results: Results) -> list[Goal]:
    """All goals with what was measured."""
    return [*_times(results), *_memory(results), *_fleets(results), *_exact(results)]


def _times(results: Results) -> Iterator[Goal]:
    def goal(text: str, limit: float, key: str, to: str, latency: float = 0.0) -> Goal:
        why = partial(missed.one_server, results, key, to, latency)
        measured = results.wall_ratio(key, to, latency=latency)
        return Goal(text, limit, measured, why, "P" if to == "ping" else "")

    yield goal("`entra_app`, converged, in process", 0.95, "entra", "ping")
    yield goal("`entra_app`, converged, as a module", 1.3, "entra_module", "ping")
    yield goal("whole role, one server, converged, with proof", 1.3, "role_own", "ping")
    yield goal("the same, to the peer's application and service principal", 0.15, "role_own", "peer")
    yield goal("the same at 150 ms a request, to the peer's", 0.22, "role_own", "peer", FAR)
    yield goal("first run, to the peer's three tasks that create", 0.15, "first_own", "peer_first")


def _memory(results: Results) -> Iterator[Goal]:
    ours = [peak for key in OURS for place in results.places(key) if (peak := results.median("memory", key, *place))]
    peers = [peak for place in results.places("peer") if (peak := results.median("memory", "peer", *place))]
    measured = max(ours) / min(peers) if ours and peers else None
    text = "peak memory of the largest process at any N, to the peer's"
    yield Goal(text, 1 / 3, measured, partial(missed.memory, results, OURS))


def _fleets(results: Results) -> Iterator[Goal]:
    for key, what in (("entra", "`entra_app`"), ("role_own", "whole role")):
        for servers in FLEETS:
            text = f"{servers} servers with an application each, {what}, to {servers} hosts of ping"
            why = partial(missed.fleet, results, key, servers)
            yield Goal(text, 0.9, results.wall_ratio(key, "ping", servers), why, "P")
    for servers in FLEETS:
        told = f"{servers} servers that share one"
        cost = results.last("registration", servers)
        sent = _named(cost.sent, *ENTRA) if cost else None
        yield _counted(f"{told}: requests to Entra for registration", 2 + servers / 10, sent)
        yield _counted(f"{told}: tasks that register", 1, results.facts.get(f"registrations {servers}"))


def _exact(results: Results) -> Iterator[Goal]:
    whole, rest = results.last("role_own"), results.last("no_proof")
    entra = console = proof = None
    if whole and rest:
        entra, console = _named(rest.sent, *ENTRA), _named(rest.sent, "console")
        proof = _named((Counter(whole.sent) - Counter(rest.sent)).elements(), *ENTRA, "console")
    facts = results.facts
    yield _counted("requests to Entra, one server, converged, the token's included", 3, entra)
    yield _counted("requests to the console", 3, console)
    yield _counted("requests for the proof", 3, proof)
    yield _counted("a second run: requests that write, new client secrets included", 0, facts.get("writes"))
    yield _counted("a console's task: loaded modules of msgraph, kiota and azure.identity", 0, facts.get("console"))
    yield _counted("an Entra task: loaded modules of msgraph's models", 30, facts.get("models"))


def _counted(text: str, limit: float, found: list[str] | None) -> Goal:
    return Goal(text, limit, None if found is None else len(found), partial(missed.counted, found or ()))


def _named(sent: Iterable[tuple[str, str]], *services: str) -> list[str]:
    return [f"{service}: {request}" for service, request in sent if service in services]
