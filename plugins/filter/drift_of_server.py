# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_of_server
short_description: What of a change to an application concerns one of the servers that share it
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Takes the diff of M(deskops.rustdesk_sso.entra_app) or M(deskops.rustdesk_sso.rustdesk_oidc_provider), leaves out
    other servers' client secrets and redirect URIs, and gives what is left as the
    P(deskops.rustdesk_sso.fleet_report#filter) takes it.
positional: _input, what, client_secret, callback_url, renewed
options:
  _input:
    description: The diff, with C(before) and C(after).
    type: dict
    required: true
  what:
    description: How the report names what differs.
    type: str
    required: true
  client_secret:
    description: The name of the server's client secret.
    type: str
    required: true
  callback_url:
    description: The server's callback URL.
    type: str
    required: true
  renewed:
    description: Whether the client secret is only renewed before its end, which is no drift and is left out.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what concerns this server
  ansible.builtin.debug:
    msg: "{{ registered.diff | deskops.rustdesk_sso.drift_of_server('application', 'rustdesk-sso desk1', callback) }}"
"""

RETURN = r"""
_value:
  description: One item with C(object), and C(before) and C(after) as text; none when nothing concerns the server.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def drift_of_server(
    diff: t.Any, what: str, client_secret: str, callback_url: str, renewed: bool = False
) -> list[dict[str, str]]:
    """See the filter's documentation."""
    # Loaded when it is used: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.drift import drift_of_server as _drift

    if not isinstance(diff, t.Mapping) or not {"before", "after"} <= set(diff):
        raise AnsibleFilterError("drift_of_server takes a diff with before and after")
    return _drift(diff["before"], diff["after"], what, "" if renewed else client_secret, callback_url)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"drift_of_server": drift_of_server}
