# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cost of one run of ansible-playbook, and its longest silence."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.controller import Run

PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """One run: ``memory`` is the peak of the main process in MB, and ``silence`` the longest time between two lines of
    its output, the first of which was ``before``.
    """

    status: int
    seconds: float
    memory: float
    silence: float
    before: str
    lines: list[str]

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """The counts of the closing recap for each host."""
        return Run(self.status, "".join(self.lines)).recap


def observe(process: subprocess.Popen[str], log: Path) -> Measured:
    """Read the output of ``process``, a pipe, to its end, and write it to ``log`` with the seconds of each line."""
    begun = last = time.monotonic()
    lines: list[str] = []
    silence, before, previous, memory = 0.0, "", "its start", 0.0
    with process, log.open("w") as written:
        for line in process.stdout or ():
            now = time.monotonic()
            if now - last > silence:
                silence, before = now - last, previous
            last = now
            lines.append(line)
            written.write(f"{now - begun:7.1f} {line}")
            if line.strip():
                previous = line
            with suppress(OSError):  # it has ended
                found = PEAK.search(Path(f"/proc/{process.pid}/status").read_text())
                memory = max(memory, int(found[1]) / 1024) if found else memory
    ended = time.monotonic()
    if ended - last > silence:
        silence, before = ended - last, previous
    return Measured(process.returncode, ended - begun, memory, silence, before, lines)
