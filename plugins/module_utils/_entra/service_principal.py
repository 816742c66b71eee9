# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The service principal: the application's presence in the tenant, without which nobody can sign in."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import Graph

Document = dict[str, t.Any]
EXISTS = "Request_MultipleObjectsWithSameKeyValue"


async def read(graph: Graph, app_id: str) -> Document | None:
    """The service principal of the application ``app_id``; None when there is none."""
    builder = graph.client.service_principals_with_app_id(app_id)
    attempted = f"Reading the service principal of app ID {app_id} failed"
    return await graph.send(builder.to_get_request_information(), attempted, missing_ok=True)


async def create(graph: Graph, app_id: str, patience: float) -> Document:
    """Create the service principal of ``app_id`` and wait until reads agree on it.

    A tenant has at most one for each application, so a create whose answer is lost can be repeated: the second answer
    is that there is one.
    """
    from msgraph.generated.models.service_principal import ServicePrincipal

    attempted = f"Creating the service principal of app ID {app_id} failed"
    request = graph.client.service_principals.to_post_request_information(ServicePrincipal(app_id=app_id))
    try:
        await replication.persist(lambda: graph.send(request, attempted, repeatable=True), _not_replicated, patience)
    except ServiceError as error:
        if error.code != EXISTS:  # another run was faster, or the read that missed it was stale
            raise
    found, settled = await _settle(graph, app_id, patience)
    if not settled or found is None:
        raise ServiceError(
            f"The service principal of app ID {app_id} was created, but does not show",
            hint="Run again: nothing is lost; raise wait_timeout if the tenant is slow",
        )
    return found


async def delete(graph: Graph, present: Document) -> None:
    """Delete a service principal; one that is gone already is no error."""
    builder = graph.client.service_principals.by_service_principal_id(present["id"])
    attempted = f"Deleting the service principal of app ID {present['appId']} failed"
    await graph.send(builder.to_delete_request_information(), attempted, missing_ok=True)


async def _settle(graph: Graph, app_id: str, patience: float) -> tuple[Document | None, bool]:
    return await replication.settle(lambda: read(graph, app_id), lambda found: found is not None, patience)


def _not_replicated(error: ServiceError) -> bool:
    """The application is not yet where its service principal is made (both texts from terraform azuread [src]).

    The 403 is a real refusal too; then it is still there when patience is over, and the user sees it.
    """
    text = error.answer or ""
    return (error.status == 400 and "does not reference a valid application object" in text) or (
        error.status == 403 and "backing application" in text
    )
