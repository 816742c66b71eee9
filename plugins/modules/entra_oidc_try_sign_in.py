#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_try_sign_in
short_description: Try a sign-in to a server as a user, for the role entra_oidc
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Starts a sign-in at the console, shows its authorization URL, and waits for a user to sign in there with a browser.
    Reports the account and ends the session. The URL is shown on the screen and is not written to a log file.
  - Runs in the controller's process. In check mode, no sign-in is started.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  public_url:
    description: The address at which users reach the console.
    type: str
    required: true
  name:
    description: The name of the provider.
    type: str
    default: azure
  wait_timeout:
    description: How long to wait for the user, in seconds. A console may allow less time.
    type: float
    default: 300
  console_url:
    description: The address at which the controller reaches the console, to read its user names before the sign-in.
    type: str
    required: true
  console_type:
    description: The console type.
    type: str
    choices: [auto, pro, rustdesk_console, rustdesk_api]
    default: auto
  cloud:
    description: The Microsoft cloud of the tenant. The authorization URL must belong to one of its login hosts.
    type: str
    choices: [public, us_government, us_government_dod, china]
    default: public
  authority_host:
    description: An additional login host that authorization URLs may belong to.
    type: str
  username:
    description: An administrator of the console.
    type: str
    required: true
  password:
    description: The administrator's password.
    type: str
    required: true
  totp_secret:
    description: The base32 TOTP secret of the administrator.
    type: str
  contract:
    description: A description of the settings API of a RustDesk Server Pro version that differs from the known ones.
    type: dict
  headers:
    description: Additional headers for all requests to the console. The values are secrets.
    type: dict
  console_proxy:
    description: The URL of the proxy for requests to the console.
    type: str
  ca_path:
    description: A PEM file with the certificate authorities to trust, instead of the system's.
    type: path
  console_ca_path:
    description: The same for the console only.
    type: path
  timeout:
    description: Timeout of a single request, in seconds. The complete response must arrive within this time.
    type: float
    default: 30
"""

EXAMPLES = r"""
- name: Wait for a user to sign in
  deskops.rustdesk_sso.entra_oidc_try_sign_in:
    public_url: https://desk1.example.com
    console_url: https://desk1.example.com
    username: admin
    password: "{{ vaulted_password }}"
"""

RETURN = r"""
msg:
  description: The result of the sign-in, in sentences.
  returned: always
  type: str
account:
  description: The user's account in the console.
  returned: if a user has signed in
  type: dict
  contains:
    name:
      description: The user name in the console.
      type: str
    new:
      description: Whether the sign-in created the account. Null if the users of the console could not be read.
      type: bool
    administrator:
      description: Whether the account is an administrator of the console. Null if unknown.
      type: bool
"""
