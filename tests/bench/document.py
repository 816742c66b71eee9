# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the measurements as tables in Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from tools import peers

from . import peer
from .candidates import TRIVIAL
from .goals import FAR, Goal, goals
from .measure import Results, Setting

# The title of each candidate, and the candidate of the peer that it is compared with
ONE = {
    "empty": ("a play without a task", ""),
    "trivial": (f"a play of {TRIVIAL} tasks that set a constant", ""),
    "ping": ("**P**: a play with one `ansible.builtin.ping`", ""),
    "bare": ("the requests of the role's converged run, with `requests` alone", "peer"),
    "entra": ("`entra_app`, converged, in process", "peer"),
    "entra_module": ("`entra_app`, converged, as a module", "peer"),
    "role_own": ("whole role, converged, with verification", "peer"),
    "first_own": ("whole role, first run: created, written to the console, verified", "peer_first"),
    "peer": ("azure.azcollection: application, service principal; converged", ""),
    "peer_first": ("azure.azcollection: application, service principal, client secret; created", ""),
}
FLEET = {
    "ping": "ping",
    "entra": "`entra_app`, one application each",
    "several": "`entra_app`, all applications in one task",
    "role_own": "role, one application each",
    "role_shared": "role, one application for all",
    "first_own": "first run, one application each",
    "first_shared": "first run, one application for all",
    "peer": "azure.azcollection, one application each",
}
HEAD = """# Benchmarks

This page compares the run time, memory and requests of the collection with those of Ansible itself and of
azure.azcollection. `make bench` generates it: it measures whole `ansible-playbook` processes with Ansible's defaults
(five forks) against the lab of this repository. The lab runs Microsoft Entra ID, Microsoft Graph and the consoles in
one process **on the same machine**. It uses a part of the processors, and responds immediately unless a latency is
stated. All figures are medians. The candidates take turns in each round, so that noise affects all of them alike.
Expect a noise of 10 to 20 %.

- **P**, the lower limit, is a play with one `ansible.builtin.ping` for each host, with the connection `local` and a
  given interpreter.
- The **peer** is azure.azcollection: its modules `azure_rm_adapplication` and `azure_rm_adserviceprincipal`, which
  find everything up to date, and for creation also `azure_rm_adpassword`. It does not write to the console and
  verifies nothing. Its modules are unchanged and run with the libraries that they require. Because these read the
  address of Graph from a list of clouds, two of their functions are replaced at import (`tests/bench/peer_site`).
- The console type of the servers is given (`rustdesk_sso_console_type: pro`). All services use HTTPS.
- **CPU** is the user and system time of all processes of the run. **Peak** is the memory of the largest process.
- **Requests** are those that the controller sends to the login endpoint, Graph and the console.
- **Task results** are the results of all tasks on all servers, including skipped tasks and the check of the role's
  arguments. Each of them is a fork of the controller's process.
"""
OWN = "P is measured with one server. The additional tasks set a constant.\n"


def text(results: Results, plan: Iterable[Setting]) -> str:
    """Return the whole document."""
    settings = list(plan)
    sizes = sorted({setting.servers for setting in settings} - {1})
    parts = [HEAD, "## Machine and versions\n", _table(["", ""], _machine(settings))]
    for latency in (0.0, FAR):
        if results.median("wall", "ping", 1, latency):
            parts += [f"## One server{_at(latency)}\n", one_server(results, latency)]
    parts += ["## Costs of Ansible itself\n", OWN, ansible(results, [1, *sizes])]
    if sizes:
        parts += ["## Many servers: time\n", fleets(results, sizes)]
        parts += [
            "## Many servers: seconds for each additional server\n",
            "The difference from one server, divided by the number of additional servers.\n",
            growth(results, sizes),
        ]
        parts += ["## Many servers: requests to Entra / to consoles\n", fleet_requests(results, sizes)]
    return "\n".join([*parts, "## Goals\n", goals_table(results)])


def one_server(results: Results, latency: float) -> str:
    """Return the table of all candidates for one server."""
    rows = []
    for key, (title, against) in ONE.items():
        wall, cpu, memory = (results.median(what, key, 1, latency) for what in ("wall", "cpu", "memory"))
        if wall is None or cpu is None or memory is None:
            continue
        last = results.last(key, 1, latency)
        sent = last.requests if last else {}
        rows.append(
            [
                title,
                f"{wall:.2f} s",
                _number(results.wall_ratio(key, "ping", latency=latency)),
                _number(results.wall_ratio(key, against, latency=latency) if against else None),
                f"{cpu:.2f} s",
                _number(results.ratio("cpu", key, "ping", 1, latency)),
                f"{memory / 2**20:.0f} MiB",
                " + ".join(str(sent[service]) for service in ("login", "graph", "console")),
            ]
        )
    return _table(
        ["", "time", "in P", "compared with the peer", "CPU", "in P", "peak", "requests: login + Graph + console"], rows
    )


