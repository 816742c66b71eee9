# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An invalid value of a playbook's own variable is refused before the first request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

PARTIAL = "partial_inventory must be true or false"
STATES = "doctor_fail_on must be one or more of: problem, warning, unknown, never"
BATCHES = "Cannot divide the servers into batches: rotate_batch is"


@pytest.mark.parametrize(
    ("playbook", "variables", "message"),
    [
        ("doctor", {"doctor_fail_on": ["problem", "drifted"]}, STATES),
        ("doctor", {"doctor_fail_on": "drifted"}, STATES),
        ("doctor", {"doctor_show_all": "perhaps"}, "doctor_show_all"),
        ("report", {"report_fail_on": "repaired"}, "Unknown state 'repaired'"),
        ("report", {"report_at": "yesterday"}, "at is not a valid time: 'yesterday'"),
        ("rotate", {"rotate_batch": "a quarter"}, f"{BATCHES} a quarter."),
        ("rotate", {"rotate_batch": [1, "50 %"]}, f"{BATCHES} 1, 50 %."),
        ("rotate", {"rotate_first": "desk77"}, "No server can go first: desk77 matches no host of this run."),
        ("site", {"partial_inventory": "perhaps"}, PARTIAL),
        ("teardown", {"partial_inventory": "perhaps"}, PARTIAL),
        ("adopt", {"adopt_overwrite": "perhaps"}, "rustdesk_sso_adopt_overwrite must be true or false"),
    ],
)
def test_refused_before_any_request(
    make_quick_fleet: Callable[[int], Fleet],
    lab: Lab,
    playbook: str,
    variables: dict[str, Any],
    message: str,
) -> None:
    fleet = make_quick_fleet(2)
    path = fleet.controller.site.with_name(f"{playbook}.yml")
    lab.clear_requests()
    run = fleet.controller.playbook(path, fleet.inventory, "-e", json.dumps(variables))
    assert run.rc != 0
    assert message in " ".join(run.output.split())
    assert lab.requests() == []


def test_inventory_variables_are_checked(make_quick_fleet: Callable[[int], Fleet], lab: Lab) -> None:
    """The keyword hosts of a play can use only extra variables."""
    fleet = make_quick_fleet(1)
    fleet.hosts[next(iter(fleet.hosts))]["partial_inventory"] = "perhaps"
    lab.clear_requests()
    run = fleet.controller.playbook(fleet.controller.site, fleet.inventory)
    assert run.rc != 0
    assert PARTIAL in " ".join(run.output.split())
    assert lab.requests() == []


@pytest.mark.parametrize("playbook", ["doctor", "report"])
def test_directory_that_is_a_file(
    playbook: str, make_quick_fleet: Callable[[int], Fleet], lab: Lab, tmp_path: Path
) -> None:
    fleet = make_quick_fleet(1)
    wrong = tmp_path / "report.txt"
    wrong.write_text("")
    lab.clear_requests()
    run = fleet.controller.playbook(
        fleet.controller.site.with_name(f"{playbook}.yml"), fleet.inventory, "-e", f"{playbook}_directory={wrong}"
    )
    assert run.rc != 0
    assert f"{wrong} is a file. Set {playbook}_directory to a directory." in " ".join(run.output.split())
    assert lab.requests() == []


def test_doctor_accepts_states_as_text(controller: Controller) -> None:
    """With an inventory whose consoles do not answer."""
    host = {"rustdesk_sso_tenant_id": "contoso.example", "rustdesk_sso_console_url": "https://127.0.0.1:9"}
    run = controller.playbook(
        controller.site.with_name("doctor.yml"),
        {"rustdesk_servers": {"hosts": {"desk1": host}}},
        "-e",
        "doctor_fail_on=problem,unknown",
    )
    assert "Report: " in run.output
    assert run.rc != 0
