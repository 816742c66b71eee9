# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The subjects of the measurements: the floor, the bare requests, and this collection."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from support.controller import MODULE_DOOR
from support.fleet import Fleet

from . import bare
from .ground import LOCAL, Ground, changed, ended, unchanged
from .measure import Candidate

CALLBACK = "/api/oidc/callback"
# The number of results of empty tasks from which the cost of one is calculated
TRIVIAL = 20


def ping(ground: Ground, size: int) -> Candidate:
    """Return the floor: Ansible itself running one module on each host."""
    return _alone(ground, size, "ping", [{"ansible.builtin.ping": {}}])


def empty(ground: Ground, size: int) -> Candidate:
    """Return the start and end of Ansible itself: a play without a task."""
    return _alone(ground, size, "empty", [])


def trivial(ground: Ground, size: int) -> Candidate:
    """Return further tasks for Ansible itself: tasks that set a constant, with at least TRIVIAL results."""
    return _alone(ground, size, "trivial", [{"ansible.builtin.set_fact": {"constant": 1}}] * -(-TRIVIAL // size))


def _alone(ground: Ground, size: int, key: str, tasks: list[dict[str, Any]]) -> Candidate:
    inventory = {"all": {"hosts": {f"desk{number}": {} for number in range(size)}, "vars": LOCAL}}
    command = ground.command(f"{key}{size}", tasks, inventory)
    proved = unchanged if tasks else ended
    return Candidate(key, lambda: command, ground.controller.environment(), proved)


def replay(ground: Ground, fleet: Fleet) -> Candidate:
    """Return the bare requests of a converged run of the role, which runs once to record them."""
    ground.lab.clear_requests()
    run = fleet.site()
    assert unchanged(run.output), run.output
    urls = {"login": ground.lab.login_url, "graph": ground.lab.graph_url}
    urls |= {name: console.url for name, console in fleet.consoles.items()}
    path = ground.home / "requests.json"
    path.write_text(json.dumps(bare.recording(ground.lab.requests(), urls, ground.lab.ca_path)))
    command = [sys.executable, str(Path(bare.__file__)), str(path)]
    return Candidate("bare", lambda: command, ground.controller.environment())


def entra_app(ground: Ground, fleet: Fleet, as_module: bool = False) -> Candidate:
    """Return the task entra_app alone, converged, for each server's own application."""
    key = "entra_module" if as_module else "entra"
    options = {
        **fleet.entra,
        "unique_name": "{{ inventory_hostname }}",
        "display_name": "RustDesk",
        "web_redirect_uris": {"add": ["{{ callback_url }}"]},
    }
    task: dict[str, Any] = {"deskops.rustdesk_sso.entra_app": options, **(MODULE_DOOR if as_module else {})}
    hosts = {name: {"callback_url": console.url + CALLBACK} for name, console in fleet.consoles.items()}
    command = ground.command(f"{key}{len(hosts)}", [task], {"all": {"hosts": hosts, "vars": LOCAL}})
    return Candidate(key, lambda: command, ground.controller.environment(), unchanged)


def several(ground: Ground, fleet: Fleet) -> Candidate:
    """Return the applications of all servers in one task of entra_app, converged."""
    entries = [
        {"unique_name": name, "display_name": "RustDesk", "web_redirect_uris": {"add": [console.url + CALLBACK]}}
        for name, console in fleet.consoles.items()
    ]
    task = {"deskops.rustdesk_sso.entra_app": {**fleet.entra, "applications": entries}}
    command = ground.command(f"several{len(entries)}", [task], {"all": {"hosts": {"desk": {}}, "vars": LOCAL}})
    return Candidate("several", lambda: command, ground.controller.environment(), unchanged)


def role(ground: Ground, fleet: Fleet, key: str, *options: str) -> Candidate:
    """Return the whole role, converged, with the verification that sign-in works."""
    command = [*ground.site(f"{key}{len(fleet.hosts)}", fleet), *options]
    return Candidate(key, lambda: command, ground.controller.environment(), unchanged)


def first_run(ground: Ground, size: int, own: bool, made: list[Fleet]) -> Candidate:
    """Return the whole role on new servers: create, write to consoles, verify. Adds each fleet to ``made``."""
    key = "first_own" if own else "first_shared"

    def prepare() -> list[str]:
        made.append(ground.fleet(size, own))
        return ground.site(f"{key}{size}", made[-1])

    return Candidate(key, prepare, ground.controller.environment(), changed)
