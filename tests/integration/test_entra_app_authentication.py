# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app and entra_app_info: the ways in which the automation signs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.steps import module, only

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

CREDENTIALS = ("tenant_id", "client_id", "client_secret")


@pytest.fixture
def fresh(controller: Controller) -> Iterator[Fleet]:
    """A tenant of a lab of its own: a client assertion carries the controller's time, which others may have left."""
    with Lab.start() as lab:
        yield Fleet(lab, controller, 0)


def test_by_certificate(fresh: Fleet, controller: Controller) -> None:
    """PEM, and PFX with its password; a wrong password and a missing file have a message of their own."""
    automation = fresh.tenant.automation
    common = {key: value for key, value in fresh.entra.items() if key != "client_secret"}
    pfx = {"certificate_path": automation["certificate_pfx_path"]}
    broken = fresh.controller.home / "broken.pem"
    broken.write_text("no certificate")
    cases: list[dict[str, Any]] = [
        {"certificate_path": automation["certificate_path"]},
        {**pfx, "certificate_password": automation["certificate_pfx_password"], "auth_source": "certificate"},
        {**pfx, "certificate_password": "wrong"},
        {"certificate_path": "/does/not/exist.pem"},
        {"certificate_path": str(broken)},
        {"auth_source": "certificate"},
        {"auth_source": "secret"},
        {"auth_source": "workload_identity"},
    ]
    named = {"unique_name": "desks", "display_name": "RustDesk", "wait_timeout": 20}
    results = controller.tasks(*(module("entra_app", **common, **named, **case) for case in cases))
    by_pem, by_pfx, *refused = results
    assert by_pem["changed"], by_pem
    assert not by_pfx["changed"]
    assert not by_pfx["failed"], by_pfx
    options = ["certificate_password", "/does/not/exist.pem", "broken.pem", "certificate_path", "client_secret"]
    options.append("federated_token_file")
    unclear = [
        (option, result["msg"])
        for option, result in zip(options, refused, strict=True)
        if not result["failed"] or option not in result["msg"]
    ]
    assert unclear == []
    assert only(fresh.tenant)["appId"] == by_pem["application"]["app_id"]


def test_by_secret(lab: Lab, make_fleet: Callable[[int], Fleet], controller: Controller) -> None:
    """What is wrong is named: the secret, the client ID or the tenant; nothing of the secret is in the message."""
    entra = make_fleet(0).entra
    unknown = "99999999-8888-7777-6666-555555555555"
    right, wrong, stranger, nowhere, no_domain, no_host, nothing = controller.tasks(
        *(
            module("entra_app_info", **{**entra, **change}, unique_name="desks")
            for change in (
                {},
                {"client_secret": "wrong~0123456789~0123456789~0123456789~1"},
                {"client_id": unknown},
                {"tenant_id": unknown},
                {"tenant_id": "nowhere.example"},
                {"authority_host": "https://127.0.0.1:9"},
                {"graph_endpoint": "https://127.0.0.1:9"},
            )
        )
    )
    assert right["applications"] == [], right
    for result, word in (
        (wrong, "client_secret"),
        (stranger, unknown),
        (nowhere, unknown),
        (no_domain, "nowhere.example"),
        (no_host, "127.0.0.1:9"),
        (nothing, "graph_endpoint"),
    ):
        assert result["failed"]
        assert word in result["msg"], result["msg"]
        assert "wrong~" not in result["msg"]
        assert "Traceback" not in str(result)
    assert "AADSTS7000215" in wrong["msg"]


@pytest.mark.parametrize("names", [("AZURE_TENANT", "AZURE_CLIENT_ID", "AZURE_SECRET"), None])
def test_by_environment_and_by_group_defaults(
    names: tuple[str, ...] | None, make_fleet: Callable[[int], Fleet], controller: Controller
) -> None:
    """As AWX's Azure credential gives them in the environment, and as module_defaults of the group give them."""
    fleet = make_fleet(0)
    credentials = {name: fleet.entra[name] for name in CREDENTIALS}
    others = {name: value for name, value in fleet.entra.items() if name not in CREDENTIALS}
    defaults = {"group/deskops.rustdesk_sso.entra": others if names else fleet.entra}
    task = {**module("entra_app_info", unique_name="desks"), "register": "found"}
    shown = {"ansible.builtin.debug": {"msg": "{{ found.tenant_id }} {{ found.applications | length }}"}}
    as_module = {**task, "environment": {"RUSTDESK_SSO_DOOR": "module"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": defaults,
        "tasks": [task, shown, as_module, shown],
    }
    environment = dict(zip(names, credentials.values(), strict=True)) if names else {}
    run = controller.playbook([play], {"all": {"hosts": {}}}, **environment)
    assert run.rc == 0, run.output
    assert run.output.count(f"{fleet.tenant.tenant_id} 0") == 2, run.output
    assert Path(fleet.entra["ca_path"]).exists()
