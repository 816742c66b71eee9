# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_teardown
short_description: Decide what a teardown may delete, and report the result
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - Decides which servers a teardown includes, and whether the automation's own applications may be deleted. Lists what
    it removed and what it kept.
positional: _input, hosts
options:
  _input:
    description: The variable C(hostvars), in which the role has set C(rustdesk_sso_run).
    type: dict
    required: true
  hosts:
    description: The names of the hosts of the play.
    type: list
    elements: str
    required: true
  given:
    description:
      - The playbook's variables C(automation), C(confirm) and C(gone_consoles), as lists or comma-separated text.
      - C(limit) and C(partial), with which a run includes only some of the servers.
      - C(answers), results of M(deskops.rustdesk_sso.entra_app_info), and C(deleted), results of
        M(deskops.rustdesk_sso.entra_app).
      - C(cloud), as for M(deskops.rustdesk_sso.entra_app), and C(graph), the address of Microsoft Graph if it differs
        from the cloud's, both by default from the environment, as in that module. They determine the commands that
        restore or purge an application.
    type: dict
    default: {}
  check_mode:
    description: Whether changes are only predicted.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what was removed and what was kept
  ansible.builtin.debug:
    msg: "{{ (hostvars | deskops.rustdesk_sso.fleet_teardown(ansible_play_hosts_all)).lines }}"
"""

RETURN = r"""
_value:
  description:
    - C(refused), why the teardown is refused, empty if it is not.
    - C(lookups), options of M(deskops.rustdesk_sso.entra_app_info) for the automation's applications.
    - C(problem), why an application of the automation cannot be deleted, empty if all can.
    - C(done), the servers that an earlier teardown has removed, and C(finished), whether these are all.
    - C(gone), the servers whose consoles are not accessed.
    - C(targets), the applications to delete, each with C(tenant_id), C(object_id) and C(app_id).
    - C(failed), whether a server or the deletion failed.
    - C(lines), a report on what was removed and what was kept.
  type: dict
"""

import os
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.unsafe_proxy import wrap_var

HostVars = t.Mapping[str, t.Mapping[str, t.Any]]


def fleet_teardown(
    hostvars: HostVars, hosts: t.Sequence[str], given: t.Mapping[str, t.Any] | None = None, check_mode: bool = False
) -> t.Any:
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _host_patterns
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import teardown
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain

    names, asked = list(map(str, hosts)), plain(given or {})
    own = teardown.Automation(
        names=_listed(asked.get("automation")),
        hosts=[_host(hostvars[name], name, server=True) for name in names],
        answers=asked.get("answers") or [],
        deleted=asked.get("deleted") or [],
    )
    fleet = (hostvars[names[0]].get("groups") or {}).get(_host_patterns.GROUP, ()) if names else ()
    # Another host may inherit the variable from the group of all hosts without being a server
    apart = [str(name) for name in hostvars if str(name) not in names and (own.names or name in fleet)]
    known = [_host(hostvars[name], name, server=name in fleet) for name in apart]
    others = [item for item in known if item.client_id or item.name in fleet]
    records = _records(hostvars, names)
    problem = teardown.problem(own)
    finished = own.finished and not problem
    left = teardown.complete(own, records).values()
    address = _graph(asked)
    lines = teardown.finished(own) if finished else teardown.closing(own, records, predicted=check_mode, graph=address)
    # Texts from consoles and Entra must not be evaluated as templates
    return wrap_var(
        {
            "refused": teardown.refusal(
                own,
                limited=bool(asked.get("limit")) or boolean(asked.get("partial") or False),
                others=others,
                confirmed=[tenant.lower() for tenant in _listed(asked.get("confirm"))],
                predicted=check_mode,
            ),
            "lookups": teardown.lookups(own),
            "problem": problem,
            "done": own.done,
            "finished": finished,
            "gone": _listed(asked.get("gone_consoles")),
            "targets": teardown.targets(own, records),
            "failed": not finished and (own.failed or any(item["failed"] for item in left)),
            "lines": lines,
        }
    )


def _graph(given: t.Mapping[str, t.Any]) -> str:
    """Return the address of Microsoft Graph, of which the environment gives the parts that are not set."""
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import sign_in

    variables = {"cloud": "entra_cloud", "graph": "entra_graph_endpoint"}
    values = {PREFIX + variable: given[name] for name, variable in variables.items() if given.get(name)}
    try:
        return clouds.choose(sign_in.entra_params(values)).graph_endpoint
    except (InputError, KeyError):  # the role reports an invalid value for each server
        return clouds.CLOUDS["public"].graph_endpoint


def _listed(given: t.Any) -> list[str]:
    """Return a list from a list or a comma-separated text."""
    items = given if isinstance(given, list) else str(given or "").split(",")
    return [text for item in items if (text := str(item).strip())]


def _host(variables: t.Mapping[str, t.Any], name: str, *, server: bool) -> t.Any:
    """Return a host of the inventory. A ``server`` gets values that it does not set from the environment."""
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.teardown import Host

    def of(variable: str, environment: str) -> str:
        try:
            value = variables.get(variable)
        except Exception:  # noqa: BLE001  # Ansible's own error types differ by its version; the role reports them
            return ""
        return str(value or (os.environ.get(environment) if server else "") or "").strip().lower()

    return Host(
        name, of("rustdesk_sso_tenant_id", "AZURE_TENANT_ID"), of("rustdesk_sso_entra_client_id", "AZURE_CLIENT_ID")
    )


def _records(hostvars: HostVars, names: t.Sequence[str]) -> dict[str, t.Any]:
    """Return the record of each server, from any host that has it."""
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain

    found: dict[str, t.Any] = {}
    for name in names:
        if name not in found:
            run = hostvars[name].get("rustdesk_sso_run") or {}
            found = {**{server: plain(item) for server, item in run.items() if "removal" in item}, **found}
    return found


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"fleet_teardown": fleet_teardown}
