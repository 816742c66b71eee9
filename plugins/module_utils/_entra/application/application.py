# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The application registration: what changes it needs, and how it is read, created, changed and deleted."""

from __future__ import annotations

import asyncio
import random
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import fields, limits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import odata, replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    InputError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Change

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

SELECT = [
    "id",
    "appId",
    "createdDateTime",
    "disabledByMicrosoftStatus",
    *sorted({field.path[0] for field in fields.FIELDS}),
    "passwordCredentials",
]
KEYS = ("object_id", "app_id", "unique_name", "display_name")
NO_ID = "00000000-0000-0000-0000-000000000000"
# How often a change is written while others write to the same application.
ATTEMPTS = 8
# Sent with a new application when nothing is declared: Graph's own default audience has changed over the years [rec].
DEFAULTS = {"sign_in_audience": "AzureADMyOrg", "id_token_issuance_enabled": True}
# A new application without a name of its own, as far as check mode can know it.
NEW: Document = {"id": NO_ID, "appId": NO_ID, "web": {"implicitGrantSettings": {"enableAccessTokenIssuance": False}}}


def check(params: Params) -> None:
    """Raise InputError for a declaration that Entra would refuse or that this module cannot carry out."""
    if all(params.get(key) is None for key in KEYS):
        raise InputError("No application is named", hint=f"Set one of {', '.join(KEYS)}")
    check_ids(params)
    limits.check(params)


def check_ids(params: Params) -> None:
    """Raise InputError for an ID by which no application can be found."""
    for key in ("object_id", "app_id"):
        if params.get(key) is not None:
            _input.guid(params[key], key, f"Copy {key} from Entra")


def view(document: Document) -> Document:
    """The application as this collection's results show it."""
    return {**_identity(document), **fields.shown(fields.view(document))}


def _identity(document: Document) -> Document:
    return {
        "object_id": document.get("id"),
        "app_id": document.get("appId"),
        "created": document.get("createdDateTime"),
        "disabled_by_microsoft_status": document.get("disabledByMicrosoftStatus"),
    }


def plan(params: Params, present: Document | None) -> list[Change]:
    """The changes that lead from ``present`` (None: no application yet) to the declaration; pure.

    Raises InputError for a unique name that would have to change, which Graph does not allow once it is set [doc],
    and where the application, as it would become, breaks a limit.
    """
    have = fields.view(present or {})
    want = fields.desired(params, have, (present or NEW)["appId"])
    if present is None:
        want = {**want, **{option: default for option, default in DEFAULTS.items() if want[option] is None}}
        want["display_name"] = want["display_name"] or want["unique_name"]
    elif want["unique_name"] and have["unique_name"] not in (None, want["unique_name"]):
        raise InputError(
            f"The application {label(present)} already has the unique name {have['unique_name']}",
            hint="A unique name cannot be changed: set unique_name to it, or omit unique_name",
        )
    changes = _plan.plan(fields.FIELDS, have, want)
    if present is None or changes:
        limits.check_result(have, {**have, **{change.field.option: change.after for change in changes}})
    return changes


def predicted(present: Document | None, changes: list[Change]) -> Document:
    """The application's view after ``changes``; identifiers not given yet are all zeros."""
    values = {**fields.view(present or NEW), **{change.field.option: change.after for change in changes}}
    return {**_identity(present or NEW), **fields.shown(values)}


def label(document: Document) -> str:
    """How messages name an application."""
    return described(document.get("displayName"), document.get("appId"))


def described(display_name: str | None, app_id: str | None) -> str:
    """The same from its name and app ID."""
    return f"{display_name} (app ID {app_id})"


def key_of(params: Params) -> str:
    """The first given of KEYS, by which the declared application is looked up; an empty one is refused by check()."""
    return next((key for key in KEYS if params.get(key) is not None), KEYS[-1])


def address(graph: Graph, key: str, value: str) -> t.Any:
    """The SDK's request builder for the application whose ``key`` (object_id, app_id or unique_name) is ``value``."""
    if key == "object_id":
        return graph.client.applications.by_application_id(value)
    if key == "app_id":
        return graph.client.applications_with_app_id(odata.escaped(value))
    return graph.client.applications_with_unique_name(odata.escaped(value))


