# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The application registration: what can be declared, how it is found, created and changed."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra import redirect_uris, replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    InputError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Change, Field

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import Graph

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

FIELDS = (
    Field("display_name", ("displayName",)),
    Field("unique_name", ("uniqueName",)),
    Field("sign_in_audience", ("signInAudience",)),
    Field("web_redirect_uris", ("web", "redirectUris"), unordered=True),
    Field("id_token_issuance_enabled", ("web", "implicitGrantSettings", "enableIdTokenIssuance")),
)
# Entra takes the audiences with personal accounts only with tokens of version 2 [doc].
TOKEN_VERSION = Field("requested_access_token_version", ("api", "requestedAccessTokenVersion"))
SELECT = [
    "id",
    "appId",
    "createdDateTime",
    "displayName",
    "uniqueName",
    "signInAudience",
    "api",
    "web",
    "passwordCredentials",
]
KEYS = ("object_id", "app_id", "unique_name", "display_name")
NO_ID = "00000000-0000-0000-0000-000000000000"
# Sent with a new application when nothing is declared: Graph's own default audience has changed over the years [rec].
DEFAULTS = {"sign_in_audience": "AzureADMyOrg", "id_token_issuance_enabled": True}
PERSONAL_TOKEN_VERSION = 2
DISPLAY_NAME_MAX = 120
DISPLAY_NAME_MAX_PERSONAL = 90


def check(params: Params) -> None:
    """Raise InputError for a declaration that Entra would refuse or that this module cannot carry out."""
    if not any(params.get(key) for key in KEYS):
        raise InputError("No application is named", hint=f"Set one of {', '.join(KEYS)}")
    audience = params.get("sign_in_audience")
    uris = params.get("web_redirect_uris") or {}
    if uris.get("set") is not None and (uris.get("add") or uris.get("remove")):
        raise InputError(
            "web_redirect_uris has set together with add or remove", hint="Use set alone, or add and remove"
        )
    clash = sorted(set(uris.get("add") or []) & set(uris.get("remove") or []))
    if clash:
        raise InputError(f"web_redirect_uris adds and removes the same: {', '.join(clash)}")
    found = redirect_uris.problems([*(uris.get("set") or []), *(uris.get("add") or [])], audience)
    if found:
        raise InputError("web_redirect_uris would be refused by Entra", answer="; ".join(found), hint="Change them")
    limit = DISPLAY_NAME_MAX_PERSONAL if audience in redirect_uris.PERSONAL_AUDIENCES else DISPLAY_NAME_MAX
    if params.get("display_name") is not None and not 0 < len(params["display_name"]) <= limit:
        raise InputError(f"display_name has to have 1 to {limit} characters with sign_in_audience {audience}")


def view(document: Document) -> Document:
    """The application as this collection's results show it."""
    return {
        "object_id": document.get("id"),
        "app_id": document.get("appId"),
        "created": document.get("createdDateTime"),
        **{field.option: field.read(document) for field in FIELDS},
    }


def plan(params: Params, present: Document | None) -> list[Change]:
    """The changes that lead from ``present`` (None: no application yet) to the declaration; pure.

    Raises InputError for a unique name that would have to change, which Graph does not allow once it is set [doc].
    """
    have = view(present or {})
    want = {field.option: params.get(field.option) for field in FIELDS}
    uris = params.get("web_redirect_uris")
    if uris:
        exact = uris.get("set")
        kept = set(have["web_redirect_uris"] or []) - set(uris.get("remove") or [])
        want["web_redirect_uris"] = sorted(kept | set(uris.get("add") or [])) if exact is None else sorted(set(exact))
    if present is None:
        want = {**want, **{option: default for option, default in DEFAULTS.items() if want[option] is None}}
        want["display_name"] = want["display_name"] or want["unique_name"]
    elif want["unique_name"] and have["unique_name"] not in (None, want["unique_name"]):
        raise InputError(
            f"The application {label(present)} already has the unique name {have['unique_name']}",
            hint="A unique name cannot be changed: set unique_name to it, or omit unique_name",
        )
    changes = _plan.plan(FIELDS, have, want)
    audience = want["sign_in_audience"] or have["sign_in_audience"]
    version = TOKEN_VERSION.read(present or {})
    if audience in redirect_uris.PERSONAL_AUDIENCES and version != PERSONAL_TOKEN_VERSION:
        changes.append(Change(TOKEN_VERSION, version, PERSONAL_TOKEN_VERSION))
    result: list[str] = next((change.after for change in changes if change.field.option == "web_redirect_uris"), [])
    found = redirect_uris.problems(result, audience)
    if found:
        raise InputError("The application's redirect URIs would be refused by Entra", answer="; ".join(found))
    return changes


