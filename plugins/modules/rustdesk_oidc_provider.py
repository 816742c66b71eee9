#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: rustdesk_oidc_provider
short_description: Manage an OIDC provider in a RustDesk console
version_added: 0.1.0
description:
  - Adds, changes or removes one OIDC provider in the settings of a RustDesk console.
  - Omitted options, other providers and all other settings are left unchanged.
  - The settings API of RustDesk Server Pro is not published. If the console's response is not recognized, the task
    fails before it writes. All changes are verified after the write, and the former settings are restored if anything
    differs.
  - If the response to a write is lost, the console is read. If it has the new values, the task continues. If it has the
    former values, the write is sent once more.
  - In consoles of type V(rustdesk_console), the module also ends the account's sessions that crashed runs of this
    collection left open for more than a day. This does not count as a change, is skipped in check mode, and only causes
    a warning if it fails. The other types do not show which program opened a session.
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._rustdesk
  - deskops.rustdesk_sso._rustdesk.session
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
      - The provider's name in the console. In RustDesk Server Pro, case does not matter, and C(azure) and C(microsoft)
        are the same name; an existing provider keeps its spelling.
      - In consoles of type V(rustdesk_console) and V(rustdesk_api), names are case-sensitive. The task fails if the
        name of a new provider differs from an existing one only in case.
    type: str
    default: azure
  former_name:
    description:
      - The present name of a provider that should be renamed to O(name). Requires O(force_rename).
    type: str
  force_rename:
    description:
      - Whether O(former_name) may be renamed. Users are linked to the provider's name, so all users who have signed in
        get new accounts.
    type: bool
    default: false
  type:
    description:
      - The type of the identity provider. If omitted, it is derived from O(name), or is V(oidc) for a new provider.
      - If the type is set or derived from O(name), the stored type is corrected in consoles of type V(rustdesk_console)
        and V(rustdesk_api). The task fails if an OAuth 2.0 provider with all its endpoints would become an OpenID
        Connect provider, because its users could get new accounts.
      - A new provider of type V(azure), V(okta), V(auth0) or V(oidc) requires O(issuer) or endpoints. One of type
        V(oauth2) requires O(authorization_endpoint), O(token_endpoint) and O(userinfo_endpoint). The other types
        require neither.
      - The alias O(kind) is deprecated and will be removed in deskops.rustdesk_sso 2.0.0.
    type: str
    aliases: [kind]
    choices: [azure, google, okta, github, gitlab, facebook, auth0, apple, oidc, oauth2]
  enabled:
    description: Whether users are offered the provider. If omitted, a new provider is enabled.
    type: bool
  client_id:
    description: The application (client) ID. Required for a new provider.
    type: str
  client_secret:
    description: The value of the client secret. Required for a new provider.
    type: str
  update_secret:
    description:
      - When to write O(client_secret) if the console does not return the stored one for comparison.
      - V(on_create) writes it to a new provider only, V(always) in every run.
    type: str
    default: on_create
    choices: [on_create, always]
  client_secret_replaces:
    description:
      - The values that O(client_secret) may replace, such as the one that the provider had when O(client_secret) was
        created, or an empty list if it had none.
      - If the provider has a different value by now, another run has written it at the same time. That value is kept
        and returned as RV(client_secret). If this option is omitted, O(client_secret) replaces any value.
    type: list
    elements: str
    version_added: 0.2.0
  issuer:
    description: The issuer, exactly as in the discovery document. Required for a new provider without endpoints.
    type: str
  authorization_endpoint:
    description: The authorization endpoint of a provider without discovery. An empty string clears it.
    type: str
  token_endpoint:
    description: The token endpoint of a provider without discovery. An empty string clears it.
    type: str
  userinfo_endpoint:
    description: The UserInfo endpoint of a provider without discovery. An empty string clears it.
    type: str
  jwks_endpoint:
    description: The JWKS endpoint of a provider without discovery. An empty string clears it.
    type: str
  scopes:
    description: The scopes to request, if the console supports this.
    type: list
    elements: str
  pkce:
    description: Whether the console uses PKCE, if the console supports this.
    type: bool
  auto_register:
    description:
      - Whether new users get an account at their first sign-in, if the console supports this.
      - If omitted, it is enabled for a new provider, as in RustDesk Server Pro.
    type: bool
  icon:
    description: The icon that users see, if the console supports this. An empty string clears it.
    type: str
  order:
    description: The provider's position in the console, starting at 0.
    type: int
  maximum_authorized_users:
    description: The maximum number of users who may sign in with the console's providers (RustDesk Server Pro).
    type: int
  other_providers:
    description:
      - V(remove) removes all other providers from the console, V(keep) only lists them in the result.
    type: str
    default: keep
    choices: [keep, remove]
  callback_url:
    description:
      - The callback URL that the console sends with each sign-in, for all its providers. It must be registered as a
        redirect URI.
    type: str
  check_callback_url:
    description:
      - Whether to verify that the address of O(callback_url) leads to this console, by beginning a sign-in there,
        before a callback URL in use is replaced. If it does not, the task fails and changes nothing.
      - If set to V(false), the callback URL is replaced unchecked, for example to move a server before its DNS record.
    type: bool
    default: true
    version_added: 0.2.0
  state:
    description: Whether the provider should be present or absent.
    type: str
    default: present
    choices: [present, absent]
