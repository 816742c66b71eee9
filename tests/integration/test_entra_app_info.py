# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app_info: what a tenant holds, and never a value."""

from __future__ import annotations

from faults.steps import control, module, writes

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

DAY = 86400


def test_what_is_there(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """Found by each key; the client secret that ends first is at the top, with the days that are left."""
    tenant = fleet.tenant
    lab.clear_requests()
    made, *_more = controller.tasks(
        module(
            "entra_app",
            **fleet.entra,
            unique_name="desks",
            display_name="RustDesk",
            web_redirect_uris={"set": ["https://b.example/", "https://a.example/"]},
            client_secrets=[{"name": "late", "lifetime": "90d"}, {"name": "soon", "lifetime": "40d"}],
        )
    )
    assert made["changed"], made
    twins = [tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json() for _turn in range(1)]
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
    results = controller.tasks(
        *(module("entra_app_info", **fleet.entra, **key) for key in keys),
        control(lab, "POST", "/clock", seconds=50 * DAY),
        module("entra_app_info", **fleet.entra, unique_name="desks"),
    )
    *by_key, by_name, none, no_name, no_app, no_key, _clock, later = results
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
    assert {item["app_id"] for item in by_name["applications"]} == {application["app_id"], twins[0]["appId"]}
    assert none["applications"] == no_name["applications"] == no_app["applications"] == []
    assert no_key["failed"]
    assert "unique_name" in no_key["msg"]
    assert later["applications"][0]["client_secrets"][0]["days_left"] < 0
    assert writes(lab) == []
    for secret in made["client_secrets"]:
        assert secret["secret_text"] not in str(results)
