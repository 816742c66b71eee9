# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays of a caller that has the role among other tasks, and the facts that the role leaves for later tasks."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from support.controller import Run

ROLE = "deskops.rustdesk_sso.entra_oidc"


def play(*tasks: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    """Return a play on all servers with these tasks and keywords of a play."""
    return {"hosts": "rustdesk_servers", "gather_facts": False, "connection": "local", "tasks": list(tasks), **keywords}


def imported(**keywords: Any) -> dict[str, Any]:
    """Return the role as a task, with keywords of a task."""
    return {"name": "Sign-in with Microsoft", "ansible.builtin.import_role": {"name": ROLE}, **keywords}


def included(**keywords: Any) -> dict[str, Any]:
    """Return the role as a task included at run time; ``apply`` and ``tasks_from`` are passed to include_role."""
    options = {key: keywords.pop(key) for key in ("apply", "tasks_from") if key in keywords}
    return {"name": "Sign-in with Microsoft", "ansible.builtin.include_role": {"name": ROLE, **options}, **keywords}


def rescued(*tasks: dict[str, Any]) -> dict[str, Any]:
    """Tasks after which the caller continues, whatever their result."""
    rescue = {"name": "Continue", "ansible.builtin.debug": {"msg": "the caller continues"}}
    return {"name": "Try", "block": list(tasks), "rescue": [rescue]}


def noted(under: str = "noted") -> dict[str, Any]:
    """Return a task that prints, for `found`, the facts that the role has left on each server."""
    run = "{{ rustdesk_sso_run | default({}) | to_json | b64encode }}"
    return {"name": "Note", "ansible.builtin.debug": {"msg": f"NOTED {under} {{{{ inventory_hostname }}}} {run}"}}


def found(run: Run, server: str, under: str = "noted") -> dict[str, Any]:
    """Return the output of `noted` for a server: the fact ``rustdesk_sso_run``, empty if it does not exist."""
    (text,) = re.findall(rf'"msg": "NOTED {under} {re.escape(server)} ([\w+/=]+)"', run.output)
    return dict(json.loads(base64.b64decode(text)))
