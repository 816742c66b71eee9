# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: a deleted application is restored with its client secrets, or purged, only on request.

Unless stated otherwise, the automation's only permission is Application.ReadWrite.OwnedBy.
"""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import accepted, essence, module, only, own, predicted
from integration.entra_app_rows import (
    ASSIGN,
    GRANT,
    NAMED,
    OWNED_BY,
    READ_USERS,
    WRITE,
    Seen,
    masked,
    people,
    quietly,
    run,
)

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

ABSENT = {**NAMED, "state": "absent"}


def deleted(fleet: Fleet) -> list[str]:
    """The object IDs of the deleted applications."""
    listed = fleet.tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application")
    return [item["id"] for item in listed.json()["value"]]


def make(fleet: Fleet, **options: Any) -> dict[str, Any]:
    """The result of creating an application with a client secret."""
    made = run(fleet, **{**NAMED, "client_secrets": [{"name": "desk1"}], **options})
    assert made["changed"], made
    return made


@pytest.mark.parametrize("key", ["unique_name", "app_id", "object_id", "display_name"])
def test_restored_by_any_key(fleet: Fleet, key: str) -> None:
    """The same application and service principal; its client secret works again and is kept."""
    made = make(fleet, tags=["desk"])
    application, secret = made["application"], made["client_secrets"][0]["secret_text"]
    before = only(fleet.tenant)
    assert run(fleet, **ABSENT)["changed"]
    assert deleted(fleet) == [application["object_id"]]

    wanted = {key: application[key], "restore": True, "client_secrets": [{"name": "desk1", "held": secret}]}
    check = quietly(fleet, check=True, **wanted)
    assert check["restored"], check
    done = run(fleet, **wanted)
    assert done["restored"], done
    assert masked(check) == masked(done)
    assert done["diff"]["before"]["deleted"] is True
    assert done["application"] == application
    assert done["client_secrets"][0]["decision"] == "kept"
    assert done["service_principal"] == made["service_principal"]
    assert only(fleet.tenant) == before
    assert deleted(fleet) == []
    assert accepted(fleet, application["app_id"], secret)
    again = quietly(fleet, **wanted)
    assert not again["changed"]
    assert not again["restored"]


def test_service_principal_is_restored_with_its_assignments_and_consent(fleet: Fleet) -> None:
    """With its properties, assignments and consent; OwnedBy is enough to restore them."""
    fleet.tenant.set_permissions([WRITE, ASSIGN, GRANT, READ_USERS])
    declared = {
        "service_principal": {"app_role_assignment_required": True, "notes": "desks"},
        "assignments": {"set": [{"user": people(fleet)[0]}]},
        "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["User.Read"]}],
    }
    made = make(fleet, **declared)
    fleet.tenant.set_permissions([OWNED_BY])
    run(fleet, **ABSENT)
    done = run(fleet, **NAMED, restore=True)
    assert done["restored"], done
    assert done["service_principal"] == made["service_principal"]
    seen = Seen(fleet.tenant)
    assert [item["principalDisplayName"] for item in seen.of_principal("appRoleAssignedTo")] == ["Alice"]
    assert [item["scope"] for item in seen.of_principal("oauth2PermissionGrants")] == ["User.Read"]
    fleet.tenant.set_permissions([WRITE, ASSIGN, GRANT, READ_USERS])
    assert not quietly(fleet, **NAMED, **declared)["changed"]


def test_application_without_a_service_principal_gets_one(fleet: Fleet) -> None:
    """If none existed before, one is created, unless it is declared absent."""
    without = {"service_principal": {"state": "absent"}}
    for more in ({}, without):
        run(fleet, **NAMED, **without)
        run(fleet, **ABSENT)
        wanted = {**NAMED, "restore": True, **more}
        check, done = quietly(fleet, check=True, **wanted), run(fleet, **wanted)
        assert done["restored"], done
        assert masked(check) == masked(done)
        assert (Seen(fleet.tenant).principal is None) is bool(more)
        run(fleet, **ABSENT, purge=True)


def test_restored_and_changed_in_one_run(fleet: Fleet) -> None:
    """Declared changes are applied in the same run, and check mode predicts both."""
    make(fleet)
    run(fleet, **ABSENT)
    wanted = {**NAMED, "restore": True, "tags": ["back"], "service_principal": {"notes": "again"}}
    check, done = quietly(fleet, check=True, **wanted), run(fleet, **wanted)
    assert masked(check) == masked(done)
    assert only(fleet.tenant)["tags"] == ["back"]
    assert done["service_principal"]["notes"] == "again"
    assert not quietly(fleet, **wanted)["changed"]


@pytest.mark.parametrize("options", [{}, {"restore": False}], ids=["omitted", "forbidden"])
def test_deleted_application_blocks_its_unique_name(fleet: Fleet, options: dict[str, Any]) -> None:
    """Naming it, or its IDs, is an error with the deletion date and the next step, in check mode and in a real run."""
    gone = make(fleet)["application"]
    run(fleet, **ABSENT)
    for named in (NAMED, {"app_id": gone["app_id"]}, {"object_id": gone["object_id"]}):
        for check in (True, False):
            refused = quietly(fleet, check, **named, **options)
            assert refused["failed"], refused
            assert gone["app_id"] in refused["msg"]
            assert "was deleted on 20" in refused["msg"]
            assert "set restore to true" in refused["msg"]
            assert ("purge it" in refused["msg"]) is (named is NAMED)
    assert deleted(fleet) == [gone["object_id"]]
    made = run(fleet, display_name="RustDesk", **options)
    assert not made["restored"]
    assert made["application"]["app_id"] != gone["app_id"]
    assert run(fleet, **ABSENT, purge=True)["purged"]
    assert run(fleet, unique_name="desks", display_name="Desks", **options)["changed"]


@pytest.mark.parametrize("named", [NAMED, {"display_name": "RustDesk"}], ids=["unique_name", "display_name"])
def test_restored_automatically_while_a_console_uses_it(fleet: Fleet, named: dict[str, Any]) -> None:
    """A new client ID would give all users new accounts, so it is restored automatically unless disabled."""
    made = make(fleet, client_secrets=[{"name": "desk1"}, {"name": "desk2"}])
    app_id, (secret, other) = made["application"]["app_id"], made["client_secrets"]
    run(fleet, **ABSENT)
    parties = [{"name": "desk0", "client_id": "not-an-id"}, {"name": "desk1", "client_id": app_id.upper()}]
    used = {**named, "relying_parties": parties}
    if named is NAMED:
        assert quietly(fleet, restore=False, **used)["failed"]
    held = [{"name": "desk1", "held": secret["secret_text"]}]
    seen: list[list[str]] = [[], []]
    check = quietly(fleet, check=True, warnings=seen[0], client_secrets=held, **used)
    done = run(fleet, warnings=seen[1], client_secrets=held, **used)
    assert done["restored"], done
    assert masked(check) == masked(done)
    assert only(fleet.tenant)["appId"] == app_id
    for (warning,) in seen:
        assert f"desk2 (key {other['key_id']}" in warning
        assert secret["key_id"] not in warning


def test_deleted_application_that_cannot_be_read(fleet: Fleet) -> None:
    """Graph's refusal is explained, and applications with other names are still created."""
    make(fleet)
    run(fleet, **ABSENT)
    fleet.tenant.set_switches(list_with_owned_by=False)
    assert run(fleet, unique_name="others", display_name="Others")["changed"]
    refused = run(fleet, **{**NAMED, "wait_timeout": 0.1})
    assert refused["failed"], refused
    assert "uniqueName already exists" in refused["msg"]
    assert "Restore or purge it in the Microsoft Entra admin center" in refused["msg"]


