# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app and entra_app_info: the ways for the automation to authenticate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from faults.steps import module, only
from integration.entra_app_rows import NAMED, look, perform, run

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app_info
from lab.client import Lab
from support.controller import MODULE_DOOR, Controller
from support.fleet import Fleet


@pytest.fixture
def fresh(controller: Controller, unhurried: None) -> Iterator[Fleet]:
    """A tenant in a lab whose clock no test has moved: a client assertion carries the controller's time."""
    with Lab.start() as lab:
        yield Fleet(lab, controller, 0)


def test_by_certificate(fresh: Fleet) -> None:
    """PEM, and PFX with its password; a wrong password and a missing file have their own messages."""
    automation = fresh.tenant.automation
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
    by_pem, by_pfx, *refused = (run(fresh, **{**NAMED, "client_secret": None, **case}) for case in cases)
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


def test_by_secret(fleet: Fleet) -> None:
    """The message names the wrong value: client secret, client ID or tenant. It shows nothing of the secret."""
    unknown = "99999999-8888-7777-6666-555555555555"
    right, wrong, stranger, nowhere, no_domain, no_host, nothing = (
        look(fleet, **change, unique_name="desks")
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
        assert "wrong~" not in str(result)
    assert "AADSTS7000215" in wrong["msg"]


def test_by_environment(fleet: Fleet) -> None:
    """Variables that AWX's Azure credential sets."""
    names = {"tenant_id": "AZURE_TENANT", "client_id": "AZURE_CLIENT_ID", "client_secret": "AZURE_SECRET"}
    environment = {name: fleet.entra[option] for option, name in names.items()}
    others = {option: value for option, value in fleet.entra.items() if option not in names}
    found = perform(fleet, entra_app_info, environment=environment, **others, unique_name="desks")
    assert found["tenant_id"] == fleet.tenant.tenant_id, found
    assert found["applications"] == []


def test_by_group_defaults(fleet: Fleet, quick_controller: Controller) -> None:
    """Options that module_defaults of the group set."""
    task = {**module("entra_app_info", unique_name="desks"), "register": "found"}
    shown = {"ansible.builtin.debug": {"msg": "{{ found.tenant_id }} {{ found.applications | length }}"}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/deskops.rustdesk_sso.entra": fleet.entra},
        "tasks": [task, shown, {**task, **MODULE_DOOR}, shown],
    }
    ended = quick_controller.playbook([play], {"all": {"hosts": {}}})
    assert ended.rc == 0, ended.output
    assert ended.output.count(f"{fleet.tenant.tenant_id} 0") == 2, ended.output
