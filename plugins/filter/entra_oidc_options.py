# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: entra_oidc_options
short_description: Build the options of a module for one server, for the role entra_oidc
version_added: 0.2.0
author:
  - deskops (@deskops)
description:
  - Private to the role P(deskops.rustdesk_sso.entra_oidc#role). It may change in any release.
  - Returns all options of the module that configures or verifies the server, including its client secret.
positional: module, console, registration, configured, hostvars, hosts
options:
  _input:
    description: The server's declaration.
    type: dict
    required: true
  module:
    description: The module.
    type: str
    choices: [rustdesk_oidc_provider, rustdesk_sign_in_check]
    required: true
  console:
    description: The result of M(deskops.rustdesk_sso.rustdesk_oidc_provider_info) for its console.
    type: dict
    required: true
  registration:
    description: The result of M(deskops.rustdesk_sso.entra_app) for the applications of all servers.
    type: dict
    required: true
  configured:
    description: The result of M(deskops.rustdesk_sso.rustdesk_oidc_provider). Empty before that task.
    type: dict
    required: true
  hostvars:
    description: The variable C(hostvars), to explain a missing result.
    type: dict
    required: true
  hosts:
    description: The names of the hosts that can take part.
    type: list
    elements: str
    required: true
  observed:
    description: Whether to return the server's present values instead of those that the run sets.
    type: bool
    default: false
  check_mode:
    description: Whether results are predicted.
    type: bool
    default: false
  tried:
    description: The results of M(deskops.rustdesk_sso.rustdesk_oidc_provider) for the servers that were tried first.
    type: dict
  trials:
    description: The results of M(deskops.rustdesk_sso.rustdesk_sign_in_check) for these servers.
    type: dict
"""

EXAMPLES = r"""
- name: Configure the provider
  deskops.rustdesk_sso.rustdesk_oidc_provider:
  module_defaults:
    deskops.rustdesk_sso.rustdesk_oidc_provider: >-
      {{ declared | deskops.rustdesk_sso.entra_oidc_options("rustdesk_oidc_provider", console, registration, {},
         hostvars, ansible_play_batch) }}
"""

RETURN = r"""
_value:
  description: The options. A failed task's result takes their place if the server cannot be configured.
  type: dict
"""

import typing as t

from ansible.utils.unsafe_proxy import wrap_var


def entra_oidc_options(
    declaration: t.Any,
    module: str,
    console: t.Any,
    registration: t.Any,
    configured: t.Any,
    hostvars: t.Any,
    hosts: t.Sequence[str],
    observed: bool = False,
    check_mode: bool = False,
    tried: t.Any = None,
    trials: t.Any = None,
) -> t.Any:
    """See the filter's documentation."""
    # Imported on use: Ansible loads all filters of a collection with the first of them.
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import trial
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
    from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.questions import options_of

    known = Server(declaration, console=console, registration=registration, configured=configured, trials=trials or {})
    server = trial.taken(known, trial.result(tried or {}, known.name))
    # Texts from consoles and Entra must not be evaluated as templates
    return wrap_var(options_of(module, server, hostvars, hosts, observed=observed, check_mode=check_mode))


class FilterModule:
    """The filters of this file, for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"entra_oidc_options": entra_oidc_options}
