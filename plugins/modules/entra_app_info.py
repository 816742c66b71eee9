#!/usr/bin/python
# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_info
short_description: Read applications, and the expiry dates of their client secrets and certificates
version_added: 0.1.0
description:
  - Reads applications, their owners, assignments and grants, and the expiry dates of their client secrets and
    certificates, but never the values.
  - If O(object_id), O(app_id), O(unique_name) and O(display_name) are omitted, all applications that match the other
    options are read.
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
    description: The exact display name. Several applications can have the same one.
    type: str
  display_name_prefix:
    description: A prefix of the display name, regardless of case.
    type: str
  filter:
    description:
      - An OData filter for the list of applications in Microsoft Graph, such as C(tags/any(t:t eq 'rustdesk')).
    type: str
  expiring_within:
    description:
      - Read only applications with a client secret or certificate that has expired or expires within this time, such as
        V(30d).
    type: str
  deleted:
    description: Whether to read deleted applications that can be restored, instead of active ones.
    type: bool
    default: false
  gather:
    description: Additional information to read. Each item takes one request per application.
    type: list
    elements: str
    choices: [service_principal, owners, federated_credentials, assignments, admin_consent, change_refused]
    default: [service_principal]
seealso:
  - module: deskops.rustdesk_sso.entra_app
"""

EXAMPLES = r"""
# Without credentials, the environment variables AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are used
- name: Read the expiry dates of the client secrets
  deskops.rustdesk_sso.entra_app_info:
    tenant_id: example.com
    unique_name: rustdesk-sso
  register: found

- name: List applications with credentials that expire within 30 days
  deskops.rustdesk_sso.entra_app_info:
    tenant_id: example.com
    display_name_prefix: RustDesk
    expiring_within: 30d
    gather: [owners]
  register: expiring
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
  description: The matching applications. Empty if none matches.
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
      description:
        - The redirect URIs of platform C(Web), sorted.
        - All other properties that M(deskops.rustdesk_sso.entra_app) manages are returned under the names of their
          options.
      type: list
      elements: str
    id_token_issuance_enabled:
      description: Whether the authorization endpoint issues ID tokens.
      type: bool
    deleted:
      description: When it was deleted. Null if it was not deleted.
      type: str
    service_principal:
      description: The service principal. Null if it does not exist.
      returned: when listed in O(gather)
      type: dict
    obstacles:
      description:
        - The reasons why no user can sign in although the application exists, such as a deactivated application or a
          disabled service principal, each with the next step.
      returned: when V(service_principal) is listed in O(gather)
      type: list
      elements: str
      version_added: 0.2.0
    owners:
      description: The owners with C(object_id), C(name) and C(type).
      returned: when listed in O(gather)
      type: list
      elements: dict
    federated_credentials:
      description: The federated credentials.
      returned: when listed in O(gather)
      type: list
      elements: dict
    assignments:
      description: The assigned users and groups, with C(principal_id), C(name), C(type) and C(app_role_id).
      returned: when listed in O(gather)
      type: list
      elements: dict
    admin_consent:
      description:
        - The grants for all users and for the application itself, with C(resource_id), and C(scopes) or C(app_role_id).
      returned: when listed in O(gather)
      type: list
      elements: dict
    change_refused:
      description:
        - Why the signed-in account cannot change the application, with the command that allows it. Empty if it can, or
          if this is unknown, for example for a user who is signed in with Azure CLI.
      returned: when listed in O(gather)
      type: str
      version_added: 0.2.0
    certificates:
      description:
        - The certificates, the next to expire first, with C(thumbprint), C(name), C(key_id), C(expires) and
          C(days_left).
      type: list
      elements: dict
    client_secrets:
      description: The client secrets, the next to expire first.
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
        expires:
          description: The expiry date.
          type: str
        days_left:
          description: Whole days until expiry. Negative if it has expired.
          type: int
error:
  description: The parts of the error message RV(ignore:msg).
  returned: failure
  type: dict
"""

import asyncio
import typing as t
from contextlib import closing
from datetime import datetime, timedelta

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations, _identifiers, _option_values
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    health,
    lookup,
    ownership,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import odata
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph, connect
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts import certificates
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.admin_consent import AdminConsent
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.federated_credentials import (
    FederatedCredentials,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import client_secrets
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, credentials
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import (
    check_tenant,
    discover,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, run_module

Document = dict[str, t.Any]

# The number of applications that are read in parallel
AT_ONCE = 8
ALSO = ("keyCredentials",)
TYPES = {"#microsoft.graph.user": "User", "#microsoft.graph.servicePrincipal": "ServicePrincipal"}
# None of these may be empty: the last two would then select all applications
IDENTIFIERS = ("tenant_id", "client_id", *application.KEYS, "display_name_prefix", "filter")

SPEC: dict[str, t.Any] = {
    "argument_spec": {
        **ENTRA_OPTIONS,
        **{key: {"type": "str"} for key in application.KEYS},
        "display_name_prefix": {"type": "str"},
        "filter": {"type": "str"},
        "expiring_within": {"type": "str"},
        "deleted": {"type": "bool", "default": False},
        "gather": {
            "type": "list",
            "elements": "str",
            "choices": [
                "service_principal",
                "owners",
                "federated_credentials",
                "assignments",
                "admin_consent",
                "change_refused",
            ],
            "default": ["service_principal"],
        },
    },
    "mutually_exclusive": [
        (*application.KEYS, "display_name_prefix", "filter"),
        # The list of deleted applications does not support filters
        ("deleted", "filter"),
    ],
    "supports_check_mode": True,
}


def run(params: t.Mapping[str, t.Any], context: Context) -> dict[str, t.Any]:
    """Run the module with validated ``params`` and return the task's result; raise SsoError."""
    _option_values.check(params, SPEC["argument_spec"])
    _identifiers.check(params, IDENTIFIERS)
    check_tenant(params["tenant_id"])
    application.check_ids(params)
    within = params["expiring_within"]
    span = None if within is None else _durations.parse(within, "expiring_within")
    cloud = clouds.choose(params)
    credentials.check(params)
    return asyncio.run(_inspect(params, cloud, span, context.notify))


