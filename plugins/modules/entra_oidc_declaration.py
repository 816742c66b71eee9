#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_declaration
short_description: Read and check the declaration of a server, for the role entra_oidc
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Reads the host's role variables, checks them without sending requests, and returns them as a record without
    credentials. The error names each mistake.
  - Runs in the controller's process.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  adopt:
    description:
      - Whether to read only the variables for adopting an existing setup. The tenant and the application need not be
        declared.
    type: bool
    default: false
  remove:
    description:
      - Whether the server will be removed. The result then contains C(claims), the objects that other hosts of the
        group still declare.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read and check the declaration
  deskops.rustdesk_sso.entra_oidc_declaration:
  register: declaration
"""

RETURN = r"""
server:
  description: The name of the host. The other keys are the declaration.
  returned: success
  type: str
round:
  description: An identifier that is the same on all hosts that run the role together.
  returned: always
  type: str
lockstep:
  description: Whether the play keeps its hosts in step.
  returned: always
  type: bool
"""
