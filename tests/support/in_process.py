# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of single modules in the test's own process, without the second that ansible-playbook takes to start.

Tasks and results have the form of ``Controller.tasks``: the action plugin validates, runs and masks with the same code
as in Ansible's process. test_doors.py runs every module through ansible-playbook.
"""

from __future__ import annotations

import importlib
import json
from contextlib import redirect_stdout, suppress
from io import StringIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from ansible.module_utils import basic
from ansible.utils.display import Display

from lab.client import Lab

COLLECTION = "deskops.rustdesk_sso"


class InProcess:
    """Runs tasks of this collection, and of ``faults.steps.control``."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def tasks(self, *tasks: dict[str, Any], module_door: bool = False) -> list[dict[str, Any]]:
        """Run tasks, regardless of earlier failures, and return their complete results.

        ``module_door`` runs the modules' own main programs instead of the action plugins.
        """
        return [self._run(task, module_door) for task in tasks]

    def task(self, module: str, /, **options: Any) -> dict[str, Any]:
        """Run one task of this collection and return its complete result."""
        return self._run({f"{COLLECTION}.{module}": options})

    def _run(self, task: dict[str, Any], module_door: bool = False) -> dict[str, Any]:
        task = dict(task)
        if "ansible.builtin.uri" in task:
            return self._control(**task["ansible.builtin.uri"])
        check_mode = task.pop("check_mode", False)
        ((name, options),) = task.items()
        run = _as_module if module_door else _as_action
        return {"failed": False, "changed": False, **run(name, options, check_mode)}

    def _control(self, url: str, method: str, body: Any = None, **_client: Any) -> dict[str, Any]:
        answer = self.lab.http.request(method, url, json=body, timeout=20)
        answer.raise_for_status()
        return {"failed": False, "changed": False, "json": answer.json() if answer.content else None}


def _plugin(name: str, kind: str) -> Any:
    return importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.{kind}.{name.rpartition('.')[2]}")


def _as_action(name: str, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    plugin = _plugin(name, "action").ActionModule
    action = object.__new__(plugin)
    action._display = Display()
    action._task = SimpleNamespace(action=name, args=options, check_mode=check_mode)
    return dict(action._validated(plugin.CORE))


def _as_module(name: str, options: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Return the module's printed result, with its options passed as Ansible passes them."""
    internal = {"_ansible_check_mode": check_mode, "_ansible_module_name": name}
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {**options, **internal}}).encode()
    with (
        # The profile exists since ansible-core 2.19
        patch.multiple(basic, create=True, _ANSIBLE_ARGS=given, _ANSIBLE_PROFILE="legacy"),
        redirect_stdout(StringIO()) as printed,
        suppress(SystemExit),
    ):
        _plugin(name, "modules").main()
    return dict(json.loads(printed.getvalue()))
