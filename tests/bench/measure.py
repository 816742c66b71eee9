# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures whole processes against the lab, and keeps the cost of each run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.client import Lab
from support.controller import Run

RUN = Path(__file__).with_name("run.py")
TIMEOUT = 1500


class BenchError(Exception):
    """A run did not have the effect that it is measured for."""


@dataclass(frozen=True)
class Cost:
    """The cost of one run, in seconds and bytes.

    ``tasks`` counts results of tasks, each of which was a fork; ``requests`` counts those to ``login``, ``graph`` and
    ``console``.
    """

    wall: float
    cpu: float
    memory: float
    tasks: int
    requests: dict[str, int]

    @property
    def sent(self) -> int:
        """The number of requests to all services."""
        return sum(self.requests.values())


@dataclass(frozen=True)
class Setting:
    """The number of servers, the latency of each request in seconds, and the number of rounds."""

    servers: int
    latency: float = 0.0
    rounds: int = 1


@dataclass(frozen=True)
class Candidate:
    """A subject of measurement. ``prepare`` prepares a round, unmeasured, and returns the command.

    ``proved`` checks the output for the intended effect of the run.
    """

    key: str
    prepare: Callable[[], list[str]]
    environment: dict[str, str]
    proved: Callable[[str], bool] = field(default=lambda _output: True)


class Results:
    """The costs of all runs, by setting and candidate."""

    def __init__(self) -> None:
        self._costs: dict[tuple[int, float, str], list[Cost]] = defaultdict(list)
        self.facts: dict[str, int] = {}  # counts that are the same in every run

    def add(self, setting: Setting, key: str, cost: Cost) -> None:
        """Keep the cost of one run."""
        self._costs[setting.servers, setting.latency, key].append(cost)

    def median(self, what: str, key: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """Return the median of ``wall``, ``cpu``, ``memory`` or ``tasks``; None if it was not measured."""
        costs = self._costs.get((servers, latency, key))
        return statistics.median(getattr(cost, what) for cost in costs) if costs else None

    def ratio(self, what: str, key: str, to: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """Return the median of ``key`` as a multiple of that of ``to``."""
        mine, others = (self.median(what, name, servers, latency) for name in (key, to))
        return mine / others if mine is not None and others else None

    def wall_ratio(self, key: str, to: str, servers: int = 1, latency: float = 0.0) -> float | None:
        """Return the ratio of the wall times."""
        return self.ratio("wall", key, to, servers, latency)

    def last(self, key: str, servers: int = 1, latency: float = 0.0) -> Cost | None:
        """Return the last run, for values that are the same in all; None if there was none."""
        costs = self._costs.get((servers, latency, key))
        return costs[-1] if costs else None

    def further(self, servers: int = 1) -> float | None:
        """Return the seconds that Ansible itself takes for one more task on one host."""
        empty, trivial, tasks = (
            self.median("wall", "empty", servers),
            self.median("wall", "trivial", servers),
            self.median("tasks", "trivial", servers),
        )
        return (trivial - empty) / tasks if empty is not None and trivial is not None and tasks else None


def requests(lab: Lab) -> dict[str, int]:
    """Return the requests of the product, or of another client, since the lab's log was cleared; see Cost."""
    counts = Counter(entry["service"] for entry in lab.requests())
    login, graph = counts["login"], counts["graph"]
    return {"login": login, "graph": graph, "console": counts.total() - login - graph}


def measure(lab: Lab, home: Path, candidate: Candidate) -> tuple[Cost, str]:
    """Run a candidate once; return its cost and its output. Raises BenchError if it failed."""
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
        raise BenchError(f"{candidate.key} did not have the expected effect:\n{output[-4000:]}")
    recap = Run(0, output).recap.values()
    return Cost(**cost, tasks=sum(counts["ok"] + counts["skipped"] for counts in recap), requests=requests(lab)), output


def keep(lab: Lab, home: Path, setting: Setting, candidate: Candidate, results: Results, number: int = 1) -> str:
    """Run a candidate once, in round ``number``, print its cost and add it to the results; return its output.

    Raises BenchError if it failed.
    """
    cost, output = measure(lab, home, candidate)
    results.add(setting, candidate.key, cost)
    where = f"{setting.servers:4} servers {setting.latency * 1000:4.0f} ms  round {number}/{setting.rounds}"
    figures = f"{cost.wall:7.2f} s  CPU {cost.cpu:7.2f} s  {cost.memory / 2**20:4.0f} MiB"
    print(f"{where}  {candidate.key:12} {figures}  {cost.sent:5} requests", flush=True)
    return output


def rounds(lab: Lab, home: Path, setting: Setting, candidates: list[Candidate], results: Results) -> None:
    """Measure the candidates in turn, so that the noise of the machine affects all alike."""
    lab.set_latency(setting.latency)
    try:
        for number in range(1, setting.rounds + 1):
            for candidate in candidates:
                keep(lab, home, setting, candidate, results, number)
    finally:
        lab.set_latency(0)
