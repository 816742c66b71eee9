# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run in the test's process has the same results as ansible-playbook, and does nothing after its controller dies."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from faults.steps import own
from generated.meaning import differences

from lab.client import Lab
from support import consoles
from support.controller import Controller
from support.controller_death import ControllerDied, Crash
from support.fleet import Fleet
from support.role_in_process import run_role

SITE = re.compile(r'"msg": "RECORDS ([\w+/=]+)"')
# Values that differ between two fleets with the same declarations
RANDOM = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z"), "<time>"),
    (re.compile(r'"hint": "[^"]{3}"'), '"hint": "<hint>"'),
)


def through_ansible(fleet: Fleet, *options: str) -> dict[str, Any]:
    """Run site.yml; return each host's counts, the records of the run, and the output."""
    shown = "{{ hostvars[groups.rustdesk_servers[0]].rustdesk_sso_run | to_json | b64encode }}"
    plays = [
        {"ansible.builtin.import_playbook": str(fleet.controller.site)},
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [{"ansible.builtin.debug": {"msg": f"RECORDS {shown}"}}],
        },
    ]
    run = fleet.controller.playbook(plays, fleet.inventory, *options)
    found = SITE.search(run.output)
    assert found, run.output
    recap = {name: counts for name, counts in run.recap.items() if name in fleet.hosts}
    # Host names are printed in the order in which their workers finished
    printed = re.sub("(?m)^included: .*$| +", " ", run.output.replace(found[0], ""))
    return {"recap": recap, "records": json.loads(base64.b64decode(found[1])), "printed": printed}


def in_process(fleet: Fleet, *options: str) -> dict[str, Any]:
    """Run the role in this process; return the same without the output."""
    run = run_role(fleet, check="--check" in options)
    first, *_others = run.hosts.values()
    # The entry point main includes its tasks for each server, and site.yml does not
    recap = {name: {**counts, "ok": counts["ok"] - 1} for name, counts in run.recap.items()}
    return {"recap": recap, "records": first.run}


def essence(fleet: Fleet, value: Any) -> Any:
    """Return ``value`` without fleet-specific values, with its lists and lines sorted."""
    text = json.dumps(value)
    for number, console in enumerate(fleet.consoles.values()):
        text = text.replace(console.url, f"<console {number}>")
    for secret in consoles.told(fleet.lab, text):
        text = text.replace(secret, "<secret>")
    text = text.replace(fleet.domain, "<domain>")
    for pattern, placeholder in RANDOM:
        text = pattern.sub(placeholder, text)
    return _ordered(json.loads(text))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted(map(_ordered, value), key=_text)
    # A diff's lines are in the order of the former content
    return sorted(value.splitlines()) if isinstance(value, str) else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def state(fleet: Fleet) -> dict[str, Any]:
    """The state of both sides in the lab."""
    applications = own(fleet.tenant.applications())
    return {
        "applications": applications,
        "service principals": [
            fleet.tenant.graph("GET", f"/servicePrincipals(appId='{item['appId']}')").json() for item in applications
        ],
        "consoles": [console.settings() for console in fleet.consoles.values()],
        "sessions": [len(console.sessions()) for console in fleet.consoles.values()],
    }


def test_same_result_as_ansible_playbook(
    lab: Lab, make_fleet: Callable[[int], Fleet], quick_controller: Controller
) -> None:
    """Counts, records and both sides: in check mode, in a first and a second run, and with a failing server."""
    fleets = [
        (make_fleet(2), through_ansible),
        (Fleet(lab, quick_controller, 2), through_ansible),
        (make_fleet(2), in_process),
    ]

    def same(*options: str) -> dict[str, Any]:
        real, quick, role = (essence(fleet, {**run(fleet, *options), **state(fleet)}) for fleet, run in fleets)
        found = [*differences(real, quick), *differences({**real, "printed": ""}, {**role, "printed": ""})]
        assert not found, "\n".join(found)
        return dict(real["recap"])

    assert {host: counts["changed"] for host, counts in same("--check").items()} == {
        "desk1.<domain>": 2,
        "desk2.<domain>": 2,
    }
    assert all(counts["changed"] == 2 for counts in same().values())
    assert all(counts["changed"] == 0 for counts in same().values())
    for fleet, _run in fleets:
        one, other = fleet.hosts
        fleet.hosts[one]["rustdesk_sso_console_password"] = "wrong"
        consoles.put(fleet.consoles[other], client_secret="mistyped")
    recap = same()
    assert (recap["desk1.<domain>"]["failed"], recap["desk1.<domain>"]["rescued"]) == (1, 1)
    assert recap["desk2.<domain>"]["changed"] == 2


def test_runs_leave_no_state_behind(fleet: Fleet) -> None:
    """The next run has its own limit, mode and variables, and the process is in its former state."""
    one, other = (fleet.add_server(f"desk{number}.{fleet.domain}").name for number in (1, 2))
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    streams = [os.get_inheritable(stream) for stream in (0, 1, 2)]
    named = run_role(fleet, hosts=[other], check=True, extra_vars={"rustdesk_sso_secret_name": "by the caller"})
    assert set(named.hosts) == {other}
    assert named.hosts[other].run[other]["client_secret"]["name"] == "by the caller"
    assert fleet.tenant.applications()[1:] == []
    done = run_role(fleet)
    assert done.failed() == set()
    assert done.changed() == {one: 2, other: 2}
    assert done.hosts[one].run[other]["client_secret"]["name"] == f"rustdesk-sso {other}"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert [os.get_inheritable(stream) for stream in (0, 1, 2)] == streams
    observed = run_role(fleet, "observe")
    assert observed.changed() == {one: 0, other: 0}
    assert observed.hosts[one].observed[one]["verified"]
    fleet.hosts[one]["rustdesk_sso_console_password"] = "wrong"
    stopped = run_role(fleet, any_errors_fatal=True)
    assert stopped.failed() == {one, other}
    assert "Stopped, because another server failed." in str(stopped.hosts[other].failed)


@pytest.mark.parametrize("done", [False, True])
def test_controller_that_dies(done: bool, lab: Lab, fleet: Fleet) -> None:
    """No request follows, so a session stays open; the next run completes the work."""
    (host,) = (fleet.add_server(f"desk.{fleet.domain}").name,)
    whole = run_role(fleet, check=True).requests
    died, requests = 0, range(1, whole + 1, 4)
    for request in requests:
        lab.clear_requests()
        with pytest.raises(ControllerDied):
            run_role(fleet, crash_at=Crash(request, done=done))
        died += len(lab.requests()) == request - (not done)
    assert died > len(requests) / 2, "more than those that were on their way at the same time"
    assert fleet.consoles[host].sessions()
    assert run_role(fleet).failed() == set()
    assert fleet.sign_in(host)["access_token"]
