# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The redirect URI rules for playbooks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: redirect_uri_problems
short_description: What Entra would refuse in a list of redirect URIs
version_added: 0.1.0
description:
  - Checks redirect URIs by Microsoft's published rules, without asking anybody.
author:
  - deskops (@deskops)
positional: sign_in_audience
options:
  _input:
    description: The redirect URIs.
    type: list
    elements: str
    required: true
  sign_in_audience:
    description: The application's sign-in audience, on which some rules depend.
    type: str
    default: AzureADMyOrg
"""

EXAMPLES = r"""
- name: Refuse what Entra would refuse
  ansible.builtin.assert:
    that: callback_urls | deskops.rustdesk_sso.redirect_uri_problems | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each problem; empty when there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.redirect_uris import problems


def redirect_uri_problems(uris: list[str], sign_in_audience: str = "AzureADMyOrg") -> list[str]:
    """See the filter's documentation."""
    return problems(uris, sign_in_audience)


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names and functions."""
        return {"redirect_uri_problems": redirect_uri_problems}
