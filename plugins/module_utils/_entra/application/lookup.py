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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError, SsoError

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
    app_ids = [app_id for app_id in used_client_ids(params) if GUID.fullmatch(app_id)]
    principal = [service_principal.reading(graph, app_ids[0])] if app_ids else []
    return [application.reading(graph, key, params[key]), *principal]


def used_client_ids(params: Params) -> list[str]:
    """The client IDs with which users of the declared relying parties sign in now, in lower case."""
    parties = params["relying_parties"] or []
    used = (party.get("client_id") for party in parties if party.get("enabled", True))
    return list(dict.fromkeys(client_id.lower() for client_id in used if client_id))


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


async def to_purge(graph: Graph, params: Params) -> Document | None:
    """The deleted application that is to be purged, where no other is declared any more; None when there is none.

    Raises InputError when several match, or when its display name alone names it.
    """
    key = key_of(params)
    found = the_only(key, params[key], await _deleted(graph, key, params[key], sure=True))
    if found and key == "display_name":
        raise InputError(
            f"A deleted application is named {params[key]} (object ID {found['id']})",
            answer="by its name alone it is not purged, as that cannot be undone",
            hint="Set object_id to it",
        )
    return found


async def to_restore(graph: Graph, params: Params, present: Document | None) -> Document | None:
    """The deleted application that is to be restored in place of a missing one; None when there is none.

    Deleted applications are read only where one can matter: where ``present`` is None, or has no unique name yet and is
    to be given one. Raises InputError where a deleted one is in the way; see chosen().
    """
    key = key_of(params) if present is None else "unique_name"
    if present is None:
        may_matter = key != "display_name" or bool(used_client_ids(params))
        wanted = params["restore"] or (params["create"] and may_matter)
    else:
        wanted = params["unique_name"] and present.get("uniqueName") is None
    if not wanted:
        return None
    try:
        # Where nobody asks for one, a stale read does no harm: Graph refuses the unique name, see taken()
        sure = bool(params["restore"] or used_client_ids(params))
        matches = await _deleted(graph, key, params[key], sure=sure)
    except ServiceError as error:
        if error.status != 403 or params["restore"]:
            raise
        return None  # unknown: if one is in the way, Graph refuses the unique name; see taken()
    return chosen(params, matches, present)


def chosen(params: Params, matches: t.Sequence[Document], present: Document | None) -> Document | None:
    """Which of the deleted applications ``matches`` is to be restored; pure.

    It is what O(restore) asks for; where that is omitted, what a relying party still uses, because with another
    application its users would be new ones. Raises InputError where one is in the way: it keeps its unique name until
    it is purged (microsoftgraph/msgraph-bicep-types#137 [iss]), and its IDs for ever.
    """
    key = key_of(params) if present is None else "unique_name"
    relied_on = [item for item in matches if item["appId"] in used_client_ids(params)]
    if key == "display_name" and not params["restore"]:
        matches = relied_on if params["restore"] is None else []
    match = the_only(key, params[key], matches)
    if match is None:
        return None
    if present is None and (params["restore"] or (params["restore"] is None and relied_on)):
        return match
    raise in_the_way(key, params[key], match, present)


def the_only(key: str, value: str, matches: t.Sequence[Document]) -> Document | None:
    """The one deleted application that matches, or None. Raises InputError for several; pure."""
    if len(matches) > 1:
        raise InputError(
            f"{len(matches)} deleted applications have the {key} {value}",
            answer="; ".join(f"object ID {item['id']} deleted {item.get('deletedDateTime')}" for item in matches),
            hint="Set object_id to the right one",
        )
    return matches[0] if matches else None


def in_the_way(key: str, value: str, match: Document, present: Document | None) -> InputError:
    """The error for a deleted application ``match`` that has the ``key`` which is declared."""
    restore = (
        "To keep its client ID and its users' accounts, set restore to true (in the role: rustdesk_sso_app_restore)"
    )
    other = "purge it (state absent with purge), or choose another unique_name" if key == "unique_name" else ""
    if present is not None:
        hint = f"{other[0].upper()}{other[1:]}"
    else:
        hint = f"{restore}. Otherwise {other or f'correct {key}'}"
    return InputError(
        f"The application {label(match)} with the {key} {value} was deleted on {match.get('deletedDateTime')}",
        answer="Entra keeps a deleted application for 30 days, and its unique name with it, unless it is purged",
        hint=hint,
    )


async def taken(graph: Graph, params: Params, error: ServiceError) -> SsoError:
    """The refusal ``error`` of a unique name, explained by the deleted application that has it, if it can be read."""
    try:
        matches = await _deleted(graph, "unique_name", params["unique_name"], sure=True)
    except ServiceError:
        matches = []
    if matches:
        return in_the_way("unique_name", params["unique_name"], matches[0], None)
    return error.but(
        hint="A deleted application keeps its unique name for 30 days. Restore or purge it in the Microsoft Entra "
        "admin center (App registrations, Deleted applications), or choose another unique_name"
    )


async def _deleted(graph: Graph, key: str, value: str, *, sure: bool) -> list[Document]:
    """The deleted applications that have ``value`` as their ``key``; ``sure`` does not believe one read that there is
    none."""
    attempted = f"Looking for deleted applications with {key} {value} failed"

    async def matching() -> list[Document] | None:
        found = await all_deleted(graph, attempted)
        return [item for item in found if is_named(item, key, value)] or None

    return await (replication.believed_absent(matching) if sure else matching()) or []


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
