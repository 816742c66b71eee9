# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: objects that belong to an application, in addition to its properties, are added, changed and removed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from faults.steps import module
from integration.entra_app_rows import (
    ASSIGN,
    GRANT,
    NAMED,
    READ,
    READ_GROUPS,
    READ_USERS,
    WRITE,
    Row,
    Seen,
    follow,
    make_owned,
    people,
    quietly,
    run,
)

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def certificate(home: Path, name: str) -> tuple[Path, str]:
    """A PEM file with a new certificate and its key, and the thumbprint."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.now(timezone.utc) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=400))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = home / f"{name}.pem"
    path.write_bytes(secret + made.public_bytes(pem))
    der = made.public_bytes(serialization.Encoding.DER)
    return path, hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


def logo(fleet: Fleet, home: Path) -> Row:
    def shown(seen: Seen) -> tuple[str, bytes]:
        answer = seen.tenant.graph("GET", f"/applications/{seen.application['id']}/logo")
        return answer.headers["Content-Type"], answer.content

    (home / "logo.png").write_bytes(PNG)
    (home / "logo.gif").write_bytes(GIF)
    steps = [
        ({"logo": str(home / "logo.png")}, ("image/png", PNG)),
        ({"logo": str(home / "logo.gif")}, ("image/gif", GIF)),
    ]
    return Row(shown, steps, unset=False)  # Entra cannot remove one


def owners(fleet: Fleet, home: Path) -> Row:
    alice, bob = people(fleet)
    automation = fleet.tenant.automation["object_id"]
    steps = [
        ({"owners": {"add": [bob]}}, {"automation", "Bob"}),
        ({"owners": {"set": [fleet.tenant.user_ids[alice]]}}, {"automation", "Alice"}),
        ({"owners": {"set": []}}, {"automation"}),
        ({"owners": {"remove": [automation]}}, set()),
    ]
    return Row(
        lambda seen: {item["displayName"] for item in seen.of_application("owners")},
        steps,
        permissions=(WRITE, READ_USERS),
    )


def assignments(fleet: Fleet, home: Path) -> Row:
    alice, bob = people(fleet)
    fleet.tenant.add_group("Helpdesk", [bob])

    def shown(seen: Seen) -> set[tuple[str, str]]:
        values = {item["id"]: item["value"] for item in seen.application["appRoles"]}
        listed = seen.of_principal("appRoleAssignedTo")
        return {(item["principalDisplayName"], values.get(item["appRoleId"], "")) for item in listed}

    roles = {"app_roles": [{"value": name, "display_name": name, "description": name} for name in ("user", "admin")]}
    steps = [
        (
            {
                **roles,
                "assignments": {
                    "set": [{"user": alice, "app_role": "user"}, {"group": "Helpdesk", "app_role": "user"}]
                },
            },
            {("Alice", "user"), ("Helpdesk", "user")},
        ),
        (
            {"assignments": {"add": [{"user": bob, "app_role": "admin"}], "remove": [{"group": "Helpdesk"}]}},
            {("Alice", "user"), ("Bob", "admin")},
        ),
        ({"assignments": {"set": []}}, set()),
    ]
    return Row(shown, steps, permissions=(READ, ASSIGN, READ_USERS, READ_GROUPS))


def consent_delegated(fleet: Fleet, home: Path) -> Row:
    def declared(*scopes: str) -> dict[str, Any]:
        return {"admin_consent": [{"resource": "Microsoft Graph", "scopes": list(scopes)}]}

    steps = [
        (declared("User.Read", "email"), {("AllPrincipals", "User.Read email")}),
        (declared("User.Read"), {("AllPrincipals", "User.Read")}),
        (declared(), set()),
    ]
    return Row(
        lambda seen: {(item["consentType"], item["scope"]) for item in seen.of_principal("oauth2PermissionGrants")},
        steps,
        permissions=(GRANT,),
    )


def consent_app_roles(fleet: Fleet, home: Path) -> Row:
    graph = fleet.tenant.graph("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    names = {item["id"]: item["value"] for item in graph["appRoles"]}

    def declared(*roles: str) -> dict[str, Any]:
        return {"admin_consent": [{"resource": "Microsoft Graph", "app_roles": list(roles)}]}

    steps = [
        (declared("User.Read.All", "GroupMember.Read.All"), {"User.Read.All", "GroupMember.Read.All"}),
        (declared("Group.Read.All"), {"Group.Read.All"}),
        (declared(), set()),
    ]
    return Row(
        lambda seen: {names[item["appRoleId"]] for item in seen.of_principal("appRoleAssignments")},
        steps,
        permissions=(READ, ASSIGN),
    )


def certificates(fleet: Fleet, home: Path) -> Row:
    (first, first_print), (second, second_print) = certificate(home, "first"), certificate(home, "second")
    steps = [
        ({"certificates": [{"path": str(first), "name": "desk"}]}, {("desk", first_print)}),
        (
            {
                "certificates": [
                    {"content": second.read_text(), "name": "other"},
                    {"thumbprint": first_print, "state": "absent"},
                ]
            },
            {("other", second_print)},
        ),
        ({"certificates": [{"path": str(second), "state": "absent"}]}, set()),
    ]
    return Row(
        lambda seen: {(i["displayName"], i["customKeyIdentifier"]) for i in seen.application["keyCredentials"]}, steps
    )


def federated_credentials(fleet: Fleet, home: Path) -> Row:
    def shown(seen: Seen) -> list[tuple[Any, ...]]:
        members = ("name", "issuer", "subject", "audiences", "description")
        listed = seen.of_application("federatedIdentityCredentials")
        return [tuple(item[member] for member in members) for item in listed]

    issuer, audience = "https://token.actions.githubusercontent.com", ["api://AzureADTokenExchange"]
    one = {"name": "deploy", "issuer": issuer, "subject": "repo:contoso/desks:ref:refs/heads/main"}
    other = {**one, "subject": "repo:contoso/desks:environment:live", "description": ""}
    steps = [
        (
            {"federated_credentials": [{**one, "description": "Deploy"}]},
            [("deploy", issuer, one["subject"], audience, "Deploy")],
        ),
        ({"federated_credentials": [other]}, [("deploy", issuer, other["subject"], audience, None)]),
        ({"federated_credentials": [{"name": "deploy", "state": "absent"}]}, []),
    ]
    return Row(shown, steps)


PARTS = [
    logo,
    owners,
    assignments,
    consent_delegated,
    consent_app_roles,
    certificates,
    federated_credentials,
]


@pytest.mark.parametrize("prepare", PARTS, ids=lambda prepare: prepare.__name__)
def test_part(fleet: Fleet, tmp_path: Path, prepare: Callable[[Fleet, Path], Row]) -> None:
    """Added with a new application, changed, removed: each as predicted by check mode, and only once."""
    follow(fleet, prepare(fleet, tmp_path))


def test_all_parts_together(lab: Lab, fleet: Fleet, quick_controller: Controller, tmp_path: Path) -> None:
    """All parts in one declaration, with ansible-playbook; a private key in a certificate's file is never sent."""
    fleet.tenant.set_permissions([WRITE, ASSIGN, GRANT, READ, READ_USERS, READ_GROUPS])
    rows = [prepare(fleet, tmp_path) for prepare in PARTS]
    declared: dict[str, Any] = dict(NAMED)
    for row in rows:
        declared |= row.steps[0][0]
    declared["admin_consent"] = [
        {"resource": "Microsoft Graph", "scopes": ["User.Read"], "app_roles": ["User.Read.All"]}
    ]
    task = module("entra_app", **fleet.entra, **declared, wait_timeout=20)
    lab.clear_requests()
    done, again = quick_controller.tasks(task, task)
    assert done["changed"], done
    assert not again["changed"], again["diff"]
    seen = Seen(fleet.tenant)
    for row in rows:
        if "admin_consent" not in row.steps[0][0]:
            assert row.shows(seen) == row.steps[0][1]
    assert [item["scope"] for item in seen.of_principal("oauth2PermissionGrants")] == ["User.Read"]
    assert len(seen.of_principal("appRoleAssignments")) == 1
    key = "".join((tmp_path / "first.pem").read_text().partition("-----END PRIVATE KEY")[0].split("\n")[1:3])
    assert not [item for item in lab.requests() if key[:60] in item["body"]]


