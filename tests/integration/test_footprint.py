# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What decides how fast a run is and can be counted exactly: loaded Python modules, and requests."""

from __future__ import annotations

from typing import Any

import pytest
from bench.loaded import ENTRA_ONLY, MODELS, loaded, of_packages
from faults.steps import module, writes

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

# Each response model imports others: reading one application through them loads 1,800 and takes seconds
MODELS_AT_MOST = 30

# The requests of the role for one server where nothing is to be done: whoever runs it from afar feels each of them.
LOGIN = (
    "the issuer, from discovery, for the registration",
    "the automation's access token",
    "whether the client secret that the console holds is still accepted",
    "the issuer, from discovery, for the proof",
)
GRAPH = ("the application", "its service principal")
CONSOLE = (
    "the settings without a session, to see which kind of console it is",
    "the login options, for the second factor",
    "sign in",
    "the settings",
    "sign out",
    "the login options, for the proof",
    "a client's authorization request, for the proof",
)
LIMITS = {"login": len(LOGIN), "graph": len(GRAPH), "console": len(CONSOLE)}


@pytest.fixture
def server(fleet: Fleet) -> str:
    """A server whose sign-in is set up."""
    fleet.add_server(f"desk.{fleet.domain}")
    run = fleet.site()
    assert run.rc == 0, run.output
    return next(iter(fleet.hosts))


def test_console_tasks_load_nothing_for_entra(lab: Lab, fleet: Fleet, server: str) -> None:
    console = fleet.consoles[server]
    options = fleet.console_options(server)
    check = {
        "public_url": console.url,
        "issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
        "client_id": console.settings()["providers"][-1]["client_id"],
        "callback_url": f"{console.url}/api/oidc/callback",
        "registered_redirect_uris": [f"{console.url}/api/oidc/callback"],
        "ca_path": str(lab.ca_path),
    }
    tasks: dict[str, dict[str, Any]] = {
        "rustdesk_oidc_provider_info": options,
        "rustdesk_oidc_provider": {**options, "enabled": True},
        "rustdesk_sign_in_check": check,
    }
    for name, arguments in tasks.items():
        result, modules = loaded(name, arguments)
        assert result.get("failed", False) is False, result
        assert "requests" in modules, "the task asked nobody anything"
        assert of_packages(modules, *ENTRA_ONLY) == [], name


def test_converged_application_loads_few_models(fleet: Fleet, controller: Controller) -> None:
    options = {
        **fleet.entra,
        "unique_name": "desks",
        "display_name": "RustDesk",
        "web_redirect_uris": {"add": ["https://desk.example/api/oidc/callback"]},
    }
    (made,) = controller.tasks(module("entra_app", **options))
    assert made["changed"], made
    result, modules = loaded("entra_app", options)
    assert result["changed"] is False, result
    assert "msgraph" in modules, "the task did not use the SDK"
    assert len(of_packages(modules, MODELS)) <= MODELS_AT_MOST


def test_requests_of_a_converged_server(lab: Lab, fleet: Fleet, server: str) -> None:
    lab.clear_requests()
    run = fleet.site()
    assert run.changed() == {server: 0}, run.output
    counted: dict[str, list[str]] = {service: [] for service in LIMITS}
    for entry in lab.requests():
        counted[entry["service"] if entry["service"] in LIMITS else "console"].append(
            f"{entry['method']} {entry['path']}"
        )
    assert all(counted.values()), counted
    assert {service: len(listed) for service, listed in counted.items() if len(listed) > LIMITS[service]} == {}, counted
    assert writes(lab) == []
