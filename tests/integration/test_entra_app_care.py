# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: users are not locked out, the wrong application is not purged, and others' changes do no harm."""

from __future__ import annotations

from typing import Any

from faults.steps import only, own
from integration.entra_app_rows import ASSIGN, GRANT, NAMED, OWNED_BY, WRITE, quietly, run

from lab.client import Lab, Tenant
from support.fleet import Fleet

ALL = [WRITE, ASSIGN, GRANT]


def principal(tenant: Tenant, app_id: str) -> dict[str, Any]:
    """The service principal of an application, with its assigned principals."""
    found = tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')").json()
    assigned = tenant.graph("GET", f"/servicePrincipals/{found['id']}/appRoleAssignedTo").json()["value"]
    return {**found, "assigned": {item["principalId"] for item in assigned}}


def test_users_are_not_locked_out(fleet: Fleet) -> None:
    """Assignment is required only once the assignments exist, so if they are refused, access stays unchanged."""
    tenant = fleet.tenant
    group = tenant.add_group("Desk users", list(tenant.users))
    wanted = {
        "service_principal": {"app_role_assignment_required": True},
        "assignments": {"add": [{"group": group}]},
    }
    tenant.set_permissions([OWNED_BY])
    refused = run(fleet, **NAMED, **wanted)
    assert refused["failed"], refused
    assert "AppRoleAssignment.ReadWrite.All" in refused["msg"]
    app_id = only(tenant)["appId"]
    assert principal(tenant, app_id)["appRoleAssignmentRequired"] is False

    tenant.set_permissions(ALL)
    check = quietly(fleet, check=True, **NAMED, **wanted)
    made = run(fleet, **NAMED, **wanted)
    again = quietly(fleet, **NAMED, **wanted)
    assert made["changed"], made
    assert made["diff"] == check["diff"]
    assert made["service_principal"]["app_role_assignment_required"] is True
    assert not again["changed"]
    assert principal(tenant, app_id)["assigned"] == {group}


def test_restored_application_is_as_protected_as_before(fleet: Fleet) -> None:
    """The same service principal returns with its application: assignment is still required and present."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    (user,) = list(tenant.user_ids.values())[:1]
    made = run(
        fleet,
        **NAMED,
        service_principal={"app_role_assignment_required": True, "notes": "kept"},
        assignments={"add": [{"user": user}]},
    )
    run(fleet, **NAMED, state="absent")
    check = quietly(fleet, check=True, **NAMED, restore=True)
    restored = run(fleet, **NAMED, restore=True)
    assert restored["restored"], restored
    assert restored["service_principal"] == made["service_principal"] == check["service_principal"]
    assert principal(tenant, made["application"]["app_id"])["assigned"] == {user}


def test_only_the_named_application_is_deleted(fleet: Fleet) -> None:
    """Names are case-sensitive; no unique name is not the name "none"; a display name alone purges nothing."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    for name in ("legacy tool", "precious"):
        tenant.graph("POST", "/applications", json={"displayName": name})
    precious = next(item for item in own(tenant.applications(), displayName="precious"))
    assert tenant.graph("DELETE", f"/applications/{precious['id']}").status_code == 204
    other_case = run(fleet, display_name="Legacy Tool", state="absent")
    none = run(fleet, unique_name="none", state="absent", purge=True)
    by_name = run(fleet, display_name="precious", state="absent", purge=True)
    by_id = run(fleet, check=True, object_id=precious["id"].upper(), state="absent", purge=True)
    assert not other_case["changed"], other_case
    assert not none["changed"], none
    assert by_name["failed"]
    assert precious["id"] in by_name["msg"]
    assert by_id["purged"]
    assert own(tenant.applications(), displayName="legacy tool")
    left = tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
    assert [item["displayName"] for item in left] == ["precious"]


def test_settings_of_others_do_not_interfere(lab: Lab, fleet: Fleet) -> None:
    """Redirect URIs with schemes that only Microsoft uses, a renamed role, and a role removed with its assignments."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    (user,) = list(tenant.user_ids.values())[:1]
    roles = [{"value": name, "display_name": name, "description": name} for name in ("reader", "writer")]
    first = run(fleet, **NAMED, app_roles=roles, assignments={"add": [{"user": user, "app_role": "reader"}]})
    assert first["changed"], first
    application = only(tenant)
    exotic = ["brk-multihub://contoso.example", "odd.scheme+x://contoso.example"]
    changed = [
        {**role, "value": {"reader": "admin"}.get(role["value"], role["value"])} for role in application["appRoles"]
    ]
    disabled = [{**role, "isEnabled": False} for role in application["appRoles"]]
    for body in ({"spa": {"redirectUris": exotic}}, {"appRoles": disabled}, {"appRoles": changed}):
        assert tenant.graph("PATCH", f"/applications/{application['id']}", json=body).status_code == 204
    uri = {"web_redirect_uris": {"add": ["https://desk1.example/api/oidc/callback"]}}
    admin = {"value": "admin", "display_name": "reader", "description": "reader"}
    added = run(fleet, **NAMED, **uri)
    both = run(fleet, **NAMED, app_roles=[*roles, admin])
    gone = run(
        fleet,
        **NAMED,
        app_roles=[],
        assignments={"remove": [{"user": user, "app_role": "reader"}, {"user": user, "app_role": "admin"}]},
    )
    assert added["application"]["spa_redirect_uris"] == exotic, added
    assert len({role["id"] for role in both["application"]["app_roles"]}) == 3, both
    kept = {role["id"] for role in application["appRoles"] if role["value"] == "reader"}
    assert {role["id"] for role in both["application"]["app_roles"] if role["value"] == "admin"} == kept
    assert gone["application"]["app_roles"] == [], gone
    assert lab.violations() == []


def test_mistakes_are_reported_without_waiting(fleet: Fleet) -> None:
    """Mistakes that are visible in the declaration or in the first response cause no wait."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    federated = {"issuer": "https://ci.example", "subject": "main"}
    made = run(fleet, **NAMED, federated_credentials=[{"name": "one", **federated}])
    bad_uri = run(fleet, **NAMED, identifier_uris=["api://[x"])
    no_owner = run(fleet, **NAMED, owners={"set": [""]})
    twice = run(fleet, **NAMED, federated_credentials=[{"name": "two", **federated}])
    renamed = run(
        fleet,
        **NAMED,
        federated_credentials=[{"name": "two", **federated}, {"name": "one", "state": "absent"}],
    )
    assert made["changed"], made
    assert "identifier_uris" in bad_uri["msg"]
    assert "owners" in no_owner["msg"]
    assert "already exists" in twice["msg"]
    assert [item["name"] for item in renamed["federated_credentials"]] == ["two"], renamed
