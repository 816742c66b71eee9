# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build the inventory files of adopted servers, and report the findings for each server. Pure."""

from __future__ import annotations

import json
import re
import typing as t

import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.adoption import (
    FOUND,
    UNDECIDED,
    Adopted,
    Variables,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import GROUP

# Variables that are always set per server, even for a single server
OF_SERVER = ("rustdesk_sso_public_url",)
HEAD = """\
---
# {of}: written by adopt.yml from the console and from Entra.
# You can edit this file: adopt.yml does not change it again unless adopt_overwrite is true.
"""
# The comment above a variable
ABOVE = {
    "rustdesk_sso_tenant_id": "The tenant whose users sign in.",
    "rustdesk_sso_app_id": "The application that was created by hand. Once adopted, it is found by its unique name.",
    "rustdesk_sso_provider_name": "The provider in the console. Users are linked to its name, so do not change it.",
    "rustdesk_sso_public_url": "The address at which users reach the console.",
}
MARKUP = re.compile(r"{(?=[{%#])")


class Outcome(t.TypedDict):
    """The outcome for one server: its ``state``, a message in one line, and the texts of its ``files`` by path."""

    state: str
    message: str
    files: dict[str, str]


def group_file(group: str) -> str:
    """Return the path of all servers' variables, relative to the inventory's directory."""
    return f"group_vars/{group}/rustdesk_sso.yml"


def host_file(server: str) -> str:
    """Return the path of a server's own variables, relative to the inventory's directory."""
    return f"host_vars/{server}/rustdesk_sso.yml"


def outcomes(
    servers: t.Sequence[Adopted],
    existing: t.Collection[str],
    *,
    whole: bool,
    check_mode: bool,
    group: str = GROUP,
) -> dict[str, Outcome]:
    """Return the outcome of each server by name. ``existing`` are files that exist and are left unchanged.

    Variables that all servers have in common go to their ``group``, if the servers are the ``whole`` group and each of
    them was decided. An undecided server must not inherit another server's application from the group.
    """
    found = [server for server in servers if server.state == FOUND]
    common: Variables = {}
    if found and whole and group_file(group) not in existing and all(server.state != UNDECIDED for server in servers):
        common = {
            key: value
            for key, value in found[0].variables.items()
            if key not in OF_SERVER and all(server.variables.get(key) == value for server in found)
        }
    result: dict[str, Outcome] = {}
    for server in servers:
        files: dict[str, str] = {}
        notes = [*server.notes]
        if server.state == FOUND:
            own = {key: value for key, value in server.variables.items() if key not in common}
            path = host_file(server.name)
            if path in existing:
                notes.append(f"{path} exists and is left unchanged; set adopt_overwrite to true to replace it")
            elif own:
                files[path] = _text(server.name, own)
            if common and server is found[0]:
                files[group_file(group)] = _text(f"All of {group}", common)
            if files:
                notes.append(f"{'To be written' if check_mode else 'Written'}: {', '.join(files)}")
        elif server.state == UNDECIDED:
            notes.append("No file was written for this server")
        message = " ".join(f"{note.rstrip('.')}." for note in notes)
        result[server.name] = {"state": server.state, "message": message, "files": files}
    return result


def _text(of: str, variables: Variables) -> str:
    lines = [HEAD.format(of=of)]
    for key, value in variables.items():
        if key in ABOVE:
            lines.append(f"# {ABOVE[key]}\n")
        lines.append(_line(key, value))
    return "".join(lines)


def _line(key: str, value: t.Any) -> str:
    """Return one variable as YAML. A value that looks like a template is marked as unsafe, so Ansible keeps it."""
    if isinstance(value, str) and MARKUP.search(value):
        return f"{key}: !unsafe {json.dumps(value, ensure_ascii=False)}\n".replace("{", r"\x7b")
    return yaml.safe_dump({key: value}, allow_unicode=True, width=1000)
