# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The second door to the core: in the controller's own process, several times faster than a new Python for a task."""

from __future__ import annotations

import gc
import os
import sys
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._glue import Context, Core, outcome


class InProcessAction(ActionBase):
    """Runs a module's core where the task runs on the controller, and the module itself anywhere else.

    Both doors give the same result, key for key. A result that holds a secret is censored in all output, while the
    registered variable keeps it (``_ansible_no_log``, tried with ansible-core 2.16 to 2.21).
    """

    SPEC: t.Mapping[str, t.Any]
    CORE: Core
    # A background job's result is written to a file and printed by async_status, secrets and all.
    _supports_async = False

    def __init_subclass__(cls) -> None:
        """The controller has now imported all that the action needs, and forks a worker for each host and task.

        None of it is garbage: else the collector of each worker would walk through it, and so copy all of its memory.
        """
        super().__init_subclass__()
        gc.freeze()

    @staticmethod
    def holds_secret(result: t.Mapping[str, t.Any]) -> bool:
        """Whether the result of this action holds a secret."""
        return False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        result = self._run_core() if self._here(variables) else self._execute_module(task_vars=variables)
        if self.holds_secret(result):
            result["_ansible_no_log"] = True
        return result

    def _here(self, variables: dict[str, t.Any]) -> bool:
        """Whether the module would run on the controller, in this Python, as this user, in this environment."""
        local = str(self._connection.transport).rsplit(".", 1)[-1] == "local"
        if not local or self._connection.become or any(self._task.environment or []):
            return False
        if self._task.delegate_to:
            variables = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to, variables)
        interpreter = self._templar.template(variables.get("ansible_python_interpreter") or "auto")
        return str(interpreter).startswith("auto") or os.path.abspath(interpreter) == os.path.abspath(sys.executable)

    def _run_core(self) -> dict[str, t.Any]:
        rules = {key: value for key, value in self.SPEC.items() if key != "supports_check_mode"}
        validated = ArgumentSpecValidator(**rules).validate(_plain(self._task.args))
        params = validated.validated_parameters
        warnings: list[str] = []
        if validated.error_messages:
            message = validated.errors.msg
            if isinstance(validated.errors[0], UnsupportedError):
                message = f"Unsupported parameters for ({self._task.action}) module: {message}"
            result: dict[str, t.Any] = {"failed": True, "msg": message}
        else:
            result = outcome(type(self).CORE, params, Context(self._task.check_mode, warnings.append))
        warnings += [
            f"Both option {one['option']} and its alias {one['alias']} are set." for one in validated._warnings
        ]
        if warnings:
            result["warnings"] = warnings
        if validated._deprecations:
            result["deprecations"] = [
                {key: value for key, value in deprecation.items() if value is not None}
                for deprecation in validated._deprecations
            ]
        result["invocation"] = {"module_args": params}
        # As AnsibleModule does: input secrets are masked wherever they turn up, None and booleans are left alone.
        preserved = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
        return {**remove_values(result, validated._no_log_values), **preserved}


def _plain(value: t.Any) -> t.Any:
    """Task arguments as a module gets them: plain Python, vaulted strings decrypted, no tags."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str.__str__(str(value))
