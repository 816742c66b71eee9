# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The owners of applications and service principals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..directory import Record
from ..errors import bad_request, denied, not_found
from ..router import Router
from . import graph_applications, graph_service_principals, permissions
from .graph_call import NO_CONTENT, Answer, Call
from .graph_people import referenced, shown_owner
from .odata import listing
from .schemas import parameters

Find = Callable[[Call, dict[str, str]], Record]


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    for module, table in ((graph_applications, "applications"), (graph_service_principals, "service_principals")):
        path = module.ADDRESS + "/owners"
        router.add("GET", path, partial(owners, module.find))
        router.add("POST", path + r"/\$ref", partial(add_owner, module.find_to_change, table))
        router.add("DELETE", path + r"/(?P<owner>[^/]+)/\$ref", partial(remove_owner, module.find_to_change, table))


def owners(find: Find, call: Call, **address: str) -> Answer:
    """GET the owners."""
    permissions.may_read(call)
    people = [person for person in (shown_owner(call, key) for key in find(call, address).owners) if person]
    return listing(call, "directoryObjects", people)


def add_owner(find: Find, table: str, call: Call, **address: str) -> Answer:
    """POST owners/$ref. OwnedBy is not enough [doc]."""
    reference = parameters(call.body, {"@odata.id": str})["@odata.id"]
    record = find(call, address)
    if not permissions.has_all(call):
        raise denied()
    key = referenced(call, reference)
    if key in record.owners:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    record.owners.append(key)
    getattr(call.tenant, table).write(record.body["id"], record)
    return NO_CONTENT


def remove_owner(find: Find, table: str, call: Call, owner: str, **address: str) -> Answer:
    """DELETE owners/{id}/$ref. Even the last owner can be removed [rec]."""
    record = find(call, address)
    if owner not in record.owners:
        raise not_found(owner)
    record.owners.remove(owner)
    getattr(call.tenant, table).write(record.body["id"], record)
    return NO_CONTENT
