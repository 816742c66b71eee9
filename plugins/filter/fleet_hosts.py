# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_hosts
short_description: The hosts of a play, if there is a server
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - For the keyword C(hosts) of a play. A play without hosts is skipped and succeeds. With this filter, the playbook
    fails if the group C(rustdesk_servers) has no host, or none that C(--limit) leaves.
  - Used by the playbooks of this collection.
positional: _input
options:
  _input:
    description: The pattern of hosts.
    type: str
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
  limit:
    description: The variable C(ansible_limit), if it is defined.
    type: str
    default: ''
  partial:
    description:
      - Whether the inventory contains only a part of the servers, such as that of a job slice in AWX. Without a server,
        the play is then skipped with a message.
    type: bool
    default: false
  single:
    description: Whether the play is for one server. The playbook then fails if several servers remain.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Configure sign-in
  hosts: "{{ 'rustdesk_servers' | deskops.rustdesk_sso.fleet_hosts(groups, ansible_limit | default('')) }}"
  tasks:
    - name: Configure sign-in
      ansible.builtin.import_role:
        name: deskops.rustdesk_sso.entra_oidc
"""

RETURN = r"""
_value:
  description: The pattern of hosts.
  type: str
"""

import typing as t

from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

# As in _fleet.declaration, which takes longer to load than a playbook that only fails should take
GROUP = "rustdesk_servers"
# How many servers an error names
SHOWN = 5
# Runs that only look at the playbook, mostly without an inventory
LOOKS = ("syntax", "listhosts", "listtasks", "listtags")
display = Display()


def problem(groups: t.Mapping[str, t.Sequence[str]], limit: str) -> str:
    """Why there is no server to work on, as a sentence; empty if there is one."""
    servers = groups.get(GROUP)
    if not servers:
        return f"The inventory has no host in the group {GROUP}, so there is nothing to do."
    if limit and not _limited(groups, limit):
        return f"The limit {limit} leaves no host of the group {GROUP}, so there is nothing to do."
    return ""


def several(groups: t.Mapping[str, t.Sequence[str]], limit: str) -> str:
    """What to do if more than one server remains, as a sentence; empty if it is one."""
    servers = _limited(groups, limit) if limit else list(groups.get(GROUP, ()))
    if len(servers) < 2:
        return ""
    shown = ", ".join(servers[:SHOWN]) + (", ..." if len(servers) > SHOWN else "")
    return f"This playbook is for one server, and {len(servers)} remain ({shown}). Choose one with --limit."


def _limited(groups: t.Mapping[str, t.Sequence[str]], limit: str) -> list[str]:
    """The servers that the limit leaves, as Ansible itself understands it."""
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    inventory.subset(limit)
    return [str(host) for host in inventory.list_hosts(GROUP)]


def fleet_hosts(
    pattern: str,
    groups: t.Mapping[str, t.Sequence[str]],
    limit: str | None = "",
    partial: t.Any = False,
    single: bool = False,
) -> str:
    """``pattern``, if there is a server. Raises AnsibleFilterError if there is none and the inventory is the whole, or
    if there are several where a ``single`` one is wanted."""
    if any(context.CLIARGS.get(look) for look in LOOKS):
        return pattern
    too_many = several(groups, limit or "") if single else ""
    if too_many:
        raise AnsibleFilterError(too_many)
    why = problem(groups, limit or "")
    if why and not boolean(partial or False):
        raise AnsibleFilterError(f"{why} Add the servers to it, or correct the limit.")
    if why:
        display.display(f"{why} Others may be in other slices.")
    return pattern


class FilterModule:
    """See the filter's documentation."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"fleet_hosts": fleet_hosts}
