# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The hosts of a pattern, as Ansible itself understands patterns."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

# The group of all servers, if no other pattern is named. As in _fleet.declaration, which takes longer to load than a
# playbook that only fails should take
GROUP = "rustdesk_servers"
# The extra variable that names another one
VARIABLE = "rustdesk_sso_hosts"

Groups = t.Mapping[str, t.Sequence[str]]


def group(variables: t.Mapping[str, t.Any]) -> str:
    """The group of all servers, from the variables of a host; empty if they are chosen by another pattern."""
    pattern = str(variables.get(VARIABLE) or GROUP)
    return pattern if pattern in (variables.get("groups") or {}) else ""


def of_fleet(variables: t.Mapping[str, t.Any]) -> list[str]:
    """All servers of the inventory, from the variables of a host."""
    return matching(variables.get("groups") or {}, str(variables.get(VARIABLE) or GROUP))


def matching(groups: Groups, pattern: str, limit: str = "") -> list[str]:
    """The hosts of ``pattern`` that ``limit`` leaves, in the order of the inventory.

    ``groups`` is Ansible's variable of that name. A pattern that Ansible refuses has no hosts.
    """
    if not limit and pattern in groups:  # without building an inventory
        return [str(host) for host in groups[pattern]]
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    inventory.subset(limit or None)
    try:
        return [str(host) for host in inventory.list_hosts(pattern)]
    except AnsibleError:
        return []
