# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation work as copied, and a second run changes nothing.

Only their placeholders are replaced: addresses, the tenant and IDs.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.client import Lab
from support.fleet import Fleet
from support.role_in_process import RoleRun, run_plays

COLLECTIONS = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"])
CONSOLE = "https://desk1.example.com"
TENANT_ID = "11111111-2222-3333-4444-555555555555"
CLIENT_ID = "22222222-3333-4444-5555-666666666666"
APP_ID = "66666666-7777-8888-9999-000000000000"
PERMISSIONS = [
    "Application.ReadWrite.OwnedBy",
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "GroupMember.Read.All",
]
Run = Callable[..., RoleRun]


def examples(module: str) -> list[str]:
    """The examples of a module, each as the YAML text of a play."""
    plugin = importlib.import_module(f"ansible_collections.deskops.rustdesk_sso.plugins.modules.{module}")
    tasks = yaml.safe_load(plugin.EXAMPLES)
    plays = (
        {"hosts": "rustdesk_servers", "connection": "local", "gather_facts": False, "tasks": [task]} for task in tasks
    )
    return [yaml.safe_dump([play], sort_keys=False) for play in plays]


def of_role(entry: str) -> list[str]:
    """The examples of an entry point of the role, each as the YAML text of a play."""
    path = COLLECTIONS / "ansible_collections/deskops/rustdesk_sso/roles/entra_oidc/meta/argument_specs.yml"
    specs = yaml.safe_load(path.read_text("utf-8"))["argument_specs"]
    return [yaml.safe_dump([play], sort_keys=False) for play in yaml.safe_load(specs[entry]["examples"])]


@pytest.fixture
def place(fleet: Fleet, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A tenant with the group of the examples, a console, and an environment with credentials for the modules."""
    fleet.add_server(f"desk1.{fleet.domain}")
    fleet.tenant.set_permissions(PERMISSIONS)
    fleet.tenant.add_group("RustDesk users", [])
    for name, value in {
        "AZURE_CLIENT_ID": fleet.tenant.automation["client_id"],
        "AZURE_CLIENT_SECRET": fleet.tenant.automation["client_secret"],
        "AZURE_AUTHORITY_HOST": lab.login_url,
        "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
        "REQUESTS_CA_BUNDLE": str(lab.ca_path),
    }.items():
        monkeypatch.setenv(name, value)
    return fleet


@pytest.fixture
def run(place: Fleet, tmp_path: Path) -> Run:
    """Runs an example with the lab's values in place of its placeholders."""
    ((host, console),) = place.consoles.items()
    variables = {
        "automation_client_id": place.tenant.automation["client_id"],
        "automation_client_secret": place.tenant.automation["client_secret"],
        "console_password": console.password,
        "vault_entra_client_secret": place.tenant.automation["client_secret"],
        "vault_console_passwords": {host: console.password},
        "rustdesk_sso_tenant_id": place.tenant.tenant_id,
        "rustdesk_sso_console_url": console.url,
        "rustdesk_sso_console_username": console.username,
        "rustdesk_sso_console_password": console.password,
    }
    inventory = {"rustdesk_servers": {"hosts": {host: variables}}}

    def ran(example: str, check: bool = False) -> RoleRun:
        known = {CONSOLE: console.url, TENANT_ID: place.tenant.tenant_id, APP_ID: app_id(place)}
        known["https://{{ inventory_hostname }}"] = console.url
        known[CLIENT_ID] = place.tenant.automation["client_id"]
        known["https://login.microsoftonline.com"] = place.lab.login_url
        for placeholder, value in known.items():
            example = example.replace(placeholder, value)
        example = example.replace("tenant_id: example.com", f"tenant_id: {place.domain}")
        return run_plays(inventory, example, tmp_path, check=check)

    return ran


def app_id(fleet: Fleet) -> str:
    """The client ID of the first application that the examples registered."""
    found: list[Mapping[str, Any]] = [item for item in fleet.tenant.applications() if item.get("uniqueName")]
    return str(found[0]["appId"]) if found else APP_ID


def changed(of: RoleRun) -> int:
    """The number of tasks that changed something."""
    return sum(of.changed().values())


def converge(run: Run, example: str) -> RoleRun:
    """Run an example twice; the second run must not change anything."""
    first = run(example)
    assert not first.failed(), first.messages
    again = run(example)
    assert not again.failed(), again.messages
    assert changed(again) == 0, [host.results for host in again.hosts.values()]
    return first


@pytest.mark.parametrize("module", ["entra_app", "rustdesk_oidc_provider"])
def test_examples_converge(place: Fleet, run: Run, module: str) -> None:
    complete, *others = examples(module)
    predicted = run(complete, check=True)
    assert not predicted.failed(), predicted.messages
    ((name, host),) = converge(run, complete).hosts.items()
    assert host.results["Verify that users can sign in"]["verified"]
    place.sign_in(name)
    for example in others:
        assert changed(converge(run, example)), f"nothing to do for {example}"


@pytest.mark.parametrize("module", ["entra_app_info", "rustdesk_oidc_provider_info", "rustdesk_sign_in_check"])
def test_examples_that_read(run: Run, module: str) -> None:
    run(examples("entra_app")[0])
    for example in examples(module):
        assert changed(converge(run, example)) == 0


def test_examples_of_the_role(place: Fleet, run: Run) -> None:
    """From the first run to the removal. The variables of the first example then belong to the inventory."""
    complete, *others = of_role("main")
    (name,) = place.hosts
    assert changed(converge(run, complete))
    place.sign_in(name)
    for example in (*others, *of_role("adopt")):
        assert changed(converge(run, example)), f"nothing to do for {example}"
    for example in of_role("observe"):
        assert changed(run(example)) == 0
    for example in of_role("try_sign_in"):  # no user signs in
        assert not run(example.replace("desk1.example.com", name), check=True).failed()
    for example in of_role("remove"):
        assert changed(converge(run, example))
    assert not [item for item in place.tenant.applications() if item.get("uniqueName")]
