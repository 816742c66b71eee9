# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the time of a run goes, task by task, as the callback plugin of the same name tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PLUGINS = Path(__file__).with_name("callback_plugins")


@dataclass(frozen=True)
class Step:
    """A task of one host. ``loading`` is what the controller's own process did since the step before, mostly to import
    the libraries of the task's plugin, once for all forks; ``running`` are fork, templating, requests. In seconds.
    """

    name: str
    loading: float
    running: float


@dataclass(frozen=True)
class Timeline:
    """A run: seconds until the play began, its steps, seconds after the last result; with its user and system time."""

    start: float
    steps: tuple[Step, ...]
    end: float
    cpu: float

    @property
    def loading(self) -> float:
        """The seconds between the tasks."""
        return sum(step.loading for step in self.steps)

    @property
    def running(self) -> float:
        """The seconds in the tasks."""
        return sum(step.running for step in self.steps)

    @property
    def wall(self) -> float:
        """The seconds of the whole run."""
        return self.start + self.loading + self.running + self.end


def environment(path: Path) -> dict[str, str]:
    """What has a run write its events to ``path``."""
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_CALLBACKS_ENABLED": "timeline",
        "BENCH_TIMELINE": str(path),
    }


def read(events: Iterable[dict[str, Any]], begun: float, ended: float, cpu: float) -> Timeline:
    """The timeline of the callback plugin's ``events`` in a run of one host; its process began and ended at these."""
    start = last = begun
    steps: list[Step] = []
    for event in events:
        at = event["at"]
        if event["event"] == "play":
            start = at
        elif event["event"] == "task":
            steps.append(Step(event["name"], at - last, 0.0))
        else:
            steps[-1] = replace(steps[-1], running=steps[-1].running + at - last)
        last = at
    return Timeline(start - begun, tuple(steps), ended - last, cpu)
