# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Run a core function in the controller's own process, several times faster than a new Python for each task."""

from __future__ import annotations

import copy
import gc
import os
import re
import sys
import typing as t
from contextlib import contextmanager

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, Core, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _sealed
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import next_steps

# Set by the role for its tasks: they run on the controller, whatever the caller's connection, become or interpreter
ON_CONTROLLER = "__rustdesk_sso_on_controller"
# Passed by the role to a task that must not run for this host: a failed task's result
ERROR = "__rustdesk_sso_error"
# The key of a result that is only for the next task
HANDED_OVER = "session"
# The parts of an error that its message consists of
SAID = ("attempted", "answer", "hint")
# Variables that take effect only when a process starts, which is too late for the controller's own
START_ONLY = re.compile(r"PYTHON.*|LD_.*|OPENSSL_CONF")


class InProcessAction(ActionBase):
    """Run a module's core if the task runs on the controller, and the module itself anywhere else.

    Both return the same result, key for key. A result with a secret is censored in all output, but the registered
    variable keeps it (``_ansible_no_log``, tried with ansible-core 2.16 to 2.21).
    """

    SPEC: t.Mapping[str, t.Any]
    CORE: Core
    # The cleanup if the role stops for a host
    GIVE_UP: Core | None = None
    # A background job's result is written to a file and printed by async_status, including secrets
    _supports_async = False

    def __init_subclass__(cls) -> None:
        """Exclude all objects imported so far from garbage collection, before the controller forks its workers.

        Otherwise the collector of each worker, one for each host and task, would touch and so copy all of this memory.
        """
        super().__init_subclass__()
        gc.freeze()

    @staticmethod
    def holds_secret(result: t.Mapping[str, t.Any]) -> bool:
        """Return whether the result of this action holds a secret."""
        return False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        result = self._result(task_vars or {})
        if (task_vars or {}).get(ON_CONTROLLER):
            return said_once(next_steps.of_role(self._task.action, result))
        return result

    def _result(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        error = self._task.args.pop(ERROR, None)
        if HANDED_OVER in self._task.args:
            try:
                self._task.args[HANDED_OVER] = _sealed.unseal(plain(self._task.args[HANDED_OVER]))
            except InputError as unusable:
                return {"failed": True, **unusable.as_result()}
        if error:
            if self.GIVE_UP:
                self._run_core(self.GIVE_UP)
            return {"failed": True, **plain(error)}
        self._task.args = given(self._task.args, self.SPEC["argument_spec"])
        mistake = self._mistake()
        if mistake:
            return mistake
        here = self._here(variables)
        result = self._run_core(type(self).CORE) if here else self._execute_module(task_vars=variables)
        sealed = _sealed.seal(result[HANDED_OVER]) if HANDED_OVER in result else {}
        if sealed:
            result[HANDED_OVER] = sealed
        if sealed is None or self.holds_secret(result):
            result["_ansible_no_log"] = True
        if result.get("_ansible_no_log") or self._task.changed_when == [False]:
            self._show_diff(result)
        return result

    def _mistake(self) -> dict[str, t.Any]:
        """Check the options as given, before Ansible converts them to texts and numbers.

        Return a failed task's result, empty if nothing is wrong.
        """
        try:
            _option_values.check(plain(self._task.args), self.SPEC["argument_spec"])
        except InputError as error:
            return {"failed": True, **error.as_result()}
        return {}

    def _show_diff(self, result: t.Mapping[str, t.Any]) -> None:
        """Show the diff of a result that is censored as a whole or counts as no change, which Ansible does not show.

        No diff of this collection holds a secret.
        """
        if self._task.diff and not self._task.no_log and result.get("changed") and result.get("diff"):
            self._display.display(CallbackBase()._get_diff(copy.deepcopy(result["diff"])))  # it modifies the diff

    def _here(self, variables: dict[str, t.Any]) -> bool:
        """Return whether to run the core in this process.

        This applies to the role's tasks, and if the module would run on the controller with the same Python, user and
        environment.
        """
        if variables.get(ON_CONTROLLER):
            return True
        local = str(self._connection.transport).rsplit(".", 1)[-1] == "local"
        if not local or self._connection.become or any(self._task.environment or []):
            return False
        if self._task.delegate_to:
            variables = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to, variables)
        interpreter = self._templar.template(variables.get("ansible_python_interpreter") or "auto")
        return str(interpreter).startswith("auto") or os.path.abspath(interpreter) == os.path.abspath(sys.executable)

    def _run_core(self, core: Core) -> dict[str, t.Any]:
        environment = _environment(self)
        unusable = sorted(name for name in environment if START_ONLY.fullmatch(name))
        if unusable:
            return {
                "failed": True,
                "msg": f"The environment of this task cannot be used: {', '.join(unusable)} takes effect only when a "
                "process starts, but this task runs in the controller's process. Set it before you start "
                "ansible-playbook, or remove it from environment.",
            }
        with _set(environment):
            return self._validated(core)

    def _notify(self, text: str) -> None:
        """Show a message immediately. A result's warnings are shown only after the task."""
        self._display.display(f"{self._task.action}: {text}", color=constants.COLOR_VERBOSE)

    def _validated(self, core: Core) -> dict[str, t.Any]:
        rules = {key: value for key, value in self.SPEC.items() if key != "supports_check_mode"}
        validated = ArgumentSpecValidator(**rules).validate(plain(self._task.args))
        params = validated.validated_parameters
        warnings: list[str] = []
        if validated.error_messages:
            message = validated.errors.msg
            if isinstance(validated.errors[0], UnsupportedError):
                message = f"Unsupported parameters for ({self._task.action}) module: {message}"
            result: dict[str, t.Any] = {"failed": True, "msg": message}
        else:
            result = outcome(core, params, Context(self._task.check_mode, warnings.append, self._notify))
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
        # As in AnsibleModule, input secrets are masked wherever they appear, except in None and booleans. A session for
        # the next task is not masked but encrypted.
        preserved = {k: v for k, v in result.items() if v is None or isinstance(v, bool) or k == HANDED_OVER}
        return {**remove_values(result, validated._no_log_values), **preserved}


