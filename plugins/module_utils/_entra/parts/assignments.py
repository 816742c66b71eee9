# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The users and groups assigned to the application; if assignment is required, only they can sign in."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]

# The ID for an assignment without a role [doc]
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
PEOPLE = ("User", "Group")


class Assignments(Part):
    """Assignments; ``declared`` is {set, add, remove} of {principal_id, name, type, app_role}.

    The key consists of principal and role. Assignments of other applications to this one's roles are their admin
    consent, and are never touched.
    """

    option = "assignments"
    of_principal = True

    def check(self) -> None:
        _plan.check_chosen(self.option, self.declared)

    async def read(self, graph: Graph, target: Target) -> Items:
        if target.principal_id is None:
            return {}
        found = await graph.pages(_request(graph, target), _reading(target))
        return {
            f"{item['principalId']}/{item['appRoleId']}": {
                "id": item["id"],
                "principal_id": item["principalId"],
                "name": item.get("principalDisplayName"),
                "type": item["principalType"],
                "app_role_id": item["appRoleId"],
            }
            for item in _people(found)
        }

    def after(self, present: Items, target: Target) -> Items:
        exact = self.declared.get("set")
        kept = {} if exact is not None else dict(present)
        for item in self.declared.get("remove") or []:
            # A role that the application no longer has is assigned to no user
            named = item["app_role"] is not None
            roles = [role["id"] for role in _named(item["app_role"], target)] if item["app_role"] else [DEFAULT_ACCESS]
            kept = {
                key: member
                for key, member in kept.items()
                if member["principal_id"] != item["principal_id"] or (named and member["app_role_id"] not in roles)
            }
        for item in exact if exact is not None else self.declared.get("add") or []:
            role = _role(item["app_role"], target)
            key = f"{item['principal_id']}/{role}"
            made = {
                "id": None,
                **{member: item[member] for member in ("principal_id", "name", "type")},
                "app_role_id": role,
            }
            kept[key] = present.get(key, made)
        return kept

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        address = target.principal_address(graph).app_role_assigned_to
        if step.after:
            document = {
                "principalId": step.after["principal_id"],
                "resourceId": target.principal_id,
                "appRoleId": step.after["app_role_id"],
            }
            request, verb = graph.request("POST", address, document), "Assigning"
        else:
            one = address.by_app_role_assignment_id((step.before or {})["id"])
            request, verb = graph.request("DELETE", one), "Removing the assignment of"
        principal = _label(step.after or step.before or {})
        await self.send(graph, target, request, f"{verb} {principal} to {target.name} failed")


def _label(item: Document) -> str:
    """Return the name of a user or group for messages."""
    return f"{item['name']} ({item['principal_id']})" if item["name"] else str(item["principal_id"])


def _role(name: str | None, target: Target) -> str:
    """Return the ID of the application's role with this value or ID; that of the default access without a name."""
    if not name:
        return DEFAULT_ACCESS
    for role in _named(name, target):
        return str(role["id"])
    roles: list[Document] = target.application["app_roles"]
    raise InputError(
        f"assignments contains the app role {name}, which the application does not have",
        answer=f"it has {', '.join(str(role['value']) for role in roles) or 'none'}",
        hint="Add the role to app_roles, or correct its name",
    )


def _named(name: str, target: Target) -> list[Document]:
    roles: list[Document] = target.application["app_roles"]
    return [role for role in roles if name == role["value"] or name.lower() == role["id"].lower()]


async def anybody(graph: Graph, target: Target) -> bool:
    """Return True if any user or group is assigned; takes one request, unless its page lists only applications."""
    answer = await graph.send(_request(graph, target), _reading(target)) or {}
    found = answer.get("value", [])
    if answer.get("@odata.nextLink") and not _people(found):
        found = await graph.pages(_request(graph, target), _reading(target))
    return bool(_people(found))


def _people(found: t.Iterable[Document]) -> list[Document]:
    return [item for item in found if item.get("principalType") in PEOPLE]


def _request(graph: Graph, target: Target) -> RequestInformation:
    return graph.request("GET", target.principal_address(graph).app_role_assigned_to)


def _reading(target: Target) -> str:
    return f"Reading the assignments to {target.name} failed"