def ansible(results: Results, sizes: list[int]) -> str:
    """Return the table of the costs of Ansible itself, by number of servers."""

    def cells(found: Callable[[int], float | None]) -> list[str]:
        return [_time(results, seconds) for seconds in map(found, sizes)]

    rows = [
        ["a play without a task", *cells(lambda servers: results.median("wall", "empty", servers))],
        ["each additional task on each host", *cells(results.further)],
    ]
    return _table(["servers", *map(str, sizes)], rows)


def fleets(results: Results, sizes: list[int]) -> str:
    """Return the table of times and their multiples of P, by number of servers."""

    def cell(key: str, servers: int) -> str:
        wall = results.median("wall", key, servers)
        return "" if wall is None else f"{wall:.1f} s, {_number(results.wall_ratio(key, 'ping', servers))} P"

    return _by_size(cell, [1, *sizes])


def growth(results: Results, sizes: list[int]) -> str:
    """Return the table of the time for each additional server."""

    def cell(key: str, servers: int) -> str:
        one, many = results.median("wall", key, 1), results.median("wall", key, servers)
        return "" if one is None or many is None else f"{(many - one) / (servers - 1):.3f} s"

    return _by_size(cell, sizes)


def fleet_requests(results: Results, sizes: list[int]) -> str:
    """Return the table of requests, by number of servers."""

    def cell(key: str, servers: int) -> str:
        last = results.last(key, servers)
        return f"{last.requests['login'] + last.requests['graph']} / {last.requests['console']}" if last else ""

    return _by_size(cell, [1, *sizes])


def goals_table(results: Results) -> str:
    """Return the table of the goals and the measured values."""

    def row(goal: Goal) -> list[str]:
        limit = f"at most {_number(goal.limit)} {goal.unit}".strip()
        times = f"{goal.times:.2f} times" if goal.times is not None else ""
        return [goal.text, limit, _number(goal.measured), goal.met, times]

    return _table(["goal", "", "measured", "met", "measured / limit"], map(row, goals(results)))


def _by_size(cell: Callable[[str, int], str], sizes: list[int]) -> str:
    rows = ([title, *(cell(key, servers) for servers in sizes)] for key, title in FLEET.items())
    return _table(["servers", *map(str, sizes)], [row for row in rows if any(row[1:])])


def _machine(settings: list[Setting]) -> Iterator[list[str]]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield ["machine", f"{', '.join(sorted(models)) or platform.machine()}; {os.cpu_count()} cores; {memory:.0f} GiB"]
    yield ["system", f"{platform.system()} {platform.release().partition('-')[0]}"]
    yield ["Python", platform.python_version()]
    for package in ("ansible-core", "azure-identity", "msgraph-sdk"):
        yield [package, version(package)]
    if peer.installed():
        manifest = json.loads((peers.PEERS / "ansible_collections/azure/azcollection/MANIFEST.json").read_text())
        yield ["azure.azcollection", f"{manifest['collection_info']['version']} with {_peer_versions()}"]
    yield ["date", f"{datetime.now(timezone.utc):%Y-%m-%d}"]
    for setting in settings:
        yield [
            f"rounds, {setting.servers} servers{_at(setting.latency)}".replace("1 servers", "1 server"),
            str(setting.rounds),
        ]


def _peer_versions() -> str:
    program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    names = ["azure-identity", "msgraph-sdk"]
    command = [str(peer.VENV / "bin/python"), "-c", program, *names]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return ", ".join(f"{name} {number}" for name, number in zip(names, found, strict=True))


def _at(latency: float) -> str:
    return f", {latency * 1000:.0f} ms per request" if latency else ""


def _time(results: Results, seconds: float | None) -> str:
    """Return milliseconds, and their multiple of P."""
    whole = results.median("wall", "ping")
    return f"{seconds * 1000:.0f} ms, {seconds / whole:.3f} P" if seconds is not None and whole else ""


def _number(value: float | None) -> str:
    """Return an integer unchanged, and any other number with two digits."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else f"{value:.2f}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
