#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app
short_description: An application in Microsoft Entra ID, with its service principal and client secrets
version_added: 0.1.0
description:
  - Registers an application in Microsoft Entra ID and keeps it as declared, with its service principal and with one
    client secret for each holder.
  - An option that is omitted is not managed. An empty list means that there shall be none.
  - Needs the Microsoft Graph application permission C(Application.ReadWrite.OwnedBy); for applications that it did not
    create, and for finding one by O(display_name) where the tenant does not allow listing,
    C(Application.ReadWrite.All).
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._entra
  - deskops.rustdesk_sso._actiongroup.entra
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
  object_id:
    description: The application's object ID. An application that does not exist is an error.
    type: str
  app_id:
    description: The application (client) ID. An application that does not exist is an error.
    type: str
  unique_name:
    description:
      - A name of your choice that finds the application again, whatever it is called; unique in the tenant and never
        shown to users.
      - The application is created with it, or gets it when it is found by another key and has none. It cannot be
        changed afterwards.
      - With it, creation is safe to repeat; without it, a lost answer has to be resolved by looking for the name.
    type: str
  display_name:
    description:
      - The name that users see when they sign in.
      - Finds the application where none of O(object_id), O(app_id) and O(unique_name) is given. More than one of that
        name is an error that lists them.
    type: str
  sign_in_audience:
    description:
      - Which accounts may sign in. A new application gets V(AzureADMyOrg) when it is omitted.
      - With the two audiences that include personal Microsoft accounts, Entra allows two client secrets only.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  adopt:
    description:
      - Whether an application that has O(display_name) but no unique name is taken over when there is none of
        O(unique_name). Otherwise such an application is an error, because a second one of its name is rarely meant.
    type: bool
    default: false
  web_redirect_uris:
    description: The redirect URIs of platform C(Web). For RustDesk, each server's callback URL.
    type: dict
    suboptions:
      set:
        description: Exactly these, and no others.
        type: list
        elements: str
      add:
        description: These in addition to those that are there.
        type: list
        elements: str
      remove:
        description: These not; others stay.
        type: list
        elements: str
  id_token_issuance_enabled:
    description:
      - Whether the authorization endpoint may issue ID tokens (implicit and hybrid flows), as RustDesk's guide asks.
      - A new application gets V(true) when it is omitted.
    type: bool
  service_principal:
    description: The application's service principal in this tenant, without which nobody can sign in.
    type: dict
    default: {}
    suboptions:
      state:
        description: Whether there shall be one.
        type: str
        default: present
        choices: [present, absent]
  client_secrets:
    description:
      - One entry for each holder of a client secret. A client secret whose display name is exactly
        O(client_secrets[].name) belongs to that entry; others are never touched.
      - A new one is made when the holder has none that Entra accepts, or when the held one ends soon. The task then
        waits until Entra accepts it. Earlier ones keep working until O(retire_superseded) removes them.
    type: list
    elements: dict
    suboptions:
      name:
        description: The holder; the display name of the client secret.
        type: str
        required: true
      held:
        description:
          - The value that the holder has now. Empty or omitted when it has none or it cannot be read.
          - A value of less than 16 characters counts as none, as no client secret of Entra is so short.
        type: str
      held_key_id:
        description: The key ID of the client secret that the holder has now, where that is known instead of the value.
        type: str
      lifetime:
        description: How long a new client secret shall last, such as V(180d) or V(36h).
        type: str
        default: 180d
      renew_before:
        description: How long before its end a client secret is renewed.
        type: str
        default: 30d
      overlap:
        description: How long a superseded client secret keeps working after its successor was made.
        type: str
        default: 1d
      state:
        description:
          - V(absent) removes all client secrets of this name.
          - V(retire) makes none in any case and only removes superseded ones, if the held one is there.
        type: str
        default: present
        choices: [present, absent, retire]
  verify_held:
    description:
      - Whether to ask Entra's token endpoint if a held value is really accepted, with one request for each.
      - Without it, the value is matched to the application's client secrets by its first three characters.
    type: bool
    default: true
  retire_superseded:
    description:
      - Whether superseded client secrets are removed, once the holder has another one and the overlap is over.
    type: bool
    default: true
  wait_timeout:
    description: How many seconds to wait for one change to be replicated in Entra, which usually takes 4 to 18.
    type: float
    default: 300
  state:
    description:
      - V(absent) deletes the application with its service principal. Entra keeps a deleted application for 30 days.
      - An application to delete has to be named by O(unique_name), O(app_id), O(object_id) or, if there is just one of
        that name, O(display_name).
    type: str
    default: present
    choices: [present, absent]
seealso:
  - module: deskops.rustdesk_sso.entra_app_info
  - module: deskops.rustdesk_sso.rustdesk_oidc_provider
notes:
  - A result that holds a new client secret is kept out of all output by itself; C(no_log) is not needed.
"""

EXAMPLES = r"""
- name: Register RustDesk, with one client secret
  deskops.rustdesk_sso.entra_app:
    tenant_id: 11111111-2222-3333-4444-555555555555
    client_id: "{{ automation_client_id }}"
    client_secret: "{{ automation_client_secret }}"
    unique_name: rustdesk-sso
    display_name: RustDesk
    web_redirect_uris:
      add:
        - https://desk1.example.com/api/oidc/callback
    client_secrets:
      - name: desk1.example.com
        held: "{{ held_secret | default('') }}"
  register: registration

- name: Take a server's redirect URI and client secret away
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    web_redirect_uris:
      remove:
        - https://desk2.example.com/api/oidc/callback
    client_secrets:
      - name: desk2.example.com
        state: absent

