#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_info
short_description: What a tenant holds about an application
version_added: 0.1.0
description:
  - Reads applications with their service principal and the ends of their client secrets, never their values.
  - Writes nothing.
author:
  - deskops (@deskops)
extends_documentation_fragment:
  - deskops.rustdesk_sso._entra
  - deskops.rustdesk_sso._actiongroup.entra
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
  object_id:
    description: The application's object ID.
    type: str
  app_id:
    description: The application (client) ID.
    type: str
  unique_name:
    description: The application's unique name.
    type: str
  display_name:
    description: The exact display name, which several applications can have. Needs a permission that allows listing.
    type: str
seealso:
  - module: deskops.rustdesk_sso.entra_app
"""

EXAMPLES = r"""
- name: See how long the client secrets last
  deskops.rustdesk_sso.entra_app_info:
    tenant_id: example.com
    unique_name: rustdesk-sso
  register: found
"""

RETURN = r"""
tenant_id:
  description: The tenant's ID.
  returned: success
  type: str
issuer:
  description: The issuer from the tenant's discovery document.
  returned: success
  type: str
applications:
  description: The applications that match; empty when there are none.
  returned: success
  type: list
  elements: dict
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
    service_principal:
      description: The service principal with its C(object_id), if there is one.
      type: dict
    client_secrets:
      description: The client secrets, the one that ends first at the top.
      type: list
      elements: dict
      contains:
        name:
          description: The display name.
          type: str
        key_id:
          description: The key ID.
          type: str
        hint:
          description: The first three characters of the value.
          type: str
        ends:
          description: When it ends.
          type: str
        days_left:
          description: How many whole days are left; negative when it has ended.
          type: int
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
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._glue import Context, run_module
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

SPEC: dict[str, t.Any] = {
    "argument_spec": {**ENTRA_OPTIONS, **{key: {"type": "str"} for key in application.KEYS}},
    "required_one_of": [application.KEYS],
    "mutually_exclusive": [application.KEYS],
    "supports_check_mode": True,
}


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """The module's work for validated ``params``; gives the task's result, raises SsoError."""
    openid.check_tenant(params["tenant_id"])
    credentials.check(params)
    return asyncio.run(_inspect(params, clouds.choose(params)))


async def _inspect(params: t.Mapping[str, t.Any], cloud: clouds.Cloud) -> dict[str, t.Any]:
    http = Http(params["ca_path"], params["timeout"])
    discovery = await asyncio.to_thread(openid.discover, http, cloud, params["tenant_id"])
    key = next(key for key in application.KEYS if params[key])
    async with graph.connect(params, cloud, discovery.tenant_id) as session:
        if key == "display_name":
            found = await application.named(session, params[key])
        else:
            found = [item for item in [await application.read(session, key, params[key])] if item]
        return {
            "tenant_id": discovery.tenant_id,
            "issuer": discovery.issuer,
            "applications": [await _view(session, item) for item in found],
        }


async def _view(session: graph.Graph, document: dict[str, t.Any]) -> dict[str, t.Any]:
    principal = await service_principal.read(session, document["appId"])
    credentials_ = [client_secrets.Credential.parse(item) for item in document.get("passwordCredentials") or []]
    return {
        **application.view(document),
        "service_principal": service_principal.view(principal) if principal else None,
        "client_secrets": [
            {
                "name": item.name,
                "key_id": item.key_id,
                "hint": item.hint,
                "ends": client_secrets.format_time(item.end),
                "days_left": (item.end - session.now).days,
            }
            for item in sorted(credentials_, key=lambda item: item.end)
        ],
    }


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
