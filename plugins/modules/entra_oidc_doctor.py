#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_doctor
short_description: Examine a server, or report on all servers, for the playbook doctor
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbook C(doctor) and the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any
    release.
  - Checks the host's role variables and its console. With O(report=true), checks the controller and Entra, and shows
    and writes the findings about all hosts of the play.
  - Changes nothing. It signs in to Entra and to the console, and starts a sign-in with an existing provider.
  - Runs in the controller's process.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  report:
    description: Whether to report on all hosts of the play. Each host must have been examined before.
    type: bool
    default: false
  directory:
    description: Where to write the report as JSON. If omitted, and in check mode, no file is written.
    type: str
  show_all:
    description: Whether to show checks that passed. Verbose runs always show them.
    type: bool
    default: false
  fail_on:
    description:
      - The states of findings that make the task fail after the report is written. With V(never), it does not fail.
    type: list
    elements: str
    choices: [problem, warning, unknown, never]
    default: [problem]
"""

EXAMPLES = r"""
- name: Examine the server
  deskops.rustdesk_sso.entra_oidc_doctor:
  register: rustdesk_sso_examined

- name: Report on all servers
  deskops.rustdesk_sso.entra_oidc_doctor:
    report: true
  run_once: true
"""

RETURN = r"""
findings:
  description: The findings about the server, each with C(name), C(state), C(seen) and C(remedy).
  returned: if O(report=false)
  type: list
  elements: dict
ahead:
  description: How many seconds the console's clock is ahead of the controller's. Null if unknown.
  returned: if O(report=false)
  type: float
entra:
  description: The encrypted input for the Entra checks. Null if they cannot run.
  returned: if O(report=false)
  type: dict
counts:
  description: The number of findings in each state.
  returned: if O(report=true)
  type: dict
path:
  description: The path of the file. Empty if none was written.
  returned: if O(report=true)
  type: str
"""
