# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/applications: list, read, create, update, upsert, delete, client secrets."""

from __future__ import annotations

import math
import uuid
from typing import Any

from ..clock import stamp
from ..directory import Record, Tenant
from ..documents import copied
from ..errors import GraphError, bad_request, denied, not_found, throttled
from ..router import Router
from . import credentials, objects, permissions, policies, rules
from .graph_call import NO_CONTENT, Answer, Call
from .graph_people import expanded_owners, referenced, with_owners
from .odata import context_path, listing, members, selected

ADDRESS = r"/applications(?:/(?P<id>[^/()]+)|\((?P<key>id|appId|uniqueName)='(?P<value>(?:[^']|'')*)'\))"
MAX_BOUND_OWNERS = 20
# To one application that admits personal accounts [doc]
PERSONAL_WRITES_PER_MINUTE = 60


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", "/applications", list_all)
    router.add("POST", "/applications", create)
    router.add("GET", ADDRESS, read)
    router.add("PATCH", ADDRESS, update)
    router.add("DELETE", ADDRESS, delete)
    router.add("POST", ADDRESS + r"/(?:microsoft\.graph\.)?addPassword", add_password)
    router.add("POST", ADDRESS + r"/(?:microsoft\.graph\.)?removePassword", remove_password)


def find(call: Call, address: dict[str, str]) -> Record:
    """Return the addressed application from the replica that serves the call; 404 if it has none."""
    if "id" in address:
        _check_guid(address["id"])
        record = call.tenant.applications.read(address["id"], call.stale)
        key = address["id"]
    else:
        key = address["value"].replace("''", "'")
        record = call.tenant.applications.find(address["key"], key, call.stale)
    if record is None:
        raise not_found(key)
    return record


def find_to_change(call: Call, address: dict[str, str]) -> Record:
    """Return the application from the primary, if the serving replica knows it and the caller may change it."""
    seen = find(call, address)
    record = call.tenant.applications.read(seen.body["id"])
    if record is None:
        raise not_found(seen.body["id"])
    permissions.may_change(call, record)
    if rules.is_personal(record.body):
        _throttle(call, record)
        if not call.directory.settled(record.created):
            raise GraphError(409, "Error_MsaAppDoesNotExist", "The corresponding MSA application does not exist.")
    return record


def _throttle(call: Call, record: Record) -> None:
    """Raise Graph's 429 after too many writes within a minute to an application with a personal audience [doc]."""
    if call.caller.primary:
        return
    now = call.directory.clock.time()
    recent = [moment for moment in call.tenant.personal_writes.get(record.body["id"], []) if moment > now - 60]
    if len(recent) >= PERSONAL_WRITES_PER_MINUTE:
        raise throttled({"Retry-After": str(math.ceil(recent[0] + 60 - now))})
    call.tenant.personal_writes[record.body["id"]] = [*recent, now]


