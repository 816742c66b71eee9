# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-playbook as a user does, and parse its output."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Seconds after which a run is killed
LONGEST_RUN = 300
RECAP = re.compile(r"^(\S+)\s+: (ok=.*)$", re.MULTILINE)
# The output of the last task of `Controller.tasks`
RESULTS = re.compile(r'"msg": "RESULTS ([\w+/=]+)"')
# A task with its own environment runs as a module in its own process, not in the controller's.
MODULE_DOOR = {"environment": {"RUSTDESK_SSO_DOOR": "module"}}


@dataclass(frozen=True)
class Run:
    """The result of ansible-playbook: ``output`` is standard output and standard error together."""

    rc: int
    output: str

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """The counts of the closing recap for each host, such as ``{"desk1": {"ok": 3, "changed": 0, ...}}``."""
        return {
            host: {key: int(count) for key, count in (part.split("=") for part in counts.split())}
            for host, counts in RECAP.findall(self.output)
        }

    def changed(self) -> dict[str, int]:
        """The number of tasks that changed something, for each host."""
        return {host: counts["changed"] for host, counts in self.recap.items()}

    def failed(self) -> set[str]:
        """The hosts that failed."""
        return {host for host, counts in self.recap.items() if counts["failed"] or counts["unreachable"]}


class Controller:
    """A machine that runs Ansible with the collection under test.

    ``home`` is an empty directory that serves as HOME and holds inventories, playbooks and temporary files;
    ``collections`` is the directory that contains ``ansible_collections``.
    """

    def __init__(self, home: Path, collections: Path) -> None:
        self.home = home
        self.collections = collections
        (home / "tmp").mkdir(exist_ok=True)

    @property
    def site(self) -> Path:
        """The collection's own playbook."""
        return self.collections / "ansible_collections/deskops/rustdesk_sso/playbooks/site.yml"

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of every run, with only PATH and the locale of the caller."""
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            # Modules are unpacked below the account's home directory, regardless of HOME.
            "ANSIBLE_REMOTE_TEMP": str(self.home / ".ansible/tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_INJECT_FACT_VARS": "false",
            **extra,
        }

    def arguments(self, playbook: Path | list[dict[str, Any]], inventory: dict[str, Any], *options: str) -> list[str]:
        """Write the files for a run of ansible-playbook, and return its arguments."""
        if isinstance(playbook, list):
            playbook, plays = self.home / "playbook.json", playbook
            playbook.write_text(json.dumps(plays))
        hosts = self.home / "inventory.json"
        hosts.write_text(json.dumps(inventory))
        return ["-i", str(hosts), str(playbook), *options]

    def playbook(
        self,
        playbook: Path | list[dict[str, Any]],
        inventory: dict[str, Any],
        *options: str,
        on_line: Callable[[str], None] = lambda _line: None,
        **environment: str,
    ) -> Run:
        """Run a playbook (a file, or plays as data) with an inventory given as data.

        ``on_line`` is called with each line of the output as soon as it is printed.
        """
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        process = subprocess.Popen(
            [program, *self.arguments(playbook, inventory, *options)],
            env=self.environment(**environment),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watchdog = threading.Timer(LONGEST_RUN, process.kill)
        watchdog.start()
        lines = []
        with process:
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    on_line(line.rstrip("\n"))
            except BaseException:
                process.kill()
                raise
            finally:
                watchdog.cancel()
        return Run(process.returncode, "".join(lines))

    def tasks(self, *tasks: dict[str, Any], module_door: bool = False) -> list[dict[str, Any]]:
        """Run tasks on localhost, regardless of earlier failures, and return their complete results.

        Each task is ``{"deskops.rustdesk_sso.entra_app": {...options}}`` with any other keywords of a task.
        ``module_door`` runs them as modules in their own process instead of in the controller's.
        """
        names = [f"result_{index}" for index in range(len(tasks))]
        door = MODULE_DOOR if module_door else {}
        play: dict[str, Any] = {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                *(
                    {**door, **task, "register": name, "ignore_errors": True}
                    for task, name in zip(tasks, names, strict=True)
                ),
                # In the controller's process; as modules, this would start two more Pythons
                {"ansible.builtin.debug": {"msg": "RESULTS {{ [" + ", ".join(names) + "] | to_json | b64encode }}"}},
            ],
        }
        run = self.playbook([play], {"all": {"hosts": {}}})
        found = RESULTS.search(run.output)
        assert found, run.output
        return list(json.loads(base64.b64decode(found[1])))

    def task(self, module: str, **options: Any) -> dict[str, Any]:
        """Run one task of this collection and return its complete result."""
        return self.tasks({f"deskops.rustdesk_sso.{module}": options})[0]
