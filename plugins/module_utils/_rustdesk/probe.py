# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Collect facts about a server's API for a bug report: harmless requests, and only the structure of the responses."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_structure
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import PROBES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

# A wrong verb is harmless too, and the response shows which verbs a path has (rustdesk-server-pro #236 [iss]).
ASKED = ("/api/login-options", "/api/oidc/login-options", "/api/oidc/auth", *(path for path, _type in PROBES))


def probe(connection: Connection, params: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return the response to each harmless request, without a session and, if the options allow a sign-in, with one."""
    seen = [_asked(connection, path) for path in ASKED]
    try:
        with signed_in({**params, "session": None, "keep_session": False}) as session:
            seen.append({"signed_in": session.console.type})
            seen += [{**_asked(session.connection, path), "signed_in": True} for path in ASKED]
    except SsoError as error:
        seen.append({"signed_in": False, "code": error.code, "status": error.status})
    return seen


def _asked(connection: Connection, path: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {"request": f"GET {path}"}
    try:
        response = connection.ask("GET", path, "Asking failed")
    except SsoError as error:
        return {**found, "answer": error.code or "no connection", **({"status": error.status} if error.status else {})}
    try:
        answer = json_structure.skeleton(response.json())
    except ValueError:
        answer = "not JSON" if response.content else "empty"
    return {
        **found,
        "status": response.status_code,
        "content_type": response.headers.get("Content-Type"),
        "allow": response.headers.get("Allow"),
        "answer": answer,
    }
