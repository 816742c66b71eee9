# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The service principal: the application's presence in the tenant, which sign-in requires."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.limits import NOTES_MAX
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import SET, TEXT, Change, Field

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

# The tag that hides the application from users' lists of applications [doc]
HIDE = "HideApp"

FIELDS = (
    Field("account_enabled", ("accountEnabled",)),
    Field("app_role_assignment_required", ("appRoleAssignmentRequired",)),
    Field("notes", ("notes",), TEXT),
    Field("notification_email_addresses", ("notificationEmailAddresses",), SET),
    Field("preferred_single_sign_on_mode", ("preferredSingleSignOnMode",), TEXT),
    Field("tags", ("tags",), SET),
)
SELECT = ["id", "appId", "isDisabled", "disabledByMicrosoftStatus", *(field.path[0] for field in FIELDS)]
# A new service principal as Graph creates it [rec]
NEW: Document = {
    "accountEnabled": True,
    "appRoleAssignmentRequired": False,
    "tags": [],
    "notificationEmailAddresses": [],
}


def check(declared: Params) -> None:
    """Raise InputError for values that Entra would refuse."""
    if len(declared.get("notes") or "") > NOTES_MAX:
        raise InputError(f"service_principal.notes has more than {NOTES_MAX} characters")
    for address in declared.get("notification_email_addresses") or []:
        if "@" not in address:
            raise InputError(
                f"service_principal.notification_email_addresses contains {_input.quoted(address)}, which is not an "
                "e-mail address"
            )


def check_visible(declared: Params, tags: t.Iterable[str]) -> None:
    """Raise InputError if users should see an application that its own ``tags`` hide."""
    if declared.get("visible_to_users") and HIDE in tags:
        raise InputError(
            f"service_principal.visible_to_users is true, but the application itself has the tag {HIDE}",
            answer="a service principal inherits the tags of its application, so users would not see it",
            hint=f"Set tags without {HIDE}, or omit visible_to_users",
        )


def inheriting(document: Document, before: t.Collection[str], after: t.Collection[str]) -> Document:
    """Return ``document`` as Graph shows it after the application's tags change from ``before`` to ``after``; pure.

    Graph does not distinguish inherited tags from the service principal's own [doc].
    """
    staying = [tag for tag in document.get("tags") or [] if tag not in before]
    return {**document, "tags": sorted({*staying, *after})}


def view(document: Document) -> Document:
    """Return the service principal as results show it; its tags only as ``visible_to_users``."""
    shown = {field.option: field.read(document) for field in FIELDS}
    visible = HIDE not in (shown.pop("tags") or [])
    return {
        "object_id": document.get("id"),
        **shown,
        "visible_to_users": visible,
        "deactivated": bool(document.get("isDisabled")),
        "disabled_by_microsoft_status": document.get("disabledByMicrosoftStatus"),
    }


def plan(declared: Params, present: Document | None, inherited: t.Collection[str]) -> list[Change]:
    """Return the changes that lead from ``present`` (None: a new one) to the suboptions ``declared``; pure.

    ``inherited`` are the application's tags, which ``present`` shows too. They are not copied to the service principal,
    where they would outlive the application's. Raises InputError if they hide an application that should be visible.
    """
    have = {field.option: field.read(present or {**NEW, "tags": list(inherited)}) for field in FIELDS}
    want = {field.option: declared.get(field.option) for field in FIELDS if field.option != "tags"}
    check_visible(declared, inherited)
    if declared.get("visible_to_users") is (HIDE in have["tags"]):
        own = [tag for tag in have["tags"] if tag != HIDE and tag not in inherited]
        want["tags"] = own if declared["visible_to_users"] else [*own, HIDE]
    return _plan.plan(FIELDS, have, want)


def diff(changes: t.Sequence[Change]) -> tuple[Document, Document]:
    """Return Ansible's diff of ``changes``, by option names."""
    before, after = _plan.diff(changes)
    for side in (before, after):
        if "tags" in side:
            side["visible_to_users"] = HIDE not in (side.pop("tags") or [])
    return before, after


def predicted(
    present: Document | None, changes: t.Sequence[Change], no_id: str, inherited: t.Collection[str]
) -> Document:
    """Return the members of Graph's document that this collection reads, after ``changes``; see plan()."""
    body = {change.field.path[0]: change.field.kind.write(change.after) for change in changes}
    return inheriting({**(present or {"id": no_id, **NEW}), **body}, (), inherited)


