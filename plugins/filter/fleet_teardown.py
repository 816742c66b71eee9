# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_teardown
short_description: What a teardown may delete, and what stays
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - Decides whether the automation's own application may be deleted, and lists what a teardown did and what stays.
positional: _input
options:
  _input:
    description: The records of the removed servers by name, as the role sets them in C(rustdesk_sso_run).
    type: dict
    required: true
  automation:
    description:
      - C(name), the unique name or client ID of the automation's own application, empty to keep it.
      - C(client_ids), with which the servers' runs authenticate.
      - C(answers), results of M(deskops.rustdesk_sso.entra_app_info), and C(deleted), results of
        M(deskops.rustdesk_sso.entra_app).
    type: dict
    default: {}
  check_mode:
    description: Whether nothing was changed.
    type: bool
    default: false
  cloud:
    description: The cloud, as for M(deskops.rustdesk_sso.entra_app). It decides about the address of Microsoft Graph in
      the commands that restore or purge an application.
    type: str
    default: public
  graph:
    description: The address of Microsoft Graph, if it is not that of the cloud.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Show what stays
  ansible.builtin.debug:
    msg: "{{ (rustdesk_sso_run | deskops.rustdesk_sso.fleet_teardown).lines }}"
"""

RETURN = r"""
_value:
  description:
    - C(problem), why the automation's application cannot be deleted, empty if it can.
    - C(finished), whether it was deleted before.
    - C(targets), the applications to delete, each with C(tenant_id), C(object_id) and C(app_id).
    - C(failed), whether a server or the deletion failed.
    - C(lines), what was done and what stays.
  type: dict
"""

import typing as t

from ansible.utils.unsafe_proxy import wrap_var


def fleet_teardown(
    records: t.Any,
    automation: t.Mapping[str, t.Any] | None = None,
    check_mode: bool = False,
    cloud: str = "public",
    graph: str = "",
) -> t.Any:
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import CLOUDS
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import teardown
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain

    address = graph or CLOUDS[cloud].graph_endpoint
    known, given = plain(records), plain(automation or {})
    own = teardown.Automation(
        name=str(given.get("name") or ""),
        client_ids=list(map(str, given.get("client_ids") or [])),
        answers=given.get("answers") or [],
        deleted=given.get("deleted") or [],
    )
    problem = teardown.problem(own)
    finished = own.finished and not problem
    failed = own.failed or any(item["failed"] for item in known.values())
    lines = teardown.finished(own) if finished else teardown.closing(own, known, predicted=check_mode, graph=address)
    # What consoles and Entra say is no template, also where it looks like one
    return wrap_var(
        {
            "problem": problem,
            "finished": finished,
            "targets": teardown.targets(own, known),
            "failed": failed,
            "lines": lines,
        }
    )


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"fleet_teardown": fleet_teardown}
