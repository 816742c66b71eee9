# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_hosts
short_description: Select the hosts of a play, and fail if no server matches
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - For the keyword C(hosts) of a play. A play without hosts is skipped and succeeds. With this filter, the playbook
    fails if no host of the inventory, or no host within C(--limit), matches the pattern.
  - The extra variable C(rustdesk_sso_hosts) sets a different pattern than the group C(rustdesk_servers). The keyword
    C(hosts) can use only extra variables, not those of the inventory.
positional: _input
options:
  _input:
    description: The host pattern.
    type: str
    required: true
  groups:
    description: The variable C(groups). If omitted, the play's variable is used.
    type: dict
  limit:
    description: The limit. If omitted, the variable C(ansible_limit) is used.
    type: str
  partial:
    description:
      - Whether the inventory contains only a part of the servers, such as that of a job slice in AWX. If no server
        matches, the play is then skipped with a message.
      - If omitted, the variable C(partial_inventory) is used.
    type: bool
  single:
    description: Whether the play is for one server. The playbook then fails if several servers remain.
    type: bool
    default: false
  named:
    description:
      - Whether the limit must be the name of one server. The playbook then fails if it is a group, a pattern, or a host
        that does not match O(_input). Use it if the limit comes from outside, such as from an alert.
    type: bool
    default: false
  first:
    description:
      - The pattern of the hosts that go first, which is then the result. If it is empty, the first host within
        C(--limit) is returned.
    type: str
  after:
    description: The same as O(first), but the result is the pattern of all other hosts.
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
  description: The host pattern.
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
# Command-line options that only list or check the playbook, mostly without an inventory
LOOKS = ("syntax", "listhosts", "listtasks", "listtags")
display = Display()


class Variables(t.Protocol):
    """The variables of a template, as Jinja's context provides them."""

    def get(self, key: str, default: t.Any = None) -> t.Any:
        """Return the value of ``key``."""


def problem(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """Return a sentence that states why no server matches; empty if one does."""
    named = f"the group {pattern}" if pattern == GROUP or pattern in groups else f"the pattern {pattern}"
    if not matching(groups, pattern):
        return f"The inventory has no host in {named}, so there is nothing to do."
    if limit and not matching(groups, pattern, limit):
        return f"The limit {limit} matches no host in {named}, so there is nothing to do."
    return ""


def several(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """Return a sentence that states what to do if more than one server matches; empty if only one does."""
    servers = matching(groups, pattern, limit)
    if len(servers) < 2:
        return ""
    shown = ", ".join(servers[:SHOWN]) + (", ..." if len(servers) > SHOWN else "")
    return f"This playbook is for one server, but {len(servers)} match ({shown}). Choose one with --limit."


def unnamed(groups: Groups, limit: str, pattern: str = GROUP) -> str:
    """Return a sentence that states that the limit is not the name of one server; empty if it is."""
    # Compared as a name first, because a pattern may be the name of a file
    if limit in matching(groups, pattern) and matching(groups, pattern, limit) == [limit]:
        return ""
    return f"The limit must be the name of one server in {pattern}, but it is {limit!r}."


def switched(name: str, value: t.Any) -> bool:
    """Return the variable ``name`` as a boolean; an empty one is false. Raises AnsibleFilterError."""
    try:
        return bool(boolean(value or False))
    except TypeError:
        raise AnsibleFilterError(f"{name} must be true or false, and {str(value)!r} is neither.") from None


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
    """Return ``pattern``, or the part of it that ``first`` or ``after`` selects.

    Raises AnsibleFilterError if no server matches and the inventory is complete, if several match although ``single``
    is true, if the limit is not the name of a server although ``named`` is true, or if no host matches ``first``.
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
        other = "" if pattern != GROUP else f" If they are in a different group, add -e {VARIABLE}=GROUP."
        raise AnsibleFilterError(f"{why} Add the servers to it, or correct the limit.{other}")
    if why:
        display.display(f"{why} The servers may be in other slices.")
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
        """Return the filters by name."""
        return {"fleet_hosts": fleet_hosts}
