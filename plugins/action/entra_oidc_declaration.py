# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and check a server's declaration in the role's variables."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import (
    claims,
    declaration,
    excess,
    options,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import task_environment
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import (
    adoption,
    application,
    names,
    other_hosts,
    servers,
    sign_in,
    variables,
)


class ActionModule(ActionBase):
    """See the module's documentation."""

    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        given = variables.renamed(task_vars or {})
        adopts, removes = (boolean(self._task.args.get(name, False)) for name in ("adopt", "remove"))
        with task_environment(self):
            values, declared, problems = read(given, self._templar, adopts=adopts)
        for former, name in variables.FORMER_NAMES.items():
            if declaration.is_set(given.get(former)):
                self._display.deprecated(
                    f"The variable {former} is deprecated. Use {name} instead",
                    version="2.0.0",
                    collection_name="deskops.rustdesk_sso",
                )
        # Servers that go through the role together share this task, in a play that keeps its hosts in step
        strategy = str(self._task.get_play().strategy).rsplit(".", 1)[-1]
        phases = declaration.runs(given["ansible_run_tags"], given["ansible_skip_tags"])
        shared = {
            "round": self._task._uuid,
            "lockstep": not strategy.endswith(("free", "pinned")),
            "keeps_session": declaration.keeps_session(phases),
        }
        more: dict[str, t.Any] = {}
        signs_in = bool(adopts or any(phases[:2]))
        if declared and not adopts:
            server = t.cast(declaration.Declaration, declared)
            more["application_key"] = excess.application_key(server)
            more["new_callback_url"] = declaration.new_callback_url(server, phases)
            if removes:
                found, refused = self._claims(server, given)
                more |= found
                problems = [*problems, *refused]
                signs_in = server["remove_console"] and not found["claims"]["provider"]
        if signs_in:
            with task_environment(self):
                missing = sign_in.missing_credentials(values)
                problems = [*problems, *(item for item in missing if item.split()[0] not in " ".join(problems))]
        if problems or not declared:
            return {"failed": True, "msg": f"{given['inventory_hostname']}: {' '.join(problems)}", **shared}
        # The following tasks sign in with these. Each is one template, because every worker compiles templates again
        credentials: dict[str, t.Any] = {
            "entra": options.entra(values),
            "console": options.of(values, options.CONSOLE),
            "verification": options.of(values, options.VERIFICATION),
        }
        with task_environment(self):
            credentials["automation"] = sign_in.automation(values)
            credentials["portal"] = sign_in.portal(values)
        return {"changed": False, **declared, **shared, **credentials, **more, "_ansible_no_log": True}

    def _claims(
        self, server: declaration.Declaration, given: t.Mapping[str, t.Any]
    ) -> tuple[dict[str, t.Any], list[str]]:
        """Return other hosts' claims on a server to be removed, and a sentence for each part that cannot be removed."""
        others = other_hosts.of(given)
        partial = servers.is_partial(given["hostvars"][given["inventory_hostname"]])
        found = {
            "claims": claims.of(server, others, partial=partial),
            "other_holders": claims.holders(others, partial=partial),
        }
        if not server["remove_redirect_uris"]:
            return found, []
        host = str(given["inventory_hostname"])
        # Hosts of the same play stay, too
        return found, claims.problems(server, other_hosts.staying(given["hostvars"], host, [host]))


def read(
    given: t.Mapping[str, t.Any], templar: t.Any, *, adopts: bool = False
) -> tuple[dict[str, t.Any], t.Mapping[str, t.Any] | None, list[str]]:
    """Return a host's role variables that are set, its declaration, and a sentence for each mistake.

    ``given`` are all variables of the host with their templates. Makes no requests.
    """
    values, problems = variables.read(given, templar)
    problems += names.problems(given)
    problems += servers.partial_problems(templar.template(given.get("partial_inventory")))
    if problems:
        return values, None, problems
    declared, problems = (adoption.declare if adopts else _declare)(values, given["inventory_hostname"])
    return values, declared, [*problems, *sign_in.problems(values)]


def _declare(values: t.Mapping[str, t.Any], server: str) -> tuple[t.Mapping[str, t.Any] | None, list[str]]:
    """Return the declaration of ``server``, checked as entra_app does, or None with a sentence for each mistake."""
    declared, problems = declaration.declare(values, server)
    return declared, application.problems(declared) if declared else problems
