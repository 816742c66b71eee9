# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More servers than an application can have redirect URIs are refused before any request; others are configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet
from support.quick_runs import quick_run

# With personal accounts
LIMIT = 100
REFUSED = "101 servers share the application crowded: 101 redirect URIs exceed the 100"
REMEDY = "Set rustdesk_sso_app_unique_name to a different name for each group of servers"


def crowd(fleet: Fleet, servers: int = LIMIT + 1) -> dict[str, dict[str, Any]]:
    """Servers that share an application, whose consoles do not exist."""
    return {
        f"crowd{number}.{fleet.domain}": {
            "rustdesk_sso_console_url": f"https://crowd{number}.{fleet.domain}",
            "rustdesk_sso_console_username": "admin",
            "rustdesk_sso_console_password": "unused",
            "rustdesk_sso_app_unique_name": "crowded",
            "rustdesk_sso_app_sign_in_audience": "PersonalMicrosoftAccount",
        }
        for number in range(servers)
    }


@pytest.mark.parametrize("entry", ["main", "observe"])
def test_refused_before_any_request(entry: str, make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(1)
    (healthy,) = fleet.hosts
    crowded = crowd(fleet)
    fleet.hosts.update(crowded)
    run = quick_run(fleet, entry=entry)
    assert not [url for _method, url in run.of.sent if "crowd" in url]
    records = run.observed if entry == "observe" else run.of.hosts[healthy].run
    assert {name for name, record in records.items() if record["error"]} == set(crowded)
    for name in crowded:
        error = records[name]["error"]
        assert error["phase"] == "Read and check the declaration"
        assert error["cause"] == "variables"
        assert error["message"].startswith(REFUSED)
        assert REMEDY in error["message"]
    if entry == "main":
        assert run.failed() == set(crowded)
        assert {item["uniqueName"] for item in fleet.tenant.applications()} >= {"rustdesk-sso"}
        assert "crowded" not in {item["uniqueName"] for item in fleet.tenant.applications()}


def test_validation_phase_refuses(make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(0)
    fleet.hosts.update(crowd(fleet))
    run = quick_run(fleet, "--tags", "rustdesk_sso_validate")
    assert run.failed() == set(fleet.hosts)
    assert run.of.requests == 0
    assert REFUSED in run.output


def test_the_first_batch_counts_all_servers(
    make_fleet: Callable[[int], Fleet], quick_controller: Controller, lab: Lab
) -> None:
    fleet = make_fleet(0)
    fleet.hosts.update(crowd(fleet))
    play = {
        "hosts": "rustdesk_servers",
        "gather_facts": False,
        "serial": 3,
        "tasks": [{"ansible.builtin.import_role": {"name": "deskops.rustdesk_sso.entra_oidc"}}],
    }
    lab.clear_requests()
    run = quick_controller.playbook([play], fleet.inventory)
    assert run.rc != 0
    assert REFUSED in " ".join(run.output.split())
    assert set(run.recap) == set(list(fleet.hosts)[:3])
    assert lab.requests() == []
