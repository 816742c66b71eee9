# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine a server, or report on all examined servers."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import files
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import examination, fleet
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import STATES, problem
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import task_environment
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import variables

# The variable that each server's task registers
EXAMINED = "rustdesk_sso_examined"
FILE = "rustdesk_sso_doctor.json"
SPEC: dict[str, t.Any] = {
    "report": {"type": "bool", "default": False},
    "directory": {"type": "str"},
    "show_all": {"type": "bool", "default": False},
    "fail_on": {"type": "list", "elements": "str", "choices": [*STATES[:3], "never"], "default": ["problem"]},
}


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        given = task_vars or {}
        _checked, params = self.validate_argument_spec(argument_spec=SPEC)
        context = Context(bool(self._task.check_mode), lambda _text: None)

        def work(_params: t.Mapping[str, t.Any], _context: Context) -> dict[str, t.Any]:
            if params["report"]:
                return self._report(given, params)
            return examination.examine(variables.renamed(given), self._templar, str(given["inventory_hostname"]))

        with task_environment(self):
            result = outcome(work, params, context)
        if result.get("failed") and not params["report"]:  # the report continues with the other servers
            found = problem("server", f"the server could not be examined: {result['msg']}", "Check the log of the run")
            return {"changed": False, "findings": [found.result()], "ahead": None, "entra": None}
        return result

    def _report(self, given: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Show the report on all servers of the play, write it, and fail on the states in fail_on."""
        hostvars = given["hostvars"]
        examined = {str(name): plain(hostvars[name].get(EXAMINED) or {}) for name in given["ansible_play_hosts_all"]}
        found = fleet.report(examined)
        lines = found.lines(show_all=params["show_all"] or self._display.verbosity > 0)
        path = self._written(found.document(), params["directory"])
        self._display.display("\n".join(["", *lines, *([f"\nReport: {path}"] if path else []), ""]))
        counts = found.counts
        failed = any(counts.get(state) for state in params["fail_on"])
        result = {"counts": counts, "path": path, "msg": f"{found.headline()}."}
        return {**result, "failed": True} if failed else result

    def _written(self, document: dict[str, t.Any], directory: str | None) -> str:
        """Write the report as JSON, and return the path of the file, empty if none was written."""
        if not directory or self._task.check_mode:
            return ""
        try:
            os.makedirs(directory, exist_ok=True)
        except OSError as error:
            raise InputError(f"The directory {directory} cannot be created", answer=error.strerror) from error
        path = os.path.join(directory, FILE)
        files.write(path, (json.dumps(document, indent=2) + "\n").encode())
        return path
