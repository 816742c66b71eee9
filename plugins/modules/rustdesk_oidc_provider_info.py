#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: rustdesk_oidc_provider_info
short_description: Read the OIDC providers of a RustDesk console
version_added: 0.1.0
description:
  - Reads the type of a RustDesk console, its callback URL and its OIDC providers. Changes nothing.
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
    description: Reads only.
  diff_mode:
    support: none
    description: Reads only.
  platform:
    support: full
    platforms: all
options:
  name:
    description:
      - The name of the provider to return, compared as RustDesk does. An exact match is preferred. If omitted, all
        providers are returned.
    type: str
  include_secrets:
    description:
      - Whether to return RV(providers[].client_secret), for example to compare it with Entra. The result is then
        automatically censored in all output.
    type: bool
    default: false
  probe:
    description:
      - Whether to return only the structure of the server's responses to harmless requests, for a bug report about a
        console that is not recognized. It contains no values, secrets or host names.
    type: bool
    default: false
  new_callback_url:
    description:
      - A planned callback URL. If the console uses another one, the module verifies that the new address leads to this
        console, by beginning a sign-in there; see RV(new_callback_url).
    type: str
    version_added: 0.2.0
  close_session:
    description: Whether to close O(session) without reading anything.
    type: bool
    default: false
seealso:
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider
"""

EXAMPLES = r"""
- name: Read the providers of the console
  deskops.rustdesk_sso.rustdesk_oidc_provider_info:
    console_url: https://desk1.example.com
    username: admin
    password: "{{ console_password }}"
  register: console

# entra_app has an example that compares the client secret with Entra
- name: Read a provider with its client secret
  deskops.rustdesk_sso.rustdesk_oidc_provider_info:
    console_url: https://desk1.example.com
    username: admin
    password: "{{ console_password }}"
    name: azure
    include_secrets: true
  register: console
"""

RETURN = r"""
console_type:
  description: The console type.
  returned: success
  type: str
callback_url:
  description:
    - The callback URL that the console sends, if it has one yet.
    - Some consoles, such as those of type V(rustdesk_api), only show it at the start of a sign-in. With O(name), the
      module begins one and does not complete it.
  returned: success
  type: str
new_callback_url:
  description: Whether O(new_callback_url) leads to this console.
  returned: with O(new_callback_url)
  type: dict
  version_added: 0.2.0
  contains:
    verified:
      description:
        - Whether the new address begins the same sign-in as the present one, with the same client ID and callback URL.
        - Null if there was nothing to verify, because no enabled provider of the console works with another callback
          URL, or if the console could not be compared.
      type: bool
    detail:
      description: The reason, if the address does not lead to this console or could not be verified.
      type: str
probe:
  description: The requests with their status and the structure of the response.
  returned: with O(probe=true)
  type: list
  elements: dict
session:
  description: The value for O(session) of a later task. Only tasks of the same Ansible run can read it.
  returned: with O(keep_session=true)
  type: dict
providers:
  description: The providers, in the console's order.
  returned: success
  type: list
  elements: dict
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
    client_secret:
      description: The client secret's value.
      type: str
      returned: with O(include_secrets=true), if the console returns it
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
    order:
      description: Its position among the console's providers.
      type: int
other_providers:
  description: All other providers, with the keys of RV(providers) but without client secrets.
  returned: with O(name)
  type: list
  elements: dict
  version_added: 0.2.0
error:
  description: The parts of the error message RV(ignore:msg).
  returned: failure
  type: dict
"""

import typing as t
from contextlib import closing

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import options, sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.gateway_headers import check_headers
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.options import RUSTDESK_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.probe import probe
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider, find
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **RUSTDESK_OPTIONS,
        "name": {"type": "str"},
        "include_secrets": {"type": "bool", "default": False, "no_log": False},
        "probe": {"type": "bool", "default": False},
        "new_callback_url": {"type": "str"},
        "close_session": {"type": "bool", "default": False},
    },
    "required_if": [("close_session", True, ("session",))],
    "supports_check_mode": True,
}


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for invalid options; sends no request."""
    options.check(params, SPEC["argument_spec"], ("console_url", "username", "name", "new_callback_url"))
    if params["new_callback_url"] is not None:
        _input.url(params["new_callback_url"], "new_callback_url")


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Run the module with validated ``params`` and return the task's result. Raises SsoError."""

    def view(provider: Provider) -> dict[str, t.Any]:
        shown = provider.view()
        if params["include_secrets"] and provider.client_secret:
            shown["client_secret"] = provider.client_secret
        return shown

    check(params)
    if params["probe"]:
        url, proxy = _input.url(params["console_url"], "console_url"), check_proxy(params["proxy"], "proxy")
        headers = check_headers(params["headers"])
        with closing(Http(params["ca_path"], params["timeout"], proxy, context.notify)) as http:
            return {"probe": probe(Connection(url, http, headers), params)}
    if params["close_session"]:
        with signed_in({**params, "keep_session": False}, context.notify):
            return {}
    # This module always reads again, even if an earlier task has read the settings.
    session_of_earlier = params["session"] and {**params["session"], "seen": None}
    with signed_in({**params, "session": session_of_earlier}, context.notify) as session:
        console = session.console
        found = listed = console.providers(params["name"] or "")
        if params["name"]:
            found = [item for item in [find(listed, params["name"], console.type)] if item]
        callback_url = console.settings().get("callback_url")
        if params["name"] and found and found[0].enabled and not callback_url:
            callback_url = sign_in.sent_callback_url(session.connection, found[0].name)
        result: dict[str, t.Any] = {
            "console_type": console.type,
            "callback_url": callback_url,
            "providers": [view(item) for item in found],
        }
        if params["name"]:
            result["other_providers"] = [item.view() for item in listed if item not in found]
        if params["new_callback_url"]:
            verdict = session.look_at(params["new_callback_url"], listed, callback_url, params["name"] or "")
            result["new_callback_url"] = verdict.result()
        return {**result, "session": session.handed_over} if params["keep_session"] else result


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
