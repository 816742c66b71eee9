# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find the hosts of a pattern with Ansible's own pattern matching."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

# The group of all servers if no other pattern is set. It repeats the one in _fleet.declaration, which loads too slowly
# for a playbook that only fails.
GROUP = "rustdesk_servers"
# The extra variable that sets another pattern
VARIABLE = "rustdesk_sso_hosts"

Groups = t.Mapping[str, t.Sequence[str]]


def group(variables: t.Mapping[str, t.Any]) -> str:
    """Return the group of all servers, from a host's variables; empty if another pattern selects them."""
    pattern = str(variables.get(VARIABLE) or GROUP)
    return pattern if pattern in (variables.get("groups") or {}) else ""


def of_fleet(variables: t.Mapping[str, t.Any]) -> list[str]:
    """Return all servers of the inventory, from a host's variables."""
    return matching(variables.get("groups") or {}, str(variables.get(VARIABLE) or GROUP))


def matching(groups: Groups, pattern: str, limit: str = "") -> list[str]:
    """Return the hosts of ``pattern`` within ``limit``, in the order of the inventory.

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
