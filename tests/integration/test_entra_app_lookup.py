# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: finding the right application, adopting one, its service principal, and its deletion."""

from __future__ import annotations

from faults.steps import essence, only, own
from integration.entra_app_rows import NAMED, make_owned, quietly, run

from lab.client import Lab
from support.fleet import Fleet

UNKNOWN = "99999999-8888-7777-6666-555555555555"


def test_every_key_finds_the_same_application(fleet: Fleet) -> None:
    """Found by name, by both identifiers and, once it has one, by its unique name; a second one is never created."""
    created = run(fleet, display_name="RustDesk")
    app_id, object_id = (created["application"][name] for name in ("app_id", "object_id"))
    by_name = run(fleet, display_name="RustDesk")
    by_app_id = run(fleet, app_id=app_id)
    by_object_id = run(fleet, object_id=object_id)
    unknown_app = run(fleet, app_id=UNKNOWN, display_name="RustDesk")
    unknown_object = run(fleet, object_id=UNKNOWN, display_name="RustDesk")
    check = quietly(fleet, check=True, app_id=app_id, unique_name="desks")
    named = run(fleet, app_id=app_id, unique_name="desks")
    by_unique = run(fleet, unique_name="desks")
    renamed = run(fleet, unique_name="desks", display_name="Renamed")
    clash = run(fleet, object_id=object_id, unique_name="other")
    assert created["changed"], created
    assert created["application"]["unique_name"] is None
    for again in (by_name, by_app_id, by_object_id):
        assert not again["changed"]
        assert again["application"] == created["application"]
    for unknown in (unknown_app, unknown_object):
        assert unknown["failed"]
        assert UNKNOWN in unknown["msg"]
    assert check["changed"]
    assert named["changed"]
    assert essence(check) == essence(named)
    assert not by_unique["changed"]
    assert by_unique["application"] == named["application"]
    assert renamed["application"] == {**named["application"], "display_name": "Renamed"}
    assert clash["failed"]
    assert "unique_name" in clash["msg"]
    assert "desks" in clash["msg"]
    application = only(fleet.tenant)
    assert application["id"] == created["application"]["object_id"]
    assert application["uniqueName"] == "desks"
    assert application["displayName"] == "Renamed"


def test_manually_created_application_is_adopted(fleet: Fleet) -> None:
    """It gets the unique name and keeps everything undeclared; one with another unique name is not touched."""
    tenant = fleet.tenant
    made = make_owned(fleet, notes="by hand", web={"redirectUris": ["https://old.example/"]})
    declared = {**NAMED, "web_redirect_uris": {"add": ["https://new.example/"]}}
    refused = run(fleet, **declared)
    check = quietly(fleet, check=True, **declared, adopt=True)
    done = run(fleet, **declared, adopt=True)
    again = run(fleet, **declared)
    second = run(fleet, **{**declared, "unique_name": "other"}, adopt=True)
    assert refused["failed"]
    assert made["appId"] in refused["msg"]
    assert "adopt" in refused["msg"]
    assert done["adopted"], done
    assert done["application"]["object_id"] == made["id"]
    assert essence(check) == essence(done)
    assert not again["adopted"]
    assert not again["changed"]
    application = only(tenant, uniqueName="desks")
    assert application["id"] == made["id"]
    assert application["notes"] == "by hand"
    assert sorted(application["web"]["redirectUris"]) == ["https://new.example/", "https://old.example/"]
    assert not second["adopted"]
    assert only(tenant, uniqueName="other")["id"] == second["application"]["object_id"] != made["id"]


def test_two_applications_with_one_name(fleet: Fleet) -> None:
    """The error lists both; neither is changed or deleted, and no third one is created."""
    made = [fleet.tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json() for _turn in range(2)]
    before = fleet.tenant.applications()
    for check, options in ((True, {}), (False, {}), (False, {"unique_name": "desks"}), (False, {"state": "absent"})):
        result = run(fleet, check, display_name="RustDesk", **options)
        assert result["failed"]
        assert all(item["appId"] in result["msg"] or item["id"] in result["msg"] for item in made), result["msg"]
        assert "app_id" in result["msg"] or "object_id" in result["msg"]
    assert fleet.tenant.applications() == before


def test_service_principal_and_deletion(fleet: Fleet) -> None:
    """The service principal is removed and created as declared; the application is deleted once, and only that one."""
    tenant = fleet.tenant
    without = {**NAMED, "service_principal": {"state": "absent"}}
    created = run(fleet, **without)
    bare = run(fleet, **without)
    check_on = quietly(fleet, check=True, **NAMED)
    on = run(fleet, **NAMED)
    on_again = run(fleet, **NAMED)
    check_off = quietly(fleet, check=True, **without)
    off = run(fleet, **without)
    off_again = run(fleet, **without)
    back = run(fleet, **NAMED)
    assert created["changed"], created
    assert created["service_principal"] is None
    assert not bare["changed"]
    assert on["changed"]
    assert on["service_principal"]["object_id"]
    assert essence(check_on) == essence(on)
    assert not on_again["changed"]
    assert off["changed"]
    assert off["service_principal"] is None
    assert essence(check_off) == essence(off)
    assert not off_again["changed"]
    app_id = created["application"]["app_id"]
    principal = tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')").json()
    assert principal["id"] == back["service_principal"]["object_id"] != on["service_principal"]["object_id"]

    other = tenant.graph("POST", "/applications", json={"displayName": "Another owner's"}).json()
    check = quietly(fleet, check=True, **NAMED, state="absent")
    assert len(own(tenant.applications())) == 2
    done = run(fleet, **NAMED, state="absent")
    again = run(fleet, **NAMED, state="absent")
    assert check["changed"]
    assert done["changed"]
    assert done["application"] is None
    assert done["service_principal"] is None
    assert essence(check) == essence(done)
    assert not again["changed"]
    assert only(tenant)["id"] == other["id"]
    assert tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')").status_code == 404
    deleted = tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
    assert app_id in [item["appId"] for item in deleted]


def test_a_relying_party_saves_a_request(lab: Lab, fleet: Fleet) -> None:
    """Its client ID lets one request read both objects; a wrong ID or a refused request changes no result."""
    made = run(fleet, **NAMED)
    hints = {"right": made["application"]["app_id"], "wrong": UNKNOWN, "rubbish": "/../users", "refused": UNKNOWN}
    sent: dict[str, int] = {}
    for name, hint in hints.items():
        lab.clear_requests()
        if name == "refused":
            lab.fault("graph", "POST", r".*/\$batch", html="<html>Only GET is allowed here</html>")
        result = run(fleet, **NAMED, relying_parties=[{"name": "desk1", "client_id": hint, "replaces": [hint]}])
        assert not result["changed"], result
        for member in ("application", "service_principal", "issuer"):
            assert result[member] == made[member], name
        sent[name] = len(lab.requests("graph"))
    assert sent == {"right": 1, "wrong": 2, "rubbish": 2, "refused": 3}
