# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: client secrets are created, kept, renewed and retired; those of others are never touched."""

from __future__ import annotations

from typing import Any

from faults.steps import accepted, essence, key_ids, only
from integration.entra_app_rows import quietly, run, secrets

from lab.client import Lab
from support.fleet import Fleet

DAY = 86400


def text(result: dict[str, Any]) -> str:
    """The value that a run created for its first holder."""
    return str(result["client_secrets"][0]["secret_text"])


def decision(result: dict[str, Any], entry: int = 0) -> str:
    """The decision for a holder."""
    assert "client_secrets" in result, result
    return str(result["client_secrets"][entry]["decision"])


def test_client_secret_lifecycle(lab: Lab, fleet: Fleet) -> None:
    """Created, kept, renewed before expiry; the former one is kept until the overlap has elapsed, then retired."""
    made = run(fleet, **secrets({"name": "desk1"}))
    first = secrets({"name": "desk1", "held": text(made)})
    kept = run(fleet, **first)
    lab.advance(89 * DAY)
    still_kept = run(fleet, **first)
    lab.advance(2 * DAY)
    renewed = run(fleet, **first)
    second = secrets({"name": "desk1", "held": text(renewed)})
    overlapping = run(fleet, **second)
    lab.advance(1.5 * DAY)
    run(fleet, **second, retire_superseded=False)
    within = run(fleet, **second)
    assert decision(made) == "created"
    assert decision(kept) == decision(still_kept) == "kept"
    assert not kept["changed"]
    assert not still_kept["changed"]
    assert "secret_text" not in kept["client_secrets"][0]
    assert decision(renewed) == "renewed"
    for waiting in (overlapping, within):
        assert decision(waiting) == "kept"
        assert not waiting["changed"]
        assert waiting["client_secrets"][0]["superseded"] == [made["client_secrets"][0]["key_id"]]
    application = only(fleet.tenant)
    values = [text(result) for result in (made, renewed)]
    assert [accepted(fleet, application["appId"], value) for value in values] == [True, True]

    lab.advance(DAY)
    spared = run(fleet, **second, retire_superseded=False)
    check = quietly(fleet, check=True, **second)
    retired = run(fleet, **second)
    again = run(fleet, **second)
    assert not spared["changed"]
    assert retired["changed"]
    assert retired["client_secrets"][0]["removed"] == [made["client_secrets"][0]["key_id"]]
    assert essence(check) == essence(retired)
    assert not again["changed"]
    assert key_ids(only(fleet.tenant), "desk1") == {renewed["client_secrets"][0]["key_id"]}
    assert [accepted(fleet, application["appId"], value) for value in values] == [False, True]


def test_unusable_stored_value_is_replaced(lab: Lab, fleet: Fleet) -> None:
    """If it is rejected, removed in Entra or expired, the holder gets a working one, and later runs change nothing."""
    tenant = fleet.tenant
    made = run(fleet, **secrets({"name": "desk1"}))
    # It starts like the right value, so the hint alone cannot reveal the mistake.
    garbled = text(made)[:3] + "~not~what~entra~has~0123456789abcd"
    garbled_value = run(fleet, **secrets({"name": "desk1", "held": garbled}))
    lab.advance(DAY / 24)
    rejected = run(fleet, **secrets({"name": "desk1", "held": "not~what~entra~has~0123456789abcdefghij"}))
    assert decision(garbled_value) == "created"
    assert decision(rejected) == "created"
    application = only(tenant)
    new = rejected["client_secrets"][0]
    assert accepted(fleet, application["appId"], new["secret_text"])

    removal = tenant.graph("POST", f"/applications/{application['id']}/removePassword", json={"keyId": new["key_id"]})
    assert removal.status_code == 204
    removed = secrets({"name": "desk1", "held": new["secret_text"]})
    check = quietly(fleet, check=True, **removed)
    replaced = run(fleet, **removed)
    holding = secrets({"name": "desk1", "held": text(replaced)})
    quiet = run(fleet, **holding)
    assert decision(replaced) == "created"
    assert essence(check) == essence(replaced)
    assert not quiet["changed"]
    lab.advance(101 * DAY)
    check = quietly(fleet, check=True, **holding)
    after_expiry = run(fleet, **holding)
    quiet = run(fleet, **secrets({"name": "desk1", "held": text(after_expiry)}))
    assert decision(after_expiry) in ("created", "renewed")
    assert essence(check) == essence(after_expiry)
    assert accepted(fleet, application["appId"], text(after_expiry))
    assert decision(quiet) == "kept"
    assert made["application"] == quiet["application"]


