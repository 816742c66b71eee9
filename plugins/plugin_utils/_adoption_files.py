# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The inventory's files that describe the servers of _adoption, and what to say of each server; pure."""

from __future__ import annotations

import json
import re
import typing as t

import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._adoption import FOUND, UNDECIDED, Server, Variables

GROUP = "rustdesk_servers"
GROUP_FILE = f"group_vars/{GROUP}/rustdesk_sso.yml"
# Each server's own, even where there is only one server.
OF_SERVER = ("rustdesk_sso_public_url",)
HEAD = """\
---
# {of}: what its console and Entra held when the playbook adopt.yml looked at them.
# Yours to change; adopt.yml leaves this file alone from now on.
"""
# A comment above the variable of this name.
ABOVE = {
    "rustdesk_sso_tenant_id": "The tenant whose users sign in.",
    "rustdesk_sso_app_id": (
        "The application that was made by hand: taken over as it is, and found by its unique name from then on."
    ),
    "rustdesk_sso_provider_name": "The provider in the console. Users are linked to its name: better not change it.",
    "rustdesk_sso_public_url": "Where users reach the console.",
}
MARKUP = re.compile(r"{(?=[{%#])")


def host_file(server: str) -> str:
    """Where a server's own variables are, below the inventory's folder."""
    return f"host_vars/{server}/rustdesk_sso.yml"


def outcome(servers: t.Sequence[Server], existing: t.Collection[str], whole: bool, predicted: bool) -> dict[str, t.Any]:
    """For each server its ``state``, the ``messages`` to show and the ``files`` to write, as path and text.

    ``existing`` are the files that are there and stay as they are. What all servers have in common goes to the group,
    where the group was looked at as a ``whole`` and everything in it was decided: a server of which nothing is known
    must not get another one's application by it. ``predicted`` only changes the words.
    """
    found = [server for server in servers if server.state == FOUND]
    common: Variables = {}
    if found and whole and GROUP_FILE not in existing and all(server.state != UNDECIDED for server in servers):
        common = {
            key: value
            for key, value in found[0].variables.items()
            if key not in OF_SERVER and all(server.variables.get(key) == value for server in found)
        }
    result: dict[str, t.Any] = {}
    for server in servers:
        files: dict[str, str] = {}
        messages = [*server.notes]
        if server.state == FOUND:
            own = {key: value for key, value in server.variables.items() if key not in common}
            path = host_file(server.name)
            if path in existing:
                messages.append(f"{path} was there already and stays as it is; adopt_overwrite replaces it")
            elif own:
                files[path] = _text(server.name, own)
            if common and server is found[0]:
                files[GROUP_FILE] = _text(f"All of {GROUP}", common)
            if files:
                messages.append(f"{'To be written' if predicted else 'Written'}: {', '.join(files)}")
        # A name may hold what Ansible would take for a template.
        shown = [MARKUP.sub("{ ", message) for message in messages]
        result[server.name] = {"state": server.state, "messages": shown, "files": files}
    return result


def _text(of: str, variables: Variables) -> str:
    lines = [HEAD.format(of=of)]
    for key, value in variables.items():
        if key in ABOVE:
            lines.append(f"# {ABOVE[key]}\n")
        lines.append(_line(key, value))
    return "".join(lines)


def _line(key: str, value: t.Any) -> str:
    """One variable as YAML. A value that Ansible would take for a template is marked as none."""
    if isinstance(value, str) and MARKUP.search(value):
        return f"{key}: !unsafe {json.dumps(value, ensure_ascii=False)}\n".replace("{", r"\x7b")
    # Ansible marks texts by types of its own.
    plain = str.__str__(value) if isinstance(value, str) else value
    return yaml.safe_dump({key: plain}, allow_unicode=True, width=1000)
