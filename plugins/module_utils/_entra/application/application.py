# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The application registration: plan its changes, read, create, update and delete it."""

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
# The maximum number of writes of one change while other processes write to the same application
ATTEMPTS = 8
# Defaults of a new application, always sent: Graph's own default audience has changed over the years [rec]
DEFAULTS = {"sign_in_audience": "AzureADMyOrg", "id_token_issuance_enabled": True}
# A new application, as far as check mode can predict it
NEW: Document = {"id": NO_ID, "appId": NO_ID, "web": {"implicitGrantSettings": {"enableAccessTokenIssuance": False}}}


def check(params: Params) -> None:
    """Raise InputError for a declaration that Entra would refuse or that this module cannot carry out."""
    if all(params.get(key) is None for key in KEYS):
        raise InputError("No option identifies the application", hint=f"Set one of {', '.join(KEYS)}")
    check_ids(params)
    limits.check(params)


def check_ids(params: Params) -> None:
    """Raise InputError for an object ID or app ID that is not a GUID."""
    for key in ("object_id", "app_id"):
        if params.get(key) is not None:
            _input.guid(params[key], key, f"Copy {key} from Entra")


def view(document: Document) -> Document:
    """Return the application as results show it."""
    return {**_identity(document), **fields.shown(fields.view(document))}


def _identity(document: Document) -> Document:
    return {
        "object_id": document.get("id"),
        "app_id": document.get("appId"),
        "created": document.get("createdDateTime"),
        "disabled_by_microsoft_status": document.get("disabledByMicrosoftStatus"),
    }


def plan(params: Params, present: Document | None) -> list[Change]:
    """Return the changes that lead from ``present`` (None: no application yet) to the declaration; pure.

    Raises InputError if the unique name would change, which Graph does not allow once it is set [doc], or if the
    resulting application would exceed a limit.
    """
    have = fields.view(present or {})
    want = fields.desired(params, have, (present or NEW)["appId"])
    if present is None:
        want = {**want, **{option: default for option, default in DEFAULTS.items() if want[option] is None}}
        want["display_name"] = want["display_name"] or want["unique_name"]
    elif want["unique_name"] and have["unique_name"] not in (None, want["unique_name"]):
        raise InputError(
            f"The application {label(present)} already has the unique name {have['unique_name']}",
            hint="A unique name cannot be changed. Set unique_name to the existing one or omit it",
        )
    changes = _plan.plan(fields.FIELDS, have, want)
    if present is None or changes:
        limits.check_result(have, {**have, **{change.field.option: change.after for change in changes}})
    return changes


def predicted(present: Document | None, changes: list[Change]) -> Document:
    """Return the application's view after ``changes``; identifiers not assigned yet are all zeros."""
    values = {**fields.view(present or NEW), **{change.field.option: change.after for change in changes}}
    return {**_identity(present or NEW), **fields.shown(values)}


def label(document: Document) -> str:
    """Return the name of an application for messages."""
    return described(document.get("displayName"), document.get("appId"))


def described(display_name: str | None, app_id: str | None) -> str:
    """Return the name for messages from a display name and an app ID."""
    return f"{display_name} (app ID {app_id})"


def key_of(params: Params) -> str:
    """Return the first declared key of KEYS, which identifies the application; check() rejects an empty one."""
    return next((key for key in KEYS if params.get(key) is not None), KEYS[-1])


def address(graph: Graph, key: str, value: str) -> t.Any:
    """Return the SDK's request builder for the application whose object_id, app_id or unique_name is ``value``."""
    if key == "object_id":
        return graph.client.applications.by_application_id(value)
    if key == "app_id":
        return graph.client.applications_with_app_id(odata.escaped(value))
    return graph.client.applications_with_unique_name(odata.escaped(value))


