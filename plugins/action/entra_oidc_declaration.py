# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check what a server declares, from the role's variables."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import claims, declaration, options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import (
    adoption,
    application,
    other_hosts,
    variables,
)


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        given = variables.renamed(task_vars or {})
        values, problems = variables.read(given, self._templar)
        declared: t.Mapping[str, t.Any] | None = None
        if not problems:
            declare = adoption.declare if boolean(self._task.args.get("adopt", False)) else _declare
            declared, problems = declare(values, given["inventory_hostname"])
        for former, name in variables.FORMER_NAMES.items():
            if declaration.is_set(given.get(former)):
                self._display.deprecated(
                    f"The variable {former} is deprecated. Use {name} instead",
                    version="2.0.0",
                    collection_name="deskops.rustdesk_sso",
                )
        # What servers that go through the role together have in common: this task, in a play that keeps them in step
        strategy = str(self._task.get_play().strategy).rsplit(".", 1)[-1]
        phases = declaration.runs(given["ansible_run_tags"], given["ansible_skip_tags"])
        shared = {
            "round": self._task._uuid,
            "lockstep": not strategy.endswith(("free", "pinned")),
            "keeps_session": declaration.keeps_session(phases),
        }
        if problems or not declared:
            return {"failed": True, "msg": f"{given['inventory_hostname']}: {' '.join(problems)}", **shared}
        # By these the following tasks sign in, each with one template: a worker compiles each template anew
        signs_in = {
            "entra": options.of(values, options.ENTRA),
            "console": options.of(values, options.CONSOLE),
            "verification": options.of(values, options.VERIFICATION),
        }
        more: dict[str, t.Any] = {}
        if not boolean(self._task.args.get("adopt", False)):
            server = t.cast(declaration.Declaration, declared)
            more["new_callback_url"] = declaration.new_callback_url(server, phases)
            if boolean(self._task.args.get("remove", False)):
                others = other_hosts.of(given)
                partial = boolean(self._templar.template(given.get("partial_inventory")) or False)
                more["claims"] = claims.of(server, others, partial=partial)
                more["other_holders"] = claims.holders(others, partial=partial)
        return {"changed": False, **declared, **shared, **signs_in, **more, "_ansible_no_log": True}


def _declare(values: t.Mapping[str, t.Any], server: str) -> tuple[t.Mapping[str, t.Any] | None, list[str]]:
    """The declaration of ``server``, checked as entra_app does, or None and a sentence for each mistake."""
    declared, problems = declaration.declare(values, server)
    return declared, application.problems(declared) if declared else problems
