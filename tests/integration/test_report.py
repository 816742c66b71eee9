# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on servers in every state; observing them counts as no change and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

from faults.steps import own, writes

from lab.client import Lab
from support.consoles import KINDS, add, automation_sessions, put
from support.fleet import Fleet
from support.quick_runs import quick_report, quick_run

STATES = {
    "desk0": "healthy",
    "desk1": "drifted",
    "desk2": "broken",
    "desk3": "expiring",
    "desk4": "unreachable",
    "desk5": "invalid",
    "desk6": "broken",
    "desk7": "refused",
    "desk8": "refused",
}


def test_every_state(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(0)
    for number in range(9):
        add(fleet, KINDS[number % 3], f"desk{number}")
    names = {name.split(".")[0]: name for name in fleet.hosts}
    new = fleet.hosts.pop(names["desk6"])
    for name in ("desk1", "desk8"):
        fleet.hosts[names[name]]["rustdesk_sso_app_unique_name"] = name
    fleet.hosts[names["desk3"]]["rustdesk_sso_secret_lifetime"] = "300d"
    assert quick_run(fleet).rc == 0

    # An application and a console are changed manually, one console is down, one server has invalid variables, one is
    # new, and a console and Entra refuse the automation's credentials
    (application,) = own(fleet.tenant.applications(), uniqueName="desk1")
    fleet.tenant.graph("PATCH", f"/applications/{application['id']}", {"displayName": "Remote"}).raise_for_status()
    put(fleet.consoles[names["desk2"]], client_secret="x" * 40)
    fleet.hosts[names["desk4"]]["rustdesk_sso_console_url"] = "https://127.0.0.1:9"
    # The tenant is written differently, but the application is the same
    fleet.hosts[names["desk0"]]["rustdesk_sso_tenant_id"] = fleet.domain
    fleet.hosts[names["desk4"]]["rustdesk_sso_tenant_id"] = fleet.domain.upper()
    fleet.hosts[names["desk5"]]["rustdesk_sso_secret_overlap"] = "a while"
    fleet.hosts[names["desk3"]] |= {"rustdesk_sso_secret_lifetime": "400d", "rustdesk_sso_secret_renew_before": "350d"}
    fleet.hosts[names["desk6"]] = new
    fleet.hosts[names["desk7"]]["rustdesk_sso_console_password"] = "Wrong-Pa55word"
    fleet.hosts[names["desk8"]]["rustdesk_sso_entra_client_secret"] = "xyz8Q~wrong-secret-of-the-automation-000"
    lab.clear_requests()
    before = [fleet.tenant.applications(), [console.settings() for console in fleet.consoles.values()]]
    report = quick_report(fleet)
    assert [fleet.tenant.applications(), [console.settings() for console in fleet.consoles.values()]] == before
    assert writes(lab) == []
    assert not any(automation_sessions(console) for console in fleet.consoles.values())

    servers = {server["server"].split(".")[0]: server for server in report["servers"]}
    assert {name: server["state"] for name, server in servers.items()} == STATES, json.dumps(servers, indent=1)
    assert servers["desk1"]["drift"][0]["before"] == "display_name: Remote\n"
    assert "127.0.0.1:9" in servers["desk4"]["error"]["message"]
    assert "rustdesk_sso_secret_overlap is not a time span: 'a while'" in servers["desk5"]["reason"]
    assert servers["desk7"]["reason"].startswith("Signing in to the console ")
    assert "AADSTS7000215" in servers["desk8"]["reason"]
    # Changes for other servers of the application are not this server's drift
    assert servers["desk0"]["drift"] == []
    assert servers["desk0"]["application"]["assignment"] == "all"
    failed = [check["name"] for check in servers["desk2"]["checks"] if check["ok"] is False]
    assert failed == ["client_secret_accepted"]
    shared = [item for item in report["applications"] if item["unique_name"] == "rustdesk-sso"]
    assert [item["tenant_id"] for item in shared] == [fleet.tenant.tenant_id]
    written = json.dumps(report)
    assert not [secret for secret in lab.secrets() if secret in written]


def test_observing_counts_as_no_change(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """Even before the first run, when everything would be created."""
    fleet = make_quick_fleet(2)
    run = quick_run(fleet, entry="observe")
    assert run.changed() == dict.fromkeys(fleet.hosts, 0)
    for record in run.observed.values():
        assert record["changed"]
        assert [drift["object"] for drift in record["drift"]] == ["application RustDesk", "provider azure"]
