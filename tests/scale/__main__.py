# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make scale``: the playbooks for many servers in many tenants of the lab.

Prints the cost of each run: requests, memory, results of tasks, and the longest time without output. Seconds are those
of this machine and this lab; only silence is checked. The exit status is 0 if each run succeeded and none was silent
for longer than QUIET seconds. With FULL servers or more, docs/scale.md is written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lab.client import Lab
from support.controller import Controller
from support.fixtures import LAG
from support.provider import ServiceProvider

from .document import Row, page
from .measure import observe

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build"
# The output of each run, with the time of each line
LOGS = ROOT / "build/scale"
# Seconds without output after which an administrator assumes that a run hangs
QUIET = 30.0
# Seconds of each response, as between a controller and a data center
LATENCY = 0.1
FULL = 1000
FORKS = 20
ENTRA = ("graph", "login")


def run(name: str, playbook: str, provider: ServiceProvider, *options: str) -> Row:
    """Run a playbook of the collection on all servers and print its cost."""
    lab, controller = provider.lab, provider.controller
    lab.clear_requests()
    path = controller.site.with_name(f"{playbook}.yml")
    arguments = controller.arguments(path, provider.inventory, "--forks", str(FORKS), *options)
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), *arguments],
        # As on a terminal, where each line is shown immediately
        env=controller.environment(PYTHONUNBUFFERED="1"),
        cwd=controller.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    found = observe(process, LOGS / f"{name.lower().replace(' ', '-')}.log")
    asked = Counter(
        "console" if entry["service"] not in ("graph", "login") else entry["service"] for entry in lab.requests()
    )
    servers = len(provider.fleet_of)
    # Changed tasks are counted among the successful ones
    counted = [number for counts in found.recap.values() for count, number in counts.items() if count != "changed"]
    results = sum(counted)
    print(f"{name}: exit status {found.status}, {found.seconds:.0f} s, peak memory {found.memory:.0f} MB")
    each = ", ".join(
        f"{service} {number} ({number / servers:.1f} a server)" for service, number in sorted(asked.items())
    )
    print(f"  requests: {each}")
    print(f"  results of tasks: {results} ({results / servers:.1f} a server); lines of output: {len(found.lines)}")
    print(f"  longest time without output: {found.silence:.1f} s, after: {found.before.strip()[:150]}", flush=True)
    if found.status != 0:
        print("".join(found.lines[-40:]))
    return Row(
        name,
        found.status,
        found.seconds,
        found.memory,
        asked,
        results,
        len(found.lines),
        found.silence,
        found.before.strip(),
    )


def main(servers: int, tenants: int) -> int:
    """Configure, configure again and report on ``servers`` servers in ``tenants`` tenants."""
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    LOGS.mkdir(parents=True, exist_ok=True)
    each = max(1, servers // tenants)
    print(f"{each * tenants} servers in {tenants} tenants", flush=True)
    with Lab.start(*LAG) as lab, tempfile.TemporaryDirectory() as home:
        provider = ServiceProvider(lab, Controller(Path(home), COLLECTIONS), tenants, each)
        lab.set_latency(LATENCY)
        runs = [
            run("First run", "site", provider),
            run("Second run", "site", provider),
            run("Report", "report", provider, "-e", f"rustdesk_sso_report_directory={home}/report"),
        ]
        assert lab.violations() == []
    if len(provider.fleet_of) >= FULL:
        size = {"servers": len(provider.fleet_of), "tenants": tenants}
        text = page(runs, **size, forks=FORKS, latency=LATENCY, quiet=QUIET)
        (ROOT / "docs/scale.md").write_text(text)
    silent = [found for found in runs if found.silence > QUIET]
    for found in silent:
        print(f"No output for {found.silence:.0f} s, after: {found.before.strip()[:300]}")
    return 1 if silent or any(found.status for found in runs) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
