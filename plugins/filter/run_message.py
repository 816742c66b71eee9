# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: run_message
short_description: What a run did for each server, as the message of a webhook
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Puts the summaries of the role P(deskops.rustdesk_sso.entra_oidc#role) into the body that a chat's incoming webhook
    takes.
  - Holds nothing secret.
positional: _input, format
options:
  _input:
    description: The summary of each server (the fact C(rustdesk_sso_summary)) by the server's name.
    type: dict
    required: true
  format:
    description:
      - V(teams) is for a workflow of Microsoft Teams that is started by a webhook (an adaptive card).
      - V(slack) is for an incoming webhook of Slack, or of a chat that understands the same.
      - V(json) is the summaries as they are, with totals.
    type: str
    choices: [teams, slack, json]
    default: json
"""

EXAMPLES = r"""
- name: Send the summary to Slack
  ansible.builtin.uri:
    url: "{{ slack_webhook }}"
    method: POST
    body_format: json
    body: "{{ rustdesk_sso_run | deskops.rustdesk_sso.run_message('slack') }}"
"""

RETURN = r"""
_value:
  description: The body.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def run_message(run: t.Any, format: str = "json") -> dict[str, t.Any]:  # noqa: A002 - the documented name
    """See the filter's documentation."""
    # Loaded when it is used: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._message import FORMATS, message

    if format not in FORMATS:
        raise AnsibleFilterError(f"format of run_message is one of {', '.join(FORMATS)}, not {format}")
    if not isinstance(run, t.Mapping):
        raise AnsibleFilterError("run_message takes the summary of each server by its name")
    return message(run, format)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"run_message": run_message}
