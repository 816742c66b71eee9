# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: an application is created, kept and changed as declared, and as check mode predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faults.steps import essence, key_ids, only, own
from integration.entra_app_rows import perform, quietly, run

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from lab.client import Lab
from support.fleet import Fleet

DESK1, DESK2, DESK3 = (f"https://desk{number}.example/api/oidc/callback" for number in (1, 2, 3))


def options(**changes: Any) -> dict[str, Any]:
    """Every option that declares a property of an application, with these changes."""
    return {
        "unique_name": "rustdesk-sso",
        "display_name": "RustDesk",
        "sign_in_audience": "AzureADMultipleOrgs",
        "web_redirect_uris": {"set": [DESK2, DESK1]},
        "id_token_issuance_enabled": False,
        "service_principal": {"state": "present"},
        "client_secrets": [{"name": "desk1", "lifetime": "90d", "renew_before": "10d", "overlap": "2h"}],
        **changes,
    }


def test_invalid_options_are_refused_before_any_request(lab: Lab, fleet: Fleet) -> None:
    """Each message names the option to correct."""
    entra = fleet.entra
    named = {**entra, "unique_name": "a", "display_name": "A"}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"unique_name": "a"}, ["tenant_id"]),
        (entra, ["object_id", "app_id", "unique_name", "display_name"]),
        ({**named, "sign_in_audience": "Everybody"}, ["sign_in_audience", "Everybody", "AzureADMyOrg"]),
        ({**named, "client_secrets": [{}]}, ["name", "client_secrets"]),
        ({**named, "client_secrets": [{"name": ""}]}, ["name"]),
        ({**named, "client_secrets": [{"name": "twice"}, {"name": "twice"}]}, ["client_secrets", "twice"]),
        ({**named, "client_secrets": [{"name": "a", "lifetime": "long"}]}, ["lifetime", "long"]),
        ({**named, "client_secrets": [{"name": "a", "lifetime": "0d"}]}, ["lifetime", "0d"]),
        ({**named, "client_secrets": [{"name": "a", "renew_before": "-1d"}]}, ["renew_before", "-1d"]),
        ({**named, "client_secrets": [{"name": "a", "overlap": "soon"}]}, ["overlap", "soon"]),
        ({**named, "client_secrets": [{"name": "a", "lifetime": "9d", "renew_before": "9d"}]}, ["lifetime", "renew_b"]),
        ({**named, "web_redirect_uris": {"set": [DESK1], "add": [DESK2]}}, ["set", "add"]),
        ({**named, "web_redirect_uris": {"add": [DESK1], "remove": [DESK1]}}, ["add", "remove"]),
        ({**named, "redirect_uris": [DESK1]}, ["redirect_uris", "web_redirect_uris"]),
        ({**named, "state": "gone"}, ["state", "gone"]),
    ]
    lab.clear_requests()
    results = [perform(fleet, entra_app, **case) for case, _words in cases]
    unclear = [
        (words, result.get("msg", "accepted"))
        for (_case, words), result in zip(cases, results, strict=True)
        if not result["failed"] or not all(word in result["msg"] for word in words)
    ]
    assert unclear == []
    assert lab.requests() == []


def test_redirect_uri_refused_by_entra(fleet: Fleet) -> None:
    """The message shows the URI, and no application is left behind."""
    uris = ["http://desk1.example/api/oidc/callback", "https://desk1.example/#x", "https://" + "d" * 250 + ".example/"]
    for uri in uris:
        result = run(fleet, **options(web_redirect_uris={"set": [uri]}, client_secrets=[]))
        assert result["failed"], uri
        assert uri[:80] in result["msg"]
    assert own(fleet.tenant.applications()) == []


