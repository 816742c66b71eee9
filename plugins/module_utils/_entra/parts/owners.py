# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The owners of an application and of its service principal: users and service principals that may manage it."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph


class Owners(Part):
    """The owners of an application; ``declared`` is {set, add, remove} of object IDs, which are the members' keys."""

    option = "owners"

    def __init__(self, declared: t.Any) -> None:
        super().__init__(declared)
        self._caller_id: str | None = None

    def check(self) -> None:
        _plan.check_chosen(self.option, self.declared)
        for verb, names in self.declared.items():
            if not all(name.strip() for name in names or []):
                raise InputError(
                    f"{self.option}.{verb} contains an empty entry",
                    hint="Use the user principal name of a user or an object ID",
                )

    async def read(self, graph: Graph, target: Target) -> Items:
        self._caller_id = graph.caller_id
        if self._to_be_created(target):  # the caller that creates it becomes its first owner
            return {self._caller_id: {"object_id": self._caller_id}} if self._caller_id else {}
        address = self._address(graph, target)
        attempted = f"Reading the owners of {self._name(target)} failed"
        found = await graph.pages(graph.request("GET", address, query={"select": ["id"]}), attempted)
        return {item["id"]: {"object_id": item["id"]} for item in found}

    def after(self, present: Items, target: Target) -> Items:
        wanted = _plan.chosen(present, self.declared)
        # An automation that has only Application.ReadWrite.OwnedBy would lock itself out by removing itself.
        if self.declared.get("set") is not None and self._caller_id in present:
            wanted.add(str(self._caller_id))
        return {key: {"object_id": key} for key in wanted}

    def show(self, items: Items) -> t.Any:
        return sorted(items)

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        owners = self._address(graph, target)
        if step.after:
            reference = {"@odata.id": f"{graph.cloud.graph_endpoint}/v1.0/directoryObjects/{step.key}"}
            request = graph.request("POST", owners.ref, reference)
            attempted = f"Adding the owner {step.key} to {self._name(target)} failed"
        else:
            request = graph.request("DELETE", owners.by_directory_object_id(step.key).ref)
            attempted = f"Removing the owner {step.key} from {self._name(target)} failed"
        await self.send(graph, target, request, attempted)

    def _to_be_created(self, target: Target) -> bool:
        return target.new

    def _address(self, graph: Graph, target: Target) -> t.Any:
        return target.address(graph).owners

    def _name(self, target: Target) -> str:
        return target.name


class PrincipalOwners(Owners):
    """The owners of the service principal, which are separate from the application's."""

    option = "service_principal.owners"
    of_principal = True

    def _to_be_created(self, target: Target) -> bool:
        return target.principal_id is None

    def _address(self, graph: Graph, target: Target) -> t.Any:
        return target.principal_address(graph).owners

    def _name(self, target: Target) -> str:
        return f"the service principal of {target.name}"
