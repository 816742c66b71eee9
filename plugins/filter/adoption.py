# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adoption
short_description: The role's variables that describe servers which were set up by hand
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Decides what consoles and tenants have to do with each other, for the playbook C(adopt). What it gives holds no
    secret.
positional: _input
options:
  _input:
    description: A record for each server, all keys always there.
    type: list
    elements: dict
    required: true
    suboptions:
      server:
        description: The server's name in the inventory.
        type: str
      failure:
        description: Why it could not be looked at; empty when it could.
        type: str
      console_url:
        description: The address of the console.
        type: str
      console:
        description: What M(deskops.rustdesk_sso.rustdesk_oidc_provider_info) returned, with secrets.
        type: dict
      applications:
        description:
          - The results of M(deskops.rustdesk_sso.entra_app_info) in a loop over
            P(deskops.rustdesk_sso.adoption_questions#filter).
        type: list
        elements: dict
      tenant_id:
        description: The tenant that the inventory names, if it does.
        type: str
      provider_name:
        description: The provider that the inventory names, if it does.
        type: str
      cloud:
        description: As P(deskops.rustdesk_sso.adoption_questions#filter) takes it.
        type: str
      authority_host:
        description: As P(deskops.rustdesk_sso.adoption_questions#filter) takes it.
        type: str
  existing:
    description: The files below the inventory's folder that are there and stay as they are.
    type: list
    elements: str
    default: []
  whole:
    description: Whether these are all servers of the group C(rustdesk_servers).
    type: bool
    default: true
  predicted:
    description: Whether nothing will be written.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what was found of one server
  ansible.builtin.debug:
    msg: "{{ (records | deskops.rustdesk_sso.adoption)['desk1'].messages }}"
"""

RETURN = r"""
_value:
  description:
    - For each server by its name C(state) (V(found), V(new) or V(undecided)), C(messages), and C(files), the texts of
      the inventory's files by their path.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError


def adoption(
    records: list[dict[str, t.Any]], existing: list[str] | None = None, whole: bool = True, predicted: bool = False
) -> dict[str, t.Any]:
    """See the filter's documentation."""
    # Loaded when it is used: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _adoption, _adoption_files

    try:
        return _adoption_files.outcome(_adoption.adopt(records), existing or [], whole, predicted)
    except SsoError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names and functions."""
        return {"adoption": adoption}
