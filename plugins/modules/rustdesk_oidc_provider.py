#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: rustdesk_oidc_provider
short_description: One OIDC provider in a RustDesk console
version_added: 0.1.0
description:
  - Adds, changes or removes one OIDC provider in the settings of a RustDesk console.
  - An option that is omitted is not managed. Other providers and all other settings stay exactly as they are.
  - RustDesk Server Pro does not publish its settings API. A console whose answer has another shape than is known is
    refused before anything is written; after a write all is read back, and the former settings are restored when
    anything is not as it should be.
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._rustdesk
  - deskops.rustdesk_sso._actiongroup.rustdesk
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    support: full
    platforms: all
options:
  name:
    description:
      - The provider's name in the console. Case does not matter, and C(azure) and C(microsoft) are one name; a provider
        that is there keeps the spelling that it has.
    type: str
    default: azure
  enabled:
    description: Whether users are offered the provider. A new provider is enabled when this is omitted.
    type: bool
  client_id:
    description: The application (client) ID. Needed for a new provider.
    type: str
  client_secret:
    description: The value of the client secret. Needed for a new provider.
    type: str
  update_secret:
    description:
      - When to write O(client_secret) where the console does not give it back for comparison.
    type: str
    default: on_create
    choices: [on_create, always]
  issuer:
    description: The issuer, byte for byte as in the discovery document. Needed for a new provider without endpoints.
    type: str
  authorization_endpoint:
    description: The authorization endpoint, where there is no discovery.
    type: str
  token_endpoint:
    description: The token endpoint, where there is no discovery.
    type: str
  userinfo_endpoint:
    description: The UserInfo endpoint, where there is no discovery.
    type: str
  jwks_endpoint:
    description: Where the signing keys are, where there is no discovery.
    type: str
  callback_url:
    description:
      - The callback URL that the console sends with each sign-in, of all its providers. It has to be registered as a
        redirect URI.
    type: str
  state:
    description: Whether the provider shall be there.
    type: str
    default: present
    choices: [present, absent]
seealso:
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider_info
  - module: deskops.rustdesk_sso.entra_app
"""

EXAMPLES = r"""
- name: Offer sign-in with Microsoft
  deskops.rustdesk_sso.rustdesk_oidc_provider:
    console_url: https://desk1.example.com
    username: admin
    password: "{{ console_password }}"
    name: azure
    enabled: true
    client_id: "{{ registration.application.app_id }}"
    client_secret: "{{ registration.client_secrets[0].secret_text }}"
    issuer: "{{ registration.issuer }}"
    callback_url: https://desk1.example.com/api/oidc/callback
"""

RETURN = r"""
console:
  description: The kind of console.
  returned: success
  type: str
callback_url:
  description: The callback URL that the console sends.
  returned: success
  type: str
provider:
  description: The provider as it is now, or would be; without its secret. Empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: The name.
      type: str
    enabled:
      description: Whether users are offered it.
      type: bool
    client_id:
      description: The application (client) ID.
      type: str
    client_secret_set:
      description: Whether it has a client secret; null when the console does not tell.
      type: bool
    issuer:
      description: The issuer.
      type: str
    authorization_endpoint:
      description: The authorization endpoint.
      type: str
    token_endpoint:
      description: The token endpoint.
      type: str
    userinfo_endpoint:
      description: The UserInfo endpoint.
      type: str
    jwks_endpoint:
      description: Where the signing keys are.
      type: str
    order:
      description: Its place among the console's providers.
      type: int
error:
  description: What failed, in parts; RV(ignore:msg) says the same in a sentence.
  returned: failure
  type: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._glue import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import check_url
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **RUSTDESK_OPTIONS,
        "name": {"type": "str", "default": "azure"},
        "enabled": {"type": "bool"},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "update_secret": {
            "type": "str",
            "default": "on_create",
            "choices": ["on_create", "always"],
            "no_log": False,
        },
        "issuer": {"type": "str"},
        "authorization_endpoint": {"type": "str"},
        "token_endpoint": {"type": "str", "no_log": False},
        "userinfo_endpoint": {"type": "str"},
        "jwks_endpoint": {"type": "str"},
        "callback_url": {"type": "str"},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    },
    "supports_check_mode": True,
}


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """The module's work for validated ``params``; gives the task's result, raises SsoError."""
    if params["callback_url"]:
        check_url(params["callback_url"], "callback_url")
    with signed_in(params) as console:
        providers = console.providers()
        todo = provider.plan(params, providers, console.callback_url())
        others = [item.name for item in providers if item.enabled and item is not todo.present]
        if todo.callback and todo.callback.before and others:
            context.warn(f"The callback URL changes for {', '.join(others)} too: their redirect URIs have to follow")
        if todo.changed and not context.check_mode:
            console.apply(todo)
        return {
            "changed": todo.changed,
            "diff": todo.diff(),
            "console": console.kind,
            "callback_url": todo.callback.after if todo.callback else console.callback_url(),
            "provider": todo.target.view() if todo.target else {},
        }


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
