# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adoption_questions
short_description: Which applications to look up in Entra for a console that was set up by hand
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Finds the providers of a console that may be Microsoft Entra ID's, by issuer and client ID, for the playbook
    C(adopt).
positional: _input
options:
  _input:
    description: What M(deskops.rustdesk_sso.rustdesk_oidc_provider_info) returned.
    type: dict
    required: true
  tenant_id:
    description: The tenant to ask for providers whose issuer names none.
    type: str
    default: ''
  cloud:
    description: The Microsoft cloud, as the modules take it, or as C(AZURE_CLOUD_ENVIRONMENT) names it.
    type: str
    default: public
  authority_host:
    description: Where to sign in, for another cloud.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Look up the applications of a console
  deskops.rustdesk_sso.entra_app_info:
    tenant_id: "{{ item.tenant_id }}"
    app_id: "{{ item.app_id | default(omit) }}"
    unique_name: "{{ item.unique_name | default(omit) }}"
  loop: "{{ console | deskops.rustdesk_sso.adoption_questions }}"
"""

RETURN = r"""
_value:
  description: Options of M(deskops.rustdesk_sso.entra_app_info), C(tenant_id) with C(app_id) or C(unique_name).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError


def adoption_questions(
    console: dict[str, t.Any], tenant_id: str = "", cloud: str = "public", authority_host: str = ""
) -> list[dict[str, str]]:
    """See the filter's documentation."""
    # Loaded when it is used: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _adoption

    try:
        return _adoption.questions(console, tenant_id, cloud, authority_host)
    except SsoError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names and functions."""
        return {"adoption_questions": adoption_questions}