seealso:
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider_info
  - module: deskops.rustdesk_sso.entra_app
"""

EXAMPLES = r"""
# The complete flow: a second run changes nothing
- name: Configure sign-in to a server
  module_defaults:
    group/deskops.rustdesk_sso.entra:
      tenant_id: example.com
      client_id: "{{ automation_client_id }}"
      client_secret: "{{ automation_client_secret }}"
    group/deskops.rustdesk_sso.rustdesk:
      console_url: https://desk1.example.com
      username: admin
      password: "{{ console_password }}"
  vars:
    held: "{{ console.providers | map(attribute='client_secret') | first | default('', true) }}"
  block:
    - name: Read the provider with its client secret
      deskops.rustdesk_sso.rustdesk_oidc_provider_info:
        name: azure
        include_secrets: true
      register: console

    - name: Register the application, and create a client secret unless Entra accepts the console's one
      deskops.rustdesk_sso.entra_app:
        unique_name: rustdesk-sso
        display_name: RustDesk
        web_redirect_uris:
          add:
            - https://desk1.example.com/api/oidc/callback
        client_secrets:
          - name: desk1.example.com
            held: "{{ held }}"
      register: registration

    - name: Write the provider to the console
      deskops.rustdesk_sso.rustdesk_oidc_provider:
        name: azure
        enabled: true
        client_id: "{{ registration.application.app_id }}"
        client_secret: "{{ registration.client_secrets[0].secret_text | default(held) }}"
        issuer: "{{ registration.issuer }}"
        callback_url: https://desk1.example.com/api/oidc/callback

    - name: Verify that users can sign in
      deskops.rustdesk_sso.rustdesk_sign_in_check:
        public_url: https://desk1.example.com
        name: azure
        issuer: "{{ registration.issuer }}"
        client_id: "{{ registration.application.app_id }}"
        callback_url: https://desk1.example.com/api/oidc/callback
        client_secret: "{{ registration.client_secrets[0].secret_text | default(held) }}"
        registered_redirect_uris: "{{ registration.application.web_redirect_uris }}"
      when: not ansible_check_mode

- name: Stop offering the provider to users
  deskops.rustdesk_sso.rustdesk_oidc_provider:
    console_url: https://desk1.example.com
    username: admin
    password: "{{ console_password }}"
    name: azure
    enabled: false

- name: Remove the provider
  deskops.rustdesk_sso.rustdesk_oidc_provider:
    console_url: https://desk1.example.com
    username: admin
    password: "{{ console_password }}"
    name: azure
    state: absent
"""

RETURN = r"""
console_type:
  description: The console type.
  returned: success
  type: str
callback_url:
  description: The callback URL that the console sends.
  returned: success
  type: str
worked_before:
  description:
    - Whether the console began a sign-in with the provider before the change.
    - Null if the change does not affect sign-in, if the provider was absent or disabled, or if the check failed for
      what may be a temporary reason.
  returned: success
  type: bool
  version_added: 0.2.0
client_secret:
  description:
    - The provider's client secret that another run has written and O(client_secret) did not replace. The result is then
      automatically censored in all output.
  returned: if another run has written one, see O(client_secret_replaces)
  type: str
  version_added: 0.2.0
other_providers:
  description: The names of the console's other providers.
  returned: success
  type: list
  elements: str
