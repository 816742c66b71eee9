# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page docs/scale.md, from the measurements of `make scale`."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version

HEAD = """# Scale

This page shows the cost of runs for {servers} servers in {tenants} tenants of the lab. `make scale` generates it: it
measures whole `ansible-playbook` processes with {forks} forks. Servers of the same tenant share one application. The
lab runs on the same machine and answers each request after {latency:.0f} ms. The machine may run other tests at the
same time, so compare the times only with each other. A run that prints nothing for more than {quiet:.0f} s counts as
failed, because users would assume that it hangs.

Machine: {cores} cores. Python {python}, ansible-core {core}. Date: {date}.
"""
ROWS = (
    ("exit status", "status"),
    ("seconds", "seconds"),
    ("memory of the main process", "memory"),
    ("requests to the login endpoint", "login"),
    ("requests to Microsoft Graph", "graph"),
    ("requests to consoles", "console"),
    ("results of tasks", "results"),
    ("lines of output", "lines"),
    ("longest time without output", "silence"),
    ("last line before it", "before"),
)


@dataclass(frozen=True)
class Row:
    """One run: seconds, the memory in MB, requests by service, and the task before its longest silence."""

    name: str
    status: int
    seconds: float
    memory: float
    requests: Mapping[str, int]
    results: int
    lines: int
    silence: float
    before: str

    def cells(self, servers: int) -> dict[str, str]:
        """Return the cells of the run, by the second member of ROWS."""

        def each(number: int) -> str:
            return f"{number} ({number / servers:.1f} a server)"

        return {
            "status": str(self.status),
            "seconds": f"{self.seconds:.0f}",
            "memory": f"{self.memory:.0f} MB",
            **{service: each(self.requests.get(service, 0)) for service in ("login", "graph", "console")},
            "results": each(self.results),
            "lines": str(self.lines),
            "silence": f"{self.silence:.1f} s",
            "before": f"`{self.before.strip('* ')}`",
        }


def page(rows: Sequence[Row], *, servers: int, tenants: int, forks: int, latency: float, quiet: float) -> str:
    """Return the page for the runs ``rows``; ``latency`` and ``quiet`` are seconds."""
    head = HEAD.format(
        forks=forks,
        servers=f"{servers:,}",
        tenants=tenants,
        latency=latency * 1000,
        quiet=quiet,
        cores=os.cpu_count(),
        python=platform.python_version(),
        core=version("ansible-core"),
        date=f"{datetime.now(timezone.utc):%Y-%m-%d}",
    )
    cells = [row.cells(servers) for row in rows]
    table = [["", *(row.name for row in rows)], ["---"] * (len(rows) + 1)]
    table += [[title, *(cell[key] for cell in cells)] for title, key in ROWS]
    return "\n".join([head, *(f"| {' | '.join(line)} |" for line in table), ""])
