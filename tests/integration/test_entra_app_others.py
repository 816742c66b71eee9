# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: others' settings are kept, and values that Entra would truncate, merge or refuse get a clear message."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from integration.entra_app_rows import NAMED, Seen, make_owned, masked, quietly, run
from integration.test_entra_app_parts import certificate

from support.fleet import Fleet

PERSONAL = "AzureADandPersonalMicrosoftAccount"


def refusal(fleet: Fleet, **options: Any) -> str:
    """The message of a failing run."""
    result = run(fleet, **options)
    assert result.get("failed"), result
    return str(result["msg"])


def by_hand(path: Path, **members: Any) -> dict[str, Any]:
    """A certificate credential as another administrator may have added it."""
    der = x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}
    return {**key, **members}


def test_certificates_of_others_keep_all_their_members(fleet: Fleet, tmp_path: Path) -> None:
    """Replacing the list leaves others' certificates intact, even one with the thumbprint of a declared one."""
    (named, _first), (bare, _second), (ours, thumbprint) = (
        certificate(tmp_path, name) for name in ("named", "bare", "ours")
    )
    ends = (datetime.now(timezone.utc) + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    others = [
        by_hand(named, displayName="by hand", customKeyIdentifier=base64.b64encode(b"by hand").decode()),
        by_hand(bare, endDateTime=ends),
        by_hand(ours, usage="Encrypt", displayName="encrypts tokens"),
    ]
    made = make_owned(fleet, uniqueName="desks", keyCredentials=others)
    encrypts = next(item["keyId"] for item in made["keyCredentials"] if item["usage"] == "Encrypt")
    path = f"/applications/{made['id']}"
    assert fleet.tenant.graph("PATCH", path, json={"tokenEncryptionKeyId": encrypts}).status_code == 204

    def keys() -> dict[str, dict[str, Any]]:
        return {item["keyId"]: item for item in Seen(fleet.tenant).application["keyCredentials"]}

    before = keys()

    present = {"certificates": [{"path": str(ours), "name": "sign-in"}]}
    result = run(fleet, **NAMED, **present)
    assert [(item["thumbprint"], item["name"]) for item in result["certificates"]].count((thumbprint, "sign-in")) == 1
    assert {key: item for key, item in keys().items() if key in before} == before
    assert not quietly(fleet, **NAMED, **present)["changed"]
    assert run(fleet, **NAMED, certificates=[{"thumbprint": thumbprint, "state": "absent"}])["changed"]
    assert keys() == before
    # The product never sends others' certificates back.
    sent = [entry for entry in fleet.lab.requests("graph") if entry["method"] == "PATCH"]
    assert sent
    assert all(others[0]["key"] not in str(entry) for entry in sent)


def test_certificate_name_that_entra_would_truncate(fleet: Fleet, tmp_path: Path) -> None:
    """It is refused before the first request; a name of exactly the maximum length is created and found again."""
    path, _thumbprint = certificate(tmp_path, "ours")
    fleet.lab.clear_requests()
    assert "more than 90" in refusal(fleet, **NAMED, certificates=[{"path": str(path), "name": "x" * 91}])
    assert fleet.lab.requests() == []
    fits = {"certificates": [{"path": str(path), "name": "x" * 90}]}
    assert run(fleet, **NAMED, **fits)["certificates"][0]["name"] == "x" * 90
    assert not quietly(fleet, **NAMED, **fits)["changed"]


@pytest.mark.parametrize("named", [{"display_name": "x" * 200}, {"display_name": "x" * 200, "unique_name": "desks"}])
def test_display_name_longer_than_allowed(fleet: Fleet, named: dict[str, Any]) -> None:
    """A manually created application keeps its long name when managed; no new application gets one."""
    assert "more than 120" in refusal(fleet, **named)
    assert all(item["displayName"] == "automation" for item in fleet.tenant.applications())
    make_owned(fleet, displayName="x" * 200, uniqueName="desks")
    assert run(fleet, **named, notes="managed")["changed"]
    assert not quietly(fleet, **named, notes="managed")["changed"]
    assert run(fleet, unique_name="desks", notes="left alone")["application"]["display_name"] == "x" * 200
    for options, limit in (
        ({"display_name": "y" * 121}, "120"),
        ({"sign_in_audience": PERSONAL}, "90"),
    ):
        assert f"more than {limit}" in refusal(fleet, **{"unique_name": "desks", **options})
    assert run(fleet, unique_name="desks", display_name="RustDesk")["changed"]
    assert "1 to 256" in refusal(fleet, unique_name="desks", display_name="x" * 257)


@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("https://desk.example/api", "api://{app_id}"),
        ("api://TAKEN", "the application of the tenant that already has it"),
    ],
)
def test_identifier_uri_refused_by_entra(fleet: Fleet, uri: str, hint: str) -> None:
    """The message states which identifier URIs are allowed."""
    fleet.tenant.graph("POST", "/applications", json={"displayName": "Other", "identifierUris": ["api://taken"]})
    assert hint in refusal(fleet, **NAMED, identifier_uris=[uri])


