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

# The role sets it for its tasks: they run on the controller, whatever connection, become or interpreter the caller has
ON_CONTROLLER = "__rustdesk_sso_on_controller"
# The role passes it to a task that has nothing to do on this host: a failed task's result
ERROR = "__rustdesk_sso_error"
# The key of a result for the next task alone
HANDED_OVER = "session"
# The parts of an error of which its sentence is made
SAID = ("attempted", "answer", "hint")
# Variables that change what a process loads when it starts: too late for the controller's own
START_ONLY = re.compile(r"PYTHON.*|LD_.*|OPENSSL_CONF")


class InProcessAction(ActionBase):
    """Runs a module's core where the task runs on the controller, and the module itself anywhere else.

    Both give the same result, key for key. A result that holds a secret is censored in all output, while the registered
    variable keeps it (``_ansible_no_log``, tried with ansible-core 2.16 to 2.21).
    """

    SPEC: t.Mapping[str, t.Any]
    CORE: Core
    # What is left to do where the role has nothing to do on a host
    GIVE_UP: Core | None = None
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
        result = self._result(task_vars or {})
        return said_once(result) if (task_vars or {}).get(ON_CONTROLLER) else result

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
        """The failed task's result for options as they were given, before Ansible makes texts and numbers of them;
        empty if nothing is wrong."""
        try:
            _option_values.check(plain(self._task.args), self.SPEC["argument_spec"])
        except InputError as error:
            return {"failed": True, **error.as_result()}
        return {}

    def _show_diff(self, result: t.Mapping[str, t.Any]) -> None:
        """Show the diff that Ansible does not show, of a result that is censored as a whole or counts as no change.

        No diff of this collection holds a secret.
        """
        if self._task.diff and not self._task.no_log and result.get("changed") and result.get("diff"):
            self._display.display(CallbackBase()._get_diff(copy.deepcopy(result["diff"])))  # which changes it

    def _here(self, variables: dict[str, t.Any]) -> bool:
        """Whether this is a task of the role, or the module would run on the controller, in this Python, as this user,
        in this environment."""
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
                "process starts, and this task runs in the controller's process. Set it where ansible-playbook is "
                "started, or remove it from environment.",
            }
        with _set(environment):
            return self._validated(core)

    def _tell(self, text: str) -> None:
        """Show something at once: the warnings of a result are shown when the task has ended."""
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
            result = outcome(core, params, Context(self._task.check_mode, warnings.append, self._tell))
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
        # A session that is handed over stays whole, and is encrypted
        preserved = {k: v for k, v in result.items() if v is None or isinstance(v, bool) or k == HANDED_OVER}
        return {**remove_values(result, validated._no_log_values), **preserved}


def said_once(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """``result`` of a task of the role, where ``error`` repeats nothing that its ``msg`` says."""
    if not result.get("failed") or not isinstance(result.get("error"), t.Mapping):
        return result
    left = {name: value for name, value in result["error"].items() if name not in SAID and value is not None}
    return {**result, "error": left} if left else {name: value for name, value in result.items() if name != "error"}


def _environment(action: ActionBase) -> dict[str, str]:
    """The environment that the keyword ``environment`` of the action's task asks for."""
    found: dict[str, str] = {}
    for item in action._task.environment or []:
        values = action._templar.template(item) if item else {}
        found.update({str(name): str(value) for name, value in plain(values).items()})
    return found


@contextmanager
def task_environment(action: ActionBase) -> t.Iterator[None]:
    """The process with the environment of the action's task."""
    with _set(_environment(action)):
        yield


@contextmanager
def _set(environment: dict[str, str]) -> t.Iterator[None]:
    """The process with these environment variables, which is a worker of one task and host."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def given(args: t.Mapping[str, t.Any], argument_spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``args`` without options that are null, also in suboptions: these are not set, and have defaults and fallbacks.

    Ansible takes null for a value of an option with a default, and for one of two options that exclude each other.
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