def test_deleted_application_blocks_a_new_unique_name_of_another(fleet: Fleet) -> None:
    """For an adopted application, and for one named by its app ID."""
    gone = make(fleet)["application"]
    run(fleet, **ABSENT)
    by_hand = fleet.tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json()
    fleet.tenant.set_permissions([WRITE])
    for options in ({**NAMED, "adopt": True}, {"app_id": by_hand["appId"], "unique_name": "desks"}):
        refused = quietly(fleet, **options)
        assert refused["failed"], refused
        assert gone["app_id"] in refused["msg"]
        assert "Purge it (state absent with purge), or set a different unique_name" in refused["msg"]


@pytest.mark.parametrize("on_replica", [False, True])
@pytest.mark.parametrize("cut", ["before", "after"])
def test_upsert_with_a_lost_response(lab: Lab, fleet: Fleet, cut: str, on_replica: bool) -> None:
    """A replica that does not know the created application yet may refuse the repeated request."""
    fleet.tenant.set_switches(upsert_on_replica=on_replica)
    lab.set_lag(0.4, 0)
    lab.fault("graph", "PATCH", "/applications", cut=cut)
    made = run(fleet, **NAMED, notes="desks", client_secrets=[{"name": "desk1"}])
    assert not made.get("failed"), made
    assert only(fleet.tenant)["notes"] == "desks"
    lab.set_lag(0, 0)
    assert not quietly(fleet, **NAMED, notes="desks")["changed"]


