# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Finding the declared application: by its keys, by adopting one made by hand, or among those deleted lately."""

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.application import key_of, label
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

GRAPH_MEMBERS = {"object_id": "id", "app_id": "appId", "unique_name": "uniqueName", "display_name": "displayName"}
LISTED_OWNERS = 10


async def find(graph: Graph, params: Params) -> tuple[Document | None, bool]:
    """The declared application as Graph has it, or None, and whether it is newly taken over.

    Looked up by the first given of object ID, app ID, unique name and exact display name. That there is none is
    believed only when several reads agree, because a stale replica must not lead to a second application.
    Raises InputError when more than one application matches, or when there is none of the unique name but one of the
    display name, which O(adopt) would take over.
    """
    key = key_of(params)
    if key == "display_name":
        return await replication.believed_absent(lambda: _only(graph, params[key], lambda _match: True)), False
    found = await replication.believed_absent(lambda: application.read(graph, key, params[key]))
    if found or key != "unique_name" or params["state"] == "absent" or not params.get("display_name"):
        return found, False
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


def known_requests(graph: Graph, params: Params) -> list[RequestInformation]:
    """The first requests of inspecting an application, as far as they do not hang on the answer to another.

    The service principal is addressed by the app ID that a relying party has; that of another application is no use.
    """
    key = key_of(params)
    if key == "display_name":
        return []
    app_id = params["relying_party_client_id"] or ""
    principal = [service_principal.reading(graph, app_id)] if GUID.fullmatch(app_id) else []
    return [application.reading(graph, key, params[key]), *principal]


def check_creatable(graph: Graph, params: Params) -> None:
    """Raise InputError when the application is named by an ID, which only Entra can give, and does not exist."""
    key = key_of(params)
    if key in ("object_id", "app_id"):
        raise InputError(
            f"No application has the {key} {params[key]} in tenant {graph.tenant_id}",
            hint=f"Correct {key}, or name the application by unique_name to have it created",
        )


async def _only(graph: Graph, display_name: str, fits: t.Callable[[Document], bool]) -> Document | None:
    """The one application of this display name that ``fits``; None when there is none."""
    matches = [match for match in await application.named(graph, display_name) if fits(match)]
    if len(matches) > 1:
        names = await asyncio.gather(*(_owners(graph, match) for match in matches[:LISTED_OWNERS]))
        names += ["not read"] * (len(matches) - len(names))
        raise InputError(
            f"{len(matches)} applications have the display name {display_name}",
            answer="; ".join(
                f"{label(match)} created {match.get('createdDateTime')}, owners: {owners}"
                for match, owners in zip(matches, names, strict=True)
            ),
            hint="Set app_id to the right one",
        )
    return matches[0] if matches else None


async def _owners(graph: Graph, match: Document) -> str:
    """The names of an application's owners, for a message."""
    address = application.address(graph, "object_id", match["id"]).owners
    try:
        owners = await graph.pages(graph.request("GET", address), "Reading the owners failed")
    except ServiceError:
        return "not readable"
    return ", ".join(str(o.get("userPrincipalName") or o.get("displayName")) for o in owners) or "none"


async def deleted(graph: Graph, params: Params) -> Document | None:
    """The declared application among those deleted in the last 30 days; None when there is none.

    Raises InputError when more than one matches.
    """
    key = key_of(params)
    attempted = f"Looking for deleted applications with {key} {params[key]} failed"

    async def matching() -> list[Document] | None:
        found = await all_deleted(graph, attempted)
        return [item for item in found if is_named(item, key, params[key])] or None

    matches = await replication.believed_absent(matching) or []
    if len(matches) > 1:
        raise InputError(
            f"{len(matches)} deleted applications have the {key} {params[key]}",
            answer="; ".join(f"object ID {item['id']} deleted {item.get('deletedDateTime')}" for item in matches),
            hint="Set object_id to the right one",
        )
    if matches and params["state"] == "absent" and key == "display_name":
        raise InputError(
            f"A deleted application is named {params[key]} (object ID {matches[0]['id']})",
            answer="by its name alone it is not purged, as that cannot be undone",
            hint="Set object_id to it",
        )
    return matches[0] if matches else None


def is_named(item: Document, key: str, wanted: str) -> bool:
    """Whether Graph's ``item`` has ``wanted`` as its ``key`` (of KEYS); IDs are the same in any case of letters."""
    value = item.get(GRAPH_MEMBERS[key])
    return value is not None and (value == wanted or (key.endswith("_id") and value.lower() == wanted.lower()))


async def all_deleted(graph: Graph, attempted: str, also: t.Sequence[str] = ()) -> list[Document]:
    """All applications that can still be restored; see application.read() for ``also``."""
    items = graph.client.directory.deleted_items.graph_application
    query = {"select": [*application.SELECT, "deletedDateTime", *also]}
    return await graph.pages(graph.request("GET", items, query=query), attempted)


async def restore(graph: Graph, found: Document) -> Document:
    """Restore a deleted application and wait until reads agree on it."""
    attempted = f"Restoring the application {label(found)} failed"
    item = graph.client.directory.deleted_items.by_directory_object_id(found["id"])
    await graph.send(graph.request("POST", item.restore), attempted, repeatable=True, missing_ok=True)
    return await replication.appears(
        lambda: application.read(graph, "object_id", found["id"]), attempted, graph.patience
    )


async def purge(graph: Graph, found: Document) -> None:
    """Delete an application for good that is among the deleted ones, or is about to show there, and wait until reads
    agree that it is gone."""
    attempted = f"Purging the application {label(found)} failed"
    item = graph.client.directory.deleted_items.by_directory_object_id(found["id"])
    request = graph.request("DELETE", item)
    try:
        await replication.persist(
            lambda: graph.send(request, attempted), replication.not_replicated, replication.briefly(graph.patience)
        )
    except ServiceError as error:
        if error.status != 404:  # gone already
            raise
    await replication.settle(
        lambda: all_deleted(graph, attempted), lambda items: found["id"] not in {i["id"] for i in items}, graph.patience
    )


async def deleted_principal(graph: Graph, app_id: str) -> Document | None:
    """The service principal of an application among those deleted lately; the latest, where there are several."""
    items = graph.client.directory.deleted_items.graph_service_principal
    query = {"select": [*service_principal.SELECT, "deletedDateTime"]}
    attempted = f"Looking for the deleted service principal of app ID {app_id} failed"

    async def latest() -> Document | None:
        found = await graph.pages(graph.request("GET", items, query=query), attempted)
        mine = [item for item in found if item.get("appId") == app_id]
        return max(mine, key=lambda item: item.get("deletedDateTime") or "", default=None)

    return await replication.believed_absent(latest)


async def restore_principal(graph: Graph, found: Document) -> Document:
    """Restore a deleted service principal, which Graph does not do with its application [doc], and wait for it."""
    attempted = f"Restoring the service principal of app ID {found['appId']} failed"
    item = graph.client.directory.deleted_items.by_directory_object_id(found["id"])
    request = graph.request("POST", item.restore)
    await replication.persist(
        lambda: graph.send(request, attempted, repeatable=True, missing_ok=True),
        lambda error: error.status == 400,  # its application is not everywhere yet
        replication.briefly(graph.patience),
    )
    return await replication.appears(lambda: service_principal.read(graph, found["appId"]), attempted, graph.patience)