async def read(graph: Graph, key: str, value: str, also: t.Sequence[str] = ()) -> Document | None:
    """The application whose ``key`` (object_id, app_id or unique_name) is ``value``; None when there is none.

    ``also`` are Graph's names of further members to read.
    """
    attempted = f"Reading the application with {key} {value} failed"
    return await graph.send(reading(graph, key, value, also), attempted, missing_ok=True)


def reading(graph: Graph, key: str, value: str, also: t.Sequence[str] = ()) -> RequestInformation:
    """The request of read()."""
    return graph.request("GET", address(graph, key, value), query={"select": [*SELECT, *also]})


async def create(graph: Graph, params: Params, changes: list[Change]) -> Document:
    """Create the declared application and wait until reads agree on it.

    With a unique name Graph's upsert is used, which can be repeated without making a second application [doc]. It
    carries no list, because it would replace that of an application which another run has just made; the lists
    follow by update(). Where Graph says that the unique name is taken, this request made the application before its
    answer was lost, or another run did, unless reads never show one: then the refusal is raised, see name_taken().
    Without one, a create whose answer is lost is resolved by looking for the display name.
    """
    changes = [change for change in changes if not change.field.kind.whole]
    document = _plan.body(changes)
    attempted = f"Creating the application {document['displayName']} failed"
    unique_name = document.pop("uniqueName", None)
    if unique_name:
        key, value = "unique_name", unique_name
        request = graph.request("PATCH", address(graph, key, value), document)
        request.headers.try_add("Prefer", "create-if-missing")
        try:
            await replication.persist(
                lambda: graph.send(request, attempted), replication.not_replicated, graph.patience
            )
        except ServiceError as error:
            if not name_taken(error):
                raise
            return await update(graph, params, await _shown(graph, unique_name, error))
    else:
        request = graph.request("POST", graph.client.applications, document)
        try:
            created = await graph.send(request, attempted) or {}
        except AmbiguousError as error:
            created = await _look_for_created(graph, document["displayName"], error)
        key, value = "object_id", created["id"]
    made = await _settled(graph, key, value, changes, attempted)
    return await update(graph, params, made)


def name_taken(error: ServiceError) -> bool:
    """Whether Graph refuses a unique name because another application has it, be it a deleted one
    (microsoftgraph/msgraph-bicep-types#137 [iss])."""
    return error.status == 400 and "uniqueName already exists" in (error.answer or "")


async def _shown(graph: Graph, unique_name: str, error: ServiceError) -> Document:
    """The application that has the unique name, once reads show one; raises ``error`` where they never do."""
    found, settled = await replication.settle(
        lambda: read(graph, "unique_name", unique_name),
        lambda item: item is not None,
        replication.briefly(graph.patience),
    )
    if not settled or found is None:
        raise error
    return found


async def update(graph: Graph, params: Params, present: Document) -> Document:
    """Send the smallest PATCH that leads from ``present`` to the declaration, and wait until reads agree on it.

    Graph replaces lists whole and knows no version of an object [rec: no ETag]. So that a stale read takes nothing
    away that somebody has just added, a list is changed only from a state on which several reads agree; and where
    reads then agree on something else, what somebody else wrote at the same moment, it is written once more.
    """
    deadline = time.monotonic() + graph.patience
    changes = plan(params, present)
    for again in range(ATTEMPTS):
        if any(change.field.kind.whole for change in changes):
            present = await _steady(graph, present)
            changes = plan(params, present)
        if not changes:
            return present
        *earlier, last = fields.stages(fields.view(present), changes)
        for stage in earlier:
            await _patch(graph, present, stage)
            await _settled(graph, "object_id", present["id"], stage, _changing(stage, present))
        await _patch(graph, present, last)
        # Where nobody else writes, only a lost write is left to be written again: once, and soon.
        wait = deadline - time.monotonic()
        former = present
        present = await _outcome(graph, params, former, wait if again else replication.briefly(wait))
        names, changes = _changing(changes, present), plan(params, present)
        if not changes:
            return present
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(random.uniform(0, replication.FIRST_PAUSE * (again + 1)))  # noqa: S311 - to get out of step
    raise replication.unsettled(names, graph.patience)