async def read(graph: Graph, key: str, value: str, also: t.Sequence[str] = ()) -> Document | None:
    """Return the application whose ``key`` (object_id, app_id or unique_name) is ``value``; None if it does not exist.

    ``also`` lists more members to read, by their names in Graph.
    """
    attempted = f"Reading the application with {key} {value} failed"
    return await graph.send(reading(graph, key, value, also), attempted, missing_ok=True)


def reading(graph: Graph, key: str, value: str, also: t.Sequence[str] = ()) -> RequestInformation:
    """Return the request of read()."""
    return graph.request("GET", address(graph, key, value), query={"select": [*SELECT, *also]})


async def create(graph: Graph, params: Params, changes: list[Change]) -> Document:
    """Create the declared application and wait until reads agree on it.

    With a unique name, Graph's upsert is used, which can be repeated without creating a second application [doc]. It
    sends no lists, because they would replace those of an application that another run has just created; update()
    adds them. If Graph reports the unique name as taken, this request (with a lost response) or another run has created
    the application; if reads never show it, the refusal is raised, see name_taken(). Without a unique name, a create
    with a lost response is resolved by a search for the display name.
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
            created = await _find_created(graph, document["displayName"], error)
        key, value = "object_id", created["id"]
    made = await _settled(graph, key, value, changes, attempted)
    return await update(graph, params, made)


def name_taken(error: ServiceError) -> bool:
    """Return True if Graph refused a unique name because another application has it, which may be deleted
    (microsoftgraph/msgraph-bicep-types#137 [iss])."""
    return error.status == 400 and "uniqueName already exists" in (error.answer or "")


async def _shown(graph: Graph, unique_name: str, error: ServiceError) -> Document:
    """Return the application with the unique name once reads show it; raise ``error`` if they never do."""
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

    Graph replaces whole lists and has no object versions [rec: no ETag]. To keep entries that a stale read misses, a
    list is changed only from a state on which several reads agree. If reads then agree on something else, because
    another process wrote at the same time, the list is written again.
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
        # Unless another process writes, only a lost write has to be repeated: once, after a short wait.
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
    """Return the state on which reads agree within ``wait`` seconds after ``former`` was changed: the declared one, or
    that of another process."""
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
    """Delete the application, which can be restored for 30 days, and wait until reads agree."""
    request = graph.request("DELETE", address(graph, "object_id", present["id"]))
    await graph.send(request, f"Deleting the application {label(present)} failed", missing_ok=True)
    await replication.settle(
        lambda: read(graph, "object_id", present["id"]), lambda found: found is None, graph.patience
    )


async def _steady(graph: Graph, present: Document) -> Document:
    """Return the application as soon as several consecutive reads agree on it."""
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


async def _find_created(graph: Graph, display_name: str, error: AmbiguousError) -> Document:
    matches, _agreed = await replication.settle(
        lambda: named(graph, display_name), lambda found: len(found) == 1, replication.briefly(graph.patience)
    )
    if len(matches) == 1:
        return matches[0]
    raise error.but(
        answer=f"{error.answer}; {len(matches)} applications now have this name",
        hint="Run the playbook again. To make creation safe to repeat, set unique_name",
    ) from error


async def named(graph: Graph, display_name: str, also: t.Sequence[str] = ()) -> list[Document]:
    """Return all applications with exactly this display name; see read() for ``also``."""
    found = await listed(
        graph,
        f"Searching for applications named {display_name} failed",
        f"displayName eq {odata.literal(display_name)}",
        lambda item: True,
        also,
    )
    # Graph's comparison ignores case
    return [item for item in found if item["displayName"] == display_name]


async def listed(
    graph: Graph,
    attempted: str,
    condition: str | None,
    fits: t.Callable[[Document], bool] | None,
    also: t.Sequence[str] = (),
) -> list[Document]:
    """Return all applications, or those that match the OData ``condition``.

    If the caller may only read the applications that it owns, these are filtered with ``fits`` instead [doc]. Without
    ``fits``, the refusal is raised.
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
