# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build a server's record at the end of a run, in one shape for the report, notifications and statistics. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import hosts
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import (
    drift,
    put_back,
    removal,
    removal_message,
    shape,
    stranded,
    trial,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import Declaration
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    REGISTERS,
    concerns,
    exists,
    failure_as_whole,
    redirect_uris_before,
    result_of,
    secret_of,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Result, Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import (
    Automation,
    ClientSecret,
    Drift,
    Error,
    RemovalRecord,
    Restriction,
    RunRecord,
    blank,
)

# The role's first task
READS_VARIABLES = "Read and check the declaration"
# The phase in place of another one if nothing is changed
PREDICTS = {REGISTERS: "Predict changes to the applications"}
# The HTTP statuses with which a sign-in is refused
REFUSALS = ("200", "400", "401", "403")
# Decisions that create a client secret
NEW = ("created", "renewed")
NOT_BEGUN = "The server failed before its sign-in was checked. See the output of the run."


def record(server: Server, *, observed: bool = False, sharing: int = 1, predicted: bool = False) -> RunRecord:
    """Return the record of ``server`` after this run or, if ``observed``, in its present state.

    ``sharing`` is how many servers share its application. ``predicted`` is check mode, in which changes are only
    predicted. That always applies to servers that are observed.
    """
    predicted = predicted or observed
    declaration = server.declaration
    if observed:
        # The task reports no change, so its diff decides
        phase = PREDICTS.get(str(server.failure.get("phase")))
        failure = {**server.failure, "phase": phase} if phase else server.failure
        server = replace(server, configured=_predicted(server.configured), failure=failure)
    known = result_of(declaration, server.registration) or {}
    there = exists(known)
    app_id = known["application"]["app_id"] if there else ""
    uris = redirect_uris_before(known) if observed else (known.get("application") or {}).get("web_redirect_uris")
    observed = observed or put_back.is_done(server)
    provider = (not observed and server.configured.get("provider")) or server.provider
    error = _error(server) or ({} if observed else _refused_change(known))
    took_part = known if secret_of(declaration, known) else {}
    changed = [concerns(server, took_part), concerns(server, _retired(server)), bool(server.configured.get("changed"))]
    return _completed(
        {
            **blank(server.name),
            "tenant_id": known.get("tenant_id") or declaration["tenant_id"],
            "console": {"url": declaration["console_url"], "type": server.console.get("console_type") or ""},
            "application": {
                "unique_name": declaration["application"]["unique_name"],
                "display_name": declaration["application"].get("display_name") or "",
                "app_id": app_id,
                "object_id": known["application"]["object_id"] if there else "",
                "foreign_redirect_uris": list(uris or []) if there else [],
                "assignment": _assignment(known) if there else "",
                "portal_url": hosts.portal_page(declaration.get("portal") or "", app_id) if there else "",
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
            "automation": _automation(declaration),
            "error": error,
            "notes": [
                note
                for note in (
                    _accounts(server),
                    _before(server, predicted=predicted),
                    trial.note(took_part, sharing),
                    _former(server, took_part),
                    _stranded(server),
                    str(known.get("change_refused") or ""),
                )
                if note
            ],
        },
        predicted=predicted,
    )


def _predicted(configured: Result) -> Result:
    """Return the result of a predicting task with ``changed`` derived from its diff."""
    sides = configured.get("diff") or {}
    return {**configured, "changed": sides.get("before") != sides.get("after")} if configured else {}


def _assignment(known: Result) -> str:
    """Return who can sign in with an application."""
    required = (known.get("service_principal") or {}).get("app_role_assignment_required")
    if any(item["name"] == "assignment" for item in known.get("restrictions") or []):
        return "nobody"
    return "" if required is None else "assigned" if required else "all"


def _automation(declaration: Declaration) -> Automation:
    return declaration.get("automation") or blank("")["automation"]


def name_tenants_by_id(servers: t.Iterable[Server], records: t.Mapping[str, RunRecord]) -> None:
    """Set the tenant ID in each of ``records`` if one of ``servers`` that declares the same tenant name knows it."""
    declared = {server.name: server.declaration["tenant_id"].lower() for server in servers}
    ids = {name: records[server]["tenant_id"] for server, name in declared.items() if _is_id(records[server])}
    for server, name in declared.items():
        records[server]["tenant_id"] = ids.get(name, records[server]["tenant_id"])


def _is_id(known: RunRecord) -> bool:
    return bool(GUID.fullmatch(known["tenant_id"].lower()))


def _accounts(server: Server) -> str:
    """Report the effect on users' accounts if the provider's identity changes."""
    sides = (server.configured.get("diff") or {}).get("after") or {}
    return f"accounts: {sides['accounts']}" if server.configured.get("changed") and "accounts" in sides else ""


def _before(server: Server, *, predicted: bool) -> str:
    """Report whether sign-in was broken before the provider was changed, such as after an interrupted run."""
    if server.configured.get("worked_before") is not False:
        return ""
    return "sign-in does not work at present" if predicted else "sign-in did not work before"


def _stranded(server: Server) -> str:
    """Report a client secret that reached no console and could not be removed again."""
    return stranded.report(server) if server.taken_back and not stranded.is_taken_back(server) else ""


def _former(server: Server, known: Result) -> str:
    """Report the redirect URI of the server's former address, which stays in the application."""
    former = server.console.get("callback_url") or ""
    registered = (known.get("application") or {}).get("web_redirect_uris") or []
    if former not in registered or former == server.callback_url:
        return ""
    return (
        f"the redirect URI of the former address is kept: {former}. To remove it, see rustdesk_sso_remove_redirect_uris"
    )


def removed(server: Server, *, predicted: bool = False) -> RemovalRecord:
    """Return the record of ``server`` after its removal, or as ``predicted`` by check mode."""
    declaration = server.declaration
    message = removal.error(server, server.registration, server.retired)
    error = _failure(server.failure) or (
        {"phase": "Remove from the applications", "message": message, "cause": ""} if message else {}
    )
    left = result_of(declaration, server.registration) or {}
    deleted = result_of(declaration, server.retired) or {}
    leaves = left if declaration["remove_redirect_uris"] or concerns(server, left) else {}
    known = _completed(
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
            "automation": _automation(declaration),
            "error": error,
            "outcome": _of_removal(server, predicted=predicted),
            "notes": removal_message.notes(server, predicted=predicted),
        },
        removal_message.summary(server, predicted=predicted),
    )
    taken_out = not error and not declaration["remove_redirect_uris"]
    return {
        **known,
        "removal": {
            "kept": removal_message.kept(server, predicted=predicted) if taken_out else [],
            "application_deleted": removal_message.is_deleted(server),
        },
    }


def _of_removal(server: Server, *, predicted: bool) -> str:
    """Return the outcome of shape.OUTCOMES for a server that was removed, or whose former redirect URIs were."""
    if server.declaration["remove_redirect_uris"]:
        return shape.KEPT
    return shape.TO_REMOVE if predicted else shape.REMOVED


def failed(server: str, error: Result) -> RunRecord:
    """Return the record of a server whose declaration was refused, or that failed before it was read."""
    return _completed({**blank(server), "error": _failure(error) or {"phase": "", "message": NOT_BEGUN, "cause": ""}})


def not_removed(server: str, error: Result) -> RemovalRecord:
    """Return the same record for a server that the run should have removed."""
    return {**failed(server, error), "removal": {"kept": [], "application_deleted": False}}


def _completed(known: RunRecord, message: str = "", *, predicted: bool = False) -> RunRecord:
    """Complete ``known`` with failure, outcome and message.

    ``message`` is the text for a server that did not fail, by default derived from ``known``. The notes follow it.
    """
    error = known["error"]
    message = "; ".join([message or _outcome(known, predicted=predicted), *known["notes"]])
    if error:
        message = f"{error['phase']}: {error['message']}" if error["phase"] else error["message"]
    outcome = shape.FAILED if error else known["outcome"] or _short(known, predicted=predicted)
    # A service's response may have several lines
    return {**known, "failed": bool(error), "outcome": outcome, "message": " ".join(message.split())}


def _short(known: RunRecord, *, predicted: bool) -> str:
    """Return the outcome of shape.OUTCOMES for a server that did not fail."""
    if not known["client_secret"]["decision"]:
        return shape.NOT_CONFIGURED
    if not known["verified"] and known["provider"]["enabled"] is False and not known["changed"]:
        return shape.DISABLED
    if not known["verified"]:
        return shape.TO_VERIFY if predicted and known["changed"] else shape.NOT_VERIFIED
    return shape.RESTRICTED if known["restrictions"] else shape.VERIFIED


def _error(server: Server) -> Error:
    if server.failure:
        messages = [str(server.failure["message"]), put_back.report(server), stranded.report(server)]
        return _failure({**server.failure, "message": " ".join(filter(None, messages))})
    found = _retired(server)
    if found.get("failed"):
        return {"phase": "Retire superseded secrets", "message": str(found.get("msg")), "cause": ""}
    return {}


def _refused_change(known: Result) -> Error:
    """Return why check mode predicts that a run cannot change the application; empty if it can or need not."""
    if not known.get("changed") or not known.get("change_refused"):
        return {}
    return {"phase": REGISTERS, "message": str(known["change_refused"]), "cause": ""}


def _failure(failure: Result) -> Error:
    """Return the failure that the role's tasks recorded, with its cause."""
    if not failure:
        return {}
    phase, message = str(failure["phase"]), str(failure["message"])
    return {"phase": phase, "message": message, "cause": _cause(phase, message, failure)}


def _cause(phase: str, message: str, failure: Result) -> str:
    if phase == READS_VARIABLES or failure.get("code") == shape.VARIABLES:
        return shape.VARIABLES
    # Messages of both clients start this way (login.attempt, credentials.refused). Without a code, no service answered.
    refused = message.startswith("Signing in to ") and failure.get("code")
    return "sign_in" if refused and str(failure.get("status") or "200") in REFUSALS else ""


def _retired(server: Server) -> Result:
    """Return the last registration's result for the application of ``server``, or the failure of the whole task."""
    application = (result_of(server.declaration, server.registration) or {}).get("application") or {}
    for item in server.retired.get("applications") or []:
        if (item.get("declared") or {}).get("object_id") == application.get("object_id"):
            return t.cast("Result", item)
    return failure_as_whole(server.retired)


def _client_secret(server: Server, known: Result, observed: bool) -> ClientSecret:
    """Describe the server's client secret; if ``observed``, its present one, whatever a run would do with it."""
    secret = secret_of(server.declaration, known)
    now = secret.get("held") or {} if observed or stranded.is_taken_back(server) else secret
    later = secret_of(server.declaration, _retired(server))
    if not observed and not server.failure and stranded.is_taken_back(server):
        why = "another run wrote its own at the same time" if server.configured else "the provider is not configured"
        reason = f"the new one was removed again, because {why}"
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
    """Return the application's restrictions, then the console's; none if the provider is disabled."""
    if not server.declaration["provider_enabled"]:
        return []
    return [*(known.get("restrictions") or []), *(server.configured.get("restrictions") or [])]


def _drift(server: Server, known: Result) -> list[Drift]:
    name = server.declaration["client_secret"]["name"]
    renewed = secret_of(server.declaration, known).get("decision") == "renewed"
    changes = (
        (known, f"application {server.declaration['application'].get('display_name') or ''}"),
        (server.configured, f"provider {server.declaration['provider_name']}"),
    )
    return [
        item
        for result, what in changes
        if result.get("changed") and result.get("diff")
        for item in drift.of_server(
            result["diff"]["before"],
            result["diff"]["after"],
            what,
            "" if renewed else name,
            server.callback_url,
        )
    ]


def _outcome(known: RunRecord, *, predicted: bool) -> str:
    """Summarize in one line a server that did not fail."""
    secret, provider = known["client_secret"], known["provider"]["name"]
    if not secret["decision"]:
        done = "would not be" if predicted else "was not"
        return f"Sign-in with {provider} {done} configured in this run."
    verified, joined = ("works", ", but") if known["verified"] else ("is not verified", ";")
    if predicted and known["changed"] and not known["verified"]:
        verified = "would be verified"
    if known["restrictions"]:
        verified += f"{joined} not for all users: {'; '.join(item['detail'] for item in known['restrictions'])}"
    be, new = ("would be ", secret["decision"] in NEW) if predicted else ("", False)
    removed = f"; {be}removed: {', '.join(secret['removed'])}" if secret["removed"] else ""
    expires = f", {'would expire' if new else 'expires'} {secret['expires']}" if secret["expires"] else ""
    return (
        f"{known['callback_url']}: sign-in with {provider} {verified}; "
        f"client secret {be}{secret['decision']} ({secret['reason']}){expires}{removed}"
    )
