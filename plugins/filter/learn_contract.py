# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: learn_contract
short_description: Learn the settings API of a console from a recording of a browser
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - Reads a recording in HAR format of opening Settings > OIDC and selecting Submit, and returns the value of
    O(deskops.rustdesk_sso.rustdesk_oidc_provider#module:contract) for that server.
  - The result contains no values, secrets, cookies or host names from the recording.
positional: _input
options:
  _input:
    description: The recording, as the text of the file or as an object.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show the contract
  ansible.builtin.debug:
    msg: "{{ (recording | deskops.rustdesk_sso.learn_contract).contract }}"
  vars:
    recording: "{{ lookup('ansible.builtin.file', 'recording.har') }}"
"""

RETURN = r"""
_value:
  description: The result.
  type: dict
  contains:
    contract:
      description: The differences from the known settings API. Empty if none were found.
      type: dict
    confidence:
      description: How certain each part is.
      type: dict
    report:
      description: The requests to the settings, without values.
      type: list
      elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError


def learn_contract(har: t.Any) -> dict[str, t.Any]:
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.har import learn

    try:
        return learn(har)
    except SsoError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"learn_contract": learn_contract}
