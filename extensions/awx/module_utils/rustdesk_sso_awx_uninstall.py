# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete the objects that install.yml created in AWX, except those that something else uses."""

from __future__ import annotations

from ansible.module_utils.rustdesk_sso_awx_api import Api
from ansible.module_utils.rustdesk_sso_awx_objects import ENTRA_NAMES, GROUP, MARK, Item, Wanted

# AWX deletes these with the object that they belong to
PARTS = ("organizations", "labels", "groups", "schedules")


class Uninstaller:
    """Delete the objects. ``changes`` lists the deletions, and ``kept`` the objects that were kept, with the reason.

    ``lost`` lists the objects of others that were deleted with them.
    """

    def __init__(self, api: Api, wanted: list[Wanted], settings: Item, check_mode: bool) -> None:
        self._api = api
        self._wanted = wanted
        self._prefix = settings["name"]
        self._with_inventory = bool(settings.get("delete_inventory"))
        self._check_mode = check_mode
        self._templates: list[Item] = []
        self._home = 0
        self._gone: set[tuple[str, int]] = set()
        self.changes: list[str] = []
        self.kept: list[str] = []
        self.lost: list[str] = []

    def run(self) -> None:
        """Delete all objects, in the reverse order of their creation. Raise Failed."""
        organization = next(one for one in self._wanted if one.resource == "organizations")
        home = self._api.find("organizations", organization.title, {"name": organization.name})
        if not home:
            return
        self._home = home["id"]
        self._templates = self._api.all("job_templates")
        for one in reversed(self._variants()):
            if one.resource in PARTS:
                continue
            present = self._find(one)
            if present:
                self._delete(one, present)

    def _variants(self) -> list[Wanted]:
        """Return the objects, including the Entra credentials of all authentication methods."""
        found = []
        for one in self._wanted:
            found.append(one)
            if one.key == "entra":
                names = {f"{self._prefix}: {name}" for name in ENTRA_NAMES.values()} - {one.name}
                found += [Wanted(one.key, one.resource, name) for name in sorted(names)]
        return found

    def _find(self, one: Wanted) -> Item | None:
        if one.resource in ("job_templates", "workflow_job_templates", "projects", "inventories", "credentials"):
            return self._api.find(one.resource, one.title, {"name": one.name, "organization": self._home})
        if one.resource == "inventory_sources":
            found = self._api.all(one.resource, name=one.name)
            return next((item for item in found if self._in_our_inventory(item)), None)
        for name in (one.name, f"{one.name} ({self._organization()})"):
            found = self._api.all(one.resource, name=name)
            for item in found:
                if one.resource == "credential_types" or item["organization"] == self._home:
                    return item
        return None

    def _organization(self) -> str:
        return next(one.name for one in self._wanted if one.resource == "organizations")

    def _in_our_inventory(self, source: Item) -> bool:
        inventory = self._api.get(f"inventories/{source['inventory']}")
        return bool(inventory["organization"] == self._home)

    def _delete(self, one: Wanted, present: Item) -> None:
        title = one.title.replace(f'"{one.name}"', f'"{present["name"]}"')
        reason = self._reason(one, present)
        if reason:
            self.kept.append(f"{title}: {reason}")
            return
        self._parts(one, present, title)
        self.changes.append(f"delete {title}")
        self._gone.add((one.resource, present["id"]))
        if not self._check_mode:
            self._api.delete(f"delete {title}", f"{one.resource}/{present['id']}")

    def _reason(self, one: Wanted, present: Item) -> str:
        """Return the reason to keep an object, or an empty string."""
        ours = present["name"].startswith(self._prefix) or MARK in present.get("description", "")
        if not ours and one.resource != "credential_types":
            return "install.yml did not create it"
        users = [
            template for template in self._users(one, present) if ("job_templates", template["id"]) not in self._gone
        ]
        if users:
            return "it is used by " + ", ".join(f'"{user["name"]}"' for user in users[:5])
        if one.resource == "job_templates":
            return self._reason_of_template(present)
        if one.resource == "credential_types":
            used = self._api.all("credentials", credential_type=present["id"])
            used = [item for item in used if ("credentials", item["id"]) not in self._gone]
            return f'it is used by the credential "{used[0]["name"]}"' if used else ""
        if one.resource in ("projects", "execution_environments"):
            return self._reason_of_source(one, present)
        if one.resource == "inventories" and not self._with_inventory:
            return self._reason_of_inventory(present)
        return ""

    def _users(self, one: Wanted, present: Item) -> list[Item]:
        """Return the job templates that use an object."""
        member = {"projects": "project", "inventories": "inventory", "execution_environments": "execution_environment"}
        if one.resource == "credentials":
            return [
                template
                for template in self._templates
                if present["id"] in [item["id"] for item in template["summary_fields"].get("credentials", [])]
            ]
        name = member.get(one.resource)
        return [template for template in self._templates if name and template.get(name) == present["id"]]

    def _reason_of_template(self, present: Item) -> str:
        nodes = self._api.all("workflow_job_template_nodes", unified_job_template=present["id"])
        others = [node for node in nodes if ("workflow_job_templates", node["workflow_job_template"]) not in self._gone]
        if not others:
            return ""
        workflow = self._api.get(f"workflow_job_templates/{others[0]['workflow_job_template']}")
        return f'the workflow "{workflow["name"]}" uses it'

    def _reason_of_source(self, one: Wanted, present: Item) -> str:
        """Return the reason to keep a project or an execution environment.

        AWX deletes the inventory sources of a project with it.
        """
        member = {"projects": "source_project", "execution_environments": "default_environment"}[one.resource]
        for resource in ("inventory_sources",) if one.resource == "projects" else ("organizations", "projects"):
            users = self._api.all(resource, **{member: present["id"]})
            users = [user for user in users if (resource, user["id"]) not in self._gone]
            if users:
                return f'it is used by "{users[0]["name"]}"'
        return ""

    def _reason_of_inventory(self, present: Item) -> str:
        hosts = self._api.all("hosts", inventory=present["id"])
        groups = [item["name"] for item in self._api.all("groups", inventory=present["id"]) if item["name"] != GROUP]
        if not hosts and not groups:
            return ""
        found = f"it contains servers or groups (hosts: {len(hosts)}, other groups: {len(groups)})"
        return f"{found}. To delete it, set uninstall_delete_inventory to true"

    def _parts(self, one: Wanted, present: Item, title: str) -> None:
        """Record the administrators' additions to an object, which AWX deletes with it."""
        if one.resource in ("job_templates", "workflow_job_templates"):
            known = {other.name for other in self._wanted if other.resource == "schedules"}
            for schedule in self._api.all("schedules", unified_job_template=present["id"]):
                if schedule["name"] not in known:
                    self.lost.append(f'schedule "{schedule["name"]}" of {title}')
        if one.resource == "workflow_job_templates":
            for node in self._api.all("workflow_job_template_nodes", workflow_job_template=present["id"]):
                if node["identifier"] not in ("preview", "approve", "remove"):
                    self.lost.append(f'node "{node["identifier"]}" of {title}')
