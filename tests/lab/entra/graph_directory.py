# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/directory/deletedItems."""

from __future__ import annotations

from ..directory import Record
from ..errors import bad_request, not_found
from ..router import Router
from . import objects, permissions
from .graph_applications import check_unique
from .graph_call import NO_CONTENT, Answer, Call
from .odata import listing, selected
from .schemas import parameters

ITEM = r"/directory/deletedItems/(?P<key>[^/.]+)"


def add_routes(router: Router) -> None:
    """Route this module's requests."""
    router.add("GET", r"/directory/deletedItems/(?:microsoft\.)?graph\.application", list_deleted)
    router.add("GET", r"/directory/deletedItems/(?:microsoft\.)?graph\.servicePrincipal", list_deleted_principals)
    router.add("GET", ITEM, read_deleted)
    router.add("DELETE", ITEM, purge)
    router.add("POST", ITEM + "/restore", restore)


def list_deleted(call: Call) -> Answer:
    """GET the soft-deleted applications."""
    return _listing(call, "applications", of_principals=False)


def list_deleted_principals(call: Call) -> Answer:
    """GET the soft-deleted service principals."""
    return _listing(call, "servicePrincipals", of_principals=True)


def _listing(call: Call, path: str, *, of_principals: bool) -> Answer:
    permissions.may_list(call)
    records = call.tenant.deleted.all(call.stale)
    items = [objects.shown(record.body) for record in records if _is_principal(record) is of_principals]
    return listing(call, path, items)


def _is_principal(record: Record) -> bool:
    return "servicePrincipalType" in record.body


def _find(call: Call, key: str) -> Record:
    record = call.tenant.deleted.read(key, call.stale)
    if record is None:
        raise not_found(key)
    return record


def _find_to_change(call: Call, key: str) -> Record:
    """Return the item from the primary, once the serving replica knows it."""
    _find(call, key)
    call.stale = False
    return _find(call, key)


def read_deleted(call: Call, key: str) -> Answer:
    """GET one soft-deleted object."""
    permissions.may_read(call)
    answer = _shown(call, _find(call, key))
    return Answer(200, selected(answer.body or {}, call.query.get("$select")))


def _shown(call: Call, record: Record) -> Answer:
    kind = "servicePrincipal" if _is_principal(record) else "application"
    body = {
        "@odata.context": call.context("directoryObjects/$entity"),
        "@odata.type": f"#microsoft.graph.{kind}",
        **selected(objects.shown(record.body), call.query.get("$select")),
    }
    return Answer(200, selected(body, call.query.get("$select")))


def purge(call: Call, key: str) -> Answer:
    """DELETE permanently [rec]."""
    permissions.may_change(call, _find_to_change(call, key))
    call.tenant.deleted.write(key, None)
    return NO_CONTENT


def restore(call: Call, key: str) -> Answer:
    """POST restore: 200 with the object [rec].

    The service principal is not restored with its application. It needs its own call, and only after its application
    exists again [doc].
    """
    parameters(call.body, {}, {"autoReconcileProxyConflict": bool})
    record = _find_to_change(call, key)
    permissions.may_change(call, record)
    record.body["deletedDateTime"] = None
    record.created = call.directory.clock.time()
    if _is_principal(record):
        home = call.tenant.application(record.body["appId"])
        if home is None or not (call.caller.primary or call.directory.settled(home.created)):
            raise bad_request("The backing application of the service principal does not exist.")
        if call.tenant.service_principal(record.body["appId"]):
            raise bad_request("Another object with the same value for property servicePrincipalNames already exists.")
        call.tenant.restore_service_principal(record)
    else:
        check_unique(call, record.body)
        call.tenant.applications.write(key, record)
    call.tenant.deleted.write(key, None)
    return _shown(call, record)