def test_application_lifecycle(lab: Lab, fleet: Fleet) -> None:
    """Predicted, created, converged; every field is in Graph."""
    tenant = fleet.tenant
    declared = options()
    prediction = quietly(fleet, check=True, **declared)
    assert prediction["changed"], prediction
    assert own(tenant.applications()) == []

    created = run(fleet, **declared)
    held = created["client_secrets"][0]["secret_text"]
    again = options(client_secrets=[{**declared["client_secrets"][0], "held": held}])
    check, kept = quietly(fleet, check=True, **again), quietly(fleet, **again)
    assert essence(created) == essence(prediction)
    assert not check["changed"]
    assert not kept["changed"]
    assert kept["application"] == created["application"]
    assert essence(check) == essence(kept)

    application = only(tenant)
    assert application["displayName"] == "RustDesk"
    assert application["uniqueName"] == "rustdesk-sso"
    assert application["signInAudience"] == "AzureADMultipleOrgs"
    assert sorted(application["web"]["redirectUris"]) == [DESK1, DESK2]
    assert application["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] is False
    (secret,) = application["passwordCredentials"]
    assert secret["displayName"] == "desk1"
    assert secret["keyId"] == created["client_secrets"][0]["key_id"]
    principal = tenant.graph("GET", f"/servicePrincipals(appId='{application['appId']}')")
    assert principal.json()["id"] == created["service_principal"]["object_id"]
    assert created["application"]["app_id"] == application["appId"]
    assert created["application"]["object_id"] == application["id"]
    assert created["tenant_id"] == tenant.tenant_id
    assert created["issuer"] == f"{lab.login_url}/{tenant.tenant_id}/v2.0"


def test_each_option_is_changed_and_kept(fleet: Fleet) -> None:
    """For each change: check mode predicts it, a run applies it, Graph has it, and a second run changes nothing."""

    def web(listed: dict[str, Any]) -> list[str]:
        return sorted(listed["web"]["redirectUris"])

    def plain(listed: dict[str, Any]) -> tuple[Any, ...]:
        implicit = listed["web"]["implicitGrantSettings"]["enableIdTokenIssuance"]
        return listed["displayName"], listed["signInAudience"], implicit

    others = {"sign_in_audience": "AzureADMyOrg", "id_token_issuance_enabled": True}
    changes: list[tuple[dict[str, Any], Callable[[dict[str, Any]], Any], Any]] = [
        ({"display_name": "Fernwartung", **others}, plain, ("Fernwartung", "AzureADMyOrg", True)),
        ({"web_redirect_uris": {"add": [DESK3, DESK1]}}, web, [DESK1, DESK2, DESK3]),
        ({"web_redirect_uris": {"add": [DESK1], "remove": [DESK2, "https://never.example/"]}}, web, [DESK1, DESK3]),
        ({"web_redirect_uris": {"set": [DESK1]}}, web, [DESK1]),
        ({"web_redirect_uris": {"set": []}}, web, []),
        ({"client_secrets": [{"name": "desk1", "state": "absent"}]}, lambda item: key_ids(item, "desk1"), set()),
    ]
    created = run(fleet, **options())
    assert created["changed"], created
    for change, read, value in changes:
        check = quietly(fleet, check=True, unique_name="rustdesk-sso", **change)
        done = run(fleet, unique_name="rustdesk-sso", **change)
        assert check["changed"], (change, check)
        assert essence(check) == essence(done), change
        assert read(only(fleet.tenant)) == value, change
        again = quietly(fleet, unique_name="rustdesk-sso", **change)
        assert not again["changed"], change
        assert again["application"] == done["application"]


def test_undeclared_settings_are_kept(fleet: Fleet) -> None:
    """Neither a run that declares little nor one that changes a neighboring setting touches them."""
    tenant = fleet.tenant
    run(fleet, **options(client_secrets=[]))
    by_hand = {
        "notes": "asked for by the service desk",
        "tags": ["desk"],
        "signInAudience": "AzureADMyOrg",
        "spa": {"redirectUris": ["https://spa.example/"]},
        "web": {
            "redirectUris": [DESK1, DESK3],
            "homePageUrl": "https://desk.example/",
            "logoutUrl": "https://desk.example/logout",
            "implicitGrantSettings": {"enableAccessTokenIssuance": True, "enableIdTokenIssuance": False},
        },
    }
    key = only(tenant)["id"]
    assert tenant.graph("PATCH", f"/applications/{key}", json=by_hand).status_code == 204
    password = {"passwordCredential": {"displayName": "by hand"}}
    assert tenant.graph("POST", f"/applications/{key}/addPassword", json=password).status_code == 200
    before = only(tenant)

    little = quietly(fleet, unique_name="rustdesk-sso")
    assert not little["failed"], little
    assert not little["changed"]
    assert only(tenant) == before

    more = {"web_redirect_uris": {"add": [DESK2]}, "id_token_issuance_enabled": True, "client_secrets": []}
    assert run(fleet, unique_name="rustdesk-sso", **more)["changed"]
    after = only(tenant)
    assert sorted(after["web"]["redirectUris"]) == [DESK1, DESK2, DESK3]
    assert after["web"]["implicitGrantSettings"] == {"enableAccessTokenIssuance": True, "enableIdTokenIssuance": True}
    for settings in (before["web"], after["web"]):
        for name in ("redirectUris", "redirectUriSettings", "implicitGrantSettings"):
            settings.pop(name)
    assert after == before
