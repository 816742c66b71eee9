# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Factors of a run's speed that can be counted exactly: loaded Python modules and requests."""

from __future__ import annotations

from typing import Any

import pytest
from bench.loaded import ENTRA_ONLY, MODELS, loaded, of_packages
from faults.steps import module

from lab.client import Lab
from support import consoles
from support.controller import Controller
from support.fleet import Fleet
from support.quick_runs import quick_run

# Each response model imports others: reading one application through them loads 1,800 modules and takes seconds
MODELS_AT_MOST = 30

# The requests of a role run that changes nothing: each of them is noticeable over a slow connection. Once per
# application:
REGISTRATION = (
    "the discovery document",
    "the automation's access token",
    "the application and its service principal ($batch)",
)
# Per server, for a configured console type, and for the verification:
CONSOLE = {
    "pro": ("sign in", "the settings", "sign out"),
    "rustdesk_console": (
        *("sign in", "the providers", "the provider", "the general settings"),
        *("the account's sessions", "sign out"),
    ),
    # It reveals the callback URL that it sends only when a sign-in starts
    "rustdesk_api": ("sign in", "the providers", "a client's authorization request", "the providers", "sign out"),
}
PROOF = (
    "whether the client secret that the console holds is accepted",
    "the login options",
    "a client's authorization request",
)
# If the console type is not configured: requests without a session, which detect RustDesk and the type
DETECTION = {
    "pro": ("the settings without a session", "the login options"),
    "rustdesk_console": ("the settings without a session",),
    "rustdesk_api": tuple(f"the settings of {kind} without a session" for kind in CONSOLE),
}
UNVERIFIED = ("--skip-tags", "rustdesk_sso_verify")


@pytest.fixture
def server(fleet: Fleet) -> str:
    """A server with a configured sign-in."""
    fleet.add_server(f"desk.{fleet.domain}")
    run = quick_run(fleet)
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
        assert "requests" in modules, "the task sent no request"
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


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_requests_of_a_converged_server(lab: Lab, fleet: Fleet, kind: str, *, named: bool) -> None:
    """The number per console type that the role's README states."""
    consoles.add(fleet, kind)
    fleet.variables["rustdesk_sso_console_type"] = kind if named else "auto"
    for _run in range(2):  # a rustdesk_api reveals its callback URL only once it has a provider
        quick_run(fleet)
    registration, console = requests(lab, fleet, *UNVERIFIED)
    assert len(registration) == len(REGISTRATION), registration
    assert len(console) == len(CONSOLE[kind]) + (0 if named else len(DETECTION[kind])), console
    whole = [sent for part in requests(lab, fleet) for sent in part]
    assert len(whole) - len(registration) - len(console) == len(PROOF), whole
    assert [item for item in lab.requests() if item["method"] in ("PUT", "PATCH", "DELETE")] == []


def test_requests_of_servers_that_share_an_application(lab: Lab, fleet: Fleet) -> None:
    """The registration takes the same requests, regardless of the number of servers."""
    for number in range(3):
        fleet.add_server(f"shared{number}.{fleet.domain}")
    run = quick_run(fleet)
    assert run.rc == 0, run.output
    registration, _consoles = requests(lab, fleet, *UNVERIFIED)
    assert len(registration) <= len(REGISTRATION), registration


def requests(lab: Lab, fleet: Fleet, *options: str) -> tuple[list[str], list[str]]:
    """The requests of a run without changes, to Entra and to the consoles."""
    lab.clear_requests()
    run = quick_run(fleet, *options)
    assert run.changed() == dict.fromkeys(fleet.hosts, 0), run.output
    entra, desks = [], []
    for entry in lab.requests():
        to = entra if entry["service"] in ("login", "graph") else desks
        to.append(f"{entry['method']} {entry['path']}")
    assert entra and desks
    return entra, desks
