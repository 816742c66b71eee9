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
from .graph_people import expanded_owners, referenced, with_owners
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
    """Return the addressed service principal. An application ID in place of the object ID gives 404 [rec]."""
    key = address.get("id") or address["value"]
    if address.get("key") == "appId":
        record = call.tenant.service_principals.find("appId", key, call.stale)
    else:
        record = call.tenant.service_principals.read(key, call.stale)
    if record is None:
        raise not_found(key)
    return record


def find_to_change(call: Call, address: dict[str, str]) -> Record:
    """Return the service principal from the primary, if the serving replica knows it and the caller may change it."""
    seen = find(call, address)
    record = call.tenant.service_principals.read(seen.body["id"])
    if record is None:
        raise not_found(seen.body["id"])
    if not (permissions.has_all(call) or call.directory.settled(record.created)):
        raise denied()  # its owner is not replicated yet [inf]
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
    body = selected(body, select, "servicePrincipal", members(call, "servicePrincipal"))
    return Answer(200, body | expanded_owners(call, record))


def create(call: Call) -> Answer:
    """POST /servicePrincipals: 201. Until the application is replicated, the request is refused in several ways."""
    permissions.may_create(call)
    change, bound = with_owners(call)
    call.schemas.check(change, "servicePrincipal", "create")
    change = objects.plain(change)
    app_id = (change.pop("appId", None) or "").lower()
    found = call.directory.application(app_id)
    if found is not None and not (call.caller.primary or call.directory.settled(found[1].created)):
        raise _not_there_yet(call, app_id)
    if found is None:
        raise _no_application(app_id)
    home, application = found
    if home is not call.tenant and application.body["signInAudience"] == "AzureADMyOrg":
        raise _no_application(app_id)
    owns = home is call.tenant and call.caller.oid in application.owners
    if not permissions.has_all(call) and not owns:
        raise _backing_application()
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
    owner_ids = [call.caller.oid] if call.tenant.new_principal_owned and not call.caller.primary else []
    owner_ids += [key for key in (referenced(call, reference) for reference in bound) if key not in owner_ids]
    if set(owner_ids) - {call.caller.oid} and not permissions.has_all(call):
        raise denied()
    record = Record(body, owner_ids, created=call.directory.clock.time())
    call.tenant.service_principals.write(body["id"], record)
    answer = {"@odata.context": call.context("servicePrincipals/$entity"), **objects.shown(body, first=True)}
    return Answer(201, answer, call.location("directoryObjects", body["id"], "ServicePrincipal"))


def _no_application(app_id: str) -> GraphError:
    return bad_request(f"The appId '{app_id}' of the service principal does not reference a valid application object.")


def _backing_application() -> GraphError:
    return denied(
        "When using this permission, the backing application of the service principal being created "
        "must in the local tenant"
    )


def _not_there_yet(call: Call, app_id: str) -> GraphError:
    """Refuse with 400, 404 (KelvinTegelaar/CIPP-API#1955) or, with OwnedBy, 403 (terraform-provider-azuread#535), in
    turn [iss].
    """
    refusals = [_no_application(app_id), not_found(app_id)]
    if not permissions.has_all(call):
        refusals.append(_backing_application())
    call.tenant.refused_principals += 1
    return refusals[call.tenant.refused_principals % len(refusals)]


def update(call: Call, **address: str) -> Answer:
    """PATCH one service principal. By appId with ``Prefer: create-if-missing``, it creates a missing one [doc]."""
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
    """GET the objects that a service principal owns: how to list them with the OwnedBy permission [doc]."""
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
    """POST addPassword on a service principal. The hint is null [rec]."""
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
