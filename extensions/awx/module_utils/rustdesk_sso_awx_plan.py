# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide how to change existing objects in AWX without reverting administrators' changes. Pure functions."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

Item = dict[str, Any]
# AWX shows this text instead of a stored secret
ENCRYPTED = "$encrypted$"


def different(present: Item, named: Item) -> Item:
    """Return the members of ``named`` whose values differ in ``present``, as the body of a PATCH."""
    return {member: value for member, value in named.items() if present.get(member) != value}


def lost(present: Item, fields: Item) -> Item:
    """Return the members that a job template lost because its inventory or project was deleted."""
    members = {"project", "playbook"} if not present["project"] else set()
    if not present["inventory"] and not present.get("ask_inventory_on_launch"):
        members.add("inventory")
    return {member: value for member, value in fields.items() if member in members}


def inputs(present: Item, named: Item) -> Item | None:
    """Return the inputs of a credential with those that variables name, or None if nothing changes.

    A stored secret is never replaced, because AWX does not show it and it cannot be compared.
    """
    kept = {name for name, value in present.items() if value == ENCRYPTED}
    changed = {**present, **{name: value for name, value in named.items() if name not in kept}}
    return None if changed == present else changed


def variables(text: str, wanted: Item) -> str | None:
    """Return the extra variables of a template with those of ``wanted``, or None if nothing changes.

    ``text`` is JSON or YAML, as it was entered in AWX. Comments are kept if variables are only added.
    """
    present = yaml.safe_load(text) if text.strip() else {}
    present = present if isinstance(present, dict) else {}
    missing = {name: value for name, value in wanted.items() if name not in present}
    if not different(present, wanted):
        return None
    if text.lstrip().startswith("{") or not present:
        return json.dumps({**present, **wanted})
    if len(missing) == len(different(present, wanted)):
        return f"{text.rstrip()}\n" + yaml.safe_dump(missing, sort_keys=False)
    return str(yaml.safe_dump({**present, **wanted}, sort_keys=False))


def credentials(present: list[Item], named: list[Item], entra_types: set[int]) -> tuple[list[int], list[int]]:
    """Return the IDs of the credentials to add to and remove from a template so that it has all of ``named``.

    AWX allows one credential per type (but several for Ansible Vault), and a job should have only one for Entra, so a
    named credential replaces the present one. Each item has ``id``, ``credential_type`` and ``kind``.
    """
    have = {item["id"] for item in present}
    add = [item for item in named if item["id"] not in have]
    remove = []
    for old in present:
        if old["kind"] == "vault" or old["id"] in {item["id"] for item in named}:
            continue
        for new in add:
            same = old["credential_type"] == new["credential_type"]
            if same or {old["credential_type"], new["credential_type"]} <= entra_types:
                remove.append(old["id"])
                break
    return [item["id"] for item in add], remove


def _fields(content: Item) -> dict[str, Item]:
    return {one["id"]: one for one in content.get("fields", [])}


def credential_type(present: Item, wanted: Item, in_use: bool) -> tuple[Item, list[str]]:
    """Return the body of a PATCH that completes a credential type, and the IDs of fields that cannot be added.

    AWX refuses changes to the inputs of a credential type in use [src: awx/api/serializers.py,
    CredentialTypeSerializer.validate]. Injectors can always be changed. Administrators' additions are kept.
    """
    have = _fields(present.get("inputs") or {})
    missing = [one for name, one in _fields(wanted["inputs"]).items() if name not in have]
    body: Item = {}
    if missing and not in_use:
        body["inputs"] = {**present["inputs"], "fields": [*(present["inputs"].get("fields") or []), *missing]}
        have |= {one["id"]: one for one in missing}
        missing = []
    lacking = [one["id"] for one in missing]
    injectors = dict(present.get("injectors") or {})
    for section, templates in wanted["injectors"].items():
        existing = injectors.get(section, {})
        added = {
            name: template
            for name, template in templates.items()
            if name not in existing and not any(re.search(rf"\b{field}\b", template) for field in lacking)
        }
        if added:
            injectors[section] = {**existing, **added}
    if injectors != (present.get("injectors") or {}):
        body["injectors"] = injectors
    return body, lacking


def output_of_failure(text: str) -> str:
    """Return the error in the output of a failed update, in one line of at most 600 characters."""
    plain = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "ERROR", "[ERROR]", "failed:"))]
    chosen = " ".join(telling or lines[-5:])
    return chosen if len(chosen) <= 600 else f"{chosen[:600]} ..."
