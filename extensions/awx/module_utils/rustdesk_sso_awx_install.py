# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create the objects in AWX, and change existing ones only as far as variables name the change."""

from __future__ import annotations

from typing import Any

from ansible.module_utils import rustdesk_sso_awx_plan as plan
from ansible.module_utils.rustdesk_sso_awx_api import RUNNING, Api, Failed
from ansible.module_utils.rustdesk_sso_awx_nodes import Nodes
from ansible.module_utils.rustdesk_sso_awx_objects import BUILT_IN, MARK, Existing, Item, Ref, Wanted

# The ID of an object that check mode would create
UNKNOWN = -1
ADOPTED = ("inventory", "project", "execution_environment")


class Installer:
    """Create the objects. ``changes`` lists the changes made or, in check mode, predicted.

    ``warnings`` lists the actions that are left to an administrator.
    """

    def __init__(self, api: Api, wanted: list[Wanted], settings: Item, check_mode: bool) -> None:
        self._api = api
        self._wanted = {one.key: one for one in wanted}
        self._settings = settings
        self._check_mode = check_mode
        self._ids: dict[str, int] = {}
        self._present: dict[str, Item] = {}
        self._created: set[str] = set()
        # The adopted objects that install.yml did not create
        self._foreign: set[str] = set()
        self.changes: list[str] = []
        self.warnings: list[str] = []

    def run(self, workflow: Item) -> None:
        """Create and change all objects. Raise Failed."""
        self._adopt()
        self._need_variables()
        for key, one in self._wanted.items():
            known = one.resource == "credential_types" and self._known(key)
            if not one.lazy or known or self._named(key):
                self.ensure(key)
        ids = {key: self._ids[f"template {workflow[key]}"] for key in ("preview", "remove")}
        nodes = Nodes(self._api, self._wanted["workflow"], self._ids["workflow"], self._settings, self._check_mode)
        nodes.arrange(workflow, ids)
        self.changes += nodes.changes

    def _named(self, key: str) -> bool:
        """Return whether a variable sets a property of an object that is otherwise created only if needed."""
        if key in ("execution_environment", "project"):
            return bool(self._wanted[key].named)
        name = key.removeprefix("type_")
        ends = ("_credential_type",) if name != key else ("", "_credential", "_inputs")
        return any(self._settings.get(f"{name}{end}") for end in ends)

    def _known(self, key: str) -> bool:
        """Return whether a credential type exists, so that it is compared even if no new credential is needed."""
        found = self._find(self._wanted[key])
        if found:
            self._present[key] = found
        return bool(found)

    def _adopt(self) -> None:
        """Adopt the inventory, project and execution environment of existing templates, whatever their names."""
        organization = self._api.find("organizations", "", {"name": self._wanted["organization"].name})
        templates = [one for one in self._wanted.values() if one.resource == "job_templates"]
        if not organization:
            return
        for one in templates:
            query = {"name": one.name, "organization": organization["id"]}
            template = self._api.find("job_templates", one.title, query)
            if not template:
                continue
            for member in ADOPTED:
                given = member == "inventory" and self._settings.get("inventory")
                if template.get(member) and member not in self._present and not given:
                    found = self._api.get(f"{_resource(member)}/{template[member]}")
                    self._present[member] = found
                    if found["name"] != self._wanted[member].name and MARK not in found.get("description", ""):
                        self._foreign.add(member)

    def _need_variables(self) -> None:
        """Raise Failed before anything is created if a first run lacks a required variable."""
        for key, member, what in (
            ("execution_environment", "image", "the image of the execution environment"),
            ("project", "scm_url", "the repository with the project's playbooks"),
        ):
            one = self._wanted[key]
            if key not in self._present and member not in one.named and not self._api.all(one.resource, name=one.name):
                variable = {"image": "execution_environment_image", "scm_url": "project_url"}[member]
                raise Failed(f"Set install_{variable} to {what}. AWX does not have {one.title} yet.")

    # IDs

    def ensure(self, key: str) -> int:
        """Return the ID of an object. The first call creates or changes the object."""
        if key in self._ids:
            return self._ids[key]
        one = self._wanted[key]
        if one.key in ("entra", "console"):
            self._known_credential(one)
        present = self._present.get(key) or self._find(one)
        if present:
            self._ids[key] = present["id"]
            if key in self._foreign:
                self._leave(one, present)
                return self._ids[key]
            self._update(one, present)
        elif one.key in ("group", "inventory_source") and self._unsuitable(one):
            self._ids[key] = UNKNOWN
            return UNKNOWN
        else:
            present = self._create(one)
        self._present[key] = present
        if key == "project":
            self._update_project(present)
        self._associate(one, present)
        return self._ids[key]

    def _value(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self.ensure(value.key)
        if isinstance(value, Existing):
            return self._existing(value)["id"]
        return value

    def _existing(self, value: Existing) -> Item:
        return self._api.existing(value.resource, value.name, self._ids.get("organization"))

    def _find(self, one: Wanted) -> Item | None:
        within = {member: self._value(one.fields[member]) for member in one.within if member in one.fields}
        if UNKNOWN in within.values():
            return None
        found = self._api.find(one.resource, one.title, {"name": one.name, **within})
        if one.key == "execution_environment" and found:
            # Its name must be unique in all of AWX
            home = self.ensure("organization")
            if found["organization"] not in (None, home):
                one.name = f"{one.name} ({self._wanted['organization'].name})"
                found = self._api.find(one.resource, one.title, {"name": one.name})
        return found

    def _known_credential(self, one: Wanted) -> None:
        """Use an existing credential of this name regardless of its type, unless a variable sets the type."""
        if self._settings.get("entra_type") and one.key == "entra":
            one.within = ("organization", "credential_type")
            return
        names = [one.name]
        if one.key == "entra" and not self._settings.get("entra_credential"):
            names += [f"{one.name} {kind}" for kind in ("certificate", "workload identity")]
        home = self.ensure("organization")
        for name in names if home != UNKNOWN else ():
            found = self._api.find("credentials", f'credential "{name}"', {"name": name, "organization": home})
            if found:
                self._present[one.key] = found
                return

    # Creating and changing

    def _create(self, one: Wanted) -> Item:
        body = {"name": one.name, **one.fields, **one.named}
        body = {member: self._value(value) for member, value in body.items()}
        if one.variables:
            body["extra_vars"] = plan.variables(body["extra_vars"], one.variables)
        if one.resource == "job_templates":
            self._need_playbook(body)
        made = {**body, "id": UNKNOWN}
        if not self._check_mode:
            made = self._api.post(f"create {one.title}", one.resource, body)
        self._ids[one.key] = made["id"]
        self._created.add(one.key)
        self.changes.append(f"create {one.title}")
        if self._check_mode:
            return made
        if one.survey:
            self._api.post(f"store the survey of {one.title}", f"{one.resource}/{made['id']}/survey_spec", one.survey)
        if one.resource == "inventory_sources":
            started = self._api.post(f"update {one.title}", f"{one.resource}/{made['id']}/update", {})
            self._ended(
                f"inventory_updates/{started['inventory_update']}",
                one.title,
                "Correct install_inventory_source or the file",
            )
        return made

    def _update(self, one: Wanted, present: Item) -> None:
        named = {**one.fields, **one.named} if one.reset else one.named
        if one.resource == "credential_types":
            body = self._update_type(one, present)
        elif one.resource == "credentials":
            inputs = plan.inputs(present["inputs"], one.named.get("inputs") or {})
            body = {} if inputs is None else {"inputs": inputs}
        else:
            if one.resource == "job_templates":
                named = {**plan.lost(present, one.fields), **named}
            body = plan.different(present, {member: self._value(value) for member, value in named.items()})
        if one.variables or (one.reset and "extra_vars" in body):
            text = plan.variables(body.get("extra_vars") or present["extra_vars"], one.variables)
            body |= {} if text is None else {"extra_vars": text}
        if body:
            self.changes.append(f"set {', '.join(sorted(body))} of {one.title}")
            if not self._check_mode:
                present |= self._api.patch(f"change {one.title}", f"{one.resource}/{present['id']}", body)
        if one.survey:
            path = f"{one.resource}/{present['id']}/survey_spec"
            stored = self._api.get(path)
            if not stored.get("spec") or (one.reset and stored != one.survey):
                self.changes.append(f"store the survey of {one.title}")
                if not self._check_mode:
                    self._api.post(f"store the survey of {one.title}", path, one.survey)

    def _leave(self, one: Wanted, present: Item) -> None:
        """Warn if variables have no effect, because install.yml did not create the object."""
        named = {member: self._value(value) for member, value in one.named.items()}
        if plan.different(present, named):
            kind = one.resource.removesuffix("s").replace("_", " ")
            self.warnings.append(
                f'The templates use the {kind} "{present["name"]}", which install.yml did not create. The variables for'
                f" the {kind} have no effect on it."
            )

    def _update_type(self, one: Wanted, present: Item) -> Item:
        used = self._api.get("credentials", credential_type=present["id"], page_size=1)["count"] > 0
        body, lacking = plan.credential_type(present, one.fields, used)
        if lacking:
            self.warnings.append(
                f"{one.title} lacks the fields {', '.join(lacking)}. AWX does not allow changes to the fields of a"
                " credential type in use. To get them, set"
                f" install_{one.key.removeprefix('type_')}_credential_type to a new name, create a credential of the"
                " new type, and select it in the templates."
            )
        return body

    def _unsuitable(self, one: Wanted) -> bool:
        """Return whether the inventory cannot have groups and sources, because it is smart or constructed."""
        self.ensure("inventory")
        kind = self._present.get("inventory", {}).get("kind")
        if kind:
            self.warnings.append(
                f"The inventory is {kind}, so the {one.title} cannot be added. The hosts must be in that group."
            )
        return bool(kind)

    # Associations

    def _associate(self, one: Wanted, present: Item) -> None:
        listed = {name for name in (*one.lists, *one.named_lists) if one.lists.get(name) or one.named_lists.get(name)}
        for related in sorted(listed):
            path = f"{one.resource}/{present['id']}/{related}"
            have = [] if present["id"] == UNKNOWN else self._api.all(path)
            wanted = list(one.named_lists.get(related, []))
            if not have:
                wanted = [
                    *one.lists.get(related, []),
                    *(item for item in wanted if item not in one.lists.get(related, [])),
                ]
            if related == "credentials":
                add, remove = self._credentials(have, wanted)
            else:
                ids = [self._value(item) for item in wanted]
                add, remove = [number for number in ids if number not in {item["id"] for item in have}], []
            if add and one.key not in self._created:
                self.changes.append(f"add to {related.replace('_', ' ')} of {one.title}")
            if self._check_mode:
                continue
            for number in remove:
                self._api.post(f"change {related} of {one.title}", path, {"id": number, "disassociate": True})
            for number in add:
                self._api.post(f"change {related} of {one.title}", path, {"id": number})
        for role, actors in one.roles.items():
            self._grant(one, present, role, actors)

    def _credentials(self, have: list[Item], wanted: list[Any]) -> tuple[list[int], list[int]]:
        entra_types = {self._ids[key] for key in ("type_certificate", "type_workload_identity") if key in self._ids} | {
            self._existing(Existing("credential_types", BUILT_IN))["id"]
        }
        if self._settings.get("entra_type") and Ref("entra") not in wanted:
            kind = self._wanted["entra"].fields["credential_type"]
            if self._value(kind) not in {item["credential_type"] for item in have}:
                wanted = [Ref("entra"), *wanted]
        items = []
        for one in wanted:
            if isinstance(one, Ref):
                kind = self._wanted[one.key].fields["credential_type"]
                number = self.ensure(one.key)
                type_id = self._present.get(one.key, {}).get("credential_type") or self._value(kind)
                items.append({"id": number, "credential_type": type_id, "kind": "cloud"})
            else:
                items.append(self._existing(one))
        return plan.credentials(have, items, entra_types)

    def _grant(self, one: Wanted, present: Item, role: str, actors: dict[str, list[str]]) -> None:
        """Grant a role on an object to users and teams. No role is revoked."""
        for kind in ("users", "teams"):
            for name in actors.get(kind) or []:
                actor = self._existing(Existing(kind, str(name)))
                if present["id"] == UNKNOWN:
                    continue
                number = present["summary_fields"]["object_roles"][role]["id"]
                if actor["id"] not in {item["id"] for item in self._api.all(f"roles/{number}/{kind}")}:
                    self.changes.append(f"grant {role.removesuffix('_role')} on {one.title} to {name}")
                    if not self._check_mode:
                        self._api.post(f"grant {role} on {one.title}", f"roles/{number}/{kind}", {"id": actor["id"]})

    # The project

    def _update_project(self, project: Item) -> None:
        """Wait for a running update, or start one unless the last one succeeded. Raise Failed."""
        if self._check_mode or not project["scm_type"]:
            return
        project = self._api.get(f"projects/{project['id']}")
        running = project["summary_fields"].get("current_update") or project["summary_fields"].get("current_job")
        if not running and project["status"] == "successful":
            return
        if not running:
            self.changes.append("update the project")
        self._synchronize(project, running["id"] if running else None)

    def _synchronize(self, project: Item, running: int | None) -> None:
        title = f'project "{project["name"]}"'
        if running is None:
            running = self._api.post(f"update {title}", f"projects/{project['id']}/update", {})["project_update"]
        self._ended(
            f"project_updates/{running}",
            title,
            "Correct install_project_url, install_project_branch or install_project_credential",
        )

    def _ended(self, path: str, title: str, advice: str) -> None:
        update = self._api.wait(path, self._settings["update_timeout"])
        if update["status"] == "successful":
            return
        output = plan.output_of_failure(str(self._api.get(f"{path}/stdout", format="json").get("content", "")))
        reason = output or update.get("job_explanation") or update.get("result_traceback") or update["status"]
        raise Failed(f"AWX cannot update {title}: {reason} {advice}, then run the playbook again.")

    def _need_playbook(self, body: Item) -> None:
        """Update a project that lacks a playbook, as after an upgrade. Raise Failed if it is still missing."""
        number = body["project"]
        if number == UNKNOWN:
            return
        path = f"projects/{number}/playbooks"
        if body["playbook"] in self._api.get(path)["results"]:
            return
        project = self._api.get(f"projects/{number}")
        if not self._check_mode and project["scm_type"] and project["status"] not in RUNNING:
            self._synchronize(project, None)
        if body["playbook"] not in self._api.get(path)["results"]:
            raise Failed(
                f'The project "{project["name"]}" has no playbook {body["playbook"]}. Copy it from'
                " extensions/awx/project to the project's repository, then run the playbook again."
            )


def _resource(member: str) -> str:
    return {"inventory": "inventories"}.get(member, f"{member}s")