def test_holders_and_others_do_not_interfere(fleet: Fleet) -> None:
    """Renewal or removal for one holder touches no other client secret, of a holder or of another administrator."""
    tenant = fleet.tenant
    made = run(fleet, **secrets({"name": "desk1"}, {"name": "desk10"}))
    assert decision(made, 0) == decision(made, 1) == "created"
    values = [entry["secret_text"] for entry in made["client_secrets"]]
    application = only(tenant)
    path = f"/applications/{application['id']}/addPassword"
    strangers = {
        name: tenant.graph("POST", path, json={"passwordCredential": {"displayName": name}}).json()
        for name in ("by hand", "DESK1", "desk1 ", "desk")
    }
    nameless = tenant.graph("POST", path, json={"passwordCredential": {}}).json()
    strangers["nameless"] = nameless

    held = {"name": "desk10", "held": values[1]}
    kept = run(fleet, **secrets(held, {"name": "desk1", "held": values[0]}))
    lost = run(fleet, **secrets({"name": "desk1"}, held))
    removed = run(fleet, **secrets({"name": "desk1", "state": "absent"}, held))
    again = run(fleet, **secrets({"name": "desk1", "state": "absent"}, held))
    assert not kept["changed"]
    assert [entry["name"] for entry in kept["client_secrets"]] == ["desk10", "desk1"]
    assert decision(lost, 0) == "created"
    assert decision(lost, 1) == "kept"
    assert decision(removed, 0) == "removed"
    assert len(removed["client_secrets"][0]["removed"]) == 2
    assert decision(again, 0) == "absent"
    assert not again["changed"]
    left = {item["keyId"] for item in only(tenant)["passwordCredentials"]}
    assert left == {made["client_secrets"][1]["key_id"], *(item["keyId"] for item in strangers.values())}
    assert accepted(fleet, application["appId"], values[1])
    for stranger in strangers.values():
        assert accepted(fleet, application["appId"], stranger["secretText"])

    # A working value that was created manually is kept, and not removed with the holder's own.
    by_hand = {"name": "desk2", "held": strangers["by hand"]["secretText"]}
    adopted = run(fleet, **secrets(by_hand))
    gone = run(fleet, **secrets({"name": "desk2", "state": "absent"}))
    assert decision(adopted) == "kept"
    assert not adopted["changed"]
    assert adopted["client_secrets"][0]["key_id"] == strangers["by hand"]["keyId"]
    assert not gone["changed"]
    assert accepted(fleet, application["appId"], strangers["by hand"]["secretText"])


def test_holder_identified_by_its_key_id(lab: Lab, fleet: Fleet) -> None:
    """If the value cannot be read, the key ID identifies it; a key ID that Entra does not know is unusable."""
    made = run(fleet, **secrets({"name": "desk1"}))
    known = secrets({"name": "desk1", "held_key_id": made["client_secrets"][0]["key_id"]})
    kept = run(fleet, **known)
    unverified = run(fleet, **secrets({"name": "desk1", "held": text(made)}), verify_held="never")
    lab.advance(95 * DAY)
    renewed = run(fleet, **known)
    stranger = {"name": "desk1", "held_key_id": "99999999-8888-7777-6666-555555555555"}
    unknown = run(fleet, **secrets(stranger), wait_timeout=0.5)
    for result in (kept, unverified):
        assert decision(result) == "kept"
        assert not result["changed"]
        assert result["client_secrets"][0]["key_id"] == made["client_secrets"][0]["key_id"]
    assert decision(renewed) == "renewed"
    assert decision(unknown) == "created"
    assert accepted(fleet, only(fleet.tenant)["appId"], text(unknown))


def test_stored_value_is_verified_only_if_no_listed_hint_matches(lab: Lab, fleet: Fleet) -> None:
    made = run(fleet, **secrets({"name": "desk1"}))

    def asked() -> list[str]:
        """The bodies of the token requests with a client secret of the application."""
        bodies = [item["body"] for item in lab.requests("login") if item["method"] == "POST"]
        return [body for body in bodies if made["application"]["app_id"] in body]

    lab.clear_requests()
    listed = run(fleet, **secrets({"name": "desk1", "held": text(made)}), verify_held="unlisted")
    assert decision(listed) == "kept"
    assert asked() == []
    lost = "~~~" + text(made)[3:]
    renewed = run(fleet, **secrets({"name": "desk1", "held": lost}), verify_held="unlisted")
    assert decision(renewed) == "created"
    assert asked()


def test_repeated_creation_of_a_client_secret_is_a_warning(fleet: Fleet) -> None:
    warnings: list[str] = []
    first = run(fleet, warnings=warnings, **secrets({"name": "desk1"}))
    for holder in (
        {"name": "desk1", "held": text(first)},
        {"name": "desk1", "held": "x" * 40},
        {"name": "desk1", "holds_none": True},
        {"name": "desk2"},
    ):
        run(fleet, check=True, warnings=warnings, **secrets(holder))
    assert warnings == []
    again = run(fleet, check=True, warnings=warnings, **secrets({"name": "desk1", "held": ""}))
    assert decision(again) == "created"
    (warning,) = warnings
    assert warning.startswith(
        "Another client secret is created for desk1, which already has one that has not expired. Each run"
    )