async def read(graph: Graph, app_id: str) -> Document | None:
    """Return the service principal of the application ``app_id``; None if it does not exist."""
    attempted = f"Reading the service principal of app ID {app_id} failed"
    return await graph.send(reading(graph, app_id), attempted, missing_ok=True)


def reading(graph: Graph, app_id: str) -> RequestInformation:
    """Return the request of read()."""
    return graph.request("GET", graph.client.service_principals_with_app_id(app_id), query={"select": SELECT})


def loosened(declared: Params) -> Params:
    """Return ``declared`` without required assignment, which locks users out until they are assigned."""
    return {name: value for name, value in declared.items() if name != "app_role_assignment_required" or not value}


async def create(graph: Graph, app_id: str) -> Document:
    """Create the service principal of ``app_id``, owned by the caller, and wait until reads agree on it.

    Graph sets no owner by default [rec], so a caller that may only change what it owns could be refused its first
    change [inf]. The owner is therefore set at creation, as terraform azuread does [src]. A tenant has at most one
    service principal for each application, so a create with a lost response can be repeated: the second response
    reports that it exists.
    """
    attempted = f"Creating the service principal of app ID {app_id} failed"
    body: Document = {"appId": app_id}
    if graph.caller_id:
        body["owners@odata.bind"] = [f"{graph.cloud.graph_endpoint}/v1.0/directoryObjects/{graph.caller_id}"]
    request = graph.request("POST", graph.client.service_principals, body)
    try:
        await replication.persist(
            lambda: graph.send(request, attempted, repeatable=True), replication.not_replicated, graph.patience
        )
    except ServiceError as error:
        if error.code != replication.EXISTS:  # another run created it, or the read that missed it was stale
            raise
    return await replication.appears(lambda: read(graph, app_id), attempted, graph.patience)


async def unowned(graph: Graph, made: Document) -> list[str]:
    """Return a warning if the caller does not own the service principal ``made`` by create(); none if unknown."""
    attempted = f"Reading the owners of the service principal of app ID {made['appId']} failed"
    address = graph.client.service_principals.by_service_principal_id(made["id"]).owners

    async def own() -> bool | None:
        owners = await graph.pages(graph.request("GET", address, query={"select": ["id"]}), attempted)
        return graph.caller_id in [owner["id"] for owner in owners] or None

    try:
        if graph.caller_id is None or await replication.believed_absent(own):
            return []
    except ServiceError:
        return []
    return [
        f"The automation does not own the service principal of app ID {made['appId']}, which it has just created. If "
        "Application.ReadWrite.OwnedBy is its only permission, later changes can be refused. Add it as an owner."
    ]


async def update(
    graph: Graph, declared: Params, present: Document, inherited: t.Collection[str], wait: float, *, fresh: bool
) -> Document:
    """Send the smallest PATCH that leads from ``present`` to ``declared`` and wait until reads agree on it, at most
    ``wait`` seconds; see plan() for ``inherited``.

    ``fresh`` means that it was just created, so a replica may not know its owner yet.
    """
    changes = plan(declared, present, inherited)
    if not changes:
        return present
    names = ", ".join(change.field.option for change in changes)
    attempted = f"Changing {names} of the service principal of app ID {present['appId']} failed"
    address = graph.client.service_principals.by_service_principal_id(present["id"])
    request = graph.request("PATCH", address, _plan.body(changes))
    await replication.persist_of(lambda: graph.send(request, attempted), wait, fresh=fresh)
    found, settled = await replication.settle(
        lambda: read(graph, present["appId"]),
        lambda document: document is not None and not plan(declared, document, inherited),
        wait,
    )
    if not settled or found is None:
        raise replication.unsettled(attempted, wait)
    return found


async def delete(graph: Graph, present: Document) -> None:
    """Delete a service principal and wait until reads agree; a missing one is not an error."""
    address = graph.client.service_principals.by_service_principal_id(present["id"])
    attempted = f"Deleting the service principal of app ID {present['appId']} failed"
    await graph.send(graph.request("DELETE", address), attempted, missing_ok=True)
    await replication.settle(
        lambda: read(graph, present["appId"]), lambda found: found is None, replication.briefly(graph.patience)
    )
