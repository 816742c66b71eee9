# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: controller_path
short_description: Resolve a path on the controller, for the playbooks of this collection
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the playbooks of this collection. It may change in any release.
  - Returns an absolute path. A relative path is resolved against the directory in which C(ansible-playbook) was
    started, not against the directory of the playbook. C(~) is expanded.
positional: _input
options:
  _input:
    description: The path as the user set it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show where the report is
  ansible.builtin.debug:
    msg: "{{ 'reports' | deskops.rustdesk_sso.controller_path }}"
"""

RETURN = r"""
_value:
  description: The absolute path.
  type: str
"""

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths


def controller_path(path: t.Any) -> str:
    """See the filter's documentation."""
    return _paths.of_user(str(path))


class FilterModule:
    """See the filter's documentation."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"controller_path": controller_path}
