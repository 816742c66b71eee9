# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures whole processes against the lab, and keeps what each run cost."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.client import Lab

RUN = Path(__file__).with_name("run.py")
TIMEOUT = 1500


class BenchError(Exception):
    """A run did not do what it is measured for."""


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds, bytes, and requests by service: ``login``, ``graph`` and ``console``."""

    wall: float
    cpu: float
    memory: float
    requests: dict[str, int]


@dataclass(frozen=True)
class Setting:
    """How many servers, how long each request is on its way in seconds, and how many rounds."""

    servers: int
    latency: float = 0.0
    rounds: int = 1


@dataclass(frozen=True)
class Candidate:
    """Something to measure. ``prepare`` makes what a round needs, unmeasured, and gives the command.

    ``proved`` tells by the output whether the run did what it should.
    """

    key: str
    prepare: Callable[[], list[str]]
    environment: dict[str, str]
    proved: Callable[[str], bool] = field(default=lambda _output: True)


class Results:
    """The costs of all runs, by setting and candidate."""

    def __init__(self) -> None:
        self._costs: dict[tuple[int, float, str], list[Cost]] = defaultdict(list)
        self.facts: dict[str, float] = {}  # counts that are the same in every run

    def add(self, setting: Setting, key: str, cost: Cost) -> None:
        """Keep the cost of one run."""
        self._costs[setting.servers, setting.latency, key].append(cost)

    def median(self, what: str, key: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """The median of ``wall``, ``cpu`` or ``memory``; None where it was not measured."""
        costs = self._costs.get((servers, latency, key))
        return statistics.median(getattr(cost, what) for cost in costs) if costs else None

    def ratio(self, what: str, key: str, to: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """The median of ``key`` as a multiple of that of ``to``."""
        mine, others = (self.median(what, name, servers, latency) for name in (key, to))
        return mine / others if mine is not None and others else None

    def wall_ratio(self, key: str, to: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """The ratio of the wall times."""
        return self.ratio("wall", key, to, servers, latency)

    def requests(self, key: str, servers: int = 1, latency: float = 0.0) -> dict[str, int] | None:
        """The requests of the last run."""
        costs = self._costs.get((servers, latency, key))
        return costs[-1].requests if costs else None

    def places(self, key: str) -> list[tuple[int, float]]:
        """The numbers of servers, and latencies, at which ``key`` was measured."""
        return [(servers, latency) for servers, latency, name in self._costs if name == key]


def requests_by_service(lab: Lab) -> dict[str, int]:
    """How many requests of the product, or of another client, the lab got since its log was cleared."""
    counts = {"login": 0, "graph": 0, "console": 0}
    for entry in lab.requests():
        counts[entry["service"] if entry["service"] in counts else "console"] += 1
    return counts


def measure(lab: Lab, home: Path, candidate: Candidate) -> tuple[Cost, str]:
    """Run a candidate once; gives its cost and its output. Raises BenchError where it failed."""
    command = candidate.prepare()
    result, log = home / "cost.json", home / f"{candidate.key}.log"
    lab.clear_requests()
    with log.open("w") as stream:
        subprocess.run(
            [sys.executable, "-I", "-S", str(RUN), str(result), *command],
            env=candidate.environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=True,
        )
    cost: dict[str, Any] = json.loads(result.read_text())
    output = log.read_text()
    if cost.pop("rc") != 0 or not candidate.proved(output):
        raise BenchError(f"{candidate.key} did not do what it should:\n{output[-4000:]}")
    return Cost(**cost, requests=requests_by_service(lab)), output


def rounds(lab: Lab, home: Path, setting: Setting, candidates: list[Candidate], results: Results) -> None:
    """Measure the candidates in turn, so that the noise of the machine hits all alike."""
    lab.set_latency(setting.latency)
    try:
        for number in range(1, setting.rounds + 1):
            for candidate in candidates:
                cost, _output = measure(lab, home, candidate)
                results.add(setting, candidate.key, cost)
                where = f"{setting.servers:4} servers {setting.latency * 1000:4.0f} ms  round {number}/{setting.rounds}"
                figures = f"{cost.wall:7.2f} s  CPU {cost.cpu:7.2f} s  {cost.memory / 2**20:4.0f} MiB"
                sent = sum(cost.requests.values())
                print(f"{where}  {candidate.key:12} {figures}  {sent:5} requests", flush=True)
    finally:
        lab.set_latency(0)
