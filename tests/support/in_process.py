# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of single modules in the test's own process, without the second that ansible-playbook takes to start.

A task is what the tests give to ``Controller.tasks``, and so is its result: the action plugin makes it, by the code
that validates, runs and masks in Ansible's process. test_doors.py runs every module through ansible-playbook.
"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

from lab.client import Lab

COLLECTION = "deskops.rustdesk_sso"


class InProcess:
    """Runs tasks of this collection, and of ``faults.steps.control``."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def tasks(self, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
        """Run tasks, each whatever became of those before, and give their results in full."""
        return [self._run(task) for task in tasks]

    def task(self, module: str, /, **options: Any) -> dict[str, Any]:
        """Run one task of this collection and give its result in full."""
        return self._run({f"{COLLECTION}.{module}": options})

    def _run(self, task: dict[str, Any]) -> dict[str, Any]:
        task = dict(task)
        if "ansible.builtin.uri" in task:
            return self._control(**task["ansible.builtin.uri"])
        check_mode = task.pop("check_mode", False)
        ((name, options),) = task.items()
        plugin = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.action.{name.rpartition('.')[2]}")
        action = object.__new__(plugin.ActionModule)
        action._task = SimpleNamespace(action=name, args=options, check_mode=check_mode)
        return {"failed": False, "changed": False, **action._validated(plugin.ActionModule.CORE)}

    def _control(self, url: str, method: str, body: Any = None, **_client: Any) -> dict[str, Any]:
        answer = self.lab.http.request(method, url, json=body, timeout=20)
        answer.raise_for_status()
        return {"failed": False, "changed": False, "json": answer.json() if answer.content else None}