def predicted(present: Document | None, changes: list[Change]) -> Document:
    """The application's view after ``changes``; identifiers not given yet are all zeros."""
    after = view(present or {"id": NO_ID, "appId": NO_ID})
    return {**after, **{c.field.option: c.after for c in changes if c.field is not TOKEN_VERSION}}


def label(document: Document) -> str:
    """How messages name an application."""
    return f"{document.get('displayName')} (app ID {document.get('appId')})"


async def find(graph: Graph, params: Params) -> tuple[Document | None, bool]:
    """The declared application as Graph has it, or None, and whether it is newly taken over.

    Looked up by the first given of object ID, app ID, unique name and exact display name. That there is none is
    believed only when several reads agree, because a stale replica must not lead to a second application.
    Raises InputError when an ID does not exist, when more than one application matches, or when there is none of the
    unique name but one of the display name, which O(adopt) would take over.
    """
    key = next(key for key in KEYS if params.get(key))
    if key == "display_name":
        return await replication.believed_absent(lambda: _only(graph, params[key], lambda _match: True)), False
    found = await replication.believed_absent(lambda: read(graph, key, params[key]))
    if found or params["state"] == "absent":
        return found, False
    if key != "unique_name":
        raise InputError(
            f"No application has the {key} {params[key]} in tenant {graph.tenant_id}",
            hint=f"Correct {key}, or name the application by unique_name to have it created",
        )
    if not params.get("display_name"):
        return None, False
    try:
        found = await _only(graph, params["display_name"], lambda match: match.get("uniqueName") is None)
    except ServiceError as error:
        if error.status == 403:  # listing is not among the permissions; the unique name still prevents a second one
            return None, False
        raise
    if found and not params["adopt"]:
        raise InputError(
            f"There is an application {label(found)}, created {found.get('createdDateTime')}, without a unique name",
            answer=f"it is not registered as {params['unique_name']}, and a second one of its name would confuse users",
            hint="Set adopt to true to take it over, or choose another display_name",
        )
    return found, found is not None


async def _only(graph: Graph, display_name: str, fits: t.Callable[[Document], bool]) -> Document | None:
    """The one application of this display name that ``fits``; None when there is none."""
    matches = [match for match in await named(graph, display_name) if fits(match)]
    if len(matches) > 1:
        lines = [f"{label(match)} created {match.get('createdDateTime')}" for match in matches]
        raise InputError(
            f"{len(matches)} applications have the display name {display_name}",
            answer="; ".join(lines),
            hint="Set app_id to the right one",
        )
    return matches[0] if matches else None


async def read(graph: Graph, key: str, value: str) -> Document | None:
    """The application whose ``key`` (object_id, app_id or unique_name) is ``value``; None when there is none."""
    request = _builder(graph, key, value).to_get_request_information()
    request.query_parameters["%24select"] = SELECT
    return await graph.send(request, f"Reading the application with {key} {value} failed", missing_ok=True)


async def named(graph: Graph, display_name: str) -> list[Document]:
    """All applications with exactly this display name."""
    quoted = display_name.replace("'", "''")
    request = graph.client.applications.to_get_request_information()
    request.query_parameters.update({"%24filter": f"displayName eq '{quoted}'", "%24select": SELECT})
    return await graph.pages(request, f"Looking for applications named {display_name} failed")


async def create(graph: Graph, params: Params, changes: list[Change], patience: float) -> Document:
    """Create the declared application and wait until reads agree on it.

    With a unique name Graph's upsert is used, which can be repeated without making a second application [doc]. It
    carries no list, because it would replace that of an application which another run has just made; the lists
    follow by update(). Without one, a create whose answer is lost is resolved by looking for the display name.
    """
    document = _plan.body(change for change in changes if not change.field.unordered)
    attempted = f"Creating the application {document['displayName']} failed"
    unique_name = document.pop("uniqueName", None)
    if unique_name:
        key, value = "unique_name", unique_name
        request = _builder(graph, key, value).to_patch_request_information(_model(document))
        request.headers.try_add("Prefer", "create-if-missing")
        await replication.persist(lambda: graph.send(request, attempted), not_replicated, patience)
    else:
        request = graph.client.applications.to_post_request_information(_model(document))
        try:
            created = await graph.send(request, attempted) or {}
        except AmbiguousError as error:
            created = await _look_for_created(graph, document["displayName"], patience, error)
        key, value = "object_id", created["id"]
    made = await _settled(graph, key, value, [c for c in changes if not c.field.unordered], patience, attempted)
    return await update(graph, params, made, patience)


