# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What is known of a server at the end of a run, in one shape for the report, notifications and statistics. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import (
    drift,
    put_back,
    removal,
    removal_message,
    stranded,
    trial,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    concerns,
    exists,
    failure_as_whole,
    redirect_uris_before,
    result_of,
    secret_of,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Result, Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import (
    ClientSecret,
    Drift,
    Error,
    Record,
    RemovalRecord,
    Restriction,
    blank,
)

NOT_BEGUN = "It failed before this role looked at it. See the output of the run."


def record(server: Server, *, observed: bool = False, sharing: int = 1) -> Record:
    """The record of ``server``. ``observed`` is how it is now, instead of how this run has left it.

    ``sharing`` is how many servers share its application.
    """
    declaration = server.declaration
    known = result_of(declaration, server.registration) or {}
    there = exists(known)
    uris = redirect_uris_before(known) if observed else (known.get("application") or {}).get("web_redirect_uris")
    observed = observed or put_back.is_done(server)
    provider = (not observed and server.configured.get("provider")) or server.provider
    error = _error(server) or ({} if observed else _refused_change(known))
    took_part = known if secret_of(declaration, known) else {}
    changed = [concerns(server, took_part), concerns(server, _retired(server)), bool(server.configured.get("changed"))]
    return _told(
        {
            **blank(server.name),
            "tenant_id": known.get("tenant_id") or declaration["tenant_id"],
            "console": {"url": declaration["console_url"], "type": server.console.get("console_type") or ""},
            "application": {
                "unique_name": declaration["application"]["unique_name"],
                "display_name": declaration["application"].get("display_name") or "",
                "app_id": known["application"]["app_id"] if there else "",
                "object_id": known["application"]["object_id"] if there else "",
                "foreign_redirect_uris": list(uris or []) if there else [],
            },
            "callback_url": server.callback_url,
            "provider": {
                "name": declaration["provider_name"],
                "present": bool(provider) if server.console.get("console_type") else None,
                "enabled": provider.get("enabled"),
            },
            "client_secret": _client_secret(server, known, observed),
            "renew_before": declaration["client_secret"]["renew_before"],
            "verified": None if error else server.verified.get("verified"),
            "changed": any(changed),
            "checks": list(server.verified.get("checks") or []),
            "restrictions": _restrictions(server, known),
            "drift": _drift(server, took_part),
            "error": error,
        },
        addition="; ".join(
            filter(
                None,
                (
                    _accounts(server),
                    _before(server),
                    trial.told(took_part, sharing),
                    _former(server, took_part),
                    _stranded(server),
                    str(known.get("change_refused") or ""),
                ),
            )
        ),
    )


def _accounts(server: Server) -> str:
    """What happens to the users' accounts, if the provider's identity changes."""
    sides = (server.configured.get("diff") or {}).get("after") or {}
    return f"accounts: {sides['accounts']}" if server.configured.get("changed") and "accounts" in sides else ""


def _before(server: Server) -> str:
    """What was found before the provider was changed, such as after a run that was interrupted."""
    return "sign-in did not work before" if server.configured.get("worked_before") is False else ""


def _stranded(server: Server) -> str:
    """The client secret that reached no console and could not be removed again."""
    return stranded.told(server) if server.taken_back and not stranded.is_taken_back(server) else ""


def _former(server: Server, known: Result) -> str:
    """The redirect URI of the server's former address, which stays in the application."""
    former = server.console.get("callback_url") or ""
    registered = (known.get("application") or {}).get("web_redirect_uris") or []
    if former not in registered or former == server.callback_url:
        return ""
    return (
        f"the redirect URI of the former address stays: {former}. To remove it, see rustdesk_sso_remove_redirect_uris"
    )


def removed(server: Server, *, predicted: bool = False) -> RemovalRecord:
    """The record of ``server`` after it was taken out; ``predicted`` is check mode."""
    declaration = server.declaration
    message = removal.error(server, server.registration, server.retired)
    error = server.failure or ({"phase": "Remove from the applications", "message": message} if message else {})
    left = result_of(declaration, server.registration) or {}
    deleted = result_of(declaration, server.retired) or {}
    leaves = left if declaration["remove_redirect_uris"] or concerns(server, left) else {}
    told = _told(
        {
            **blank(server.name),
            "tenant_id": declaration["tenant_id"],
            "console": {"url": declaration["console_url"], "type": ""},
            "application": {
                **blank(server.name)["application"],
                "unique_name": declaration["application"]["unique_name"],
                "app_id": (left.get("application") or {}).get("app_id") or "",
                "object_id": (left.get("application") or {}).get("object_id") or "",
            },
            "callback_url": declaration["callback_url"],
            "provider": {
                "name": declaration["provider_name"],
                "present": False if server.configured.get("provider") is not None else None,
                "enabled": None,
            },
            "client_secret": {
                **blank(server.name)["client_secret"],
                "name": declaration["client_secret"]["name"],
                "removed": list(secret_of(declaration, left).get("removed") or []),
            },
            "changed": any(bool(result.get("changed")) for result in (leaves, deleted, server.configured)),
            "error": t.cast("Error", error),
        },
        removal_message.told(server, predicted=predicted),
    )
    taken_out = not error and not declaration["remove_redirect_uris"]
    return {
        **told,
        "removal": {
            "kept": removal_message.kept(server) if taken_out else [],
            "application_deleted": removal_message.is_deleted(server),
        },
    }


