# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets in the lab, and commands that run plays on them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lab.client import Lab
from support.controller import Controller, Run
from support.fleet import Fleet

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "build"
# The fastest interpreter for all modules that run on the controller: no search for it
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


class Ground:
    """A lab, and a folder that is the home of a controller."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab = lab
        self.home = home
        self.controller = Controller(home, COLLECTIONS)

    def fleet(self, size: int, own: bool) -> Fleet:
        """Create new servers in a new tenant, with a shared application or one each; nothing is configured yet.

        Their variables name the console type, so that it need not be detected.
        """
        fleet = Fleet(self.lab, self.controller, size)
        fleet.variables["rustdesk_sso_console_type"] = "pro"
        if own:
            for name, variables in fleet.hosts.items():
                variables["rustdesk_sso_app_unique_name"] = name
        return fleet

    def command(self, name: str, playbook: Path | list[dict[str, Any]], inventory: dict[str, Any]) -> list[str]:
        """Return the command ansible-playbook with a playbook, a file or tasks for all hosts, and an inventory given as
        data.
        """
        hosts = self.home / f"{name}.hosts.json"
        hosts.write_text(json.dumps(inventory))
        if isinstance(playbook, list):
            play = {"hosts": "all", "gather_facts": False, "tasks": playbook}
            playbook = self.home / f"{name}.play.json"
            playbook.write_text(json.dumps([play]))
        return [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(hosts), str(playbook)]

    def site(self, name: str, fleet: Fleet) -> list[str]:
        """Return the command that runs the collection's playbook, which applies its role, for a fleet."""
        return self.command(name, self.controller.site, fleet.inventory)


def ended(output: str) -> bool:
    """Return whether a playbook ran to its end."""
    return "PLAY RECAP" in output


def unchanged(output: str) -> bool:
    """Return whether a playbook changed nothing on any host."""
    return set(Run(0, output).changed().values()) == {0}


def changed(output: str) -> bool:
    """Return whether a playbook changed something on every host."""
    counts = Run(0, output).changed()
    return bool(counts) and 0 not in counts.values()
