#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_oidc_bootstrap
short_description: Register the automation's own application, for the playbook bootstrap_automation
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbook C(bootstrap_automation). It may change in any release. The comments in the playbook describe
    its variables, which have the names of these options with the prefix C(bootstrap_).
  - Registers the application with its permissions, creates a certificate or a client secret if none exists, and saves
    it to a file. Before anything is created in Entra, the module verifies that the file can be written.
  - Until Entra accepts a new credential, it is stored in a file next to the one in use. The next run completes an
    interrupted one.
  - Runs in the controller's process. In check mode, nothing is created, neither in Entra nor on the controller.
extends_documentation_fragment:
  - deskops.rustdesk_sso._role
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
options:
  tenant_id:
    description: The tenant, as its ID or one of its domain names.
    type: str
  unique_name:
    description: The unique name of the application.
    type: str
    default: rustdesk-sso-automation
  display_name:
    description: The display name of the application.
    type: str
    default: RustDesk sign-in automation
  abilities:
    description: Abilities of the automation, in addition to creating applications and changing those that it owns.
    type: list
    elements: str
    default: []
  certificate_path:
    description:
      - A PEM file with a certificate and its private key. If it does not exist, both are created. The path can be
        relative to the current directory.
      - Use one file for each tenant. A certificate that was created for another tenant is rejected.
    type: str
  certificate_lifetime:
    description: The lifetime of a new certificate.
    type: str
    default: 365d
  secret_file:
    description: The file for the role's variables with a client secret.
    type: str
  secret_lifetime:
    description: The lifetime of a new client secret.
    type: str
    default: 180d
  vault_password:
    description:
      - The password for encrypting O(secret_file). If omitted, the first vault password of C(ansible-playbook) is used,
        if any.
    type: str
  federated_credential:
    description: A federated credential, as in O(deskops.rustdesk_sso.entra_app#module:federated_credentials).
    type: dict
  renew:
    description: Whether to replace the certificate or client secret. The former one keeps working for O(overlap).
    type: bool
    default: false
  overlap:
    description:
      - How long a superseded certificate or client secret keeps working. A later run removes it afterwards.
    type: str
    default: 7d
  another:
    description:
      - Whether to create another certificate or client secret if the file does not exist but the application already
        has one that this module created.
    type: bool
    default: false
  revoke_former:
    description:
      - Whether to remove all certificates and client secrets that this module created, except those in the files of
        O(certificate_path) and O(secret_file) after the run. If a file does not exist, its credential is created first.
    type: bool
    default: false
  restore:
    description: Whether to restore the application if it was deleted in the last 30 days.
    type: bool
  take_over:
    description:
      - Applications, by unique name or client ID, that the service principal becomes an owner of.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: How long to wait for Entra to accept a new certificate or client secret, in seconds.
    type: float
    default: 300
  auth_source:
    description: How the administrator authenticates. See M(deskops.rustdesk_sso.entra_app) for this and other options.
    type: str
    default: azure_cli
"""

EXAMPLES = r"""
- name: Register the automation's application
  deskops.rustdesk_sso.entra_oidc_bootstrap:
    tenant_id: example.com
    certificate_path: automation.pem
"""

RETURN = r"""
tenant_id:
  description: The tenant ID.
  returned: success
  type: str
app_id:
  description: The client ID of the automation.
  returned: success
  type: str
service_principal_id:
  description: The object ID of the automation's service principal.
  returned: success
  type: str
permissions:
  description: The automation's Microsoft Graph application permissions.
  returned: success
  type: list
  elements: str
files:
  description: The action taken for the credential in each file, V(kept), V(created), V(renewed) or V(completed).
  returned: success
  type: dict
expires:
  description: When the credential expires. Null if unknown.
  returned: success
  type: str
removed:
  description: The credentials that were removed.
  returned: success
  type: list
  elements: str
guide:
  description: The variables to use and the next steps, as lines of text.
  returned: success
  type: list
  elements: str
"""
