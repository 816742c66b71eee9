# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several runs of the collection's playbook on the same server at the same time, by ``make fire``.

A short run has two concurrent ones, see fleets/test_at_once.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crash.flows import FLOWS, Flow
from crash.grounds import MakeGround
from crash.harness import FAULTS, Case

from support.consoles import KINDS
from support.controller import Controller, Run
from support.length import AT_LENGTH, record

# Directly after them; each run that lost may leave one until the overlap has ended
MOST = 3
FLOW_OF = {
    "first run": FLOWS["first run"],
    "renewal": Flow("renewal", variables={"rustdesk_sso_secret_renew": True}),
}


def unexpected(number: int, run: Run) -> Iterator[str]:
    """Return the unexpected messages and results of a run."""
    if run.rc:
        yield f"run {number} failed: {' '.join(run.output.split())[-600:]}"
    if any(word in run.output for word in FAULTS):
        yield f"run {number} reported a fault"


@pytest.mark.skipif(not AT_LENGTH, reason="fleets/test_at_once.py has two runs")
@pytest.mark.parametrize("runs", [2, 8])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FLOW_OF)
def test_concurrent_runs(make_ground: MakeGround, tmp_path: Path, name: str, kind: str, runs: int) -> None:
    began = time.monotonic()
    ground = make_ground(kind, FLOW_OF[name])
    ground.fleet.variables["rustdesk_sso_wait_timeout"] = 60
    case = Case(ground)
    site, collections = ground.fleet.controller.site, ground.fleet.controller.collections
    inventory = json.loads(json.dumps(ground.fleet.inventory))

    def run(number: int) -> Run:
        home = tmp_path / f"home{number}"
        home.mkdir()
        return Controller(home, collections).playbook(site, inventory)

    with ThreadPoolExecutor(runs) as pool:
        done = list(pool.map(run, range(1, runs + 1)))
    case.broken += [text for number, each in enumerate(done, 1) for text in unexpected(number, each)]
    ground.fleet.variables.pop("rustdesk_sso_secret_renew", None)
    case.look("after the runs", MOST)
    case.follow(settle=True)
    record(
        "Simultaneous runs",
        f"{name}, {runs} runs",
        kind,
        f"{runs} runs at once, {name}, {kind}",
        case.broken,
        time.monotonic() - began,
    )
    assert not case.broken, "\n".join(case.broken)
