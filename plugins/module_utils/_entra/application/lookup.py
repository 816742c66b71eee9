# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find the declared application: by its keys, by adoption of an existing one, or among deleted applications."""

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
    """Return the declared application from Graph, or None, and whether this run adopts it.

    The first declared key of object ID, app ID, unique name and exact display name is used. Absence counts only if
    several reads agree on it, because a stale replica must not lead to a second application. Raises InputError if
    several applications match, or if only the display name matches and O(adopt) is not set.
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
        if error.status == 403:  # no permission to list; the unique name still prevents a second application
            return None, False
        raise
    if found and not params["adopt"]:
        raise InputError(
            f"The application {label(found)}, created {found.get('createdDateTime')}, exists without a unique name",
            answer=f"it is not registered as {params['unique_name']}, and a second one of its name would confuse users",
            hint="To take it over, set adopt to true. Otherwise set a different display_name",
        )
    return found, found is not None


def known_requests(graph: Graph, params: Params) -> list[RequestInformation]:
    """Return the first requests for inspecting an application that do not depend on another response.

    The service principal is addressed by the app ID that a relying party uses.
    """
    key = key_of(params)
    if key == "display_name":
        return []
    app_ids = [app_id for app_id in used_client_ids(params) if GUID.fullmatch(app_id)]
    principal = [service_principal.reading(graph, app_ids[0])] if app_ids else []
    return [application.reading(graph, key, params[key]), *principal]


def used_client_ids(params: Params) -> list[str]:
    """Return the client IDs that users of the declared relying parties sign in with now, in lower case."""
    parties = params["relying_parties"] or []
    used = (party.get("client_id") for party in parties if party.get("enabled", True))
    return list(dict.fromkeys(client_id.lower() for client_id in used if client_id))


def check_creatable(graph: Graph, params: Params) -> None:
    """Raise InputError if a missing application is named by an ID, which only Entra can assign."""
    key = key_of(params)
    if key in ("object_id", "app_id"):
        raise InputError(
            f"No application has the {key} {params[key]} in tenant {graph.tenant_id}",
            hint=f"Correct {key}. To create the application, set unique_name instead",
        )


async def _only(graph: Graph, display_name: str, fits: t.Callable[[Document], bool]) -> Document | None:
    """Return the only application with this display name that ``fits``; None if there is none."""
    matches = [match for match in await application.named(graph, display_name) if fits(match)]
    if len(matches) > 1:
        names = await asyncio.gather(*(_owners(graph, match) for match in matches[:LISTED_OWNERS]))
        names += ["unknown"] * (len(matches) - len(names))
        raise InputError(
            f"{len(matches)} applications have the display name {display_name}",
            answer="; ".join(
                f"{label(match)} created {match.get('createdDateTime')}, owners: {owners}"
                for match, owners in zip(matches, names, strict=True)
            ),
            hint="Set app_id to that of the right application",
        )
    return matches[0] if matches else None


async def _owners(graph: Graph, match: Document) -> str:
    """Return the names of an application's owners for a message."""
    address = application.address(graph, "object_id", match["id"]).owners
    try:
        owners = await graph.pages(graph.request("GET", address), "Reading the owners failed")
    except ServiceError:
        return "unknown"
    return ", ".join(str(o.get("userPrincipalName") or o.get("displayName")) for o in owners) or "none"


async def to_purge(graph: Graph, params: Params) -> Document | None:
    """Return the deleted application to purge; None if there is none.

    Raises InputError if several match, or if only the display name identifies it.
    """
    key = key_of(params)
    found = the_only(key, params[key], await _deleted(graph, key, params[key], sure=True))
    if found and key == "display_name":
        raise InputError(
            f"A deleted application is named {params[key]} (object ID {found['id']})",
            answer="a purge cannot be undone, so the name alone is not sufficient",
            hint="Set object_id to this ID",
        )
    return found


