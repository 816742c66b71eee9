# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Client secrets that this run has made and that reached no console: which are taken back, and what is told. Pure.

One is only taken back if the console was read afterwards and has another one or none, or if this run has not begun to
write it. Else it stays, and the message of the server names it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import NOT_MADE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    failure_as_whole,
    result_of,
    secret_of,
    signs_in,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import (
    Entry,
    Key,
    Result,
    Server,
    key,
    usable,
)

# What became of the client secret that the run has made
HELD, STRANDED, UNKNOWN = "held", "stranded", "unknown"


def may_be_due(registration: Result) -> bool:
    """Whether ``registration`` has made a client secret."""
    results = registration.get("applications") or []
    return any(_is_made(item) for result in results for item in result.get("client_secrets") or [])


def _is_made(secret: Result) -> bool:
    return secret.get("secret_text") not in (None, NOT_MADE)


def made(server: Server) -> Result:
    """The client secret that this run has made for ``server``; empty if it has made none, or only predicts it."""
    found = secret_of(server.declaration, result_of(server.declaration, server.registration) or {})
    return found if _is_made(found) else {}


def reading(server: Server) -> options.Options:
    """The options of rustdesk_oidc_provider_info that read the console after a failure; empty if there is no need."""
    if not made(server) or not server.failure:
        return {}
    return {
        **server.declaration["console"],
        "name": server.declaration["provider_name"],
        "include_secrets": True,
    }


def fate(server: Server) -> str:
    """What became of the client secret that this run has made for ``server``; empty if it has made none."""
    secret = made(server)
    if not secret:
        return ""
    if server.failure:
        found = _read(server.console_after, str(secret["secret_text"]))
        # Written and read back, and not replaced since by this run
        kept = "provider" in server.configured and not server.put_back
        return HELD if found == UNKNOWN and kept else found
    lost = server.configured.get("client_secret") or server.verified.get("holds_client_secret") is False
    return STRANDED if lost or not server.configured else HELD


def _read(console: Result, value: str) -> str:
    """The same by a reading of the console."""
    if not console.get("console_type"):
        return UNKNOWN
    provider: Result = next(iter(console.get("providers") or []), {})
    if provider and provider.get("client_secret_set") is None:
        return UNKNOWN
    return HELD if provider.get("client_secret") == value else STRANDED


def entries(servers: t.Iterable[Server]) -> list[Entry]:
    """The entries of O(applications) of entra_app that take back what is stranded; empty where nothing is."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        if fate(server) == STRANDED:
            found.setdefault(key(server.declaration), []).append(server)
    return [_entry(members) for members in found.values()]


def _entry(members: t.Sequence[Server]) -> Entry:
    known = result_of(members[0].declaration, members[0].registration) or {}
    return {
        **signs_in(members[0]),
        "object_id": known["application"]["object_id"],
        "client_secrets": [
            {
                **server.declaration["client_secret"],
                "state": "retire",
                "held": _held(server),
                "stray_key_ids": [made(server)["key_id"]],
            }
            for server in members
        ],
        "retire_superseded": False,
        "verify_held": "never",
    }


def _held(server: Server) -> str:
    """The client secret that the console has by the last reading, as far as it was told."""
    provider: Result = next(iter(server.console_after.get("providers") or []), {})
    return usable(provider) or server.configured.get("client_secret") or ""


def is_taken_back(server: Server) -> bool:
    """Whether the client secret that this run has made for ``server`` was removed again."""
    found = secret_of(server.declaration, _result(server))
    left = [*(found.get("superseded") or []), found.get("key_id")]
    return bool(found and made(server)) and made(server)["key_id"] not in left


def _result(server: Server) -> Result:
    """The part of the task that takes back that concerns ``server``, or its failure as a whole."""
    application = (result_of(server.declaration, server.registration) or {}).get("application") or {}
    for item in server.taken_back.get("applications") or []:
        if (item.get("declared") or {}).get("object_id") == application.get("object_id"):
            return t.cast("Result", item)
    return failure_as_whole(server.taken_back)


def told(server: Server) -> str:
    """What became of a client secret that did not reach its console, in sentences; empty where it did."""
    outcome, secret = fate(server), made(server)
    if outcome in ("", HELD):
        return ""
    name = f"{secret['name']} (key ID {secret['key_id']}, expires {secret['expires']})"
    if is_taken_back(server):
        return f"The new client secret {name} did not reach the console and was removed again."
    if outcome == UNKNOWN:
        why = server.console_after.get("msg") or "the console was not read"
        return f"The new client secret {name} stays, because it is unknown whether the console has it: {why}"
    why = _result(server).get("msg") or "Entra was not asked"
    return f"The new client secret {name} did not reach the console and could not be removed again: {why}"
