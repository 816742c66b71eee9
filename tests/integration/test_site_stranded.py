# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that fail after creating a client secret: no orphaned one remains, whatever fails and however often."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import only

from lab.client import Console, Lab
from support import consoles
from support.controller import Controller
from support.controller_death import ControllerDied, Crash
from support.fleet import Fleet
from support.quick_runs import quick_run
from support.role_in_process import run_role

MINUTE = 60
# The requests with which the product adds a provider to a console and changes one
ADDS = {
    "pro": ("PUT", "/api/oidc/settings$"),
    "rustdesk_console": ("POST", "/api/oidc-providers$"),
    "rustdesk_api": ("POST", "/api/admin/oauth/create$"),
}
CHANGES = {
    "pro": ("PUT", "/api/oidc/settings$"),
    "rustdesk_console": ("PATCH", "/api/oidc-providers/"),
    "rustdesk_api": ("POST", "/api/admin/oauth/update$"),
}


def secrets(fleet: Fleet) -> list[dict[str, Any]]:
    """The client secrets of the fleet's application."""
    return list(only(fleet.tenant)["passwordCredentials"])


def held(fleet: Fleet, console: Console) -> list[dict[str, Any]]:
    """The client secrets that the console's provider can be using."""
    value = consoles.entry(console)["client_secret"]
    return [item for item in secrets(fleet) if value.startswith(item["hint"])]


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_console_that_refuses_every_write(kind: str, lab: Lab, fleet: Fleet) -> None:
    """No client secrets accumulate, whether it has one or not; the message reports what happened to the new one."""
    console = consoles.add(fleet, kind)
    (name,) = fleet.hosts
    lab.fault(console.name, *ADDS[kind], status=500, times=1000)
    for _run in range(2):
        refused = quick_run(fleet)
        assert refused.failed() == {name}
        assert "was removed again" in refused.output
        assert secrets(fleet) == []
    lab.clear_faults()
    assert quick_run(fleet).rc == 0
    kept = held(fleet, console)
    assert secrets(fleet) == kept
    lab.fault(console.name, *CHANGES[kind], status=500, times=1000)
    for _run in range(2):
        refused = quick_run(fleet, "-e", "rustdesk_sso_secret_renew=true")
        assert refused.failed() == {name}
        assert secrets(fleet) == kept
    assert fleet.sign_in(name)["access_token"]


def test_console_that_cannot_be_read_after_a_write(lab: Lab, fleet: Fleet) -> None:
    """It is unknown if it has the new client secret, which is therefore kept and named in the message.

    After the next run only one remains, whether or not the write succeeded.
    """
    console = consoles.add(fleet, "pro")
    (name,) = fleet.hosts
    lab.fault(console.name, *ADDS["pro"], cut="before", times=1000)
    lab.fault(console.name, "GET", "/api/oidc/settings$", times=2)  # the reads of the inspection and before the write
    lab.fault(console.name, "GET", "/api/oidc/settings$", status=500, times=1000)
    failed = quick_run(fleet)
    assert failed.failed() == {name}
    (left,) = secrets(fleet)
    assert f"key ID {left['keyId']}" in failed.output
    assert "was kept, because it is unknown whether the console has it" in failed.output
    lab.clear_faults()
    assert quick_run(fleet).rc == 0
    assert secrets(fleet) == held(fleet, console)
    assert fleet.sign_in(name)["access_token"]


# The controller dies when Entra has created a client secret
DIES = Crash(1, done=True, path="/addPassword")


def key_ids(found: list[dict[str, Any]]) -> set[str]:
    """The key IDs of client secrets."""
    return {item["keyId"] for item in found}


def test_runs_that_die_after_creating_a_client_secret(own_lab: Lab, controller: Controller, unhurried: None) -> None:
    """The next run leaves the console's client secret and at most one superseded one.

    A run that finds several creates no other one until the runs that created them can no longer be active.
    """
    own_lab.set_lag(0, 0)
    fleet = Fleet(own_lab, controller, 0)
    console = consoles.add(fleet, "pro")
    (name,) = fleet.hosts
    fleet.variables["rustdesk_sso_wait_timeout"] = 1
    renew = "rustdesk_sso_secret_renew=true"

    def dies(expected: int, **variables: Any) -> None:
        with pytest.raises(ControllerDied):
            run_role(fleet, extra_vars=variables, crash_at=DIES)
        assert len(secrets(fleet)) == expected

    dies(1)
    assert quick_run(fleet).rc == 0
    first = held(fleet, console)
    assert secrets(fleet) == first
    dies(2, rustdesk_sso_secret_renew=True)
    assert quick_run(fleet, "-e", renew).rc == 0
    second = held(fleet, console)
    assert key_ids(secrets(fleet)) == key_ids([*first, *second])

    # The superseded one is removed first, so that there are never more than three
    dies(2, rustdesk_sso_secret_renew=True)
    dies(3, rustdesk_sso_secret_renew=True)
    refused = quick_run(fleet, "-e", renew)
    assert "No client secret was created for" in refused.output
    assert "If no other run is active" in refused.output
    assert len(secrets(fleet)) == 3
    assert held(fleet, console) == second
    own_lab.advance(20 * MINUTE)
    assert quick_run(fleet, "-e", renew).rc == 0
    assert key_ids(secrets(fleet)) == key_ids([*second, *held(fleet, console)])
    assert fleet.sign_in(name)["access_token"]


def test_concurrent_run(own_lab: Lab, controller: Controller, unhurried: None) -> None:
    """A run without changes keeps a client secret that a renewal has created and is about to write.

    If it is never written, it is removed after a quarter of an hour.
    """
    fleet = Fleet(own_lab, controller, 0)
    consoles.add(fleet, "pro")
    assert quick_run(fleet).rc == 0
    (own,) = secrets(fleet)
    made = {"passwordCredential": {"displayName": own["displayName"]}}
    fleet.tenant.graph("POST", f"/applications/{only(fleet.tenant)['id']}/addPassword", made).raise_for_status()
    quiet = quick_run(fleet)
    assert set(quiet.changed().values()) == {0}, quiet.output
    assert len(secrets(fleet)) == 2
    own_lab.advance(16 * MINUTE)
    assert quick_run(fleet).rc == 0
    assert key_ids(secrets(fleet)) == key_ids([own])


def test_server_stopped_by_another_one(lab: Lab, fleet: Fleet) -> None:
    """A client secret for a console that the run did not reach is removed."""
    for number in (1, 2):
        consoles.add(fleet, "pro", f"desk{number}")
    names = [*fleet.hosts]
    lab.fault(names[0], *ADDS["pro"], status=500, times=1000)
    stopped = quick_run(fleet, any_errors_fatal=True)
    assert stopped.failed() == {*names}
    left = {item["displayName"] for item in secrets(fleet)}
    assert left <= {f"rustdesk-sso {names[1]}"}
    assert len(left) == sum("azure" in str(consoles.entries(console)) for console in fleet.consoles.values())


def test_run_without_the_phase_that_writes(fleet: Fleet) -> None:
    """The new client secret is removed, and the message reports it."""
    consoles.add(fleet, "pro")
    phases = ",".join(f"rustdesk_sso_{phase}" for phase in ("validate", "inspect", "register"))
    run = quick_run(fleet, "--tags", phases)
    assert run.rc == 0, run.output
    assert secrets(fleet) == []
    assert "the new one was removed again, because the provider is not configured" in run.output
