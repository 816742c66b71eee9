# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""report.yml: what it tells of servers that are well, drifted, broken, near an end and out of reach, and no change."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from faults.steps import own, writes
from prometheus_client.parser import text_string_to_metric_families

from lab.client import Lab
from support.consoles import KINDS, add, automation_sessions, put
from support.controller import Run
from support.fleet import Fleet
from support.quick_runs import quick_run

STATES = {
    "desk0": "healthy",
    "desk1": "drifted",
    "desk2": "broken",
    "desk3": "expiring",
    "desk4": "unreachable",
    "desk5": "unreachable",
    "desk6": "broken",
}


def report(fleet: Fleet, folder: Path, *options: str) -> tuple[Run, dict[str, Any]]:
    """Run the playbook; gives the run, and its JSON by server."""
    playbook = fleet.controller.site.with_name("report.yml")
    # The lab's clock, as a report is of the day on which it is made
    now = parsedate_to_datetime(fleet.tenant.graph("GET", "/applications").headers["Date"])
    own = ("-e", f"report_directory={folder}", "-e", f"report_at={now:%Y-%m-%dT%H:%M:%SZ}")
    run = fleet.controller.playbook(playbook, fleet.inventory, *own, *options)
    model = json.loads((folder / "rustdesk_sso.json").read_text())
    return run, {server["server"].split(".")[0]: server for server in model["servers"]}


def test_every_state(lab: Lab, make_fleet: Callable[[int], Fleet], tmp_path: Path) -> None:
    fleet = make_fleet(0)
    for number in range(6):
        add(fleet, KINDS[number % 3], f"desk{number}")
    names = {name.split(".")[0]: name for name in fleet.hosts}
    fleet.hosts[names["desk1"]]["rustdesk_sso_app_unique_name"] = "desk1"
    fleet.hosts[names["desk3"]]["rustdesk_sso_secret_lifetime"] = "300d"
    assert quick_run(fleet).rc == 0

    # An application and a console are changed by hand, one is down, one server has bad variables, and one is new
    (application,) = own(fleet.tenant.applications(), uniqueName="desk1")
    fleet.tenant.graph("PATCH", f"/applications/{application['id']}", {"displayName": "Remote"}).raise_for_status()
    put(fleet.consoles[names["desk2"]], client_secret="x" * 40)
    fleet.hosts[names["desk4"]]["rustdesk_sso_console_url"] = "https://127.0.0.1:9"
    fleet.hosts[names["desk5"]]["rustdesk_sso_console"] = "no such kind"
    fleet.hosts[names["desk3"]] |= {"rustdesk_sso_secret_lifetime": "400d", "rustdesk_sso_secret_renew_before": "350d"}
    add(fleet, "pro", "desk6")
    lab.clear_requests()
    before = [fleet.tenant.applications(), [console.settings() for console in fleet.consoles.values()]]
    run, servers = report(fleet, tmp_path / "report")
    assert [fleet.tenant.applications(), [console.settings() for console in fleet.consoles.values()]] == before
    assert writes(lab) == []
    assert run.rc == 0, run.output
    assert not any(automation_sessions(console) for console in fleet.consoles.values())

    assert {name: server["state"] for name, server in servers.items()} == STATES, json.dumps(servers, indent=1)
    assert servers["desk1"]["drift"][0]["before"] == "display_name: Remote\n"
    assert "127.0.0.1:9" in servers["desk4"]["error"]["message"]
    # What concerns other servers of the application is not this server's drift
    assert servers["desk0"]["drift"] == []
    assert servers["desk0"]["days_left"] == 179
    failed = [check["name"] for check in servers["desk2"]["checks"] if check["ok"] is False]
    assert failed == ["client_secret_accepted"]

    page = (tmp_path / "report/rustdesk_sso.html").read_text()
    metrics = text_string_to_metric_families((tmp_path / "report/rustdesk_sso.prom").read_text())
    ends = next(family for family in metrics if family.name == "rustdesk_sso_client_secret_expires_timestamp_seconds")
    assert {sample.labels["server"] for sample in ends.samples} >= {names["desk0"], names["desk3"]}
    written = page + json.dumps(servers) + (tmp_path / "report/rustdesk_sso.prom").read_text() + run.output
    assert not [secret for secret in lab.secrets() if secret in written]
    assert all(name in page for name in names.values())
    assert f"{tmp_path}/report/rustdesk_sso.html" in run.output

    # Check mode writes no file, and a limit reports a part
    first = names["desk0"]
    playbook = fleet.controller.site.with_name("report.yml")
    checked = fleet.controller.playbook(
        playbook, fleet.inventory, "--check", "--limit", first, "-e", f"report_directory={tmp_path / 'none'}"
    )
    assert checked.rc == 0, checked.output
    assert not (tmp_path / "none").exists()
    _run, servers = report(fleet, tmp_path / "part", "--limit", first)
    assert [server["server"] for server in servers.values()] == [first]
    model = json.loads((tmp_path / "part/rustdesk_sso.json").read_text())
    assert model["applications"][0]["foreign_redirect_uris"] == []
