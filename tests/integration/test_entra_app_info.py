# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app_info: the content of a tenant, and never a secret value."""

from __future__ import annotations

from pathlib import Path

from faults.steps import writes
from integration.entra_app_rows import ASSIGN, GRANT, NAMED, OWNED_BY, WRITE, look, run

from lab.client import Lab
from support.fleet import Fleet

DAY = 86400


def test_applications_are_found_by_each_key(lab: Lab, fleet: Fleet) -> None:
    """The client secret that expires first is at the top, with its remaining days."""
    tenant = fleet.tenant
    made = run(
        fleet,
        **NAMED,
        web_redirect_uris={"set": ["https://b.example/", "https://a.example/"]},
        client_secrets=[{"name": "late", "lifetime": "90d"}, {"name": "soon", "lifetime": "40d"}],
    )
    assert made["changed"], made
    twin = tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json()
    lab.clear_requests()
    keys = [
        {"unique_name": "desks"},
        {"app_id": made["application"]["app_id"]},
        {"object_id": made["application"]["object_id"]},
        {"display_name": "RustDesk"},
        {"unique_name": "none"},
        {"display_name": "rustdesk?"},
        {"app_id": "99999999-8888-7777-6666-555555555555"},
        {},
    ]
    results = [look(fleet, **key) for key in keys]
    lab.advance(50 * DAY)
    results.append(look(fleet, unique_name="desks"))
    *by_key, by_name, none, no_name, no_app, all_of_them, later = results
    for found in by_key:
        assert found["tenant_id"] == tenant.tenant_id, found
        assert found["issuer"] == made["issuer"]
        assert not found["changed"]
        (application,) = found["applications"]
        assert {**made["application"], "created": application["created"]}.items() <= application.items()
        assert application["web_redirect_uris"] == ["https://a.example/", "https://b.example/"]
        assert application["service_principal"] == made["service_principal"]
        secrets = [(item["name"], item["days_left"]) for item in application["client_secrets"]]
        assert secrets == [("soon", 39), ("late", 89)]
        assert {item["key_id"] for item in application["client_secrets"]} == {
            item["key_id"] for item in made["client_secrets"]
        }
    assert {item["app_id"] for item in by_name["applications"]} == {application["app_id"], twin["appId"]}
    assert none["applications"] == no_name["applications"] == no_app["applications"] == []
    everything = {item["app_id"] for item in all_of_them["applications"]}
    assert everything == {item["appId"] for item in tenant.applications()}
    assert later["applications"][0]["client_secrets"][0]["days_left"] < 0
    assert writes(lab) == []
    for secret in made["client_secrets"]:
        assert secret["secret_text"] not in str(results)


def test_filters(fleet: Fleet) -> None:
    """By name prefix, by condition and by expiry; if listing is refused, only owned applications are returned."""
    tenant = fleet.tenant
    for name, tag in (("RustDesk Berlin", "desk"), ("RustDesk O'Hare", "desk"), ("Other", "other")):
        tenant.graph("POST", "/applications", json={"displayName": name, "tags": [tag]})
    ours = run(
        fleet,
        unique_name="desks",
        display_name="RustDesk of ours",
        client_secrets=[{"name": "soon", "lifetime": "20d", "renew_before": "1d"}],
    )
    conditions: list[dict[str, object]] = [
        {"display_name_prefix": "rustdesk"},
        {"display_name_prefix": "RustDesk O'"},
        {"filter": "tags/any(t:t eq 'desk')"},
        {"display_name_prefix": "RustDesk", "expiring_within": "30d"},
        {"display_name_prefix": "RustDesk", "expiring_within": "10d"},
        {"filter": "no condition"},
        {"expiring_within": "soon"},
    ]
    found = [look(fleet, **condition) for condition in conditions]
    names = [[item["display_name"] for item in result.get("applications", [])] for result in found]
    assert [sorted(items) for items in names[:5]] == [
        ["RustDesk Berlin", "RustDesk O'Hare", "RustDesk of ours"],
        ["RustDesk O'Hare"],
        ["RustDesk Berlin", "RustDesk O'Hare"],
        ["RustDesk of ours"],
        [],
    ]
    assert "filter" in found[5]["msg"]
    assert "expiring_within" in found[6]["msg"]
    assert ours["client_secrets"][0]["secret_text"] not in str(found)

    tenant.set_permissions([OWNED_BY])
    tenant.set_switches(list_with_owned_by=False)
    owned = look(fleet, display_name_prefix="rustdesk")
    everything = look(fleet, filter="tags/any(t:t eq 'desk')")
    assert [item["display_name"] for item in owned["applications"]] == ["RustDesk of ours"], owned
    assert "Application.Read" in everything["msg"]


def test_related_objects_of_an_application(fleet: Fleet) -> None:
    """Owners, service principal, assignments, grants, certificates, federated credentials; and after its deletion."""
    tenant = fleet.tenant
    tenant.set_permissions([WRITE, ASSIGN, GRANT])
    upn, owner = next(iter(tenant.user_ids.items()))
    group = tenant.add_group("Desk users", [upn])
    certificate = Path(tenant.automation["certificate_path"]).read_text("utf-8")
    gather = ["service_principal", "owners", "federated_credentials", "assignments", "admin_consent"]
    made = run(
        fleet,
        **NAMED,
        owners={"add": [owner]},
        assignments={"add": [{"group": group}]},
        admin_consent=[{"resource": "Microsoft Graph", "scopes": ["User.Read", "email"]}],
        certificates=[{"content": certificate, "name": "desk"}],
        federated_credentials=[{"name": "ci", "issuer": "https://ci.example", "subject": "main"}],
        service_principal={"app_role_assignment_required": True},
    )
    before = look(fleet, unique_name="desks", gather=gather)
    run(fleet, unique_name="desks", state="absent")
    nothing = look(fleet, unique_name="desks", gather=gather)
    after = look(fleet, unique_name="desks", deleted=True, gather=gather)
    other = look(fleet, display_name_prefix="none", deleted=True)
    assert made["changed"], made
    (application,) = before["applications"]
    by_name = {person["name"]: person["type"] for person in application["owners"]}
    assert by_name.pop(upn) == "User"
    assert list(by_name.values()) == ["ServicePrincipal"]
    assert application["service_principal"]["app_role_assignment_required"] is True
    (assigned,) = application["assignments"]
    assert (assigned["name"], assigned["type"], assigned["principal_id"]) == ("Desk users", "Group", group)
    assert [grant["scopes"] for grant in application["admin_consent"]] == [["User.Read", "email"]]
    (shown,) = application["certificates"]
    assert (shown["name"], shown["thumbprint"]) == ("desk", made["certificates"][0]["thumbprint"])
    assert shown["days_left"] > 300
    assert [item["subject"] for item in application["federated_credentials"]] == ["main"]
    assert application["deleted"] is None
    assert nothing["applications"] == []
    (deleted,) = after["applications"]
    assert deleted["app_id"] == application["app_id"]
    assert deleted["deleted"]
    assert other["applications"] == []
