# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of AWX and its responses to requests, independent of HTTP except for methods, paths, queries and
statuses.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import rules
from .resources import CASCADES, MANAGED, OWN, RESOURCES, ROLES, UNIFIED
from .rules import Forbidden, Refused, refuse_unless
from .updates import Updates

PREFIX = "/api/v2/"
ENCRYPTED = "$encrypted$"
PAGE = 25
Item = dict[str, Any]
Answer = tuple[int, Any]


class NotFound(Exception):
    """No such object or list exists."""


class Api:
    """The objects. ``repositories`` maps a project's ``scm_url`` to the folder with its content."""

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.items: dict[str, dict[int, Item]] = {name: {} for name in RESOURCES}
        # The IDs in each list of an object, by the object's ID and the name of the list
        self.lists: dict[tuple[int, str], list[int]] = {}
        self.surveys: dict[int, Item] = {}
        self.tokens: dict[int, str] = {}
        self.updates = Updates(repositories)
        # The IDs of users and teams that have a role, by the role's ID and the type of the holder
        self.granted: dict[tuple[int, str], list[int]] = {}
        self._last = 0
        for managed in MANAGED:
            self._store("credential_types", {**RESOURCES["credential_types"].members, **managed, "managed": True})

    def next_id(self) -> int:
        """Return a new ID, unique among all objects. AWX counts per resource, but counts all templates of jobs
        together.
        """
        self._last += 1
        return self._last

    def answer(self, method: str, path: str, query: dict[str, str], body: Item) -> Answer:
        """Return the status and JSON of a request below /api/v2. Raises NotFound and Refused."""
        parts = path.removeprefix(PREFIX).strip("/").split("/")
        if parts[0] in ("project_updates", "inventory_updates"):
            return 200, self.updates.stdout(int(parts[1])) if len(parts) == 3 else self.updates.ask(int(parts[1]))
        if parts[0] == "roles" and len(parts) == 3:
            return self._role(method, int(parts[1]), parts[2], query, body, path)
        if parts == ["unified_job_templates"]:
            found = [self.shown(name, item) for name in UNIFIED for item in self.items[name].values()]
            return 200, _page(_filtered(found, query), query, path)
        if parts[0] not in RESOURCES:
            raise NotFound(path)
        if len(parts) == 1:
            return self._collection(method, parts[0], query, body, path)
        item = self.items[parts[0]].get(int(parts[1])) if parts[1].isdigit() else None
        if item is None:
            raise NotFound(path)
        if len(parts) == 2:
            return self._object(method, parts[0], item, body)
        return self._related(method, parts[0], item, parts[2], query, body, path)

    def _collection(self, method: str, name: str, query: dict[str, str], body: Item, path: str) -> Answer:
        if method == "GET":
            found = [self.shown(name, item) for item in self.items[name].values()]
            return 200, _page(_filtered(found, query), query, path)
        resource = RESOURCES[name]
        references = dict.fromkeys(resource.references)
        item = {**copy.deepcopy(resource.members), **references, **self._taken(name, body)}
        for member in resource.required:
            refuse_unless(item[member] not in (None, ""), member, "This field is required.")
        self._check(name, item, None)
        self._store(name, item)
        if name == "projects" and item["scm_type"]:
            self.updates.start(self.next_id(), item)
        return 201, self.shown(name, item)

    def _object(self, method: str, name: str, item: Item, body: Item) -> Answer:
        if method == "PATCH":
            changed = {**item, **self._taken(name, body)}
            self._check(name, changed, item)
            moved = name == "projects" and any(changed[one] != item[one] for one in ("scm_url", "scm_branch"))
            item.update(changed)
            if moved:
                self.updates.start(self.next_id(), item)
        if method == "DELETE":
            self._delete(name, item)
            return 204, None
        return 200, self.shown(name, item)

    def _related(
        self, method: str, name: str, item: Item, related: str, query: dict[str, str], body: Item, path: str
    ) -> Answer:
        resource = RESOURCES[name]
        if related == "survey_spec" and resource.survey:
            if method == "POST":
                rules.survey(body)
            if method != "GET":
                self.surveys[item["id"]] = body
            return 200, self.surveys.get(item["id"], {}) if method == "GET" else {}
        if related == "playbooks" and name == "projects":
            return 200, self.updates.playbooks(item)
        if related == "update" and name in ("projects", "inventory_sources") and method == "POST":
            source = item if name == "projects" else {**item, **self.items["projects"][item["source_project"]]}
            number = self.updates.start(self.next_id(), {**source, "id": item["id"]}, item.get("source_path", ""))
            return 202, {"id": number, "project_update": number, "inventory_update": number, "status": "pending"}
        if related == "launch" and name in ("job_templates", "workflow_job_templates") and method == "POST":
            rules.answers(self._survey_of(item), body.get("extra_vars", {}))
            return 201, {"id": self.next_id()}
        if related == "create_approval_template" and name == "workflow_job_template_nodes" and method == "POST":
            made = {**RESOURCES["workflow_approval_templates"].members, **body}
            self._store("workflow_approval_templates", made)
            item["unified_job_template"] = made["id"]
            return 201, self.shown("workflow_approval_templates", made)
        if related not in resource.lists:
            raise NotFound(path)
        listed = self.lists.setdefault((item["id"], related), [])
        target = resource.lists[related]
        if method == "GET":
            return 200, _page([self.shown(target, self.items[target][number]) for number in listed], query, path)
        refuse_unless(body.get("id") in self.items[target], "id", "No such object")
        if body.get("disassociate"):
            listed.remove(body["id"])
        else:
            self._associable(item, related, self.items[target][body["id"]], listed)
            listed.append(body["id"])
        return 204, None

    def _role(self, method: str, number: int, kind: str, query: dict[str, str], body: Item, path: str) -> Answer:
        """List the users or teams that have a role, or grant it."""
        granted = self.granted.setdefault((number, kind), [])
        if method == "GET":
            return 200, _page([self.shown(kind, self.items[kind][one]) for one in granted], query, path)
        refuse_unless(body.get("id") in self.items[kind], "id", "No such object")
        granted.append(body["id"])
        return 204, None

    def _delete(self, name: str, item: Item) -> None:
        """Delete an object with its dependents, and remove it from all lists."""
        if name == "credential_types":
            used = any(one["credential_type"] == item["id"] for one in self.items["credentials"].values())
            if used:
                raise Forbidden("Credential types that are in use cannot be deleted")
        for part, member in CASCADES.get(name, ()):
            for one in [one for one in self.items[part].values() if one[member] == item["id"]]:
                self._delete(part, one)
        del self.items[name][item["id"]]
        for resource, items in self.items.items():
            for member in [one for one, target in RESOURCES[resource].references.items() if target == name]:
                for other in items.values():
                    other[member] = None if other.get(member) == item["id"] else other.get(member)
        for (_owner, related), listed in self.lists.items():
            if related.endswith(name) and item["id"] in listed:
                listed.remove(item["id"])

    def _survey_of(self, item: Item) -> Item:
        return self.surveys.get(item["id"], {}) if item["survey_enabled"] else {}

    def _associable(self, item: Item, related: str, other: Item, listed: list[int]) -> None:
        """Refuse a second credential of the same type, and a type that jobs cannot use."""
        if related != "credentials" or "playbook" not in item:
            return
        types = [self.items["credentials"][number]["credential_type"] for number in listed]
        refuse_unless(other["credential_type"] not in types, "error", "Cannot assign multiple credentials of a type.")
        kind = self.items["credential_types"][other["credential_type"]]["kind"]
        usable = kind in ("ssh", "vault", "cloud", "net", "kubernetes")
        refuse_unless(usable, "error", f"Cannot assign a Credential of kind `{kind}`.")

    def _taken(self, name: str, body: Item) -> Item:
        """Return the members that a request may set. Refuses unknown members and references to missing objects."""
        resource = RESOURCES[name]
        known = {*resource.members, *resource.references}
        for member, value in body.items():
            refuse_unless(member in known | OWN, member, "Unknown field")
            target = resource.references.get(member)
            if target and value is not None:
                names = UNIFIED if target == "unified_job_templates" else (target,)
                good = any(value in self.items[one] for one in names)
                refuse_unless(good, member, f'Invalid pk "{value}" - object does not exist.')
        taken = {member: value for member, value in body.items() if member in known}
        # A null for a member that cannot be null means its default: awx.awx sends one for an inventory's kind.
        return {
            member: resource.members[member] if value is None and member in resource.members else value
            for member, value in taken.items()
        }

    def _check(self, name: str, item: Item, before: Item | None) -> None:
        """Raise Refused for a new or changed object that AWX would not store."""
        unique = RESOURCES[name].unique
        for other in self.items[name].values():
            same = unique and other is not before and all(other[member] == item[member] for member in unique)
            refuse_unless(not same, "__all__", f"{name} with this {unique} combination already exists.")
        rules.variables(item.get("variables") or "")
        if name == "credential_types":
            rules.credential_type(item["inputs"], item["injectors"])
            used = any(one["credential_type"] == item.get("id") for one in self.items["credentials"].values())
            if before and used and before["inputs"] != item["inputs"]:
                raise Forbidden("Modifications to inputs are not allowed for credential types that are in use")
        elif name == "credentials":
            known = {field["id"] for field in self._fields(item)}
            refuse_unless(known >= set(item["inputs"]), "inputs", "Additional properties are not allowed")
            for secret in self._secrets(item):
                if item["inputs"].get(secret) == ENCRYPTED:
                    item["inputs"][secret] = (before or item)["inputs"][secret]
        elif name == "job_templates":
            good = item["inventory"] or item["ask_inventory_on_launch"]
            refuse_unless(good, "inventory", "Job Template must provide 'inventory' or allow prompting for it.")
            found = item["playbook"] in self.updates.playbooks(self.items["projects"][item["project"]])
            refuse_unless(found, "playbook", "Playbook not found for project.")
        elif name == "schedules":
            rules.schedule(item["rrule"])
            started = item["unified_job_template"]
            template = self.items["job_templates"].get(started) or self.items["workflow_job_templates"].get(started)
            rules.answers(self._survey_of(template) if template else {}, item["extra_data"])
        elif name in ("groups", "inventory_sources"):
            kind = self.items["inventories"][item["inventory"]]["kind"]
            what = "Group" if name == "groups" else "Inventory Source"
            refuse_unless(not kind, "detail", f"Cannot create {what} for Smart or Constructed Inventories")

    def _store(self, name: str, item: Item) -> None:
        item["id"] = self.next_id()
        self.items[name][item["id"]] = item

    def _fields(self, credential: Item) -> list[Item]:
        return list(self.items["credential_types"][credential["credential_type"]]["inputs"].get("fields", []))

    def _secrets(self, credential: Item) -> list[str]:
        return [field["id"] for field in self._fields(credential) if field.get("secret")]

    def _summarize(self, name: str, item: Item, summary: Item) -> None:
        """Add the summary of related objects."""
        if name in ROLES:
            # One number for each role of each object
            numbers = {role: item["id"] * 100 + place for place, role in enumerate(ROLES[name])}
            summary["object_roles"] = {role: {"id": number} for role, number in numbers.items()}
        if name == "job_templates":
            listed = self.lists.get((item["id"], "credentials"), [])
            summary["credentials"] = [{"id": number} for number in listed]

    def shown(self, name: str, item: Item) -> Item:
        """Return an object as a response shows it, without a credential's secrets."""
        shown = copy.deepcopy(item)
        shown |= {"type": RESOURCES[name].type, "url": f"{PREFIX}{name}/{item['id']}/", "summary_fields": {}}
        shown["related"] = {related: f"{shown['url']}{related}/" for related in RESOURCES[name].lists}
        if RESOURCES[name].survey:
            shown["related"]["survey_spec"] = f"{shown['url']}survey_spec/"
        if name == "credential_types":
            shown.setdefault("managed", False)
        self._summarize(name, item, shown["summary_fields"])
        if name == "projects":
            shown["scm_revision"] = ""
            shown["status"] = self.updates.status(item)
            if current := self.updates.current(item):
                shown["summary_fields"]["current_update"] = {"id": current}
        if name == "workflow_job_template_nodes":
            for when in ("success", "failure", "always"):
                shown[f"{when}_nodes"] = list(self.lists.get((item["id"], f"{when}_nodes"), []))
        if name == "workflow_job_template_nodes" and item["unified_job_template"]:
            home = next(one for one in UNIFIED if item["unified_job_template"] in self.items[one])
            shown["related"]["unified_job_template"] = f"{PREFIX}{home}/{item['unified_job_template']}/"
        if name == "credentials":
            shown["kind"] = self.items["credential_types"][item["credential_type"]].get("namespace", "")
            for secret in self._secrets(item):
                if shown["inputs"].get(secret):
                    shown["inputs"][secret] = ENCRYPTED
        return shown


def _filtered(items: list[Item], query: dict[str, str]) -> list[Item]:
    """Return the objects that the query of a list selects. Raises Refused for an unknown member."""
    wanted = {key: value for key, value in query.items() if key not in ("page", "page_size", "order_by")}
    either = {key.removeprefix("or__"): wanted.pop(key) for key in list(wanted) if key.startswith("or__")}
    for key in (*wanted, *either):
        known = not items or any(key.partition("__")[0] in item for item in items)
        refuse_unless(known and re.fullmatch(r"[a-z_]+", key), "detail", f"The list has no field named '{key}'")
    found = [item for item in items if all(str(item.get(key)) == value for key, value in wanted.items())]
    if either:
        found = [item for item in found if any(str(item.get(key)) == value for key, value in either.items())]
    return found


def _page(found: list[Item], query: dict[str, str], path: str) -> Item:
    page = int(query.get("page", 1))
    more = f"{path}?{urlencode({**query, 'page': page + 1})}" if len(found) > page * PAGE else None
    shown = found[(page - 1) * PAGE : page * PAGE]
    return {"count": len(found), "next": more, "previous": None, "results": shown}


__all__ = ["Api", "NotFound", "Refused"]