async def _outcome(graph: Graph, params: Params, former: Document, wait: float) -> Document:
    """What reads agree on, within ``wait`` seconds, after ``former`` was changed: the declaration, or what somebody
    else made of it."""
    before = view(former)

    def key(found: Document | None) -> t.Any:
        if found is None or view(found) == before:
            return None  # not replicated yet
        return view(found) if plan(params, found) else "as declared"

    found, _agreed = await replication.agreed(lambda: read(graph, "object_id", former["id"]), key, wait)
    return found or former


def _changing(changes: list[Change], present: Document) -> str:
    return f"Changing {', '.join(change.field.option for change in changes)} of {label(present)} failed"


async def _patch(graph: Graph, present: Document, changes: list[Change]) -> None:
    request = graph.request("PATCH", address(graph, "object_id", present["id"]), _plan.body(changes))
    attempted = _changing(changes, present)
    await replication.persist(lambda: graph.send(request, attempted), replication.not_replicated, graph.patience)


async def delete(graph: Graph, present: Document) -> None:
    """Delete the application (Entra keeps it restorable for 30 days) and wait until reads agree."""
    request = graph.request("DELETE", address(graph, "object_id", present["id"]))
    await graph.send(request, f"Deleting the application {label(present)} failed", missing_ok=True)
    await replication.settle(
        lambda: read(graph, "object_id", present["id"]), lambda found: found is None, graph.patience
    )


async def _steady(graph: Graph, present: Document) -> Document:
    """The application as several reads in a row agree on it."""
    found, _agreed = await replication.agreed(
        lambda: read(graph, "object_id", present["id"]), lambda item: view(item) if item else None, graph.patience
    )
    return found or present


async def _settled(graph: Graph, key: str, value: str, changes: list[Change], attempted: str) -> Document:
    def as_wanted(found: Document | None) -> bool:
        return found is not None and all(c.field.equal(c.field.read(found), c.after) for c in changes)

    found, settled = await replication.settle(lambda: read(graph, key, value), as_wanted, graph.patience)
    if not settled or found is None:
        raise replication.unsettled(attempted, graph.patience)
    return found


async def _look_for_created(graph: Graph, display_name: str, error: AmbiguousError) -> Document:
    matches, _agreed = await replication.settle(
        lambda: named(graph, display_name), lambda found: len(found) == 1, replication.briefly(graph.patience)
    )
    if len(matches) == 1:
        return matches[0]
    raise error.but(
        answer=f"{error.answer}; afterwards {len(matches)} applications have this name",
        hint="Run again; set unique_name to make creation safe to repeat",
    ) from error


async def named(graph: Graph, display_name: str, also: t.Sequence[str] = ()) -> list[Document]:
    """All applications with exactly this display name; see read() for ``also``."""
    found = await listed(
        graph,
        f"Looking for applications named {display_name} failed",
        f"displayName eq {odata.literal(display_name)}",
        lambda item: True,
        also,
    )
    # Graph compares without regard to case; a name is what somebody has written.
    return [item for item in found if item["displayName"] == display_name]


async def listed(
    graph: Graph,
    attempted: str,
    condition: str | None,
    fits: t.Callable[[Document], bool] | None,
    also: t.Sequence[str] = (),
) -> list[Document]:
    """All applications for which OData's ``condition`` is true, or all.

    Where listing is refused to a caller who may only read its own, those that it owns are searched with ``fits``
    instead [doc]; without ``fits`` the refusal is raised.
    """
    query: Document = {"select": [*SELECT, *also], **({"filter": condition} if condition else {})}
    try:
        return await graph.pages(graph.request("GET", graph.client.applications, query=query), attempted)
    except ServiceError as error:
        if error.status != 403 or not graph.caller_id or fits is None:
            raise
        owned = graph.client.service_principals.by_service_principal_id(graph.caller_id).owned_objects
        request = graph.request("GET", owned.graph_application, query={"select": query["select"]})
        try:
            found = await graph.pages(request, attempted)
        except ServiceError:
            raise error from None
        return [item for item in found if fits(item)]