def test_two_deleted_applications_with_one_name(fleet: Fleet) -> None:
    """The message lists both, and neither is restored or purged; an object ID selects one."""
    gone = [make(fleet, unique_name=name)["application"]["object_id"] for name in ("one", "two")]
    for key in gone:
        run(fleet, object_id=key, state="absent")
    for options in ({"restore": True}, {"state": "absent", "purge": True}):
        refused = quietly(fleet, display_name="RustDesk", **options)
        assert refused["failed"], refused
        assert all(key in refused["msg"] for key in gone)
        assert "object_id" in refused["msg"]
    assert run(fleet, object_id=gone[1], restore=True)["restored"]
    assert deleted(fleet) == [gone[0]]
    assert only(fleet.tenant)["id"] == gone[1]


def test_purged(fleet: Fleet) -> None:
    """A live application and a deleted one are purged; other deleted applications are kept."""
    other = make(fleet, unique_name="other", display_name="Other")["application"]["object_id"]
    run(fleet, object_id=other, state="absent")
    live = make(fleet)["application"]["object_id"]
    purge = {**ABSENT, "purge": True}
    for before in ([live], []):
        if not before:
            make(fleet)
            run(fleet, **ABSENT)
            assert len(deleted(fleet)) == 2
            assert not quietly(fleet, **ABSENT)["changed"]
            # A display name alone may match another application.
            by_name = quietly(fleet, display_name="RustDesk", state="absent", purge=True)
            assert by_name["failed"], by_name
            assert "object_id" in by_name["msg"]
        assert [item["id"] for item in own(fleet.tenant.applications())] == before
        check = quietly(fleet, check=True, **purge)
        assert check["purged"], check
        done = run(fleet, **purge)
        assert done["changed"], done
        assert masked(check) == masked(done)
        assert own(fleet.tenant.applications()) == []
        assert deleted(fleet) == [other]
        again = quietly(fleet, **purge)
        assert not again["changed"]
        assert not again["purged"]


def test_deleted_application_of_another_owner(fleet: Fleet) -> None:
    """With OwnedBy it can be neither restored nor purged; the message names the permission."""
    tenant = fleet.tenant
    theirs = tenant.graph("POST", "/applications", json={"displayName": "RustDesk", "uniqueName": "desks"}).json()
    assert tenant.graph("DELETE", f"/applications/{theirs['id']}").status_code == 204
    for options in ({**NAMED, "restore": True}, {**ABSENT, "purge": True}):
        refused = run(fleet, **options)
        assert refused["failed"], refused
        assert "Application.ReadWrite.OwnedBy" in refused["msg"]
    assert deleted(fleet) == [theirs["id"]]
    assert own(tenant.applications()) == []


def test_deleted_restored_and_purged_by_a_playbook(lab: Lab, fleet: Fleet, quick_controller: Controller) -> None:
    """The full sequence, with a replication delay."""
    lab.set_lag(0.2, 0.5)
    named = {**fleet.entra, **NAMED, "wait_timeout": 30}
    secret = {"name": "desk1", "held": "{{ result_0.client_secrets[0].secret_text }}"}
    back = module("entra_app", **named, restore=True, client_secrets=[secret])
    gone = module("entra_app", **named, state="absent")
    purged = module("entra_app", **named, state="absent", purge=True)
    made, left, check, restored, again, check_purge, away, nothing = quick_controller.tasks(
        module("entra_app", **named, client_secrets=[{"name": "desk1"}]),
        gone,
        predicted(back),
        back,
        back,
        predicted(purged),
        purged,
        purged,
    )
    assert left["changed"], left
    assert restored["restored"], restored
    assert restored["application"] == made["application"]
    assert restored["client_secrets"][0]["decision"] == "kept"
    assert essence(check) == essence(restored)
    assert not again["changed"], again
    assert away["purged"], away
    assert essence(check_purge) == essence(away)
    assert not nothing["changed"]
    assert deleted(fleet) == []
