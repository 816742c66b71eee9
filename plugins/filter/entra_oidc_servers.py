# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: entra_oidc_servers
short_description: Make the decisions of the role entra_oidc for the servers of a run
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Collects the registered results of the servers that go through the role together, and decides the work of the next
    task.
positional: question, host, hosts
options:
  _input:
    description: The variable C(hostvars).
    type: dict
    required: true
  question:
    description:
      - V(excess) gives the failure of each application that has too many servers, by C(application_key).
      - V(applications), V(retirements), V(stranded), V(leaving_lookups), V(removals) and V(deletions) are for
        O(deskops.rustdesk_sso.entra_app#module:applications).
      - V(trials) names the servers on which a change for all users is tried. V(trial) and V(trial_check) return the
        options of the tasks for one of them.
      - V(put_back), V(verify_after) and V(inspect_after) return the options of the tasks after a failure, empty if they
        are not needed. V(leaving_deleted) and V(leaving_provider) return those of the tasks that look up a deleted
        application and remove the provider.
      - V(run) and V(observed) return the record of each server by name. V(removed) returns it after removal.
        V(observed) warns if the automation's own credential expires soon.
      - V(round) returns the part of a declaration that is needed after the run, without secrets.
      - V(lookups) returns options of M(deskops.rustdesk_sso.entra_app_info). V(adopted) returns the outcome of each
        server by name.
    type: str
    choices:
      - excess
      - applications
      - retirements
      - trials
      - trial
      - trial_check
      - put_back
      - verify_after
      - inspect_after
      - stranded
      - removals
      - leaving_lookups
      - leaving_deleted
      - leaving_provider
      - deletions
      - run
      - observed
      - removed
      - round
      - lookups
      - adopted
    required: true
  host:
    description: The name of the host that runs the task.
    type: str
    required: true
  hosts:
    description: The names of the hosts that can take part, in order.
    type: list
    elements: str
    required: true
  check_mode:
    description: Whether results are predicted.
    type: bool
    default: false
  active:
    description: The names of the hosts that have not failed.
    type: list
    elements: str
    default: []
  limit:
    description: The variable C(ansible_limit), if it is defined.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Register the applications
  deskops.rustdesk_sso.entra_app:
    applications: >-
      {{ hostvars | deskops.rustdesk_sso.entra_oidc_servers('applications', inventory_hostname, ansible_play_batch) }}
"""

RETURN = r"""
_value:
  description: A list, or a dictionary by server name or by option.
  type: raw
"""

import typing as t
from datetime import datetime, timezone

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var


def entra_oidc_servers(
    hostvars: t.Any,
    question: str,
    host: str,
    hosts: t.Sequence[str],
    check_mode: bool = False,
    active: t.Sequence[str] = (),
    limit: str = "",
) -> t.Any:
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.questions import QUESTIONS, How

    if question not in QUESTIONS:
        raise AnsibleFilterError(
            f"entra_oidc_servers: unknown question {question!r}. Use one of {', '.join(QUESTIONS)}."
        )
    how = How(check_mode, list(map(str, active)), whole=not limit)
    answer = QUESTIONS[question](hostvars, str(host), list(map(str, hosts)), how)
    if question == "observed":  # no summary task follows that would warn
        for sentence in automation.warnings(answer.values(), datetime.now(timezone.utc)):
            Display().warning(sentence)
    # Texts from consoles and Entra must not be evaluated as templates
    return wrap_var(answer)


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"entra_oidc_servers": entra_oidc_servers}
