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
  - Private to the playbooks of this collection. It may change in any release.
  - For the keyword C(hosts) of a play. A play without hosts is skipped and succeeds. With this filter, the playbook
    fails if no host of the inventory matches the pattern, or none that C(--limit) leaves.
  - The extra variable C(rustdesk_sso_hosts) names another pattern than the group C(rustdesk_servers). The keyword
    C(hosts) sees extra variables alone, not those of the inventory.
positional: _input
options:
  _input:
    description: The pattern of hosts.
    type: str
    required: true
  groups:
    description: The variable C(groups). If omitted, that of the play.
    type: dict
  limit:
    description: The limit. If omitted, the variable C(ansible_limit).
    type: str
  partial:
    description:
      - Whether the inventory contains only a part of the servers, such as that of a job slice in AWX. Without a server,
        the play is then skipped with a message.
      - If omitted, the variable C(partial_inventory).
    type: bool
  single:
    description: Whether the play is for one server. The playbook then fails if several servers remain.
    type: bool
    default: false
  named:
    description:
      - Whether the limit has to be the name of one server. The playbook then fails if it is a group, a pattern, or a
        host that O(_input) does not contain. Use it if the limit comes from outside, such as from an alert.
    type: bool
    default: false
  first:
    description:
      - The pattern of the hosts that go first, which is then the result. If it is empty, the first host that C(--limit)
        leaves.
    type: str
  after:
    description: The same as O(first). The result is the pattern of all other hosts.
    type: str
"""

EXAMPLES = r"""
- name: Configure sign-in
  hosts: "{{ rustdesk_sso_hosts | default('rustdesk_servers', true) | deskops.rustdesk_sso.fleet_hosts }}"
  gather_facts: false
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
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from jinja2 import pass_context

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._host_patterns import (
    GROUP,
    VARIABLE,
    Groups,
    matching,
)

# How many servers an error names
SHOWN = 5
# Runs that only look at the playbook, mostly without an inventory
LOOKS = ("syntax", "listhosts", "listtasks", "listtags")
display = Display()


class Variables(t.Protocol):
    """The variables of a template, as Jinja's context has them."""

    def get(self, key: str, default: t.Any = None) -> t.Any:
        """The value of ``key``."""


def problem(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """Why there is no server to work on, as a sentence; empty if there is one."""
    named = f"the group {pattern}" if pattern == GROUP or pattern in groups else f"the pattern {pattern}"
    if not matching(groups, pattern):
        return f"The inventory has no host in {named}, so there is nothing to do."
    if limit and not matching(groups, pattern, limit):
        return f"The limit {limit} leaves no host of {named}, so there is nothing to do."
    return ""


def several(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """What to do if more than one server remains, as a sentence; empty if it is one."""
    servers = matching(groups, pattern, limit)
    if len(servers) < 2:
        return ""
    shown = ", ".join(servers[:SHOWN]) + (", ..." if len(servers) > SHOWN else "")
    return f"This playbook is for one server, and {len(servers)} remain ({shown}). Choose one with --limit."


def unnamed(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """Why the limit is not the name of one server, as a sentence; empty if it is."""
    # Only then as a pattern, which may be the name of a file
    if limit in matching(groups, pattern) and matching(groups, pattern, limit) == [limit]:
        return ""
    return f"The limit has to be the name of one server of {pattern}, and {limit!r} is not."


def switched(name: str, value: t.Any) -> bool:
    """Return the variable ``name`` as a boolean; an empty one is false. Raises AnsibleFilterError."""
    try:
        return bool(boolean(value or False))
    except TypeError:
        raise AnsibleFilterError(f"{name} has to be true or false, and {str(value)!r} is neither.") from None


@pass_context
def fleet_hosts(
    variables: Variables,
    pattern: str,
    groups: Groups | None = None,
    limit: str | None = None,
    partial: t.Any = None,
    *,
    single: bool = False,
    named: bool = False,
    first: str | None = None,
    after: str | None = None,
) -> str:
    """``pattern``, or the part of it that is asked for, if there is a server.

    Raises AnsibleFilterError if there is none and the inventory is the whole, if there are several where a ``single``
    one is wanted, if the limit is not the name of a server where a ``named`` one is wanted, or if no host matches the
    pattern of the hosts that go ``first``.
    """
    if any(context.CLIARGS.get(look) for look in LOOKS):
        return pattern
    known = variables.get("groups", {}) if groups is None else groups
    is_part = switched("partial_inventory", variables.get("partial_inventory") if partial is None else partial)
    left = (variables.get("ansible_limit") if limit is None else limit) or ""
    wrong = (named and unnamed(known, left, pattern)) or (single and several(known, left, pattern))
    if wrong:
        raise AnsibleFilterError(wrong)
    why = problem(known, left, pattern)
    if why and not is_part:
        other = "" if pattern != GROUP else f" If they are in another group, name it with -e {VARIABLE}=GROUP."
        raise AnsibleFilterError(f"{why} Add the servers to it, or correct the limit.{other}")
    if why:
        display.display(f"{why} Others may be in other slices.")
        return pattern
    if first is None and after is None:
        return pattern
    begins = first or after or matching(known, pattern, left)[0]
    if not is_part and not matching(known, begins, left):
        raise AnsibleFilterError(
            f"No server can go first: {begins} matches no host of this run. Correct rotate_first, or leave it out."
        )
    return begins if after is None else f"{pattern}{',' if ',' in pattern else ':'}!{begins}"


class FilterModule:
    """See the filter's documentation."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"fleet_hosts": fleet_hosts}
