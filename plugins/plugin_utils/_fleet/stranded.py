# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Remove client secrets that this run created but that reached no console, and report the result. Pure.

A client secret is removed only if the console was read afterwards and has another one or none, or if this run did not
start to write it. Otherwise it stays, and the server's message names it.
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

# The possible fates of a client secret that the run created
HELD, STRANDED, UNKNOWN = "held", "stranded", "unknown"


def may_be_due(registration: Result) -> bool:
    """Return whether ``registration`` created a client secret."""
    results = registration.get("applications") or []
    return any(_is_made(item) for result in results for item in result.get("client_secrets") or [])


def _is_made(secret: Result) -> bool:
    return secret.get("secret_text") not in (None, NOT_MADE)


def made(server: Server) -> Result:
    """Return the client secret that this run created for ``server``; empty if it created none, or only predicts it."""
    found = secret_of(server.declaration, result_of(server.declaration, server.registration) or {})
    return found if _is_made(found) else {}


def reading(server: Server) -> options.Options:
    """Return the options of rustdesk_oidc_provider_info that read the console after a failure; empty if not needed."""
    if not made(server) or not server.failure:
        return {}
    return {
        **server.declaration["console"],
        "name": server.declaration["provider_name"],
        "include_secrets": True,
    }


def fate(server: Server) -> str:
    """Return the fate of the client secret that this run created for ``server``; empty if it created none."""
    secret = made(server)
    if not secret:
        return ""
    if server.failure:
        found = _read(server.console_after, str(secret["secret_text"]))
        # Written, read back, and not replaced by this run since
        kept = "provider" in server.configured and not server.put_back
        return HELD if found == UNKNOWN and kept else found
    lost = server.configured.get("client_secret") or server.verified.get("holds_client_secret") is False
    return STRANDED if lost or not server.configured else HELD


def _read(console: Result, value: str) -> str:
    """Return the fate of the client secret ``value`` according to a reading of the console."""
    if not console.get("console_type"):
        return UNKNOWN
    provider: Result = next(iter(console.get("providers") or []), {})
    if provider and provider.get("client_secret_set") is None:
        return UNKNOWN
    return HELD if provider.get("client_secret") == value else STRANDED


def entries(servers: t.Iterable[Server]) -> list[Entry]:
    """Build the entries of O(applications) of entra_app that remove stranded client secrets; empty if none exist."""
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
    """Return the client secret that the console had at the last reading; empty if unknown."""
    provider: Result = next(iter(server.console_after.get("providers") or []), {})
    return usable(provider) or server.configured.get("client_secret") or ""


def is_taken_back(server: Server) -> bool:
    """Return whether the client secret that this run created for ``server`` was removed again."""
    found = secret_of(server.declaration, _result(server))
    left = [*(found.get("superseded") or []), found.get("key_id")]
    return bool(found and made(server)) and made(server)["key_id"] not in left


def _result(server: Server) -> Result:
    """Return the removing task's result for the application of ``server``, or the failure of the whole task."""
    application = (result_of(server.declaration, server.registration) or {}).get("application") or {}
    for item in server.taken_back.get("applications") or []:
        if (item.get("declared") or {}).get("object_id") == application.get("object_id"):
            return t.cast("Result", item)
    return failure_as_whole(server.taken_back)


def report(server: Server) -> str:
    """Report the fate of a client secret that did not reach its console, in sentences; empty if it did."""
    outcome, secret = fate(server), made(server)
    if outcome in ("", HELD):
        return ""
    name = f"{secret['name']} (key ID {secret['key_id']}, expires {secret['expires']})"
    if is_taken_back(server):
        return f"The new client secret {name} did not reach the console and was removed again."
    if outcome == UNKNOWN:
        why = server.console_after.get("msg") or "the console was not read"
        return f"The new client secret {name} was kept, because it is unknown whether the console has it: {why}"
    why = _result(server).get("msg") or "no request was sent to Entra"
    return f"The new client secret {name} did not reach the console and could not be removed again: {why}"