async def to_restore(graph: Graph, params: Params, present: Document | None) -> Document | None:
    """Return the deleted application to restore in place of a missing one; None if there is none.

    Deleted applications are read only if they can matter: if ``present`` is None, or is about to get a unique name.
    Raises InputError if a deleted application is in the way; see chosen().
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
        # If none is requested, a stale read is harmless: Graph refuses the unique name, see taken()
        sure = bool(params["restore"] or used_client_ids(params))
        matches = await _deleted(graph, key, params[key], sure=sure)
    except ServiceError as error:
        if error.status != 403 or params["restore"]:
            raise
        return None  # if one is in the way, Graph refuses the unique name; see taken()
    return chosen(params, matches, present)


def chosen(params: Params, matches: t.Sequence[Document], present: Document | None) -> Document | None:
    """Return the deleted application in ``matches`` to restore, or None; pure.

    That is the one that O(restore) requests. If O(restore) is omitted, it is the one that a relying party still uses,
    because another application would give its users new accounts. Raises InputError if one is in the way: it keeps its
    unique name until it is purged (microsoftgraph/msgraph-bicep-types#137 [iss]), and its IDs for good.
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
    """Return the only deleted application that matches, or None; raise InputError for several. Pure."""
    if len(matches) > 1:
        raise InputError(
            f"{len(matches)} deleted applications have the {key} {value}",
            answer="; ".join(f"object ID {item['id']} deleted {item.get('deletedDateTime')}" for item in matches),
            hint="Set object_id to that of the right application",
        )
    return matches[0] if matches else None


def in_the_way(key: str, value: str, match: Document, present: Document | None) -> InputError:
    """Return the error for a deleted application ``match`` that has the declared ``key``."""
    restore = "To keep its client ID and its users' accounts, set restore to true"
    other = "purge it (state absent with purge), or set a different unique_name" if key == "unique_name" else ""
    if present is not None:
        hint = f"{other[0].upper()}{other[1:]}"
    else:
        hint = f"{restore}. Otherwise {other or f'correct {key}'}"
    return InputError(
        f"The application {label(match)} with the {key} {value} was deleted on {match.get('deletedDateTime')}",
        answer="Entra keeps a deleted application and its unique name for 30 days, unless it is purged",
        hint=hint,
    )


async def taken(graph: Graph, params: Params, error: ServiceError) -> SsoError:
    """Return the error for a unique name that Graph refused, explained by the deleted application that has it."""
    try:
        matches = await _deleted(graph, "unique_name", params["unique_name"], sure=True)
    except ServiceError:
        matches = []
    if matches:
        return in_the_way("unique_name", params["unique_name"], matches[0], None)
    return error.but(
        hint="A deleted application keeps its unique name for 30 days. Restore or purge it in the Microsoft Entra "
        "admin center (App registrations, Deleted applications), or set a different unique_name"
    )


async def _deleted(graph: Graph, key: str, value: str, *, sure: bool) -> list[Document]:
    """Return the deleted applications whose ``key`` is ``value``; ``sure`` repeats a read that finds none."""
    attempted = f"Searching for deleted applications with {key} {value} failed"

    async def matching() -> list[Document] | None:
        found = await all_deleted(graph, attempted)
        return [item for item in found if is_named(item, key, value)] or None

    return await (replication.believed_absent(matching) if sure else matching()) or []


def is_named(item: Document, key: str, wanted: str) -> bool:
    """Return True if ``key`` (of KEYS) of Graph's ``item`` is ``wanted``; IDs are compared without case."""
    value = item.get(GRAPH_MEMBERS[key])
    return value is not None and (value == wanted or (key.endswith("_id") and value.lower() == wanted.lower()))


async def all_deleted(graph: Graph, attempted: str, also: t.Sequence[str] = ()) -> list[Document]:
    """Return all applications that can still be restored; see application.read() for ``also``."""
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
    """Permanently delete an application that has been deleted, and wait until reads agree.

    It may not show among the deleted applications yet.
    """
    attempted = f"Purging the application {label(found)} failed"
    item = graph.client.directory.deleted_items.by_directory_object_id(found["id"])
    request = graph.request("DELETE", item)
    try:
        await replication.persist(
            lambda: graph.send(request, attempted), replication.not_replicated, replication.briefly(graph.patience)
        )
    except ServiceError as error:
        if error.status != 404:  # purged already
            raise
    await replication.settle(
        lambda: all_deleted(graph, attempted), lambda items: found["id"] not in {i["id"] for i in items}, graph.patience
    )


async def deleted_principal(graph: Graph, app_id: str) -> Document | None:
    """Return the deleted service principal of an application, the latest if there are several; None if none exists."""
    items = graph.client.directory.deleted_items.graph_service_principal
    query = {"select": [*service_principal.SELECT, "deletedDateTime"]}
    attempted = f"Searching for the deleted service principal of app ID {app_id} failed"

    async def latest() -> Document | None:
        found = await graph.pages(graph.request("GET", items, query=query), attempted)
        mine = [item for item in found if item.get("appId") == app_id]
        return max(mine, key=lambda item: item.get("deletedDateTime") or "", default=None)

    return await replication.believed_absent(latest)


async def restore_principal(graph: Graph, found: Document) -> Document:
    """Restore a deleted service principal, which Graph does not restore with its application [doc], and wait for it."""
    attempted = f"Restoring the service principal of app ID {found['appId']} failed"
    item = graph.client.directory.deleted_items.by_directory_object_id(found["id"])
    request = graph.request("POST", item.restore)
    await replication.persist(
        lambda: graph.send(request, attempted, repeatable=True, missing_ok=True),
        lambda error: error.status == 400,  # its application has not replicated yet
        replication.briefly(graph.patience),
    )
    return await replication.appears(lambda: service_principal.read(graph, found["appId"]), attempted, graph.patience)