def test_identifier_uris_that_differ_only_in_case(fleet: Fleet) -> None:
    """Refused before the first request."""
    fleet.lab.clear_requests()
    assert "differ only in case" in refusal(fleet, **NAMED, identifier_uris=["api://desk", "api://Desk"])
    assert fleet.lab.requests() == []


def principal_tags(fleet: Fleet) -> set[str]:
    """The tags that the service principal shows."""
    principal = Seen(fleet.tenant).principal
    return set(principal["tags"]) if principal else set()


def test_tags_of_the_application_stay_on_the_application(fleet: Fleet) -> None:
    """Hiding the service principal does not copy the application's tags, which it shows, into its own."""
    run(fleet, **NAMED, tags=["team:desk"])
    path = f"/servicePrincipals(appId='{Seen(fleet.tenant).application['appId']}')"
    assert fleet.tenant.graph("PATCH", path, json={"tags": ["own"]}).status_code == 204
    hidden = {"service_principal": {"visible_to_users": False}}
    both = {"tags": ["team:help"], **hidden}
    for options in (hidden, both):
        check = quietly(fleet, check=True, **NAMED, **options)
        done = run(fleet, **NAMED, **options)
        assert masked(check) == masked(done)
        assert done["changed"]
        assert not done["service_principal"]["visible_to_users"]
        assert not quietly(fleet, **NAMED, **options)["changed"]
    assert principal_tags(fleet) == {"team:help", "own", "HideApp"}
    assert run(fleet, **NAMED, tags=[], service_principal={"visible_to_users": True})["changed"]
    assert principal_tags(fleet) == {"own"}


def test_an_application_that_hides_itself(fleet: Fleet) -> None:
    """Its tag HideApp already hides it, and it cannot be visible while it has that tag."""
    hides = {"tags": ["HideApp"]}
    for options in (hides, {"service_principal": {"visible_to_users": False}}):
        check = quietly(fleet, check=True, **NAMED, **options)
        done = run(fleet, **NAMED, **options)
        assert masked(check, *_ids(done)) == masked(done, *_ids(done))
        assert not done["service_principal"]["visible_to_users"]
        assert done["changed"] == (options is hides)
    visible = {"service_principal": {"visible_to_users": True}}
    fleet.lab.clear_requests()
    assert "Set tags without HideApp" in refusal(fleet, **NAMED, **hides, **visible)
    assert fleet.lab.requests() == []
    assert "Set tags without HideApp" in refusal(fleet, **NAMED, **visible)
    shown = run(fleet, **NAMED, tags=[], **visible)
    assert shown["service_principal"]["visible_to_users"]
    assert not quietly(fleet, **NAMED, tags=[], **visible)["changed"]
    assert principal_tags(fleet) == set()


def _ids(result: dict[str, Any]) -> list[str]:
    return [result["application"]["app_id"], result["application"]["object_id"]]
