# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""doctor.yml in the lab: silent on a healthy fleet, and names what is broken, all in one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lab.client import Lab
from support.consoles import one_of_each, told
from support.controller import Run
from support.fleet import Fleet
from support.quick_runs import quick_run


def examined(fleet: Fleet, *options: str) -> tuple[Run, dict[str, Any]]:
    """A run of the playbook, and the file that it writes."""
    playbook = fleet.controller.site.with_name("doctor.yml")
    run = fleet.controller.playbook(playbook, fleet.inventory, *options)
    written = fleet.controller.home / "rustdesk_sso_report/rustdesk_sso_doctor.json"
    return run, json.loads(written.read_text()) if written.exists() else {}


def test_healthy_fleet(lab: Lab, fleet: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]) -> None:
    """One line for each server and no problem; nothing is written but sign-ins, and no secret is told."""
    for console in one_of_each(fleet).values():
        console.set_user("second", is_admin=True, status=1)
    assert quick_run(fleet).rc == 0
    before = seen(fleet)
    lab.clear_requests()
    run, found = examined(fleet)
    assert run.rc == 0, run.output
    assert found["counts"]["problem"] == found["counts"]["warning"] == 0
    for name in fleet.hosts:
        assert f"{name}: no problems found (" in run.output
    assert seen(fleet) == before
    assert writes() == []
    assert told(lab, run.output + json.dumps(found)) == []
