#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_result
short_description: Report the result for one server or for all, for the role entra_oidc
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Shows the result for the host, from its record in the fact C(rustdesk_sso_run). Fails if the host has failed.
  - With O(summary), shows the results of all servers in a table, the most urgent server first.
  - Runs in the controller's process.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  summary:
    description: Whether to show the summary of all servers instead.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Report the result
  deskops.rustdesk_sso.entra_oidc_result:

- name: Show the summary
  deskops.rustdesk_sso.entra_oidc_result:
    summary: true
  run_once: true
"""

RETURN = r"""
msg:
  description: The result for the host, in one line. With O(summary), the lines of the summary.
  returned: always
  type: raw
"""
