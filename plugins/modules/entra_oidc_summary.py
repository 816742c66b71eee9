#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_summary
short_description: Publish the summary of a run, for the role entra_oidc
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Publishes the records of the servers as statistics of the run, and sends them to a webhook. Warns if the webhook
    does not accept them.
  - Runs in the controller's process. In check mode, nothing is sent.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  servers:
    description: The record of each server by its name. If omitted, the fact C(rustdesk_sso_run).
    type: dict
  notify_url:
    description: The address of the webhook. If omitted, nothing is sent.
    type: str
  notify_format:
    description:
      - The format of the message. V(teams) is for a Microsoft Teams workflow, V(slack) is for a Slack incoming webhook,
        and V(json) contains the records.
    type: str
    choices: [json, slack, teams]
    default: json
  notify_when:
    description:
      - When to send the message. V(changes) sends it if something changed or failed, V(failures) if something failed,
        and V(always) after each run.
    type: str
    choices: [changes, failures, always]
    default: changes
  ca_path:
    description: A PEM file with the certificate authorities to trust for the webhook, instead of the system's.
    type: path
  timeout:
    description: Timeout of the request, in seconds.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Publish the summary
  deskops.rustdesk_sso.entra_oidc_summary:
    notify_url: "{{ rustdesk_sso_notify_url }}"
"""

RETURN = r"""
sent:
  description: Whether the webhook accepted the summary.
  returned: success
  type: bool
"""
