# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: what must not happen: everybody locked out, the wrong application purged, others' doing in the way."""

from __future__ import annotations

from typing import Any

from faults.steps import module, only, own, predicted

from lab.client import Lab, Tenant
from support.controller import Controller
from support.fleet import Fleet

ALL = ["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"]
NAMED = {"unique_name": "desks", "display_name": "RustDesk", "wait_timeout": 20}


def principal(tenant: Tenant, app_id: str) -> dict[str, Any]:
    """The service principal of an application, with who is assigned to it."""
    found = tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')").json()
    assigned = tenant.graph("GET", f"/servicePrincipals/{found['id']}/appRoleAssignedTo").json()["value"]
    return {**found, "assigned": {item["principalId"] for item in assigned}}


def test_nobody_is_locked_out(fleet: Fleet, controller: Controller) -> None:
    """Assignment is required only after the assignments are there, so that a refused one leaves the door as it was."""
    tenant = fleet.tenant
    group = tenant.add_group("Desk users", list(tenant.users))
    wanted = {
        "service_principal": {"app_role_assignment_required": True},
        "assignments": {"add": [{"group": group}]},
    }
    tenant.set_permissions(["Application.ReadWrite.OwnedBy"])
    (refused,) = controller.tasks(module("entra_app", **fleet.entra, **NAMED, **wanted))
    assert refused["failed"], refused
    assert "AppRoleAssignment.ReadWrite.All" in refused["msg"]
    app_id = only(tenant)["appId"]
    assert principal(tenant, app_id)["appRoleAssignmentRequired"] is False

    tenant.set_permissions([*ALL])
    check, made, again = controller.tasks(
        predicted(module("entra_app", **fleet.entra, **NAMED, **wanted)),
        *(module("entra_app", **fleet.entra, **NAMED, **wanted) for _turn in range(2)),
    )
    assert made["changed"], made
    assert made["diff"] == check["diff"]
    assert made["service_principal"]["app_role_assignment_required"] is True
    assert not again["changed"]
    assert principal(tenant, app_id)["assigned"] == {group}


def test_what_is_restored_is_as_protected_as_before(fleet: Fleet, controller: Controller) -> None:
    """The service principal comes back with its application: the same one, assignment still required and made."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    (user,) = list(tenant.user_ids.values())[:1]
    made, _gone, check, restored = controller.tasks(
        module(
            "entra_app",
            **fleet.entra,
            **NAMED,
            service_principal={"app_role_assignment_required": True, "notes": "kept"},
            assignments={"add": [{"user": user}]},
        ),
        module("entra_app", **fleet.entra, **NAMED, state="absent"),
        predicted(module("entra_app", **fleet.entra, **NAMED, restore=True)),
        module("entra_app", **fleet.entra, **NAMED, restore=True),
    )
    assert restored["restored"], restored
    assert restored["service_principal"] == made["service_principal"] == check["service_principal"]
    assert principal(tenant, made["application"]["app_id"])["assigned"] == {user}


def test_only_what_is_named_is_deleted(fleet: Fleet, controller: Controller) -> None:
    """A name of another case is another name; one without a unique name is not "none"; a name alone purges nothing."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    for name in ("legacy tool", "precious"):
        tenant.graph("POST", "/applications", json={"displayName": name})
    precious = next(item for item in own(tenant.applications(), displayName="precious"))
    assert tenant.graph("DELETE", f"/applications/{precious['id']}").status_code == 204
    other_case, none, by_name, by_id = controller.tasks(
        module("entra_app", **fleet.entra, display_name="Legacy Tool", state="absent"),
        module("entra_app", **fleet.entra, unique_name="none", state="absent", purge=True),
        module("entra_app", **fleet.entra, display_name="precious", state="absent", purge=True),
        predicted(module("entra_app", **fleet.entra, object_id=precious["id"].upper(), state="absent", purge=True)),
    )
    assert not other_case["changed"], other_case
    assert not none["changed"], none
    assert by_name["failed"]
    assert precious["id"] in by_name["msg"]
    assert by_id["purged"]
    assert own(tenant.applications(), displayName="legacy tool")
    left = tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
    assert [item["displayName"] for item in left] == ["precious"]


def test_what_others_have_set_is_not_in_the_way(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """Redirect URIs of kinds that only Microsoft knows, a renamed role, roles and people that go together."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    (user,) = list(tenant.user_ids.values())[:1]
    roles = [{"value": name, "display_name": name, "description": name} for name in ("reader", "writer")]
    first, *_rest = controller.tasks(
        module(
            "entra_app",
            **fleet.entra,
            **NAMED,
            app_roles=roles,
            assignments={"add": [{"user": user, "app_role": "reader"}]},
        )
    )
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
    added, both, gone = controller.tasks(
        module("entra_app", **fleet.entra, **NAMED, **uri),
        module("entra_app", **fleet.entra, **NAMED, app_roles=[*roles, admin]),
        module(
            "entra_app",
            **fleet.entra,
            **NAMED,
            app_roles=[],
            assignments={"remove": [{"user": user, "app_role": "reader"}, {"user": user, "app_role": "admin"}]},
        ),
    )
    assert added["application"]["spa_redirect_uris"] == exotic, added
    assert len({role["id"] for role in both["application"]["app_roles"]}) == 3, both
    kept = {role["id"] for role in application["appRoles"] if role["value"] == "reader"}
    assert {role["id"] for role in both["application"]["app_roles"] if role["value"] == "admin"} == kept
    assert gone["application"]["app_roles"] == [], gone
    assert lab.violations() == []


def test_mistakes_are_told_before_any_wait(fleet: Fleet, controller: Controller) -> None:
    """What can be seen in the declaration, or at once in an answer, needs no patience."""
    tenant = fleet.tenant
    tenant.set_permissions(ALL)
    federated = {"issuer": "https://ci.example", "subject": "main"}
    made, bad_uri, no_owner, twice, renamed = controller.tasks(
        module("entra_app", **fleet.entra, **NAMED, federated_credentials=[{"name": "one", **federated}]),
        module("entra_app", **fleet.entra, **NAMED, identifier_uris=["api://[x"]),
        module("entra_app", **fleet.entra, **NAMED, owners={"set": [""]}),
        module("entra_app", **fleet.entra, **NAMED, federated_credentials=[{"name": "two", **federated}]),
        module(
            "entra_app",
            **fleet.entra,
            **NAMED,
            federated_credentials=[{"name": "two", **federated}, {"name": "one", "state": "absent"}],
        ),
    )
    assert made["changed"], made
    assert "identifier_uris" in bad_uri["msg"]
    assert "owners" in no_owner["msg"]
    assert "already exists" in twice["msg"]
    assert [item["name"] for item in renamed["federated_credentials"]] == ["two"], renamed
