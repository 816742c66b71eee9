# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report the result of one server, or of all servers of a run."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import summary
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        # Read without templating, which would take longer than the rest of the task
        run = variables["rustdesk_sso_run"]
        if boolean(self._task.args.get("summary", False)):
            shown = summary.lines(plain(run), predicted=self._task.check_mode)
            return {"msg": shown, "_ansible_verbose_always": True}
        known = plain(run[variables["inventory_hostname"]])
        if known["failed"]:
            return {"msg": summary.failure(known), "changed": known["changed"], "failed": True}
        return {"msg": known["message"], "changed": known["changed"]}
