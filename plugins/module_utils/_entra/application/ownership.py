# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check whether the caller may change an application that it can read.

Application.ReadWrite.OwnedBy allows reading all applications, but changing only those that the caller owns [doc].
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import permission_hints
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.permission_hints import Caller
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = t.Mapping[str, t.Any]


def refusal(caller: Caller, who: str, app: Document, owners: t.Collection[str] | None) -> str:
    """Return why a change of ``app`` would be refused, and the next step; empty if it would not, or if unknown. Pure.

    Messages call the ``caller`` ``who``. ``owners`` are object IDs, None if they could not be read. A user's rights
    follow from directory roles and ownership. An application can have such a role too: as Application Administrator, it
    may change all applications without a Graph permission [doc].
    """
    if not caller.known or caller.delegated or caller.wids or caller.may(permission_hints.CHANGES_ALL):
        return ""
    name = application.described(app["display_name"], app["app_id"])
    if not caller.may((permission_hints.OWNED_BY,)):
        granted = permission_hints.grant(who, (permission_hints.OWNED_BY,))
        return f"The {who} is not allowed to change the application {name}. {granted}."
    if owners is None or caller.owns(owners):
        return ""
    return (
        f"The {who} is not an owner of the application {name}, so a run that changes it fails. Make it an owner: "
        f"{permission_hints.make_owner(app['app_id'], caller)}"
    )


async def read(graph: Graph, app: Document) -> str:
    """Return refusal() for the caller of ``graph`` and the owners from Graph, which are read only if needed."""
    owners: list[str] | None = None
    caller = graph.caller
    decides = not caller.wids and not caller.may(permission_hints.CHANGES_ALL)
    if decides and caller.may((permission_hints.OWNED_BY,)):
        address = application.address(graph, "object_id", app["object_id"]).owners
        request = graph.request("GET", address, query={"select": ["id"]})
        try:
            found = await graph.pages(request, f"Reading the owners of {app['display_name']} failed")
            owners = [item["id"] for item in found]
        except ServiceError:
            owners = None
    return refusal(caller, graph.who, app, owners)