- name: Delete the application
  deskops.rustdesk_sso.entra_app:
    tenant_id: example.com
    unique_name: rustdesk-sso
    state: absent
"""

RETURN = r"""
tenant_id:
  description: The tenant's ID, also where a domain name was given.
  returned: success
  type: str
issuer:
  description: The issuer from the tenant's discovery document, as RustDesk's console needs it.
  returned: success
  type: str
authorization_endpoint:
  description: The authorization endpoint from the tenant's discovery document.
  returned: success
  type: str
token_endpoint:
  description: The token endpoint from the tenant's discovery document.
  returned: success
  type: str
application:
  description:
    - The application as it is now; in check mode as it would be, with identifiers of zeros where there are none yet.
  returned: success
  type: dict
  contains:
    object_id:
      description: The object ID.
      type: str
    app_id:
      description: The application (client) ID.
      type: str
    created:
      description: When it was created.
      type: str
    display_name:
      description: The display name.
      type: str
    unique_name:
      description: The unique name, if it has one.
      type: str
    sign_in_audience:
      description: The accounts that may sign in.
      type: str
    web_redirect_uris:
      description: The redirect URIs of platform C(Web), sorted.
      type: list
      elements: str
    id_token_issuance_enabled:
      description: Whether the authorization endpoint issues ID tokens.
      type: bool
adopted:
  description: Whether the application was made by somebody else and is taken over by this run.
  returned: when O(state=present)
  type: bool
service_principal:
  description: The service principal, if there is one.
  returned: success
  type: dict
  contains:
    object_id:
      description: The object ID.
      type: str
client_secrets:
  description: What became of each declared client secret, in the order of O(client_secrets).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The holder.
      type: str
    decision:
      description: One of V(kept), V(created), V(renewed), V(removed) and V(absent).
      type: str
    reason:
      description: Why.
      type: str
    key_id:
      description: The key ID of the client secret that the holder has or shall have.
      type: str
    hint:
      description: The first three characters of its value.
      type: str
    ends:
      description: When it ends.
      type: str
    superseded:
      description: Key IDs of earlier client secrets of this name that are still there.
      type: list
      elements: str
    removed:
      description: Key IDs of those that were removed.
      type: list
      elements: str
    secret_text:
      description: The value of the new client secret, to be given to the holder now; it can never be read again.
      returned: when RV(client_secrets[].decision) is V(created) or V(renewed)
      type: str
error:
  description: What failed, in parts; RV(ignore:msg) says the same in a sentence.
  returned: failure
  type: dict
"""

import asyncio
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra import (
    application,
    client_secrets,
    clouds,
    credentials,
    graph,
    openid,
    registration,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._glue import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

STRINGS: dict[str, t.Any] = {"type": "list", "elements": "str"}
STATE: dict[str, t.Any] = {"type": "str", "default": "present", "choices": ["present", "absent"]}

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **ENTRA_OPTIONS,
        "object_id": {"type": "str"},
        "app_id": {"type": "str"},
        "unique_name": {"type": "str"},
        "display_name": {"type": "str"},
        "sign_in_audience": {
            "type": "str",
            "choices": [
                "AzureADMyOrg",
                "AzureADMultipleOrgs",
                "AzureADandPersonalMicrosoftAccount",
                "PersonalMicrosoftAccount",
            ],
        },
        "adopt": {"type": "bool", "default": False},
        "web_redirect_uris": {"type": "dict", "options": {"set": STRINGS, "add": STRINGS, "remove": STRINGS}},
        "id_token_issuance_enabled": {"type": "bool", "no_log": False},
        "service_principal": {"type": "dict", "default": {}, "options": {"state": STATE}},
        "client_secrets": {
            "type": "list",
            "elements": "dict",
            "no_log": False,
            "options": {
                "name": {"type": "str", "required": True},
                "held": {"type": "str", "no_log": True},
                "held_key_id": {"type": "str", "no_log": False},
                "lifetime": {"type": "str", "default": "180d"},
                "renew_before": {"type": "str", "default": "30d"},
                "overlap": {"type": "str", "default": "1d"},
                "state": {**STATE, "choices": ["present", "absent", "retire"]},
            },
        },
        "verify_held": {"type": "bool", "default": True},
        "retire_superseded": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 300.0},
        "state": STATE,
    },
    "required_one_of": [("object_id", "app_id", "unique_name", "display_name")],
    "supports_check_mode": True,
}


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """The module's work for validated ``params``; gives the task's result, raises SsoError."""
    openid.check_tenant(params["tenant_id"])
    application.check(params)
    wanted = client_secrets.check(params["client_secrets"] or [], params["sign_in_audience"])
    registration.check(params, wanted)
    credentials.check(params)
    return asyncio.run(_converge(params, wanted, clouds.choose(params), context))


async def _converge(
    params: t.Mapping[str, t.Any], wanted: list[client_secrets.Wanted], cloud: clouds.Cloud, context: Context
) -> dict[str, t.Any]:
    http = Http(params["ca_path"], params["timeout"])
    discovery = await asyncio.to_thread(openid.discover, http, cloud, params["tenant_id"])
    async with graph.connect(params, cloud, discovery.tenant_id) as session:
        present = await registration.inspect(session, http, discovery, params, wanted)
        todo = registration.plan(params, present, wanted, session.now)
        diff = todo.diff()
        if present.application and present.adopted:
            context.warn(
                f"The application {application.label(present.application)} is taken over: it has no unique name"
            )
        if context.check_mode:
            registration.predict(todo, session.now)
        elif todo.changed:
            for warning in await registration.apply(session, http, discovery, params, todo):
                context.warn(warning)
        return registration.report(todo, discovery, diff, check_mode=context.check_mode)


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
