# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""report.yml: its files, its line of counts, its failures, and that it never reports a change.

tests/integration/test_report.py has the texts for servers in every state.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from lab.client import Lab
from support.controller import Run
from support.fleet import Fleet
from support.quick_runs import quick_run

NAMES = {f"rustdesk_sso.{ending}" for ending in ("html", "json", "prom", "csv")}


def report(fleet: Fleet, folder: Path, *options: str, **variables: Any) -> Run:
    """Run the playbook."""
    playbook = fleet.controller.site.with_name("report.yml")
    given = json.dumps({"report_directory": str(folder), **variables})
    return fleet.controller.playbook(playbook, fleet.inventory, "-e", given, *options)


def test_playbook(lab: Lab, make_quick_fleet: Callable[[int], Fleet], tmp_path: Path) -> None:
    fleet = make_quick_fleet(2)
    first, second = fleet.hosts
    assert quick_run(fleet, "--limit", first).rc == 0
    day = datetime.now(timezone.utc) + timedelta(days=12, hours=1)
    fleet.variables["rustdesk_sso_entra_client_secret_expires"] = day.strftime("%Y-%m-%dT%H:%M:%SZ")
    folder = tmp_path / "report"

    # It fails after everything is written, and reports no change, even on the first run and with --diff
    run = report(fleet, folder, "--diff", report_fail_on=["broken", "unreachable"])
    assert run.rc == 2, run.output
    counts = (
        f"2 servers: 1 broken, 1 healthy. The automation's own client secret expires in 12 days, on {day:%Y-%m-%d}."
    )
    assert f"{counts} Report: {folder}/rustdesk_sso.html" in run.output
    assert f"Needs attention: {second} (broken). Report: {folder}" in run.output
    assert "<!DOCTYPE html>" not in run.output
    assert run.output.count("[WARNING]: The automation's own client secret expires in 12 days") == 1, run.output
    assert run.changed() == {first: 0, second: 0}
    assert {path.name for path in folder.iterdir()} == NAMES
    texts = {path.suffix: path.read_text() for path in folder.iterdir()}
    assert all(name in texts[".html"] for name in fleet.hosts)
    states = {row["server"]: row["state"] for row in csv.DictReader(texts[".csv"].splitlines())}
    assert states == {first: "healthy", second: "broken"}
    families = {family.name for family in text_string_to_metric_families(texts[".prom"])}
    assert "rustdesk_sso_automation_credential_expires_timestamp_seconds" in families
    written = "".join(texts.values()) + run.output
    assert not [secret for secret in lab.secrets() if secret in written]

    # A limit reports a part, and other states do not fail
    part = report(fleet, tmp_path / "part", "--limit", first, report_fail_on="broken,unreachable")
    assert part.rc == 0, part.output
    model = json.loads((tmp_path / "part/rustdesk_sso.json").read_text())
    assert [server["server"] for server in model["servers"]] == [first]
    assert model["applications"][0]["foreign_redirect_uris"] == []

    # A mistake is reported before any request; check mode writes no file
    lab.clear_requests()
    mistaken = report(fleet, tmp_path / "none", report_fail_on=["drift"])
    assert "Unknown state 'drift'. Choose from unreachable, refused" in mistaken.output
    assert lab.requests() == []
    checked = report(fleet, tmp_path / "none", "--check", "--limit", first)
    assert checked.rc == 0, checked.output
    assert not (tmp_path / "none").exists()
