# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: an application created manually in the portal is adopted unchanged and keeps working."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import accepted, essence, module, only, own, predicted, writes
from integration.entra_app_rows import make_owned, masked, quietly, run

from support.controller import Controller
from support.fleet import Fleet

CALLBACK = "https://desk1.example/api/oidc/callback"


def by_hand(fleet: Fleet) -> tuple[dict[str, Any], str]:
    """An application created in the portal according to RustDesk's guide, and the value of its client secret.

    It was later given a note, a tag and an optional claim.
    """
    tenant = fleet.tenant
    web = {"redirectUris": [CALLBACK], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    since = {"notes": "see the wiki", "tags": ["it"], "optionalClaims": {"idToken": [{"name": "email"}]}}
    made = make_owned(fleet, web=web, signInAudience="AzureADMyOrg", **since)
    assert tenant.graph("POST", "/servicePrincipals", json={"appId": made["appId"]}).status_code == 201
    asked = {"passwordCredential": {"displayName": "rustdesk"}}
    secret = tenant.graph("POST", f"/applications/{made['id']}/addPassword", json=asked).json()
    return made, secret["secretText"]


def documents(fleet: Fleet) -> list[dict[str, Any]]:
    """The applications and service principals, as Graph returns them."""
    return fleet.tenant.applications() + fleet.tenant.graph("GET", "/servicePrincipals").json()["value"]


@pytest.mark.parametrize("holder", ["rustdesk", "rustdesk-sso desk1"], ids=["secret_of_the_name", "secret_of_another"])
@pytest.mark.parametrize("by", ["app_id", "display_name"])
def test_adopted_unchanged(fleet: Fleet, by: str, holder: str) -> None:
    """Its client secret is kept, whatever its name, and the only change is the unique name."""
    made, secret = by_hand(fleet)
    named = {"app_id": made["appId"]} if by == "app_id" else {"display_name": "RustDesk", "adopt": True}
    declared = {
        **named,
        "unique_name": "desks",
        "sign_in_audience": "AzureADMyOrg",
        "id_token_issuance_enabled": True,
        "web_redirect_uris": {"add": [CALLBACK]},
        "client_secrets": [{"name": holder, "held": secret}],
    }
    before = documents(fleet)
    check = quietly(fleet, check=True, **declared)
    fleet.lab.clear_requests()
    done = run(fleet, **declared)
    assert done["changed"], done
    assert masked(check) == masked(done)
    assert done["diff"]["after"] == {"unique_name": "desks"}
    assert done["adopted"] is (by == "display_name")
    assert done["client_secrets"][0]["decision"] == "kept"
    assert writes(fleet.lab) == [f"PATCH /v1.0/applications/{made['id']}"]
    after = documents(fleet)
    assert only(fleet.tenant)["uniqueName"] == "desks"
    for item in before:
        if item["id"] == made["id"]:
            item["uniqueName"] = "desks"
    assert after == before
    assert accepted(fleet, made["appId"], secret)
    again = quietly(fleet, **{**declared, "adopt": False})
    assert not again.get("failed"), again
    assert not again["changed"]
    assert not again["adopted"]


def test_adopted_by_a_playbook(fleet: Fleet, quick_controller: Controller) -> None:
    """Refused without adopt; with it predicted, warned about and done once. Then it is renewed like any other."""
    made, secret = by_hand(fleet)
    declared = {
        **fleet.entra,
        "unique_name": "desks",
        "display_name": "RustDesk",
        "client_secrets": [{"name": "rustdesk", "held": secret}],
        "wait_timeout": 20,
    }
    adopting = module("entra_app", **declared, adopt=True)
    soon = [{"name": "rustdesk", "held": secret, "lifetime": "800d", "renew_before": "740d"}]
    refused, check, run_, again, renewed = quick_controller.tasks(
        module("entra_app", **declared),
        predicted(adopting),
        adopting,
        adopting,
        module("entra_app", **{**declared, "client_secrets": soon}),
    )
    assert refused["failed"]
    assert made["appId"] in refused["msg"]
    assert "adopt" in refused["msg"]
    assert essence({**check, "warnings": []}) == essence({**run_, "warnings": []})
    assert "would be adopted" in " ".join(check["warnings"])
    assert run_["adopted"], run_
    assert made["appId"] in " ".join(run_["warnings"])
    assert not again["changed"]
    assert renewed["client_secrets"][0]["decision"] == "renewed", renewed
    assert accepted(fleet, made["appId"], secret)  # the console has it until it gets the new one
    assert accepted(fleet, made["appId"], renewed["client_secrets"][0]["secret_text"])


def test_several_candidates(fleet: Fleet) -> None:
    """The message lists them with app ID, creation date and owners; nothing is changed."""
    tenant = fleet.tenant
    first = make_owned(fleet)
    second = tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json()
    alice = {"@odata.id": f"{fleet.lab.graph_url}/v1.0/directoryObjects/{tenant.user_ids[f'alice@{fleet.domain}']}"}
    assert tenant.graph("POST", f"/applications/{second['id']}/owners/$ref", json=alice).status_code == 204
    third = tenant.graph("POST", "/applications", json={"displayName": "RustDesk"}).json()
    tenant.graph("PATCH", f"/applications/{third['id']}", json={"uniqueName": "taken"})
    for named in ({"unique_name": "desks", "adopt": True}, {}):
        refused = quietly(fleet, display_name="RustDesk", **named)
        assert refused["failed"], refused
        for made, owner in ((first, "automation"), (second, f"alice@{fleet.domain}")):
            start = refused["msg"].index(made["appId"])
            entry = refused["msg"][start:].partition(";")[0]
            assert made["createdDateTime"][:19] in entry
            assert owner in entry
        assert (third["appId"] in refused["msg"]) is not named.get("adopt", False)
        assert "app_id" in refused["msg"]


def test_listing_is_refused(fleet: Fleet) -> None:
    """It is found by unique name, or by display name among the automation's own applications; never duplicated."""
    tenant = fleet.tenant
    made, secret = by_hand(fleet)
    tenant.graph("POST", "/applications", json={"displayName": "RustDesk", "notes": "another owner's"})
    tenant.set_permissions(["Application.ReadWrite.OwnedBy"])
    tenant.set_switches(list_with_owned_by=False)
    held = {"client_secrets": [{"name": "rustdesk", "held": secret}]}
    found = quietly(fleet, display_name="RustDesk", **held)
    assert not found.get("failed"), found
    assert not found["changed"]
    assert found["application"]["app_id"] == made["appId"]
    taken = run(fleet, unique_name="desks", display_name="RustDesk", adopt=True, **held)
    assert taken["adopted"], taken
    assert not quietly(fleet, unique_name="desks", **held)["changed"]
    assert len(own(tenant.applications())) == 2
