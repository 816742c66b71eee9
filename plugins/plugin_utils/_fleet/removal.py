# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Taking servers out: what leaves each application, and which applications nobody uses any more. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    failure_as_whole,
    result_of,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Entry, Key, Result, Server, key


def _leaving(servers: t.Iterable[Server]) -> dict[Key, list[Server]]:
    """The servers that have no provider any more, by application."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        if not server.failure:
            found.setdefault(key(server.declaration), []).append(server)
    return found


def _named(server: Server) -> Entry:
    declaration = server.declaration
    return {
        **declaration["entra"],
        "tenant_id": declaration["tenant_id"],
        "unique_name": declaration["application"]["unique_name"],
        "wait_timeout": declaration["wait_timeout"],
    }


def removals(servers: t.Iterable[Server]) -> list[Entry]:
    """The entries of O(applications) of entra_app that take redirect URIs and client secrets of ``servers`` out, except
    those that another host declares."""
    return [
        {
            **_named(members[0]),
            "create": False,
            "web_redirect_uris": {"remove": sorted({uri for server in members for uri in _redirect_uris(server)})},
            "client_secrets": [_absent(server) for server in members if _gives_up_secret(server)],
        }
        for members in _leaving(servers).values()
    ]


def _redirect_uris(server: Server) -> list[str]:
    """The redirect URIs that leave: former ones, where these are named, else that of the server."""
    declaration = server.declaration
    own = [] if declaration["claims"]["redirect_uri"] else [declaration["callback_url"]]
    return declaration["remove_redirect_uris"] or own


def _gives_up_secret(server: Server) -> bool:
    return not server.declaration["claims"]["client_secret"] and not server.declaration["remove_redirect_uris"]


def _absent(server: Server) -> Entry:
    """The client secrets of ``server``, and the one that its console has held under another name of the same form."""
    name, others = server.declaration["client_secret"]["name"], server.declaration["other_holders"]
    prefix, found, suffix = (re.sub(r"([*?[])", r"[\1]", part) for part in name.partition(server.name))
    known = {"held": server.held, "held_names": [f"{prefix}*{suffix}"], "other_holders": others}
    return {"name": name, "state": "absent", **(known if found and server.held and others is not None else {})}


def deletions(servers: t.Iterable[Server]) -> list[Entry]:
    """The entries that delete the applications in which neither a redirect URI nor a live client secret is left, and
    that no other host declares, where that is asked for."""
    return [
        {**_named(members[0]), "state": "absent"}
        for members in _leaving(servers).values()
        if all(_may_go(server) for server in members) and _unused(members[0])
    ]


def _may_go(server: Server) -> bool:
    declaration = server.declaration
    stays = declaration["claims"]["application"] or declaration["remove_redirect_uris"]
    return declaration["remove_unused_app"] and not stays


def _unused(server: Server) -> bool:
    left = result_of(server.declaration, server.registration) or {}
    application = left.get("application") or {}
    empty = application.get("web_redirect_uris") == [] and left.get("other_client_secrets") == []
    return empty and not left.get("failed")


def error(server: Server, *results: Result) -> str:
    """Why the application of ``server`` is not as it should be after these results of entra_app; empty where it is."""
    for result in results:
        found = result_of(server.declaration, result) or failure_as_whole(result)
        if found.get("failed"):
            return str(found.get("msg"))
    return ""
