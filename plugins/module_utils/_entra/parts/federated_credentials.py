# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Federated identity credentials, which allow the application to sign in with tokens of other identity providers."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

MEMBERS = ("issuer", "subject", "audiences", "description")
# Entra allows this many for one application, and exactly one audience for each [doc].
LIMIT = 20
DEFAULT_AUDIENCE = "api://AzureADTokenExchange"


class FederatedCredentials(Part):
    """Federated credentials; ``declared`` is a list. The key is the name, which cannot be changed [doc].

    Others are not touched.
    """

    option = "federated_credentials"

    def check(self) -> None:
        _plan.check_once(self.option, [item["name"] for item in self.declared])
        for item in self.declared:
            if item.get("audiences") is not None and len(item["audiences"]) != 1:
                raise InputError(
                    f"The federated credential {_input.cut(item['name'])} has {len(item['audiences'])} audiences",
                    hint="Set audiences to exactly one, or omit it to use the default",
                )
            missing = [key for key in ("issuer", "subject") if not item.get(key)]
            if item["state"] == "present" and missing:
                raise InputError(
                    f"The federated credential {_input.cut(item['name'])} has no {' and '.join(missing)}",
                    hint=f"Set {' and '.join(missing)} to the value in the other identity provider's tokens",
                )

    async def read(self, graph: Graph, target: Target) -> Items:
        if target.new:
            return {}
        attempted = f"Reading the federated credentials of {target.name} failed"
        found = await graph.pages(graph.request("GET", target.address(graph).federated_identity_credentials), attempted)
        return {
            item["name"]: {"name": item["name"], "id": item["id"], **{key: item.get(key) for key in MEMBERS}}
            for item in found
        }

    def after(self, present: Items, target: Target) -> Items:
        after = dict(present)
        for item in self.declared:
            name = item["name"]
            if item["state"] == "absent":
                after.pop(name, None)
                continue
            wanted = {key: item[key] for key in MEMBERS if item.get(key) is not None}
            if "description" in wanted:
                wanted["description"] = wanted["description"] or None
            made = {"name": name, "id": None, "description": None, "audiences": [DEFAULT_AUDIENCE]}
            after[name] = {**present.get(name, made), **wanted}
        if len(after) > LIMIT:
            raise InputError(
                f"{target.name} would have {len(after)} federated credentials, but Entra allows only {LIMIT}",
                hint="Set the state of some to absent",
            )
        return after

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        address = target.address(graph).federated_identity_credentials
        after = {key: value for key, value in (step.after or {}).items() if key != "id"}
        if step.before is None:
            document = {key: value for key, value in after.items() if value is not None}
            request, verb = graph.request("POST", address, document), "Adding"
        else:
            one = address.by_federated_identity_credential_id(step.before["id"])
            changed = {key: value for key, value in after.items() if value != step.before[key]}
            request = graph.request("PATCH", one, changed) if step.after else graph.request("DELETE", one)
            verb = "Changing" if step.after else "Removing"
        attempted = f"{verb} the federated credential {step.key} of {target.name} failed"
        await self.send(graph, target, request, attempted)

    async def write_all(self, graph: Graph, target: Target, steps: t.Sequence[Step]) -> None:
        """First remove credentials whose issuer and subject another one takes over: Entra allows these once [rec]."""
        taken = [(step.after["issuer"], step.after["subject"]) for step in steps if step.after]
        first = [s for s in steps if s.before and not s.after and (s.before["issuer"], s.before["subject"]) in taken]
        await super().write_all(graph, target, [*first, *(s for s in steps if s not in first)])

    def already_exists(self, error: ServiceError) -> bool:
        """Return True for a credential with the same name; only the name identifies it."""
        return error.code == replication.EXISTS
