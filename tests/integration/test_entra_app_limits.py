# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: Entra's limits: two client secrets for personal audiences, policies, permissions."""

from __future__ import annotations

import re

from faults.steps import accepted, key_ids, only, own, writes
from integration.entra_app_rows import NAMED, OWNED_BY, quietly, run, secrets

from lab.client import Lab
from support.fleet import Fleet

DAY = 86400
PERSONAL = "AzureADandPersonalMicrosoftAccount"


def test_personal_accounts_allow_two_client_secrets(lab: Lab, fleet: Fleet) -> None:
    """An expired one makes room; if both are in use, nothing is removed and the message states the next step."""
    tenant = fleet.tenant
    made = run(fleet, **secrets({"name": "desk1"}), sign_in_audience=PERSONAL)
    held = secrets({"name": "desk1", "held": made["client_secrets"][0]["secret_text"]})
    kept = run(fleet, **held, sign_in_audience=PERSONAL)
    lab.advance(95 * DAY)
    renewed = run(fleet, **held, sign_in_audience=PERSONAL)
    assert made["changed"], made
    assert not kept["changed"]
    assert renewed["client_secrets"][0]["decision"] == "renewed"
    first, second = (result["client_secrets"][0] for result in (made, renewed))
    assert key_ids(only(tenant), "desk1") == {first["key_id"], second["key_id"]}

    # The first one has expired and the second one expires soon: the first makes room.
    lab.advance(92 * DAY)
    current = secrets({"name": "desk1", "held": second["secret_text"]})
    third = run(fleet, **current, sign_in_audience=PERSONAL, retire_superseded=False)
    assert third["client_secrets"][0]["decision"] == "renewed", third
    assert third["client_secrets"][0]["removed"] == [first["key_id"]]
    application = only(tenant)
    assert key_ids(application, "desk1") == {second["key_id"], third["client_secrets"][0]["key_id"]}
    assert accepted(fleet, application["appId"], third["client_secrets"][0]["secret_text"])

    # Both are in use now: the holder's, and one that was added manually.
    gone = {"keyId": second["key_id"]}
    assert tenant.graph("POST", f"/applications/{application['id']}/removePassword", json=gone).status_code == 204
    by_hand = {"passwordCredential": {"displayName": "by hand"}}
    stranger = tenant.graph("POST", f"/applications/{application['id']}/addPassword", json=by_hand).json()
    before = only(tenant)
    lab.advance(92 * DAY)
    latest = third["client_secrets"][0]["secret_text"]
    for check in (True, False):
        result = run(fleet, check, **secrets({"name": "desk1", "held": latest}), sign_in_audience=PERSONAL)
        assert result["failed"], result
        assert "two" in result["msg"] or "2" in result["msg"]
        assert "sign_in_audience" in result["msg"] or PERSONAL in result["msg"]
    assert only(tenant) == before
    assert accepted(fleet, application["appId"], stranger["secretText"])
    assert accepted(fleet, application["appId"], latest)


def test_two_holders_of_an_application_for_personal_accounts(lab: Lab, fleet: Fleet) -> None:
    """There would be no room for a renewal, so it is refused before any request."""
    lab.clear_requests()
    two = secrets({"name": "desk1"}, {"name": "desk2"})
    for audience in (PERSONAL, "PersonalMicrosoftAccount"):
        result = run(fleet, **two, sign_in_audience=audience)
        assert result["failed"]
        assert "client_secrets" in result["msg"] or "client secrets" in result["msg"]
        assert "sign_in_audience" in result["msg"] or "PersonalMicrosoftAccount" in result["msg"]
    assert lab.requests() == []

    # The audience is not declared, but the application has it.
    made = run(fleet, **secrets({"name": "desk1"}), sign_in_audience=PERSONAL)
    held = {"name": "desk1", "held": made["client_secrets"][0]["secret_text"]}
    second = run(fleet, **secrets(held, {"name": "desk2"}))
    assert made["changed"], made
    assert second["failed"], second
    assert PERSONAL in second["msg"] or "sign_in_audience" in second["msg"]
    assert len(only(fleet.tenant)["passwordCredentials"]) == 1


def test_policy_that_limits_client_secrets(fleet: Fleet) -> None:
    """The message names the policy and the option to set; no working client secret is lost."""
    tenant = fleet.tenant
    tenant.set_policy(max_password_days=30)
    too_long = run(fleet, **secrets({"name": "desk1"}))
    fits = run(fleet, **secrets({"name": "desk1", "lifetime": "30d"}))
    assert too_long["failed"]
    assert "lifetime" in too_long["msg"]
    assert "policy" in too_long["msg"]
    assert "P30D" not in too_long["msg"]  # reading the rule itself requires a permission
    assert too_long["error"]["code"] == "CredentialInvalidLifetimeAsPerAppPolicy"
    assert fits["changed"], fits
    tenant.set_permissions([OWNED_BY, "Policy.Read.All"])
    explained = run(fleet, **secrets({"name": "desk3"}))
    assert "Default app management tenant policy has: passwordLifetime P30D" in explained["msg"], explained["msg"]
    tenant.set_policy(passwords_allowed=False)
    held = {"name": "desk1", "lifetime": "30d", "held": fits["client_secrets"][0]["secret_text"]}
    kept = quietly(fleet, **secrets(held))
    forbidden = run(fleet, **secrets({"name": "desk2", "lifetime": "20d"}))
    assert not kept["changed"]
    assert forbidden["failed"]
    assert "policy" in forbidden["msg"]
    assert len(only(tenant)["passwordCredentials"]) == 1
    assert accepted(fleet, fits["application"]["app_id"], held["held"])


def test_automation_without_permission(lab: Lab, fleet: Fleet) -> None:
    """Without any permission, and for another owner's application, the message names the missing permission."""
    tenant = fleet.tenant
    other = tenant.graph("POST", "/applications", json={"displayName": "Another owner's"}).json()
    tenant.graph("PATCH", f"/applications/{other['id']}", json={"uniqueName": "theirs"})
    foreign = run(fleet, unique_name="theirs", display_name="Mine")
    assert foreign["failed"]
    found = re.search(r"az ad app owner add --id (\S+) --owner-object-id ([0-9a-f-]{36})", foreign["msg"])
    assert found and found[1] == other["id"], foreign["msg"]
    assert "admin consent" not in foreign["msg"]
    # The effect of the command
    owner = {"@odata.id": f"{fleet.lab.graph_url}/v1.0/directoryObjects/{found[2]}"}
    assert tenant.graph("POST", f"/applications/{other['id']}/owners/$ref", json=owner).status_code == 204
    assert run(fleet, unique_name="theirs", display_name="Mine")["changed"]
    before = tenant.applications()
    tenant.set_permissions([])
    nothing = run(fleet, **secrets({"name": "desk1"}))
    assert nothing["failed"]
    assert OWNED_BY in nothing["msg"]
    assert tenant.applications() == before

    # Listing is not needed if a unique name is given.
    tenant.set_permissions([OWNED_BY])
    tenant.set_switches(list_with_owned_by=False)
    lab.clear_requests()
    by_unique_name = run(fleet, **NAMED)
    again = run(fleet, **NAMED)
    by_name = run(fleet, display_name="RustDesk")
    assert by_unique_name["changed"], by_unique_name
    assert not again["changed"]
    assert by_name["failed"] or not by_name["changed"]
    assert len(own(tenant.applications(), displayName="RustDesk")) == 1
    assert writes(lab)
