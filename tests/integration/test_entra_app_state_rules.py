# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app under Graph's rules that no recording shows: "wait and repeat" refusals, owners and disabled applications.

Unless stated otherwise, the automation's only permission is Application.ReadWrite.OwnedBy.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from faults.steps import only
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
from support.fleet import Fleet

BUSY = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
NOTHING_DONE = [(409, "Directory_ConcurrencyViolation"), (503, "Directory_ConcurrencyViolation")]
NOTHING_DONE += [(503, "Request_ThrottledTemporarily")]
# Each write request of entra_app
WRITES = [
    ("PATCH", r"/applications\(uniqueName"),
    ("PATCH", r"/applications/[^/]+$"),
    ("POST", r"/servicePrincipals$"),
    ("PATCH", r"/servicePrincipals/[^/]+$"),
    ("POST", r"/addPassword$"),
    ("POST", r"/removePassword$"),
    ("POST", r"/federatedIdentityCredentials$"),
    ("PATCH", r"/federatedIdentityCredentials/"),
    ("DELETE", r"/federatedIdentityCredentials/"),
    ("POST", r"/appRoleAssignedTo$"),
    ("DELETE", r"/appRoleAssignedTo/"),
    ("POST", r"/oauth2PermissionGrants$"),
    ("PATCH", r"/oauth2PermissionGrants/"),
    ("DELETE", r"/oauth2PermissionGrants/"),
    ("POST", r"/owners/\$ref$"),
    ("DELETE", r"/owners/[^/]+/\$ref$"),
    ("PUT", r"/logo$"),
    ("DELETE", r"/applications/[^/]+$"),
    ("POST", r"/restore$"),
    ("DELETE", r"/directory/deletedItems/"),
]


def steps(fleet: Fleet, picture: str) -> list[dict[str, Any]]:
    """Successive declarations that need every write request."""
    user, other = people(fleet)
    federated = {"name": "ci", "issuer": "https://ci.example.com", "subject": "a", "audiences": ["api://x"]}
    full = {
        **NAMED,
        "tags": ["one"],
        "service_principal": {"notes": "desks"},
        "client_secrets": [{"name": "desk1"}],
        "federated_credentials": [federated],
        "assignments": {"set": [{"user": user}]},
        "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["User.Read"]}],
        "owners": {"add": [user]},
        "logo": picture,
    }
    return [
        full,
        {
            **NAMED,
            "federated_credentials": [{**federated, "subject": "b"}],
            "assignments": {"set": [{"user": other}]},
            "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["User.Read", "openid"]}],
            "owners": {"remove": [user]},
        },
        {
            **NAMED,
            "federated_credentials": [{"name": "ci", "state": "absent"}],
            "admin_consent": [{"resource": "Microsoft Graph", "scopes": []}],
            "client_secrets": [{"name": "desk1", "state": "absent"}],
        },
        {**NAMED, "state": "absent"},
        {**NAMED, "restore": True},
        {**NAMED, "state": "absent"},
        {**NAMED, "state": "absent", "purge": True},
    ]


@pytest.mark.parametrize(("status", "code"), NOTHING_DONE)
def test_refused_write_is_retried(lab: Lab, fleet: Fleet, tmp_path: Any, status: int, code: str) -> None:
    """Each request is refused twice with "wait briefly and retry", and finally succeeds exactly once."""
    fleet.tenant.set_permissions([OWNED_BY, WRITE, ASSIGN, GRANT, READ_USERS])
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    error = {"error": {"code": code, "message": BUSY, "innerError": {}}}
    # The SDK repeats a 503 of most requests automatically, with pauses: one of each type is enough
    for method, path in WRITES if status == 409 else [WRITES[1], WRITES[2], WRITES[4]]:
        lab.fault("graph", method, path, times=2, status=status, json=error)
    for declared in steps(fleet, str(picture)):
        lab.clear_requests()
        done = run(fleet, **declared)
        assert not done.get("failed"), done
        assert done["changed"], declared
        made = [item for item in lab.requests() if item["path"].endswith("/addPassword") and item["status"] == 200]
        assert len(made) == (1 if "tags" in declared else 0)
    assert lab.open_faults() == []


def test_permanent_refusal_is_reported(lab: Lab, fleet: Fleet) -> None:
    """The retries end with wait_timeout, and the message names the code."""
    error = {"error": {"code": "Directory_ConcurrencyViolation", "message": BUSY, "innerError": {}}}
    lab.fault("graph", "POST", "/addPassword", times=99, status=503, json=error)
    refused = run(fleet, **{**NAMED, "wait_timeout": 0.5, "client_secrets": [{"name": "desk1"}]})
    assert refused["failed"], refused
    assert "503 Directory_ConcurrencyViolation" in refused["msg"]
    assert only(fleet.tenant)["passwordCredentials"] == []


@pytest.mark.parametrize("owned", [False, True], ids=["unowned", "owned"])
def test_automation_owns_the_service_principals_it_creates(lab: Lab, fleet: Fleet, owned: bool) -> None:
    """OwnedBy is then enough to change them, whether or not Graph adds the creator as owner, and despite the lag."""
    fleet.tenant.set_switches(new_principal_owned=owned)
    lab.set_lag(0.5, 0)
    declared = {**NAMED, "service_principal": {"notes": "desks", "app_role_assignment_required": True}}
    warnings: list[str] = []
    made = run(fleet, warnings=warnings, **declared)
    assert not made.get("failed"), made
    # Only the restrictions
    assert [text for text in warnings if not text.startswith("Not all users can sign in")] == []
    lab.set_lag(0, 0)
    (owner,) = Seen(fleet.tenant).of_principal("owners")
    assert owner["appId"] == fleet.tenant.automation["client_id"]
    assert run(fleet, **{**NAMED, "service_principal": {"notes": "other"}})["service_principal"]["notes"] == "other"