session:
  description: The value for O(session) of a later task. Only tasks of the same Ansible run can read it.
  returned: with O(keep_session=true)
  type: dict
provider:
  description: The provider after the task, or as predicted in check mode, without its client secret. Empty if absent.
  returned: success
  type: dict
  contains:
    name:
      description: The name.
      type: str
    type:
      description: The type as stored by the console. Null if the console has no types.
      type: str
      version_added: 0.2.0
    enabled:
      description: Whether users are offered it.
      type: bool
    client_id:
      description: The application (client) ID.
      type: str
    client_secret_set:
      description: Whether it has a client secret. Null if unknown.
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
      description: The JWKS endpoint.
      type: str
    scopes:
      description: The scopes that the console requests.
      type: list
      elements: str
    pkce:
      description: Whether the console uses PKCE. Null if unknown.
      type: bool
    auto_register:
      description: Whether new users get an account. Null if unknown.
      type: bool
    icon:
      description: The icon.
      type: str
    order:
      description: Its position among the console's providers.
      type: int
restrictions:
  description:
    - Restrictions that keep some or all users from signing in with the provider although every technical check passes.
      Empty if the provider is absent or disabled.
    - V(registration) means that users who sign in for the first time get no account. V(maximum_authorized_users) means
      that the maximum is 0 or reached; users are only counted in check mode and if something changes. V(email_claim)
      means that a console of type V(rustdesk_api) does not request the e-mail address by which it names users.
  returned: success
  type: list
  elements: dict
  version_added: 0.2.0
  contains:
    name:
      description: V(registration), V(maximum_authorized_users) or V(email_claim).
      type: str
    detail:
      description: The effect on users.
      type: str
    hint:
      description: How to lift the restriction.
      type: str
error:
  description: The parts of the error message RV(ignore:msg).
  returned: failure
  type: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import options, provider_types
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.convergence import converge
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS, renamed
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import PROVIDER_TYPES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **RUSTDESK_OPTIONS,
        "name": {"type": "str", "default": "azure"},
        "former_name": {"type": "str"},
        "force_rename": {"type": "bool", "default": False},
        "type": {"type": "str", "choices": list(PROVIDER_TYPES), **renamed("kind")},
        "enabled": {"type": "bool"},
        "client_id": {"type": "str"},
        "client_secret": {"type": "str", "no_log": True},
        "update_secret": {
            "type": "str",
            "default": "on_create",
            "choices": ["on_create", "always"],
            "no_log": False,
        },
        "client_secret_replaces": {"type": "list", "elements": "str", "no_log": True},
        "issuer": {"type": "str"},
        "scopes": {"type": "list", "elements": "str"},
        "authorization_endpoint": {"type": "str"},
        "token_endpoint": {"type": "str", "no_log": False},
        "userinfo_endpoint": {"type": "str"},
        "jwks_endpoint": {"type": "str"},
        "pkce": {"type": "bool"},
        "auto_register": {"type": "bool"},
        "icon": {"type": "str"},
        "order": {"type": "int"},
        "callback_url": {"type": "str"},
        "check_callback_url": {"type": "bool", "default": True},
        "maximum_authorized_users": {"type": "int"},
        "other_providers": {"type": "str", "default": "keep", "choices": ["keep", "remove"]},
        "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    },
    "supports_check_mode": True,
}
IDENTIFIERS = ("console_url", "username", "name", "former_name", "client_id", "issuer", "callback_url")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_endpoint")
URLS = ("callback_url", "issuer", *ENDPOINTS)


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for a declaration that is not possible in any console; sends no request."""
    options.check(params, SPEC["argument_spec"], IDENTIFIERS)
    for name in URLS:
        if params[name]:
            _input.url(params[name], name, query=name in ENDPOINTS, what="a URL")
    if params["order"] is not None and params["order"] < 0:
        raise InputError(f"order cannot be negative: {params['order']}", hint="The first place is 0")
    provider_types.type_of(params)


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Run the module with validated ``params`` and return the task's result. Raises SsoError."""
    check(params)
    with signed_in(params, context.notify) as session:
        result = converge(params, session, context)
        return {**result, "session": session.handed_over} if params["keep_session"] else result


def close(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Close the session of an earlier task. Raises SsoError."""
    if params["session"]:
        with signed_in({**params, "keep_session": False}, context.notify):
            pass
    return {}


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