def _check_guid(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError:
        raise bad_request(f"Invalid object identifier '{text}'.") from None


def list_all(call: Call) -> Answer:
    """GET /applications costs two resource units [rec]."""
    permissions.may_list(call)
    items = [objects.shown(record.body) for record in call.tenant.applications.all(call.stale)]
    return listing(call, "applications", items, cost=2)


def read(call: Call, **address: str) -> Answer:
    """GET one application."""
    permissions.may_read(call)
    record = find(call, address)
    select = call.query.get("$select")
    body: dict[str, Any] = {"@odata.context": call.context(context_path("applications", select, entity=True))}
    body |= credentials.with_keys(call, objects.shown(record.body), select)
    body = selected(body, select, "application", members(call, "application"))
    return Answer(200, body | expanded_owners(call, record))


def create(call: Call) -> Answer:
    """POST /applications: 201 with the object, the secrets of its first credentials included [rec]."""
    permissions.may_create(call)
    change, bound = with_owners(call)
    call.schemas.check(change, "application", "create")
    change = objects.plain(change)
    return _create(call, change, bound)


def _create(call: Call, change: dict[str, Any], bound: list[str]) -> Answer:
    now = call.now
    body = objects.new_application(str(uuid.uuid4()), call.tenant.domain, stamp(now, 7))
    passwords = change.pop("passwordCredentials", [])
    keys = change.pop("keyCredentials", [])
    _drop_logo_url(change)
    objects.merge(body, change)
    body["signInAudience"] = body["signInAudience"] or "AzureADMyOrg"
    _settle_redirect_uris(body, change)
    objects.fill(body)
    rules.check(body)
    policies.check_application(call.tenant, body)
    rules.check_hosts(call.tenant, body)
    check_unique(call, body)
    _check_owned_by(call, change)
    body["keyCredentials"] = credentials.keys_from(call, keys, body)
    for asked in passwords:
        if any(asked.get(name) for name in ("keyId", "secretText", "customKeyIdentifier", "hint")):
            raise bad_request("Invalid value specified for property 'passwordCredentials' of resource 'Application'.")
        body["passwordCredentials"].insert(0, credentials.new_password(call, asked, body))
    owner_ids = [call.caller.oid] if call.caller.oid and not call.caller.primary else []
    if len(bound) > MAX_BOUND_OWNERS:
        raise bad_request("The number of items in 'owners@odata.bind' exceeds the maximum of 20.")
    owner_ids += [key for key in (referenced(call, reference) for reference in bound) if key not in owner_ids]
    if owner_ids[1:] and not permissions.has_all(call):
        raise denied()
    record = Record(body, owner_ids, created=call.directory.clock.time())
    answer = {"@odata.context": call.context("applications/$entity"), **objects.shown(body, first=True)}
    record.body = credentials.without_secrets(body)
    call.tenant.applications.write(body["id"], record)
    return Answer(201, answer, call.location("directoryObjects", body["id"], "Application"))


def update(call: Call, **address: str) -> Answer:
    """PATCH one application. By uniqueName with ``Prefer: create-if-missing``, it creates a missing one [doc]."""
    permissions.may_create(call)
    call.schemas.check(call.body, "application", "update")
    change = objects.plain(call.body)
    upsert = "create-if-missing" in call.headers.get("Prefer", "") and address.get("key") == "uniqueName"
    if "passwordCredentials" in change:
        raise bad_request("New password credentials must be generated using service actions.")
    if upsert:
        wanted = address["value"].replace("''", "'")
        if not change.get("displayName"):
            raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
        if change.get("uniqueName", wanted) != wanted:
            raise bad_request("Invalid value specified for property 'uniqueName' of resource 'Application'.")
        # Whether the decision uses the primary, so that a repeated upsert finds the new application, is not known
        # [inf].
        stale = call.stale and call.tenant.upsert_on_replica
        if call.tenant.applications.find("uniqueName", wanted, stale) is None:
            return _create(call, {**change, "uniqueName": wanted}, [])
        call.stale = False
    record = find_to_change(call, address)
    before = copied(record.body)
    keys = change.pop("keyCredentials", None)
    unique = change.pop("uniqueName", before["uniqueName"])
    if before["uniqueName"] is not None and unique != before["uniqueName"]:
        raise bad_request("Property 'uniqueName' is immutable and cannot be changed once it is set.")
    web = change.get("web") or {}
    if "redirectUris" in web and "redirectUriSettings" in web:
        raise bad_request("Invalid value specified for property 'web' of resource 'Application'.")
    _drop_logo_url(change)
    objects.merge(record.body, change)
    record.body["uniqueName"] = unique
    _settle_redirect_uris(record.body, change)
    objects.fill(record.body)
    rules.check(record.body, before)
    policies.check_application(call.tenant, record.body, before)
    rules.check_hosts(call.tenant, record.body, before)
    check_unique(call, record.body)
    _check_owned_by(call, change)
    if keys is not None:
        record.body["keyCredentials"] = credentials.keys_from(call, keys, before)
    write(call, record)
    return NO_CONTENT


def _drop_logo_url(change: dict[str, Any]) -> None:
    """A logo URL in a body is ignored, without an error [iss]."""
    (change.get("info") or {}).pop("logoUrl", None)


def _settle_redirect_uris(body: dict[str, Any], change: dict[str, Any]) -> None:
    web = change.get("web") or {}
    if "redirectUriSettings" in web and "redirectUris" not in web:
        body["web"]["redirectUris"] = [entry["uri"] for entry in web["redirectUriSettings"]]


def check_unique(call: Call, body: dict[str, Any]) -> None:
    """Raise Graph's 400 if another application has the unique name or an identifier URI.

    A deleted one keeps its unique name until it is purged (microsoftgraph/msgraph-bicep-types#137 [iss]).
    """
    for other in (*call.tenant.applications.all(), *call.tenant.deleted.all()):
        same = body["uniqueName"] is not None and other.body.get("uniqueName") == body["uniqueName"]
        if same and other.body["id"] != body["id"]:
            raise _taken("uniqueName")
    for other in call.tenant.applications.all():
        if other.body["id"] == body["id"]:
            continue
        if {uri.lower() for uri in other.body["identifierUris"]} & {uri.lower() for uri in body["identifierUris"]}:
            raise _taken("identifierUris")


def _taken(name: str) -> GraphError:
    text = f"Another object with the same value for property {name} already exists."
    return bad_request(text, [{"code": "ObjectConflict", "message": text, "target": name}])


def _check_owned_by(call: Call, change: dict[str, Any]) -> None:
    # OwnedBy is not enough for mapped claims [iss].
    if not permissions.has_all(call) and (change.get("api") or {}).get("acceptMappedClaims"):
        raise denied()


def write(call: Call, record: Record) -> None:
    """Store an application, and update the copied members of its service principal."""
    store(call.tenant, record)


def store(tenant: Tenant, record: Record) -> None:
    """Do the same in ``tenant``."""
    tenant.applications.write(record.body["id"], record)
    principal = tenant.service_principal(record.body["appId"])
    if principal:
        objects.mirror(record.body, principal.body)
        tenant.service_principals.write(principal.body["id"], principal)


def delete(call: Call, **address: str) -> Answer:
    """DELETE moves the application and its service principal in the home tenant to deletedItems [doc]."""
    record = find(call, address)
    permissions.may_change(call, record)
    key = record.body["id"]
    current = call.tenant.applications.read(key)
    if current is None:
        raise not_found(key)
    current.body["deletedDateTime"] = stamp(call.now)
    call.tenant.deleted.write(key, current)
    call.tenant.applications.write(key, None)
    principal = call.tenant.service_principal(record.body["appId"])
    if principal:
        call.tenant.remove_service_principal(principal.body["id"], stamp(call.now))
    return NO_CONTENT


def add_password(call: Call, **address: str) -> Answer:
    """POST addPassword: 200, the only response that shows the value [rec]."""
    record = find_to_change(call, address)
    asked = credentials.asked_password(call)
    if rules.is_personal(record.body) and len(record.body["passwordCredentials"]) >= 2:
        raise bad_request("The number of password credentials exceeds the maximum of 2 for the sign-in audience.")
    made = credentials.new_password(call, asked, record.body)
    record.body["passwordCredentials"].insert(0, {**made, "secretText": None})
    call.tenant.applications.write(record.body["id"], record)
    return credentials.password_answer(call, made)


def remove_password(call: Call, **address: str) -> Answer:
    """POST removePassword: 204."""
    record = find_to_change(call, address)
    credentials.remove_password(call, record.body)
    call.tenant.applications.write(record.body["id"], record)
    return NO_CONTENT
