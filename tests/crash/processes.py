# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows by ansible-playbook, whose processes are killed by SIGKILL at a request."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from crash.flows import Ground
from crash.harness import arranged

from support.controller_death import Crash

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))


def as_process(ground: Ground, crash: Crash | None) -> bool:
    """Run the playbook of the ground's flow; return whether its processes were killed at the request of ``crash``."""
    if crash:
        ground.lab.hold(crash.request, crash.done)
    process = _started(ground)
    try:
        # Each prompt waits for some seconds
        while crash and process.poll() is None:
            if ground.lab.is_held():
                return True
        process.wait()
        return False
    finally:
        for each in _descendants(process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()
        ground.lab.release()


def _descendants(process: int) -> list[int]:
    """``process`` and all processes that it has started, parents first. Ansible's forks have sessions of their own
    since ansible-core 2.19, so a signal to the process group does not reach them.
    """
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may contain anything
            children.setdefault(int(status.read_text().rpartition(")")[2].split()[1]), []).append(
                int(status.parent.name)
            )
    found = [process]
    for each in found:
        found += children.get(each, [])
    return found


def requests(ground: Ground) -> int:
    """Return the number of requests that the playbook of the flow sends."""
    ground.lab.clear_requests()
    with arranged(ground):
        as_process(ground, None)
    return len(ground.lab.requests())


def _started(ground: Ground) -> subprocess.Popen[Any]:
    controller, flow = ground.fleet.controller, ground.flow
    inventory = controller.home / "inventory.json"
    inventory.write_text(json.dumps(ground.fleet.inventory))
    options: list[str] = []
    if flow.playbook != "rotate":  # it names servers and requests new client secrets itself
        (call,) = flow.calls
        if call.only is not None:
            options += ["--limit", ",".join(ground.hosts[number] for number in call.only)]
        if call.variables:
            options += ["-e", json.dumps(dict(call.variables))]
    playbook = controller.site.with_name(f"{flow.playbook}.yml")
    return subprocess.Popen(
        [PLAYBOOK, "-i", str(inventory), str(playbook), *options],
        env=controller.environment(),
        cwd=controller.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
