# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/servicePrincipals: list, read, create, upsert, update, delete, owned objects, credentials."""

from __future__ import annotations

from ..clock import stamp
from ..directory import Record
from ..errors import GraphError, bad_request, denied, not_found
from ..router import Router
from . import credentials, objects, permissions, rules
from .graph_call import NO_CONTENT, Answer, Call
from .odata import context_path, listing, members, selected
from .schemas import read_only

ADDRESS = r"/servicePrincipals(?:/(?P<id>[^/()]+)|\((?P<key>id|appId)='(?P<value>[^']*)'\))"


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", "/servicePrincipals", list_all)
    router.add("POST", "/servicePrincipals", create)
    router.add("GET", ADDRESS, read)
    router.add("PATCH", ADDRESS, update)
    router.add("DELETE", ADDRESS, delete)
    router.add("GET", ADDRESS + r"/ownedObjects(?:/(?:microsoft\.)?graph\.application)?", owned_objects)
    router.add("POST", ADDRESS + r"/(?:microsoft\.graph\.)?addPassword", add_password)
    router.add("POST", ADDRESS + r"/(?:microsoft\.graph\.)?removePassword", remove_password)


def find(call: Call, address: dict[str, str]) -> Record:
    """The service principal addressed; an application id in place of the object id gives 404 [rec]."""
    key = address.get("id") or address["value"]
    if address.get("key") == "appId":
        record = call.tenant.service_principals.find("appId", key, call.stale)
    else:
        record = call.tenant.service_principals.read(key, call.stale)
    if record is None:
        raise not_found(key)
    return record


def find_to_change(call: Call, address: dict[str, str]) -> Record:
    """The service principal as the primary has it, once the serving replica knows it and the caller may change it."""
    seen = find(call, address)
    record = call.tenant.service_principals.read(seen.body["id"])
    if record is None:
        raise not_found(seen.body["id"])
    permissions.may_change(call, record)
    return record


def list_all(call: Call) -> Answer:
    """GET /servicePrincipals."""
    permissions.may_list(call)
    items = [objects.shown(record.body) for record in call.tenant.service_principals.all(call.stale)]
    return listing(call, "servicePrincipals", items)


def read(call: Call, **address: str) -> Answer:
    """GET one service principal."""
    permissions.may_read(call)
    record = find(call, address)
    select = call.query.get("$select")
    body = {"@odata.context": call.context(context_path("servicePrincipals", select, entity=True))}
    body |= credentials.with_keys(call, objects.shown(record.body), select)
    return Answer(200, selected(body, select, "servicePrincipal", members(call, "servicePrincipal")))


def create(call: Call) -> Answer:
    """POST /servicePrincipals: 201; 400 until the application has reached every replica [iss]."""
    permissions.may_create(call)
    call.schemas.check(call.body, "servicePrincipal", "create")
    change = objects.plain(call.body)
    app_id = (change.pop("appId", None) or "").lower()
    found = call.directory.application(app_id)
    if found is None or not (call.caller.primary or call.directory.settled(found[1].created)):
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    home, application = found
    if home is not call.tenant and application.body["signInAudience"] == "AzureADMyOrg":
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    owns = home is call.tenant and call.caller.oid in application.owners
    if not permissions.has_all(call) and not owns:
        raise denied(
            "When using this permission, the backing application of the service principal being created "
            "must in the local tenant"
        )
    if call.tenant.service_principal(app_id):
        text = (
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use."
        )
        detail = {"code": "ObjectConflict", "message": text, "target": "servicePrincipalNames"}
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", text, [detail])
    body = objects.new_service_principal(application.body, home.id, stamp(call.now))
    objects.merge(body, change, {})
    rules.check_service_principal(body)
    owner_ids = [] if call.caller.primary else [call.caller.oid]
    record = Record(body, owner_ids, created=call.directory.clock.time())
    call.tenant.service_principals.write(body["id"], record)
    answer = {"@odata.context": call.context("servicePrincipals/$entity"), **objects.shown(body, first=True)}
    return Answer(201, answer, call.location("directoryObjects", body["id"], "ServicePrincipal"))


def update(call: Call, **address: str) -> Answer:
    """PATCH one service principal; by appId with ``Prefer: create-if-missing`` it creates it [doc]."""
    permissions.may_create(call)
    call.schemas.check(call.body, "servicePrincipal", "update")
    change = objects.plain(call.body)
    if "create-if-missing" in call.headers.get("Prefer", "") and address.get("key") == "appId":
        if call.tenant.service_principal(address["value"]) is None:
            call.body = {**change, "appId": address["value"]}
            return create(call)
        call.stale = False
    record = find_to_change(call, address)
    for name in sorted({"appId", "passwordCredentials"} & set(change)):
        raise read_only(name)
    objects.merge(record.body, change, {})
    rules.check_service_principal(record.body)
    call.tenant.service_principals.write(record.body["id"], record)
    return NO_CONTENT


def delete(call: Call, **address: str) -> Answer:
    """DELETE moves one service principal to deletedItems [doc]."""
    record = find_to_change(call, address)
    call.tenant.remove_service_principal(record.body["id"], stamp(call.now))
    return NO_CONTENT


def owned_objects(call: Call, **address: str) -> Answer:
    """GET what a service principal owns: the way to list with the OwnedBy permission [doc]."""
    permissions.may_read(call)
    key = find(call, address).body["id"]
    only_applications = call.path.endswith("graph.application")
    owned = []
    for table, kind in (
        (call.tenant.applications, "application"),
        (call.tenant.service_principals, "servicePrincipal"),
    ):
        for record in table.all(call.stale):
            if key in record.owners and not (only_applications and kind != "application"):
                cast = {} if only_applications else {"@odata.type": f"#microsoft.graph.{kind}"}
                owned.append({**cast, **objects.shown(record.body)})
    return listing(call, "applications" if only_applications else "directoryObjects", owned)


def add_password(call: Call, **address: str) -> Answer:
    """POST addPassword on a service principal; the hint is null [rec]."""
    record = find_to_change(call, address)
    made = credentials.new_password(call, credentials.asked_password(call), record.body)
    made["hint"] = None
    record.body["passwordCredentials"].insert(0, {**made, "secretText": None})
    call.tenant.service_principals.write(record.body["id"], record)
    return credentials.password_answer(call, made)


def remove_password(call: Call, **address: str) -> Answer:
    """POST removePassword on a service principal."""
    record = find_to_change(call, address)
    credentials.remove_password(call, record.body)
    call.tenant.service_principals.write(record.body["id"], record)
    return NO_CONTENT
