# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find the hosts that stay when others are removed, from Ansible's hostvars."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _host_patterns
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import VARIABLES, Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX, is_set
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain


def of(variables: t.Mapping[str, t.Any]) -> list[Other]:
    """Return the other hosts of the host's group that are not in its play, with their variables in the inventory.

    Outside the group rustdesk_servers, or the hosts of rustdesk_sso_hosts, a host counts only if the inventory sets a
    variable of the role for it.
    """
    return _of(variables, variables["hostvars"], set(map(str, variables["ansible_play_hosts_all"])))


def named(hostvars: t.Mapping[str, t.Any], hosts: t.Iterable[str]) -> list[Other]:
    """Return what the inventory contains about each of ``hosts``."""
    return [_other(name, hostvars[name]) for name in hosts]


def staying(hostvars: t.Mapping[str, t.Any], host: str, hosts: t.Iterable[str]) -> list[Other]:
    """Return the other hosts of the group of ``host`` that are not among ``hosts``, with their inventory variables."""
    return _of(hostvars[host], hostvars, set(map(str, hosts)))


def _of(variables: t.Mapping[str, t.Any], hostvars: t.Mapping[str, t.Any], without: set[str]) -> list[Other]:
    groups, own = variables.get("groups") or {}, str(variables.get("inventory_hostname"))
    fleet = _host_patterns.of_fleet(variables)
    in_group = own in fleet
    names = (
        fleet if in_group else [name for group in variables.get("group_names") or [] for name in groups.get(group, ())]
    )
    found = []
    for name in dict.fromkeys(str(name) for name in names):
        if name in without:
            continue
        known = hostvars[name]
        if in_group or any(str(variable).startswith(PREFIX) for variable in known):
            found.append(_other(name, known))
    return found


def _other(name: str, known: t.Mapping[str, t.Any]) -> Other:
    values: dict[str, str] = {}
    unread = []
    for variable in VARIABLES:
        try:
            value = plain(known[PREFIX + variable]) if PREFIX + variable in known else None
        except Exception:  # noqa: BLE001  # Ansible's own error types differ by its version
            unread.append(variable)
            continue
        if is_set(value):
            values[variable] = str(value)
    return Other(name, values, tuple(unread))
