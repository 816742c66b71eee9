# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blank survey answers, which AWX passes as empty extra variables: each falls back to its default."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import cycle

import pytest
from faults.steps import module, only
from fleets.plays import imported, play

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification
from support.controller import Controller
from support.fleet import Fleet


def test_all_variables_can_be_empty(make_quick_fleet: Callable[[int], Fleet], quick_controller: Controller) -> None:
    """With Ansible's own validation of the role's arguments, and addresses and credentials from the environment."""
    fleet = make_quick_fleet(1)
    (console,) = fleet.consoles.values()
    kept = ("entra_authority_host", "entra_graph_endpoint")  # the lab's endpoints are not Microsoft's
    inventory = {name: fleet.variables[f"rustdesk_sso_{name}"] for name in kept}
    blank = dict(zip([name for name in specification() if name[13:] not in kept], cycle(["", None])))
    blank |= {"rustdesk_sso_app_restore": "", "rustdesk_sso_app_logo": "", "rustdesk_sso_console": ""}
    environment = {
        "AZURE_TENANT_ID": fleet.tenant.tenant_id,
        "AZURE_CLIENT_ID": fleet.tenant.automation["client_id"],
        "AZURE_CLIENT_SECRET": fleet.tenant.automation["client_secret"],
        "RUSTDESK_URL": console.url,
        "RUSTDESK_USERNAME": console.username,
        "RUSTDESK_PASSWORD": console.password,
        "REQUESTS_CA_BUNDLE": str(fleet.lab.ca_path),
    }
    (server,) = fleet.hosts
    hosts = {"rustdesk_servers": {"hosts": {server: {f"rustdesk_sso_{name}": inventory[name] for name in kept}}}}
    run = quick_controller.playbook([play(imported())], hosts, "-e", json.dumps(blank), **environment)
    assert run.rc == 0, run.output
    assert "Validating arguments" in run.output
    assert "[DEPRECATION" not in run.output
    application = only(fleet.tenant)
    assert (application["uniqueName"], application["displayName"]) == ("rustdesk-sso", "RustDesk")
    assert [item["displayName"] for item in application["passwordCredentials"]] == [f"rustdesk-sso {server}"]
    assert fleet.sign_in(server)["access_token"]


@pytest.mark.parametrize("module_door", [False, True], ids=["in process", "module"])
def test_null_is_an_omitted_option(fleet: Fleet, quick_controller: Controller, module_door: bool) -> None:
    """In the controller's process and as a module: a null key neither excludes nor replaces the one that is given."""
    nulls = {"object_id": None, "app_id": None, "filter": None, "deleted": None, "gather": None, "timeout": None}
    (found,) = quick_controller.tasks(
        module("entra_app_info", **fleet.entra, **nulls, unique_name="desks"), module_door=module_door
    )
    assert not found["failed"], found
    assert found["applications"] == []
