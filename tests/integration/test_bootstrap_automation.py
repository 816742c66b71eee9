# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""bootstrap_automation.yml as a user runs it; test_automation_credentials.py tests the code of its task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from faults.steps import only

from lab.client import Lab
from support.controller import Controller, Run
from support.fleet import Fleet
from support.quick_runs import quick_playbook


def test_first_run(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """The file is created in the working directory, encrypted with the run's vault password and ready to use.

    The client secret is stored nowhere else.
    """
    password = controller.home / "vault-password"
    password.write_text("correct horse")
    environment = {
        **lab.azure_cli(next(iter(fleet.tenant.users))),
        "AZURE_AUTHORITY_HOST": lab.login_url,
        "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
        "REQUESTS_CA_BUNDLE": lab.ca_path,
    }

    def bootstrap(*options: str) -> Run:
        given = json.dumps({"bootstrap_tenant_id": fleet.tenant.domain, "bootstrap_secret_file": "automation.yml"})
        vault = ("--vault-password-file", str(password))
        playbook = Path("deskops.rustdesk_sso.bootstrap_automation")
        return controller.playbook(playbook, {"all": {"hosts": {}}}, "-e", given, *vault, *options, **environment)

    made = bootstrap("-vvvv", "--diff")
    assert made.changed() == {"localhost": 1}, made.output
    file = controller.home / "automation.yml"
    assert file.read_text().startswith("$ANSIBLE_VAULT")
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"\nThe variables of the automation are in {file}.\n" in made.output
    assert bootstrap("--check").changed() == {"localhost": 0}
    assert len(only(fleet.tenant, displayName="RustDesk sign-in automation")["passwordCredentials"]) == 1

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


@pytest.mark.parametrize("name", ["bootstrap_access_token", "AZURE_ACCESS_TOKEN"])
def test_without_azure_cli(name: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An access token in a variable suffices. With one in the environment, bootstrap_auth_source selects it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    fleet.hosts["desk1"] = {}
    token = fleet.tenant.token()
    variables = {
        "bootstrap_tenant_id": fleet.tenant.domain,
        "bootstrap_certificate_path": "automation.pem",
        "bootstrap_authority_host": fleet.lab.login_url,
        "bootstrap_graph_endpoint": fleet.lab.graph_url,
        "bootstrap_ca_path": fleet.lab.ca_path,
    }
    if name == "AZURE_ACCESS_TOKEN":
        monkeypatch.setenv(name, token)
        assert "Azure CLI" in quick_playbook(fleet, "bootstrap_automation", "-e", json.dumps(variables)).output
        variables["bootstrap_auth_source"] = "access_token"
    else:
        variables[name] = token
    run = quick_playbook(fleet, "bootstrap_automation", "-e", json.dumps(variables))
    assert run.rc == 0, run.output
    assert (tmp_path / "automation.pem").exists()
    assert only(fleet.tenant, displayName="RustDesk sign-in automation")["keyCredentials"]
    assert token not in run.output
