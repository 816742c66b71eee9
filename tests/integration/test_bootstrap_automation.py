# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bootstrap_automation.yml: an administrator with Azure CLI makes the application as which the automation signs in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from faults.steps import only
from integration.entra_app_rows import NAMED, run

from lab.client import Lab
from support.controller import Controller, Run
from support.fleet import Fleet

OWNED = "Application.ReadWrite.OwnedBy"
NAME = "RustDesk sign-in automation"


@pytest.fixture
def bootstrap(lab: Lab, fleet: Fleet, controller: Controller) -> Callable[..., Run]:
    """Runs the playbook as the tenant's first user, who is signed in with Azure CLI."""

    def play(*options: str, **variables: Any) -> Run:
        environment = {
            **lab.azure_cli(next(iter(fleet.tenant.users))),
            "AZURE_AUTHORITY_HOST": lab.login_url,
            "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
            "REQUESTS_CA_BUNDLE": lab.ca_path,
        }
        given = json.dumps({"bootstrap_tenant_id": fleet.tenant.domain, **variables})
        playbook = controller.site.with_name("bootstrap_automation.yml")
        return controller.playbook(playbook, {"all": {"hosts": {}}}, "-e", given, *options, **environment)

    return play


def granted(fleet: Fleet) -> list[str]:
    """The Microsoft Graph application permissions that the automation's application has."""
    principals = fleet.tenant.graph("GET", "/servicePrincipals").json()["value"]
    names = {role["id"]: role["value"] for item in principals for role in item["appRoles"]}
    (own,) = (item["id"] for item in principals if item["displayName"] == NAME)
    held = fleet.tenant.graph("GET", f"/servicePrincipals/{own}/appRoleAssignments").json()["value"]
    return sorted(names[item["appRoleId"]] for item in held)


def test_with_a_certificate(bootstrap: Callable[..., Run], fleet: Fleet) -> None:
    """Predicted, made, converged; with exactly the permissions asked for, more and fewer; the automation can work."""
    certificate = fleet.tenant.automation["certificate_path"]
    predicted = bootstrap("--check", bootstrap_certificate_path=certificate)
    assert predicted.changed() == {"localhost": 1}, predicted.output
    assert [item for item in fleet.tenant.applications() if item["displayName"] == NAME] == []
    made = bootstrap(bootstrap_certificate_path=certificate)
    assert made.changed() == {"localhost": 1}, made.output
    again = bootstrap(bootstrap_certificate_path=certificate)
    assert again.changed() == {"localhost": 0}, again.output
    assert granted(fleet) == [OWNED]
    application = only(fleet.tenant, displayName=NAME)
    assert application["passwordCredentials"] == []
    assert f"rustdesk_sso_entra_client_id: {application['appId']}" in made.output

    signed_in = {"client_id": application["appId"], "client_secret": None, "certificate_path": certificate}
    registered = run(fleet, **NAMED, **signed_in)
    assert registered["changed"], registered

    more = bootstrap(bootstrap_certificate_path=certificate, bootstrap_abilities=["names", "assignments"])
    assert more.changed() == {"localhost": 1}, more.output
    expected = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All", OWNED, "GroupMember.Read.All"]
    assert granted(fleet) == [*expected, "User.ReadBasic.All"]
    assert bootstrap(bootstrap_certificate_path=certificate).changed() == {"localhost": 1}
    assert granted(fleet) == [OWNED]


def test_with_a_client_secret(bootstrap: Callable[..., Run], lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """The secret is in the encrypted file and nowhere else, works, and is not made twice."""
    file = controller.home / "automation.yml"
    password = controller.home / "vault-password"
    password.write_text("correct horse")
    options = {"bootstrap_secret_file": str(file), "bootstrap_vault_password": "correct horse"}
    made = bootstrap("-vvvv", "--diff", **options)
    assert made.changed() == {"localhost": 2}, made.output
    assert file.read_text().startswith("$ANSIBLE_VAULT")
    assert file.stat().st_mode & 0o777 == 0o600
    assert bootstrap(**options).changed() == {"localhost": 0}
    assert len(only(fleet.tenant, displayName=NAME)["passwordCredentials"]) == 1

    task = {
        "deskops.rustdesk_sso.entra_app": {
            **fleet.entra,
            "client_id": "{{ rustdesk_sso_entra_client_id }}",
            "client_secret": "{{ rustdesk_sso_entra_client_secret }}",
            "unique_name": "desks",
            "display_name": "RustDesk",
        }
    }
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    used = controller.playbook(plays, {"all": {"hosts": {}}}, "-e", f"@{file}", "--vault-password-file", str(password))
    assert used.changed() == {"localhost": 1}, used.output
    assert [secret for secret in lab.secrets() if secret in made.output + used.output] == []


def test_what_is_missing_is_told(bootstrap: Callable[..., Run], fleet: Fleet) -> None:
    """No way to sign in, an unknown ability, nobody signed in."""
    nothing = bootstrap()
    assert nothing.failed() == {"localhost"}
    assert "bootstrap_certificate_path" in nothing.output
    unknown = bootstrap(bootstrap_certificate_path="x.pem", bootstrap_abilities=["everything"])
    assert unknown.failed() == {"localhost"}
    assert "other_applications, assignments, consent, names, policies" in unknown.output
    assert [item for item in fleet.tenant.applications() if item["displayName"] == NAME] == []
