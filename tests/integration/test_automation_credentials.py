# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The automation's own certificate and client secret: created, kept, renewed with overlap, and replaced when lost.

The code of the playbook's task runs in this process, as an administrator. test_bootstrap_automation.py signs in with
Azure CLI.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from faults.steps import only
from integration.entra_app_rows import NAMED, OWNED_BY, run

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import bootstrap as bootstrap_run
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import files
from lab.client import Lab
from support.fleet import Fleet
from support.in_process import InProcess

NAME = "RustDesk sign-in automation"
SECRET = "rustdesk_sso_entra_client_secret"
Bootstrap = Callable[..., dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's working directory, which is empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bootstrap(lab: Lab, fleet: Fleet, in_process: InProcess, monkeypatch: pytest.MonkeyPatch, here: Path) -> Bootstrap:
    """Runs the playbook's task in the user's working directory; returns the result of a task."""
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", fleet.tenant.token())
    place = {
        "auth_source": "access_token",
        "authority_host": lab.login_url,
        "graph_endpoint": lab.graph_url,
        "ca_path": lab.ca_path,
    }

    def play(check_mode: bool = False, **options: Any) -> dict[str, Any]:
        task = {"tenant_id": fleet.tenant.domain, **place, "overlap": "0", "wait_timeout": 30, **options}
        name = "deskops.rustdesk_sso.entra_oidc_bootstrap"
        return in_process.tasks({name: task, "check_mode": check_mode})[0]

    return play


def application(fleet: Fleet) -> dict[str, Any]:
    """The automation's application as Graph returns it."""
    return dict(only(fleet.tenant, displayName=NAME))


def expected(fleet: Fleet) -> list[dict[str, Any]]:
    """The automation's applications in the tenant."""
    return [item for item in fleet.tenant.applications() if item["displayName"] == NAME]


def works(fleet: Fleet, **credential: str) -> bool:
    """Return True if Entra accepts this certificate_path or client_secret of the automation."""
    lab, tenant = fleet.lab, fleet.tenant
    trust = {"authority": lab.login_url, "disable_instance_discovery": True, "connection_verify": lab.ca_path}
    kind = CertificateCredential if "certificate_path" in credential else ClientSecretCredential
    automation = kind(tenant.tenant_id, application(fleet)["appId"], **credential, **trust)
    try:
        return bool(automation.get_token(f"{lab.graph_url}/.default").token)
    except ClientAuthenticationError:
        return False


def registers(fleet: Fleet, **options: Any) -> dict[str, Any]:
    """Register an application as the automation, which authenticates with its certificate; return the result."""
    sign_in = {"client_id": application(fleet)["appId"], "client_secret": None, "certificate_path": "automation.pem"}
    return run(fleet, **NAMED, **sign_in, **options)


def granted(fleet: Fleet) -> list[str]:
    """The automation's Microsoft Graph application permissions."""
    principals = fleet.tenant.graph("GET", "/servicePrincipals").json()["value"]
    names = {role["id"]: role["value"] for item in principals for role in item["appRoles"]}
    (own,) = (item["id"] for item in principals if item["displayName"] == NAME)
    held = fleet.tenant.graph("GET", f"/servicePrincipals/{own}/appRoleAssignments").json()["value"]
    return sorted(names[item["appRoleId"]] for item in held)


def variables(path: str) -> dict[str, str]:
    """The variables in an unencrypted file."""
    return dict(yaml.safe_load(Path(path).read_text()))


def test_a_certificate_is_created_kept_and_renewed(
    bootstrap: Bootstrap, lab: Lab, fleet: Fleet, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"certificate_path": "automation.pem"}
    path = here / "automation.pem"
    predicted = bootstrap(check_mode=True, **asked)
    assert predicted["changed"]
    assert predicted["guide"] == [f"{path} would be created, with a new credential."]
    assert (expected(fleet), os.listdir(here)) == ([], [])

    made = bootstrap(**asked)
    assert made["changed"], made
    assert f"rustdesk_sso_entra_certificate_path: {path}" in made["guide"]
    assert f"rustdesk_sso_entra_client_id: {application(fleet)['appId']}" in made["guide"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert application(fleet)["passwordCredentials"] == []
    assert works(fleet, certificate_path=str(path))
    again = bootstrap(**asked)
    assert not again["changed"], again

    first = path.read_bytes()
    (here / "first.pem").write_bytes(first)
    renewed = bootstrap(**asked, renew=True)
    assert renewed["changed"], renewed
    assert path.read_bytes() != first
    assert sorted(os.listdir(here)) == ["automation.pem", "first.pem"]
    # Both work until a run after the overlap
    assert works(fleet, certificate_path=str(path))
    assert works(fleet, certificate_path=str(here / "first.pem"))
    assert not bootstrap(**asked, overlap="7d")["changed"]
    cleaned = bootstrap(**asked)
    assert len(cleaned["removed"]) == 1
    assert len(application(fleet)["keyCredentials"]) == 1

    # Renewing it for another tenant would replace the only private key for this one
    other = lab.add_tenant(f"other.{fleet.domain}")
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", other.token())
    refused = bootstrap(**asked, tenant_id=other.domain, renew=True)
    assert "Use one file for each tenant" in refused["msg"]
    assert NAME not in {item["displayName"] for item in other.applications()}
    assert works(fleet, certificate_path=str(path))


def test_a_client_secret_is_created_kept_and_renewed(bootstrap: Bootstrap, fleet: Fleet, here: Path) -> None:
    asked = {"secret_file": "automation.yml"}
    made = bootstrap(**asked)
    assert made["changed"], made
    path = str(here / "automation.yml")
    first = variables(path)
    (listed,) = application(fleet)["passwordCredentials"]
    assert first["rustdesk_sso_entra_client_secret_expires"][:16] == listed["endDateTime"][:16]
    assert works(fleet, client_secret=first[SECRET])
    assert first[SECRET] not in str(made)
    assert not bootstrap(**asked)["changed"]

    # Other content of the user's file is kept
    with open(path, "a") as file:
        file.write("rustdesk_sso_timeout: 20\n")
    renewed = bootstrap(**asked, renew=True, secret_lifetime="20d")
    assert renewed["changed"], renewed
    assert "The automation's credential expires on" in renewed["warnings"][0]
    second = variables(path)
    assert second["rustdesk_sso_timeout"] == 20
    assert second[SECRET] != first[SECRET]
    assert works(fleet, client_secret=first[SECRET])
    assert works(fleet, client_secret=second[SECRET])
    # Entra's times are in whole seconds, so the overlap may be one second long
    assert any(bootstrap(**asked)["removed"] for _run in range(10))
    (left,) = application(fleet)["passwordCredentials"]
    assert second[SECRET].startswith(left["hint"])
    path = f"/applications/{application(fleet)['id']}/removePassword"
    assert fleet.tenant.graph("POST", path, {"keyId": left["keyId"]}).status_code == 204
    rejected = bootstrap(**asked)
    assert not rejected["changed"], rejected
    assert "does not accept the client secret" in rejected["warnings"][0]


@pytest.mark.parametrize("point", ["before Entra", "before it takes the place"])
def test_an_interrupted_run_is_completed(
    point: str, bootstrap: Bootstrap, fleet: Fleet, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run completes the renewal without being asked again, and creates no third credential."""
    asked = {"certificate_path": "automation.pem", "secret_file": "automation.yml"}
    bootstrap(**asked)
    before = {name: (here / name).read_bytes() for name in asked.values()}
    place, name = {
        "before Entra": (bootstrap_run.Run, "register"),
        "before it takes the place": (files, "replace_file"),
    }[point]

    def dies(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, name, dies)
        with pytest.raises(KeyboardInterrupt):
            bootstrap(**asked, renew=True)
    assert {name: (here / name).read_bytes() for name in asked.values()} == before
    assert works(fleet, certificate_path=str(here / "automation.pem"))
    completed = bootstrap(**asked, overlap="7d")
    assert completed["changed"], completed
    assert sorted(os.listdir(here)) == sorted(asked.values())
    assert all((here / name).read_bytes() != data for name, data in before.items())
    assert works(fleet, certificate_path=str(here / "automation.pem"))
    assert works(fleet, client_secret=variables("automation.yml")[SECRET])
    assert not bootstrap(**asked, overlap="7d")["changed"]
    found = application(fleet)
    assert (len(found["keyCredentials"]), len(found["passwordCredentials"])) == (2, 2)


def test_a_certificate_is_used_only_after_entra_accepts_it(
    bootstrap: Bootstrap, lab: Lab, fleet: Fleet, here: Path
) -> None:
    bootstrap(certificate_path="automation.pem")
    before = (here / "automation.pem").read_bytes()
    lab.set_lag(0, 3600)
    refused = bootstrap(certificate_path="automation.pem", renew=True, wait_timeout=1)
    assert "AADSTS700027" in refused["msg"]
    assert f"{here}/automation.pem is unchanged. Run the playbook again" in refused["msg"]
    assert (here / "automation.pem").read_bytes() == before
    lab.set_lag(0, 0)
    assert bootstrap(certificate_path="automation.pem")["files"] == {f"{here}/automation.pem": "completed"}
    assert works(fleet, certificate_path=str(here / "automation.pem"))


def test_a_lost_controller_is_replaced(bootstrap: Bootstrap, fleet: Fleet, here: Path) -> None:
    """Another file for the same application is created only on request; the application keeps owning what it owned."""
    asked = {"certificate_path": "automation.pem", "secret_file": "automation.yml"}
    first = bootstrap(**asked)
    lost = variables("automation.yml")[SECRET]
    assert works(fleet, client_secret=lost)
    own = fleet.tenant.automation["certificate_path"]
    bootstrap(certificate_path=own)
    (here / "automation.pem").rename(here / "lost.pem")
    (here / "automation.yml").unlink()

    refused = bootstrap(**asked)
    assert refused["failed"]
    assert "bootstrap_revoke_former" in refused["msg"]
    assert os.listdir(here) == ["lost.pem"]
    another = bootstrap(**asked, another=True)
    assert another["app_id"] == first["app_id"]
    assert another["removed"] == []
    assert works(fleet, client_secret=lost)
    replaced = bootstrap(**asked, revoke_former=True)
    assert len(replaced["removed"]) == 2, replaced
    assert not works(fleet, client_secret=lost)
    assert not works(fleet, certificate_path=str(here / "lost.pem"))
    # A credential that the playbook did not create is always kept
    for credential in ({"certificate_path": str(here / "automation.pem")}, {"certificate_path": own}):
        assert works(fleet, **credential)
    assert not bootstrap(**asked, revoke_former=True)["changed"]
    # Renewal also removes the credentials in the files
    compromised = variables("automation.yml")[SECRET]
    again = {**asked, "revoke_former": True, "renew": True}
    predicted = bootstrap(check_mode=True, **again)["removed"]
    done = bootstrap(**again)
    assert sorted(done["removed"]) == sorted(predicted)
    assert len(predicted) == 2
    assert not any("keeps working" in line for line in done["guide"])
    assert not works(fleet, client_secret=compromised)
    assert works(fleet, client_secret=variables("automation.yml")[SECRET])
    assert works(fleet, certificate_path=str(here / "automation.pem"))


def test_a_lost_application_is_replaced(bootstrap: Bootstrap, fleet: Fleet) -> None:
    """The new application becomes an owner of the applications that the former one managed, and can change them."""
    both = {"certificate_path": "automation.pem", "secret_file": "automation.yml"}
    bootstrap(**both)
    assert registers(fleet)["changed"]
    former = application(fleet)
    assert fleet.tenant.graph("DELETE", f"/applications/{former['id']}").status_code == 204
    stale = bootstrap(**both)
    assert f"has the client secret of another application ({former['appId']})" in stale["msg"]
    os.unlink("automation.yml")
    assert "bootstrap_restore to true" in bootstrap(certificate_path="automation.pem")["msg"]
    assert fleet.tenant.graph("DELETE", f"/directory/deletedItems/{former['id']}").status_code == 204
    unknown = bootstrap(certificate_path="automation.pem", take_over=["nothing"])
    assert "the tenant has no application nothing" in unknown["msg"]
    assert registers(fleet, description="new")["failed"]
    taken = bootstrap(certificate_path="automation.pem", take_over=["desks"])
    assert taken["changed"], taken
    assert "Owner of: desks" in taken["guide"]
    assert registers(fleet, description="new", service_principal={"notes": "new"})["changed"]


def test_a_deleted_application_is_restored_with_its_credentials(bootstrap: Bootstrap, fleet: Fleet) -> None:
    made = bootstrap(secret_file="automation.yml")
    assert fleet.tenant.graph("DELETE", f"/applications/{application(fleet)['id']}").status_code == 204
    restored = bootstrap(secret_file="automation.yml", restore=True)
    assert (restored["changed"], restored["app_id"]) == (True, made["app_id"])
    assert works(fleet, client_secret=variables("automation.yml")[SECRET])


def test_permissions_are_exactly_those_of_the_abilities(bootstrap: Bootstrap, fleet: Fleet) -> None:
    """Missing permissions are granted, and permissions that are no longer listed are revoked."""
    asked = {"certificate_path": fleet.tenant.automation["certificate_path"]}
    more = bootstrap(**asked, abilities=["names", "assignments"])
    expected = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All", OWNED_BY, "GroupMember.Read.All"]
    assert granted(fleet) == more["permissions"] == [*expected, "User.ReadBasic.All"]
    assert bootstrap(**asked)["changed"]
    assert granted(fleet) == [OWNED_BY]


def encrypted(text: str, password: str) -> bytes:
    """Return ``text`` encrypted with ansible-vault."""
    return bytes(VaultLib([]).encrypt(text, secret=VaultSecret(password.encode())))


def test_an_encrypted_file_is_never_replaced_by_plain_text(bootstrap: Bootstrap, fleet: Fleet, here: Path) -> None:
    """Without a vault password the file is left unchanged; with one, the renewed file is encrypted with it."""
    path = here / "automation.yml"
    bootstrap(secret_file="automation.yml")
    path.write_bytes(encrypted(path.read_text(), "right"))
    before = path.read_bytes()
    assert not bootstrap(secret_file="automation.yml")["changed"]
    for options in ({}, {"vault_password": "wrong"}):
        refused = bootstrap(secret_file="automation.yml", renew=True, **options)
        assert "is encrypted, and no vault password can decrypt it" in refused["msg"]
    assert path.read_bytes() == before
    assert len(application(fleet)["passwordCredentials"]) == 1
    renewed = bootstrap(secret_file="automation.yml", renew=True, vault_password="right")
    assert renewed["changed"], renewed
    opened = VaultLib([("", VaultSecret(b"right"))]).decrypt(path.read_bytes())
    assert works(fleet, client_secret=yaml.safe_load(opened)[SECRET])


def test_nothing_is_created_that_cannot_be_stored(bootstrap: Bootstrap, fleet: Fleet, here: Path) -> None:
    (here / "notes.yml").write_text("a: 1\n")
    cases = [
        ({"secret_file": "no/such/automation.yml"}, f"the directory {here}/no/such does not exist"),
        ({"certificate_path": "/proc/automation.pem"}, "cannot be written, and nothing was created"),
        ({"secret_file": "notes.yml"}, "was not created by this playbook"),
        ({"certificate_path": "notes.yml"}, "has no certificate in PEM format"),
        ({}, "Set one of bootstrap_certificate_path, bootstrap_secret_file, bootstrap_federated_credential"),
        (
            {"certificate_path": "a.pem", "certificate_lifetime": "soon"},
            "bootstrap_certificate_lifetime is not a time span",
        ),
        ({"certificate_path": "a.pem", "abilities": ["all"]}, "Choose from other_applications, assignments, consent"),
    ]
    for options, said in cases:
        refused = bootstrap(**options)
        assert refused["failed"]
        assert said in refused["msg"]
    assert expected(fleet) == []
    assert os.listdir(here) == ["notes.yml"]
    assert (here / "notes.yml").read_text() == "a: 1\n"