def failed(server: str, error: Error) -> Record:
    """The record of a server whose declaration could not be used, or that failed before it was read."""
    return _told({**blank(server), "error": error or {"phase": "", "message": NOT_BEGUN}})


def _told(known: Record, message: str = "", addition: str = "") -> Record:
    """``known`` with what follows from it; ``message`` is what to say of a server that did not fail, by default what
    is known, with an ``addition``."""
    error = known["error"]
    message = message or "; ".join(filter(None, (_outcome(known), addition)))
    if error:
        message = f"{error['phase']}: {error['message']}" if error["phase"] else error["message"]
    # What services answer may have several lines
    return {**known, "failed": bool(error), "message": " ".join(message.split())}


def _error(server: Server) -> Error:
    if server.failure:
        said = [str(server.failure["message"]), put_back.told(server), stranded.told(server)]
        return {"phase": str(server.failure["phase"]), "message": " ".join(filter(None, said))}
    found = _retired(server)
    if found.get("failed"):
        return {"phase": "Retire superseded secrets", "message": str(found.get("msg"))}
    return {}


def _refused_change(known: Result) -> Error:
    """Why check mode predicts that the application cannot be changed as a run would; empty if it can, or need not."""
    if not known.get("changed") or not known.get("change_refused"):
        return {}
    return {"phase": "Register the applications", "message": str(known["change_refused"])}


def _retired(server: Server) -> Result:
    """The part of the last registration that concerns the application of ``server``, or its failure as a whole."""
    application = (result_of(server.declaration, server.registration) or {}).get("application") or {}
    for item in server.retired.get("applications") or []:
        if (item.get("declared") or {}).get("object_id") == application.get("object_id"):
            return t.cast("Result", item)
    return failure_as_whole(server.retired)


def _client_secret(server: Server, known: Result, observed: bool) -> ClientSecret:
    """The client secret that the server holds: observed, the one that it holds now, whatever a run would do with it."""
    secret = secret_of(server.declaration, known)
    now = secret.get("held") or {} if observed or stranded.is_taken_back(server) else secret
    later = secret_of(server.declaration, _retired(server))
    if not observed and not server.failure and stranded.is_taken_back(server):
        why = (
            "another run has written its own at the same time"
            if server.configured
            else "the provider is not configured"
        )
        reason = f"the new one was removed again, as {why}"
        secret, now = {**secret, "decision": "kept", "reason": reason}, later if later.get("held") else {}
    return {
        "name": server.declaration["client_secret"]["name"],
        "key_id": now.get("key_id") or "",
        "hint": now.get("hint") or "",
        "expires": now.get("expires") or "",
        "decision": secret.get("decision") or "",
        "reason": secret.get("reason") or "",
        "removed": [*(secret.get("removed") or []), *(later.get("removed") or [])],
    }


def _restrictions(server: Server, known: Result) -> list[Restriction]:
    """Those of the application, then those of the console; none of a provider that users are not offered."""
    if not server.declaration["provider_enabled"]:
        return []
    return [*(known.get("restrictions") or []), *(server.configured.get("restrictions") or [])]


def _drift(server: Server, known: Result) -> list[Drift]:
    name = server.declaration["client_secret"]["name"]
    renewed = secret_of(server.declaration, known).get("decision") == "renewed"
    told = (
        (known, f"application {server.declaration['application'].get('display_name') or ''}"),
        (server.configured, f"provider {server.declaration['provider_name']}"),
    )
    return [
        item
        for result, what in told
        if result.get("changed") and result.get("diff")
        for item in drift.of_server(
            result["diff"]["before"],
            result["diff"]["after"],
            what,
            "" if renewed else name,
            server.callback_url,
        )
    ]


def _outcome(known: Record) -> str:
    """One line for a server that did not fail."""
    secret, provider = known["client_secret"], known["provider"]["name"]
    if not secret["decision"]:
        return f"Sign-in with {provider} was not configured in this run."
    verified, joined = ("works", ", but") if known["verified"] else ("is not verified", ";")
    if known["restrictions"]:
        verified += f"{joined} not for all users: {'; '.join(item['detail'] for item in known['restrictions'])}"
    removed = f"; removed: {', '.join(secret['removed'])}" if secret["removed"] else ""
    expires = f", expires {secret['expires']}" if secret["expires"] else ""
    return (
        f"{known['callback_url']}: sign-in with {provider} {verified}; "
        f"client secret {secret['decision']} ({secret['reason']}){expires}{removed}"
    )