def test_parts_of_others_are_kept(fleet: Fleet, tmp_path: Path) -> None:
    """Undeclared certificates, federated credentials and users' own consent are not touched."""
    tenant = fleet.tenant
    tenant.set_permissions([WRITE, ASSIGN, GRANT, READ, READ_USERS])
    made = make_owned(fleet, uniqueName="desks")
    principal = tenant.graph("POST", "/servicePrincipals", json={"appId": made["appId"]}).json()
    graph = tenant.graph("GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").json()
    alice, bob = people(fleet)
    own = {"clientId": principal["id"], "resourceId": graph["id"], "scope": "email", "consentType": "Principal"}
    trusted = {
        "name": "by-hand",
        "issuer": "https://ci.example",
        "subject": "x",
        "audiences": ["api://AzureADTokenExchange"],
    }
    for path, body in (
        ("/oauth2PermissionGrants", {**own, "principalId": tenant.user_ids[alice]}),
        (f"/applications/{made['id']}/federatedIdentityCredentials", trusted),
    ):
        assert tenant.graph("POST", path, json=body).status_code == 201
    by_hand, thumbprint = certificate(tmp_path, "by-hand")
    run(fleet, **NAMED, certificates=[{"path": str(by_hand)}])

    path, ours = certificate(tmp_path, "ours")
    present = {
        "certificates": [{"path": str(path)}],
        "federated_credentials": [{"name": "ours", "issuer": "https://ci.example", "subject": "y"}],
        "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["User.Read"]}],
        "owners": {"add": [bob]},
    }
    absent = {
        "certificates": [{"thumbprint": ours, "state": "absent"}],
        "federated_credentials": [{"name": "ours", "state": "absent"}],
        "admin_consent": [{"resource": "Microsoft Graph", "scopes": []}],
        "owners": {"remove": [bob]},
    }
    for declared in (present, absent):
        assert run(fleet, **NAMED, **declared)["changed"]
        assert not quietly(fleet, **NAMED, **declared)["changed"]
    seen = Seen(tenant)
    assert [item["customKeyIdentifier"] for item in seen.application["keyCredentials"]] == [thumbprint]
    assert [item["name"] for item in seen.of_application("federatedIdentityCredentials")] == ["by-hand"]
    assert [item["consentType"] for item in seen.of_principal("oauth2PermissionGrants")] == ["Principal"]
    assert {item["displayName"] for item in seen.of_application("owners")} == {"automation"}


def test_client_secret_hint_and_expiry_are_returned(fleet: Fleet) -> None:
    """The run that creates it and each later one return both, as Graph has them."""
    made = run(fleet, **NAMED, client_secrets=[{"name": "desk1", "lifetime": "36h", "renew_before": "1h"}])
    (entry,) = made["client_secrets"]
    secret = entry.pop("secret_text")
    (listed,) = Seen(fleet.tenant).application["passwordCredentials"]
    assert entry["hint"] == secret[:3] == listed["hint"]
    # To the second: Python 3.10 cannot read seven digits after it
    begins, ends = (datetime.fromisoformat(f"{listed[name][:19]}+00:00") for name in ("startDateTime", "endDateTime"))
    assert entry["expires"] == f"{listed['endDateTime'][:19]}Z"
    assert timedelta(hours=35.9) < ends - begins < timedelta(hours=36.1)
    holder = {"name": "desk1", "held": secret, "renew_before": "1h"}
    (kept,) = quietly(fleet, **NAMED, client_secrets=[holder])["client_secrets"]
    assert [kept[name] for name in ("key_id", "hint", "expires")] == [
        entry[name] for name in ("key_id", "hint", "expires")
    ]
