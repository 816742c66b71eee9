# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A console that caches a failed discovery: after an outage, the next run makes sign-in work again."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import module

from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

KIND = "rustdesk_console"


@pytest.fixture
def console(fleet: Fleet) -> Console:
    """A console without a provider."""
    return consoles.add(fleet, KIND)


def outage(lab: Lab, fleet: Fleet) -> None:
    """From now on, consoles cannot read the tenant's discovery document, but the automation can."""
    path = f"/{fleet.tenant.tenant_id}/v2.0/.well-known/"
    lab.fault("login", path_regex=path, by="console", status=503, times=1000)


def times_tested(lab: Lab, console: Console) -> int:
    """The number of requests to test a provider."""
    return len([item for item in lab.requests(console.name) if item["path"].endswith("/test")])


def test_outage_during_the_first_run(lab: Lab, fleet: Fleet, console: Console) -> None:
    """Once it has ended, another run makes sign-in work."""
    outage(lab, fleet)
    failed = quick_run(fleet)
    assert failed.failed() == {console.name}
    # The result of the console's own test
    assert "Discovery" in failed.output
    assert "503" in failed.output
    assert "run the playbook again" in failed.output
    assert console.sessions() == []

    lab.clear_faults()
    lab.clear_requests()
    again = quick_run(fleet)
    assert again.failed() == set(), again.output
    assert again.changed() == {console.name: 0}
    assert times_tested(lab, console) == 1
    assert console.sessions() == []
    assert fleet.sign_in(console.name)["access_token"]

    lab.clear_requests()
    assert quick_run(fleet).failed() == set()
    assert times_tested(lab, console) == 0, "nothing is tested where a sign-in begins"


def test_without_a_session(lab: Lab, fleet: Fleet, console: Console, in_process: InProcess) -> None:
    """The message states what to do in the console."""
    outage(lab, fleet)
    assert quick_run(fleet).failed() == {console.name}
    lab.clear_faults()
    provider = consoles.entry(console)
    options: dict[str, Any] = {
        "public_url": console.url,
        "issuer": provider["issuer"],
        "client_id": provider["client_id"],
        "callback_url": f"{console.url}/api/oidc/callback",
        "console_type": KIND,
        "ca_path": str(lab.ca_path),
    }
    (result,) = in_process.tasks(module("rustdesk_sign_in_check", **options))
    assert result["failed"], result
    assert "24 hours" in result["msg"]
    assert "test or save the provider in the console" in result["msg"]


def test_console_refuses_the_test(lab: Lab, fleet: Fleet, console: Console) -> None:
    outage(lab, fleet)
    lab.fault(console.name, "POST", "/test$", status=403, times=10)
    failed = quick_run(fleet)
    assert failed.failed() == {console.name}
    assert "could not be run" in failed.output
    assert "403" in failed.output
