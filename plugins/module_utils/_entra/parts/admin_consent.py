# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Admin consent: permissions of the application for other resources that users need not consent to.

Delegated permissions are one grant for each resource, with all scopes in one string. Application permissions are
assignments of the resource's app roles to the application's service principal [doc].
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.name_resolution import (
    SAME_RESOURCE,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph


class AdminConsent(Part):
    """Admin consent; ``declared`` is a list of {resource, resource_id, scopes, app_roles}, complete for each resource
    in it, or None to only read.

    The key of a member is the resource's object ID, for an app role followed by the role's ID. Consent that users gave
    for themselves is not touched.
    """

    option = "admin_consent"
    of_principal = True

    def check(self) -> None:
        names = [entry.get("resource_id") or entry["resource"] for entry in self.declared]
        _plan.check_once(self.option, names, SAME_RESOURCE)

    async def read(self, graph: Graph, target: Target) -> Items:
        if target.principal_id is None:
            return {}
        items = await grants(graph, target) if self.manages("scopes") else {}
        if self.manages("app_roles"):
            address = target.principal_address(graph).app_role_assignments
            for held in await graph.pages(graph.request("GET", address), _reading(target)):
                resource, role = held["resourceId"], held["appRoleId"]
                items[f"{resource}/{role}"] = {"id": held["id"], "resource_id": resource, "app_role_id": role}
        return items

    def manages(self, kind: str) -> bool:
        """Return True if any entry declares ``kind`` (scopes or app_roles): each needs another permission to read."""
        return self.declared is None or any(entry[kind] is not None for entry in self.declared)

    def after(self, present: Items, target: Target) -> Items:
        after = dict(present)
        for entry in self.declared:
            resource = entry["resource_id"]
            if entry["scopes"] is not None:
                grant = after.pop(resource, {"id": None, "resource_id": resource})
                if entry["scopes"]:
                    after[resource] = {**grant, "scopes": sorted(set(entry["scopes"]))}
            if entry["app_roles"] is not None:
                held = {k for k, item in after.items() if item["resource_id"] == resource and "app_role_id" in item}
                wanted = {f"{resource}/{role}": role for role in entry["app_roles"]}
                for key in held - set(wanted):
                    del after[key]
                for key, role in wanted.items():
                    after.setdefault(key, {"id": None, "resource_id": resource, "app_role_id": role})
        return after

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        item = step.after or step.before or {}
        what = self._name(item)
        if "scopes" in item:
            grants = graph.client.oauth2_permission_grants
            if step.before is None:
                document = {
                    "clientId": target.principal_id,
                    "consentType": "AllPrincipals",
                    "resourceId": item["resource_id"],
                    "scope": " ".join(item["scopes"]),
                }
                request = graph.request("POST", grants, document)
            else:
                one = grants.by_o_auth2_permission_grant_id(step.before["id"])
                scope = {"scope": " ".join(item["scopes"])}
                request = graph.request("PATCH", one, scope) if step.after else graph.request("DELETE", one)
        else:
            resource = graph.client.service_principals.by_service_principal_id(item["resource_id"])
            if step.after:
                document = {
                    "principalId": target.principal_id,
                    "resourceId": item["resource_id"],
                    "appRoleId": item["app_role_id"],
                }
                request = graph.request("POST", resource.app_role_assigned_to, document)
            else:
                request = graph.request(
                    "DELETE", resource.app_role_assigned_to.by_app_role_assignment_id((step.before or {})["id"])
                )
        verb = "Granting" if step.after else "Revoking"
        await self.send(graph, target, request, f"{verb} {target.name} {what} failed")

    def _name(self, item: t.Mapping[str, t.Any]) -> str:
        named = (entry["resource"] for entry in self.declared if entry["resource_id"] == item["resource_id"])
        resource = next(named, item["resource_id"])
        what = " ".join(item["scopes"]) if "scopes" in item else f"the app role {item['app_role_id']}"
        return f"{what} of {resource}"


async def grants(graph: Graph, target: Target) -> Items:
    """Return the application's delegated permissions for all users, by the resource's object ID."""
    address = target.principal_address(graph).oauth2_permission_grants
    return {
        grant["resourceId"]: {
            "id": grant["id"],
            "resource_id": grant["resourceId"],
            "scopes": sorted((grant.get("scope") or "").split()),
        }
        for grant in await graph.pages(graph.request("GET", address), _reading(target))
        if grant["consentType"] == "AllPrincipals"
    }


def _reading(target: Target) -> str:
    return f"Reading the consent granted to {target.name} failed"
