# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation work as they are copied, and change nothing the second time.

Only their placeholders are replaced: addresses, the tenant and IDs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from lab.client import Lab
from support.fleet import Fleet
from support.role_in_process import RoleRun, run_tasks

CONSOLE = "https://desk1.example.com"
TENANT_ID = "11111111-2222-3333-4444-555555555555"
APP_ID = "66666666-7777-8888-9999-000000000000"
PERMISSIONS = [
    "Application.ReadWrite.OwnedBy",
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "GroupMember.Read.All",
]
Run = Callable[[str], RoleRun]


def examples(module: str) -> list[str]:
    """The examples of a module, each as the YAML of its tasks."""
    plugin = importlib.import_module(f"ansible_collections.deskops.rustdesk_sso.plugins.modules.{module}")
    return [yaml.safe_dump([task], sort_keys=False) for task in yaml.safe_load(plugin.EXAMPLES)]


@pytest.fixture
def place(fleet: Fleet, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A tenant with the group of the examples, a console, and an environment in which the modules sign in."""
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
def run(place: Fleet) -> Run:
    """Runs an example with the values of the lab in place of its placeholders."""
    ((host, console),) = place.consoles.items()
    variables = {
        "automation_client_id": place.tenant.automation["client_id"],
        "automation_client_secret": place.tenant.automation["client_secret"],
        "console_password": console.password,
    }
    inventory = {"rustdesk_servers": {"hosts": {host: variables}}}

    def ran(example: str) -> RoleRun:
        known = {CONSOLE: console.url, TENANT_ID: place.tenant.tenant_id, APP_ID: app_id(place)}
        known["https://login.microsoftonline.com"] = place.lab.login_url
        for placeholder, value in known.items():
            example = example.replace(placeholder, value)
        return run_tasks(inventory, example.replace("tenant_id: example.com", f"tenant_id: {place.domain}"))

    return ran


def app_id(fleet: Fleet) -> str:
    """The client ID of the first application that the examples have registered."""
    found: list[Mapping[str, Any]] = [item for item in fleet.tenant.applications() if item.get("uniqueName")]
    return str(found[0]["appId"]) if found else APP_ID


def changed(of: RoleRun) -> int:
    """How many tasks changed something."""
    return sum(of.changed().values())


def converge(run: Run, example: str) -> RoleRun:
    """Run an example twice; the second time nothing may change."""
    first = run(example)
    assert not first.failed(), first.messages
    again = run(example)
    assert not again.failed(), again.messages
    assert changed(again) == 0, [host.results for host in again.hosts.values()]
    return first


@pytest.mark.parametrize("module", ["entra_app", "rustdesk_oidc_provider"])
def test_examples_converge(place: Fleet, run: Run, module: str) -> None:
    complete, *others = examples(module)
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