async def update(graph: Graph, params: Params, present: Document, patience: float) -> Document:
    """Send the smallest PATCH that leads from ``present`` to the declaration, and wait until reads agree on it.

    Graph replaces lists whole and knows no version of an object [rec: no ETag]. So that a stale read takes nothing
    away that somebody has just added, a list is changed only from a state on which several reads agree.
    """
    changes = plan(params, present)
    if any(change.field.unordered for change in changes):
        present = await _steady(graph, present, patience)
        changes = plan(params, present)
    if not changes:
        return present
    attempted = f"Changing {', '.join(change.field.option for change in changes)} of {label(present)} failed"
    request = _builder(graph, "object_id", present["id"]).to_patch_request_information(_model(_plan.body(changes)))
    await replication.persist(lambda: graph.send(request, attempted), not_replicated, patience)
    return await _settled(graph, "object_id", present["id"], changes, patience, attempted)


async def delete(graph: Graph, present: Document, patience: float) -> None:
    """Delete the application (Entra keeps it restorable for 30 days) and wait until reads agree."""
    request = _builder(graph, "object_id", present["id"]).to_delete_request_information()
    await graph.send(request, f"Deleting the application {label(present)} failed", missing_ok=True)
    await replication.settle(lambda: read(graph, "object_id", present["id"]), lambda found: found is None, patience)


async def _steady(graph: Graph, present: Document, patience: float) -> Document:
    """The application as several reads in a row agree on it."""
    last = view(present)

    def same(found: Document | None) -> bool:
        nonlocal last
        before, last = last, view(found or {})
        return before == last

    found, _agreed = await replication.settle(lambda: read(graph, "object_id", present["id"]), same, patience)
    return found or present


async def _settled(
    graph: Graph, key: str, value: str, changes: list[Change], patience: float, attempted: str
) -> Document:
    wanted = {change.field.option: change.after for change in changes}
    table = [change.field for change in changes]

    def as_wanted(found: Document | None) -> bool:
        return found is not None and not _plan.plan(table, {item.option: item.read(found) for item in table}, wanted)

    found, settled = await replication.settle(lambda: read(graph, key, value), as_wanted, patience)
    if not settled or found is None:
        raise ServiceError(
            attempted.replace(" failed", " was accepted, but does not show"),
            answer=f"reads did not agree within {patience:.0f} seconds",
            hint="Run again: nothing is lost; raise wait_timeout if the tenant is slow",
        )
    return found


async def _look_for_created(graph: Graph, display_name: str, patience: float, error: AmbiguousError) -> Document:
    matches, _agreed = await replication.settle(
        lambda: named(graph, display_name), lambda found: len(found) == 1, min(patience, 30.0)
    )
    if len(matches) == 1:
        return matches[0]
    raise ServiceError(
        error.attempted,
        answer=f"{error.answer}; afterwards {len(matches)} applications have this name",
        hint="Run again; set unique_name to make creation safe to repeat",
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    ) from error


def not_replicated(error: ServiceError) -> bool:
    """404 for an object just read, and the twin of an application for personal accounts not made yet [iss]."""
    return error.status == 404 or error.code == "Error_MsaAppDoesNotExist"


def _builder(graph: Graph, key: str, value: str) -> t.Any:
    if key == "object_id":
        return graph.client.applications.by_application_id(value)
    quoted = value.replace("'", "''")
    if key == "app_id":
        return graph.client.applications_with_app_id(quoted)
    return graph.client.applications_with_unique_name(quoted)


def _model(document: Document) -> t.Any:
    """``document`` (Graph's JSON) as the SDK's request model; only members that are set are sent."""
    from msgraph.generated.models.api_application import ApiApplication
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.implicit_grant_settings import ImplicitGrantSettings
    from msgraph.generated.models.web_application import WebApplication

    api, web = document.get("api"), document.get("web")
    grants = (web or {}).get("implicitGrantSettings")
    return Application(
        display_name=document.get("displayName"),
        unique_name=document.get("uniqueName"),
        sign_in_audience=document.get("signInAudience"),
        api=api and ApiApplication(requested_access_token_version=api.get("requestedAccessTokenVersion")),
        web=web
        and WebApplication(
            redirect_uris=web.get("redirectUris"),
            implicit_grant_settings=grants
            and ImplicitGrantSettings(enable_id_token_issuance=grants.get("enableIdTokenIssuance")),
        ),
    )
