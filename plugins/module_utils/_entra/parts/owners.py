# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The owners of an application: users and service principals that may manage it."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph


class Owners(Part):
    """``declared`` is {set, add, remove} of object IDs. The key of a member is its object ID."""

    option = "owners"

    def __init__(self, declared: t.Any) -> None:
        super().__init__(declared)
        self._caller_id: str | None = None

    def check(self) -> None:
        _plan.check_chosen(self.option, self.declared)

    async def read(self, graph: Graph, target: Target) -> Items:
        self._caller_id = graph.caller_id
        if target.new:  # whoever creates an application is its first owner [doc]
            return {self._caller_id: {"object_id": self._caller_id}} if self._caller_id else {}
        address = target.address(graph).owners
        attempted = f"Reading the owners of {target.name} failed"
        found = await graph.pages(graph.request("GET", address, query={"select": ["id"]}), attempted)
        return {item["id"]: {"object_id": item["id"]} for item in found}

    def after(self, present: Items, target: Target) -> Items:
        wanted = _plan.chosen(present, self.declared)
        # Without itself among the owners, an automation with the permission OwnedBy could not even undo it.
        if self.declared.get("set") is not None and self._caller_id in present:
            wanted.add(str(self._caller_id))
        return {key: {"object_id": key} for key in wanted}

    def show(self, items: Items) -> t.Any:
        return sorted(items)

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        owners = target.address(graph).owners
        if step.after:
            reference = {"@odata.id": f"{graph.cloud.graph_endpoint}/v1.0/directoryObjects/{step.key}"}
            request = graph.request("POST", owners.ref, reference)
            attempted = f"Adding the owner {step.key} to {target.name} failed"
        else:
            request = graph.request("DELETE", owners.by_directory_object_id(step.key).ref)
            attempted = f"Removing the owner {step.key} from {target.name} failed"
        await self.send(graph, target, request, attempted)
