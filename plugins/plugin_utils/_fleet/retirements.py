# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Select the superseded client secrets to remove. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    callback_urls,
    result_of,
    retires,
    secret_of,
    share,
    signs_in,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Entry, Key, Result, Server, key


def may_retire(registration: Result, *, predicted: bool) -> bool:
    """Return whether part of an application is to be retired after ``registration``; see retirements()."""
    results = registration.get("applications") or []
    return any(retires(item, predicted) for item in results if not item.get("failed"))


def retirements(servers: t.Sequence[Server], *, predicted: bool) -> list[Entry]:
    """Build the entries of O(applications) of entra_app that remove superseded client secrets.

    They also restore redirect URIs that another run has removed meanwhile. Only servers take part whose sign-in is
    verified and whose console still holds the verified client secret. ``predicted`` is check mode, in which no console
    holds the client secret that a run would write. Empty if nothing is to be done.
    """
    entries = []
    for members in _verified(servers).values():
        found = result_of(members[0].declaration, members[0].registration) or {}
        if not retires(found, predicted):
            continue
        entries.append(
            {
                **signs_in(members[0]),
                "object_id": found["application"]["object_id"],
                "web_redirect_uris": {"add": callback_urls(members)},
                "client_secrets": [
                    {
                        **server.declaration["client_secret"],
                        "state": "retire",
                        **_holds(server, found),
                        "stray_key_ids": _outrun(secret_of(server.declaration, found)),
                    }
                    for server in members
                    if predicted or server.verified.get("holds_client_secret")
                ],
                "verify_held": "never",
            }
        )
    return entries


def _outrun(secret: Result) -> list[str]:
    """Return the key IDs of client secrets that other runs created and can no longer write to the console.

    They cannot because the console holds the one that this run created. While it still holds the former one, another
    run may be about to replace it.
    """
    return list(secret.get("strays") or []) if secret.get("decision") in ("created", "renewed") else []


def _holds(server: Server, found: Result) -> Entry:
    """Return which client secret the console holds: that of the registration, unless another run was faster."""
    anothers = server.configured.get("client_secret")
    return {"held": anothers} if anothers else {"held_key_id": secret_of(server.declaration, found).get("key_id")}


def _verified(servers: t.Iterable[Server]) -> dict[Key, list[Server]]:
    """Return the servers that passed the verification, by application."""
    found: dict[Key, list[Server]] = {}
    for server in servers:
        # Null if sign-in could not be verified, because the provider is disabled or in check mode
        reached = server.verified.get("verified", False) is not False and not server.verified.get("failed")
        if reached and not server.failure and not share(server)["error"]:
            found.setdefault(key(server.declaration), []).append(server)
    return found