def said_once(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the ``result`` of a role's task with an ``error`` that repeats no part of ``msg``."""
    if not result.get("failed") or not isinstance(result.get("error"), t.Mapping):
        return result
    left = {name: value for name, value in result["error"].items() if name not in SAID and value is not None}
    return {**result, "error": left} if left else {name: value for name, value in result.items() if name != "error"}


def _environment(action: ActionBase) -> dict[str, str]:
    """Return the environment that the action's task sets with the keyword ``environment``."""
    found: dict[str, str] = {}
    for item in action._task.environment or []:
        values = action._templar.template(item) if item else {}
        found.update({str(name): str(value) for name, value in plain(values).items()})
    return found


@contextmanager
def task_environment(action: ActionBase) -> t.Iterator[None]:
    """Run the body with the environment of the action's task."""
    with _set(_environment(action)):
        yield


@contextmanager
def _set(environment: dict[str, str]) -> t.Iterator[None]:
    """Run the body with these environment variables in this process, a worker for one task and host."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def given(args: t.Mapping[str, t.Any], argument_spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return ``args`` without options and suboptions that are null, so that their defaults and fallbacks apply.

    Ansible treats null as a value of an option with a default, and of one of two options that exclude each other.
    """
    found: dict[str, t.Any] = {}
    for name, value in args.items():
        inner = argument_spec.get(name, {}).get("options")
        if value is None:
            continue
        if inner and isinstance(value, t.Mapping):
            found[name] = given(value, inner)
        elif inner and isinstance(value, (list, tuple)):
            found[name] = [given(item, inner) if isinstance(item, t.Mapping) else item for item in value]
        else:
            found[name] = value
    return found
