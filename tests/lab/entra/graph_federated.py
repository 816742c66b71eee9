# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""federatedIdentityCredentials of an application."""

from __future__ import annotations

import uuid
from typing import Any

from ..directory import Record
from ..errors import GraphError, bad_request, not_found
from ..router import Router
from . import permissions
from .graph_applications import ADDRESS, find, find_to_change
from .graph_call import NO_CONTENT, Answer, Call
from .odata import listing, selected

ALL = ADDRESS + "/federatedIdentityCredentials"
# The name can be used as a key, too [rec].
ONE = ALL + "/(?P<credential>[^/]+)"
LIMIT = 20


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", ALL, list_all)
    router.add("POST", ALL, create)
    router.add("GET", ONE, read)
    router.add("PATCH", ONE, update)
    router.add("DELETE", ONE, delete)


def _context(record: Record, entity: bool) -> str:
    return f"applications('{record.body['id']}')/federatedIdentityCredentials" + ("/$entity" if entity else "")


def _of(record: Record, credential: str) -> dict[str, Any]:
    for item in record.federated:
        if credential in (item["id"], item["name"]):
            return item
    raise not_found(credential)


def list_all(call: Call, **address: str) -> Answer:
    """GET all [rec]."""
    permissions.may_read(call)
    record = find(call, address)
    return listing(call, _context(record, entity=False), record.federated)


def read(call: Call, credential: str, **address: str) -> Answer:
    """GET one [rec]."""
    permissions.may_read(call)
    record = find(call, address)
    body = {"@odata.context": call.context(_context(record, entity=True)), **_of(record, credential)}
    return Answer(200, selected(body, call.query.get("$select"), "federatedIdentityCredential"))


def create(call: Call, **address: str) -> Answer:
    """POST one: 201 [rec]."""
    record = find_to_change(call, address)
    call.schemas.check(call.body, "federatedIdentityCredential", "create")
    asked = call.body
    for name in ("name", "issuer", "subject", "audiences"):
        if not asked.get(name):
            raise bad_request(f"A value is required for property '{name}' of resource 'FederatedIdentityCredential'.")
    if len(asked["audiences"]) != 1 or len(record.federated) >= LIMIT:
        raise bad_request("Invalid value specified for property 'audiences' of resource 'FederatedIdentityCredential'.")
    for item in record.federated:
        if item["name"] == asked["name"]:
            text = "FederatedIdentityCredential with name " + asked["name"] + " already exists."
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", text)
        if (item["issuer"], item["subject"]) == (asked["issuer"], asked["subject"]):
            raise bad_request("Issuer and subject combination already exists for this resource.")
    made = {"id": str(uuid.uuid4())}
    made |= {name: asked.get(name) for name in ("name", "issuer", "subject", "description", "audiences")}
    record.federated.append(made)
    call.tenant.applications.write(record.body["id"], record)
    body = {"@odata.context": call.context(_context(record, entity=True)), **made}
    return Answer(201, body, call.location("federatedIdentityCredentials", made["id"]))


def update(call: Call, credential: str, **address: str) -> Answer:
    """PATCH one: 204. The name cannot change [doc]."""
    record = find_to_change(call, address)
    call.schemas.check(call.body, "federatedIdentityCredential", "update")
    item = _of(record, credential)
    if call.body.get("name", item["name"]) != item["name"]:
        raise bad_request("Property 'name' is immutable and cannot be changed.")
    item |= {name: value for name, value in call.body.items() if "@odata." not in name}
    call.tenant.applications.write(record.body["id"], record)
    return NO_CONTENT


def delete(call: Call, credential: str, **address: str) -> Answer:
    """DELETE one: 204 [rec]."""
    record = find_to_change(call, address)
    record.federated.remove(_of(record, credential))
    call.tenant.applications.write(record.body["id"], record)
    return NO_CONTENT