async def _inspect(
    params: t.Mapping[str, t.Any], cloud: clouds.Cloud, span: timedelta | None, notify: waiting.Notify | None
) -> dict[str, t.Any]:
    with closing(Http(params["ca_path"], params["timeout"], notify=notify)) as http:
        discovery = await asyncio.to_thread(discover, http, cloud, params["tenant_id"])
    async with waiting.reporting(notify), connect(params, cloud, discovery.tenant_id) as graph:
        found = await _find(graph, params)
        views = [_view(document, graph) for document in found]
        if span is not None:
            views = [view for view in views if _expires_by(view, graph.now + span)]
        turns = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(_gather(graph, params["gather"], view, turns) for view in views))
        return {"tenant_id": discovery.tenant_id, "issuer": discovery.issuer, "applications": views}


async def _find(graph: Graph, params: t.Mapping[str, t.Any]) -> list[Document]:
    key = next((key for key in application.KEYS if params[key] is not None), None)
    prefix = params["display_name_prefix"]

    def fits(item: Document) -> bool:
        return str(item["displayName"]).lower().startswith((prefix or "").lower())

    if params["deleted"]:
        found = await lookup.all_deleted(graph, "Listing the deleted applications failed", ALSO)
        if key:
            return [item for item in found if lookup.is_named(item, key, params[key])]
        return [item for item in found if fits(item)]
    if key == "display_name":
        return await application.named(graph, params[key], ALSO)
    if key:
        return [item for item in [await application.read(graph, key, params[key], ALSO)] if item]
    condition = params["filter"] or (f"startswith(displayName,{odata.literal(prefix)})" if prefix else None)
    keep = None if params["filter"] else fits
    return await application.listed(graph, "Listing the applications failed", condition, keep, ALSO)


def _view(document: Document, graph: Graph) -> Document:
    """Return an application with its credentials and their expiry dates."""
    secrets = [client_secrets.Credential.parse(item) for item in document.get("passwordCredentials") or []]
    keys = [certificates.shown(item) for item in document.get("keyCredentials") or []]
    for key in keys:
        key["days_left"] = (client_secrets.parse_time(key["expires"]) - graph.now).days
    return {
        **application.view(document),
        "deleted": document.get("deletedDateTime"),
        "client_secrets": [
            {
                "name": item.name,
                **item.result(),
                "days_left": (item.expires - graph.now).days,
            }
            for item in sorted(secrets, key=lambda item: item.expires)
        ],
        "certificates": sorted(keys, key=lambda key: key["days_left"]),
    }


def _expires_by(view: Document, moment: datetime) -> bool:
    expiries = (item["expires"] for item in [*view["client_secrets"], *view["certificates"]])
    return any(client_secrets.parse_time(expiry) <= moment for expiry in expiries)


async def _gather(graph: Graph, wanted: list[str], view: Document, turns: asyncio.Semaphore) -> None:
    """Add the information that O(gather) requests to ``view``; it cannot be read for a deleted application."""
    async with turns:
        if view["deleted"]:
            return
        needs_principal = {"service_principal", "assignments", "admin_consent"} & set(wanted)
        principal = await service_principal.read(graph, view["app_id"]) if needs_principal else None
        target = Target(view, (principal or {}).get("id"))
        if "service_principal" in wanted:
            view["service_principal"] = shown = service_principal.view(principal) if principal else None
            view["obstacles"] = health.obstacles(view, shown)
        if "owners" in wanted:
            view["owners"] = await _owners(graph, target)
        if "change_refused" in wanted:
            view["change_refused"] = await ownership.read(graph, view)
        if "federated_credentials" in wanted:
            part = FederatedCredentials([])
            view["federated_credentials"] = part.show(await part.read(graph, target))
        if "assignments" in wanted:
            view["assignments"] = await _assignments(graph, target) if principal else []
        if "admin_consent" in wanted:
            consent = AdminConsent(None)
            view["admin_consent"] = consent.show(await consent.read(graph, target))


async def _owners(graph: Graph, target: Target) -> list[Document]:
    address = target.address(graph).owners
    attempted = f"Reading the owners of {target.name} failed"
    return [
        {
            "object_id": item["id"],
            "name": item.get("userPrincipalName") or item.get("displayName"),
            "type": TYPES.get(str(item.get("@odata.type")), item.get("@odata.type")),
        }
        for item in await graph.pages(graph.request("GET", address), attempted)
    ]


async def _assignments(graph: Graph, target: Target) -> list[Document]:
    principal = target.principal_address(graph)
    attempted = f"Reading the assignments to {target.name} failed"
    return [
        {
            "principal_id": item["principalId"],
            "name": item.get("principalDisplayName"),
            "type": item.get("principalType"),
            "app_role_id": item["appRoleId"],
        }
        for item in await graph.pages(graph.request("GET", principal.app_role_assigned_to), attempted)
    ]


def main() -> None:
    run_module(AnsibleModule(**SPEC), run)


if __name__ == "__main__":
    main()