def test_service_principal_of_another_owner(fleet: Fleet) -> None:
    """A permanent refusal names what is missing, and the command that adds it."""
    app_id = run(fleet, **{**NAMED, "service_principal": {"state": "absent"}})["application"]["app_id"]
    fleet.tenant.graph("POST", "/servicePrincipals", json={"appId": app_id})
    refused = run(fleet, **{**NAMED, "wait_timeout": 0.5, "service_principal": {"notes": "desks"}})
    assert refused["failed"], refused
    assert "an owner of the service principal: az rest --method POST" in refused["msg"]


def test_owners_of_the_service_principal(fleet: Fleet) -> None:
    """Added, removed and set; the automation stays an owner. Check mode predicts each."""
    fleet.tenant.set_permissions([OWNED_BY, WRITE, READ_USERS])
    user = people(fleet)[0]
    for owners, count in (({"add": [user]}, 2), ({"remove": [user]}, 1), ({"set": [user]}, 2), ({"set": []}, 1)):
        declared = {**NAMED, "service_principal": {"owners": owners}}
        check, done = quietly(fleet, check=True, **declared), run(fleet, **declared)
        assert done["changed"], done
        if (
            count != 2 or "add" not in owners
        ):  # the first one also creates the application, whose owner check mode knows
            assert masked(check) == masked(done)
        assert len(done["service_principal"]["owners"]) == count
        assert len(Seen(fleet.tenant).of_principal("owners")) == count
        assert not quietly(fleet, **declared)["changed"]


def switch_off(fleet: Fleet, way: str) -> None:
    """Disable the application in one of the possible ways."""
    seen = Seen(fleet.tenant)
    if way == "application":
        fleet.tenant.graph("PATCH", f"/applications/{seen.application['id']}", json={"isDisabled": True})
    elif way == "principal":
        fleet.tenant.graph("PATCH", f"/servicePrincipals/{seen.principal['id']}", json={"accountEnabled": False})
    else:
        fleet.tenant.disable_by_microsoft(seen.application["appId"], "DisabledDueToViolationOfServicesAgreement")


@pytest.mark.parametrize(
    ("way", "said", "remedy"),
    [
        ("application", "application is deactivated", {"enabled": True}),
        ("principal", "disabled for the service principal", {"service_principal": {"account_enabled": True}}),
        ("microsoft", "Microsoft has disabled the application", None),
    ],
)
def test_disabled_application(fleet: Fleet, way: str, said: str, remedy: Any) -> None:
    """The result and a warning report it; it is enabled only by the option."""
    made = run(fleet, **NAMED, client_secrets=[{"name": "desk1"}])
    held = [{"name": "desk1", "held": made["client_secrets"][0]["secret_text"]}]
    assert made["obstacles"] == []
    switch_off(fleet, way)
    warnings: list[str] = []
    found = quietly(fleet, warnings=warnings, **NAMED, client_secrets=held)
    assert not found["changed"]
    assert warnings == found["obstacles"]
    assert re.search(said, *found["obstacles"])
    # Entra did not accept the client secret in this run, so the result does not claim it
    (secret,) = found["client_secrets"]
    assert (secret["decision"], secret["accepted"]) == ("kept", None)
    assert secret["reason"] == f"in use, listed until {secret['expires'][:10]}"
    if remedy is None:
        return
    declared = {**NAMED, **remedy, "client_secrets": held}
    check, done = quietly(fleet, check=True, **declared), run(fleet, **declared)
    assert done["changed"], done
    assert masked(check) == masked(done)
    assert done["obstacles"] == []
    again = quietly(fleet, **declared)
    assert not again["changed"]
    assert re.fullmatch(r"in use, accepted on [\d-]{10}", again["client_secrets"][0]["reason"])


def test_application_is_deactivated_on_request(fleet: Fleet) -> None:
    """With enabled: false; check mode predicts it and its consequences."""
    run(fleet, **NAMED)
    check, done = quietly(fleet, check=True, **NAMED, enabled=False), run(fleet, **NAMED, enabled=False)
    assert done["diff"] == {"before": {"enabled": True}, "after": {"enabled": False}}
    assert masked(check) == masked(done)
    assert len(done["obstacles"]) == 1
    assert not quietly(fleet, **NAMED, enabled=False)["changed"]


def test_cloud_without_a_new_member(lab: Lab, fleet: Fleet) -> None:
    """A member that Graph does not know there is left out of the read, and everything else continues."""
    run(fleet, **NAMED)
    text = "Could not find a property named 'isDisabled' on type 'microsoft.graph.application'."
    error = {"error": {"code": "BadRequest", "message": text, "innerError": {}}}
    lab.fault("graph", "GET", "/applications", times=1, status=400, json=error)
    found = quietly(fleet, **NAMED)
    assert not found.get("failed"), found
    assert not found["changed"]
