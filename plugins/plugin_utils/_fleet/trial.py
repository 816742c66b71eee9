# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Try a change to an application that affects all its users on one server before the others are changed. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import sentences
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    groups,
    result_of,
    share,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import (
    Entry,
    Result,
    Server,
    key,
    takes_callback_url,
)

# Options of entra_app that can block the users of all servers when changed
PROPERTIES = (
    "enabled",
    "sign_in_audience",
    "id_token_issuance_enabled",
    "assignments",
    "admin_consent",
    "group_membership_claims",
    "optional_claims",
    "remove_unverified_email_claim",
)
OF_PRINCIPAL = ("account_enabled", "app_role_assignment_required")
PRINCIPAL, URIS = "service_principal", "web_redirect_uris"
REMOVED = "web_redirect_uris (removed)"


def changes_for_all(result: Result) -> list[str]:
    """Return the options through which entra_app changed sign-in for all users of an existing application."""
    sides = result.get("diff") or {}
    before, after = sides.get("before") or {}, sides.get("after") or {}
    if not result.get("changed") or before.get("display_name", "") is None:  # a new application has no users
        return []
    found = [name for name in PROPERTIES if name in after]
    principal = after.get(PRINCIPAL)
    if isinstance(principal, t.Mapping) and isinstance(before.get(PRINCIPAL), t.Mapping):
        found += [f"{PRINCIPAL}.{name}" for name in OF_PRINCIPAL if name in principal]
    if set(before.get(URIS) or []) - set(after.get(URIS) or []):
        found.append(REMOVED)
    return found


def may_be_due(registration: Result) -> bool:
    """Return whether a change is to be tried after ``registration``; see trials()."""
    return any(changes_for_all(item) for item in registration.get("applications") or [])


def trials(servers: t.Sequence[Server]) -> list[Entry]:
    """Return the first server of each application that changes for all users, by name, with the ``application``'s key.

    Nothing is tried if the run would write no provider of the other servers.
    """
    found = []
    for shared, members in groups(servers).items():
        if not changes_for_all(result_of(members[0].declaration, members[0].registration) or {}):
            continue
        able = [server for server in members if not share(server)["error"]]
        if any(_writes(server) for server in able[1:]):
            found.append({"server": able[0].name, "application": list(shared)})
    return found


def _writes(server: Server) -> bool:
    """Return whether the run changes the provider of ``server``."""
    wanted = options.provider(server, share(server))
    present = {**server.provider, "callback_url": server.console.get("callback_url") or None}
    compared = ["enabled", "client_id", "client_secret", "issuer"]
    compared += ["callback_url"] if takes_callback_url(server.console) else []
    return any(wanted[name] != present.get(name) for name in compared)


def provider(server: Server) -> options.Options:
    """Return the options of rustdesk_oidc_provider for a server that is tried."""
    return {**options.provider(server, share(server)), "keep_session": True}


def check(server: Server) -> options.Options:
    """Return the options of rustdesk_sign_in_check for a server that is tried.

    Its own verification checks again and closes the session.
    """
    return {**options.check(server, share(server)), "session": None, "look_again": False, "must_pass": False}


def result(results: Result, name: str) -> Result:
    """Return a looped task's result for the server ``name``; empty if it has none."""
    return next((item for item in results.get("results") or [] if item["item"]["server"] == name), {})


def taken(server: Server, tried: Result) -> Server:
    """Return ``server`` with the changes of its trial ``tried``, because its own task finds nothing left to change."""
    if "provider" not in tried:  # it was not tried, or the trial failed: its own task reports why
        return server
    done = {name: tried[name] for name in ("worked_before", "diff") if tried.get("changed")}
    changed = bool(tried.get("changed") or server.configured.get("changed"))
    return replace(
        server,
        console={**server.console, "session": tried.get("session")},
        configured={**server.configured, **done, "changed": changed} if server.configured else tried,
    )


def refusal(server: Server) -> str:
    """Return why the provider of ``server`` is not changed: the application's trial on another server failed."""
    for item in server.trials.get("results") or []:
        entry = item["item"]
        other = entry["server"] != server.name and tuple(entry["application"]) == key(server.declaration)
        if not other or item.get("verified"):
            continue
        found = changes_for_all(result_of(server.declaration, server.registration) or {})
        failed = [f"{one['name']}: {one['detail']}" for one in item.get("checks") or [] if one["ok"] is False]
        why = " | ".join(failed) or str(item.get("msg") or "it could not be verified")
        return sentences(
            f"The application has changed for all users ({', '.join(found)}). The change was tried on "
            f"{entry['server']} first, where sign-in would not work: {why}",
            "The provider of this server was not changed",
        )
    return ""


def note(found: Result, servers: int) -> str:
    """Report the changes for all users in this result of entra_app, and how many servers they affect; empty if none."""
    changed = changes_for_all(found)
    return f"changes for all users of {servers} servers: {', '.join(changed)}" if changed and servers > 1 else ""
