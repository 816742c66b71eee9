# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to consoles whose response is lost: the later state of the console decides, for all three types alike."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import module

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"
ISSUER = "https://login.example/11111111-2222-3333-4444-555555555555/v2.0"
PROVIDER = {"client_id": "app-1", "client_secret": SECRET, "issuer": ISSUER}
# How a response is lost: before or after the console has processed the request
LOST: dict[str, dict[str, Any]] = {
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
    "cut in the body": {"cut": "body"},
    "unreadable": {"served": True, "truncate": True, "json": {"a": "long text"}},
    "late": {"served": True, "delay": 0.6},
    "500": {"status": 500, "json": {"statusCode": 500, "message": "Internal server error"}},
    "500, done": {"served": True, "status": 500},
    "502": {"status": 502, "html": "<html>Bad Gateway</html>"},
    "503": {"status": 503, "html": "<html>Service Unavailable</html>"},
    "504, done": {"served": True, "status": 504, "html": "<html>Gateway Time-out</html>"},
}
SETTINGS = ("PUT", "/api/oidc/settings$")
# The request to each console type for a step
WRITES = {
    "pro": {"create": SETTINGS, "change": SETTINGS, "callback": SETTINGS, "remove": SETTINGS},
    "rustdesk_console": {
        "create": ("POST", "/api/oidc-providers$"),
        "change": ("PATCH", "/api/oidc-providers/"),
        "callback": ("PUT", "/api/settings/general$"),
        "move": ("PATCH", "/api/oidc-providers/sort$"),
        "remove": ("DELETE", "/api/oidc-providers/"),
    },
    "rustdesk_api": {
        "create": ("POST", "/oauth/create$"),
        "change": ("POST", "/oauth/update$"),
        "remove": ("POST", "/oauth/delete$"),
    },
}
STEPS = [(kind, step) for kind, steps in WRITES.items() for step in steps]
READS = {"pro": "/api/oidc/settings", "rustdesk_console": "/api/oidc-providers", "rustdesk_api": "/oauth/list"}
LOGINS = {"pro": "/api/login$", "rustdesk_console": "/api/login$", "rustdesk_api": "/api/admin/login$"}


def unreadable(desk: Desk) -> dict[str, Any]:
    """Return a fault in which the console gives no response to requests for its providers."""
    path = READS[desk.console.kind]
    return {"service": desk.console.name, "method": "GET", "path_regex": path, "cut": "before", "times": 99}


class Desk:
    """A console, and the steps in the lifecycle of a provider."""

    def __init__(self, fleet: Fleet, in_process: InProcess, kind: str, **options: Any) -> None:
        self.console = consoles.add(fleet, kind, **options)
        self._in_process = in_process
        own = {**fleet.console_options(self.console.name), "console_type": kind, "check_callback_url": False}
        if self.console.totp_secret:
            own["totp_secret"] = self.console.totp_secret
        self._steps: dict[str, dict[str, Any]] = {
            "create": {**own, **PROVIDER},
            "change": {**own, **PROVIDER, "client_id": "app-2"},
            "callback": {**own, **PROVIDER, "callback_url": f"{self.console.url}/api/oidc/callback"},
            "move": {**own, **PROVIDER, "order": 2},
            "remove": {**own, "state": "absent"},
        }
        if kind == "pro":
            self._steps["callback"]["callback_url"] = "https://desk.example/api/oidc/callback"

    def begin(self, step: str) -> None:
        """Prepare the console so that ``step`` changes something."""
        if step != "create":
            assert self.run("create")["changed"]

    def run(self, step: str, **options: Any) -> dict[str, Any]:
        """Run the step's task."""
        (result,) = self._in_process.tasks(module("rustdesk_oidc_provider", **{**self._steps[step], **options}))
        return result

    def names(self) -> list[str]:
        """Return the names of all providers."""
        return [item[consoles.MEMBERS[self.console.kind]["name"]] for item in consoles.entries(self.console)]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_every_write(kind: str, lost: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The run continues: each write is done once, and the next run has nothing to do."""
    desk = Desk(fleet, in_process, kind)
    for step, write in WRITES[kind].items():
        lab.fault(desk.console.name, *write, **LOST[lost])
        done = desk.run(step, **({"timeout": 0.3} if lost == "late" else {}))
        assert lab.open_faults() == [], step
        assert not done["failed"], (step, done["msg"])
        assert done["changed"], step
        assert SECRET not in str(done)
        assert desk.names().count("azure") == (step != "remove"), step
        if step != "remove":
            wanted = {**PROVIDER, **({"client_id": "app-2"} if step == "change" else {})}
            assert wanted.items() <= consoles.entry(desk.console).items(), step
        again = desk.run(step)
        assert not again["failed"], (step, again)
        assert not again["changed"], step
        if step == "change":
            assert desk.run("create")["changed"]


@pytest.mark.parametrize("lost", ["cut before", "cut after", "504, done"])
@pytest.mark.parametrize("shown", ["masked", "absent"])
def test_hidden_secret(shown: str, lost: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The settings are identical before and after. They are sent again, because the document contains all of them."""
    desk = Desk(fleet, in_process, "pro")
    desk.console.put_settings({**desk.console.settings(), "providers": []})
    desk.begin("change")
    desk.console.set_switches(secrets=shown)
    other = SECRET.replace("wide", "shut")
    lab.fault(desk.console.name, *SETTINGS, **LOST[lost])
    done = desk.run("create", client_secret=other, update_secret="always")
    assert not done["failed"], done["msg"]
    assert consoles.entry(desk.console)["client_secret"] == other
    lab.fault(desk.console.name, *SETTINGS, **LOST[lost], times=2)
    unknown = desk.run("create", client_secret=SECRET, update_secret="always")
    assert unknown["failed"]
    assert "unknown whether" in unknown["msg"]


@pytest.mark.parametrize(("kind", "step"), STEPS)
def test_write_that_never_takes_effect(kind: str, step: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Two attempts, and a message that nothing was written."""
    desk = Desk(fleet, in_process, kind)
    desk.begin(step)
    before = desk.console.settings()
    method, path = WRITES[kind][step]
    lab.fault(desk.console.name, method, path, status=502, times=99)
    lab.clear_requests()
    failed = desk.run(step)
    assert failed["failed"]
    assert "502" in failed["msg"]
    assert "nothing was written" in failed["msg"]
    lab.clear_faults()
    if step != "remove":
        assert desk.console.settings() == before


@pytest.mark.parametrize("step", ["create", "change", "remove"])
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_write_followed_by_failed_reads(kind: str, step: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The message does not claim that nothing was written; the next run continues from the current state."""
    desk = Desk(fleet, in_process, kind)
    desk.begin(step)
    method, path = WRITES[kind][step]
    lab.fault(desk.console.name, method, path, cut="after", then=[unreadable(desk)])
    failed = desk.run(step)
    assert failed["failed"]
    assert "unknown whether" in failed["msg"]
    assert "no connection" not in failed["msg"]
    lab.clear_faults()
    again = desk.run(step)
    assert not again["failed"], again
    assert desk.names().count("azure") == (step != "remove")


@pytest.mark.parametrize("step", ["create", "change"])
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_write_that_cannot_be_verified(kind: str, step: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It was accepted and stays; the next run has nothing to do."""
    desk = Desk(fleet, in_process, kind)
    desk.begin(step)
    lab.fault(desk.console.name, *WRITES[kind][step], then=[unreadable(desk)])
    failed = desk.run(step)
    assert failed["failed"]
    assert "accepted the write" in failed["msg"]
    assert "no connection" not in failed["msg"]
    lab.clear_faults()
    again = desk.run(step)
    assert not again["failed"], again
    assert not again["changed"]


@pytest.mark.parametrize("lost", [lost for lost in LOST if lost not in ("late", "unreadable")])
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_lost_response_to_a_login(kind: str, lost: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The login is sent again."""
    desk = Desk(fleet, in_process, kind)
    desk.begin("change")
    lab.fault(desk.console.name, "POST", LOGINS[kind], **LOST[lost])
    same = desk.run("create")
    assert not same["failed"], same["msg"]
    assert not same["changed"]
    assert lab.open_faults() == []


@pytest.mark.parametrize("lost", ["cut before", "cut after", "503", "504, done"])
@pytest.mark.parametrize("kind", ["pro", "rustdesk_console"])
def test_lost_response_to_a_one_time_code(kind: str, lost: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The login succeeds even if the lost response had used up the code."""
    desk = Desk(fleet, in_process, kind, second_factor="totp")
    second = {"service": desk.console.name, "method": "POST", "path_regex": LOGINS[kind], **LOST[lost]}
    lab.fault(desk.console.name, "POST", LOGINS[kind], then=[second])
    made = desk.run("create")
    assert not made["failed"], made["msg"]
    assert lab.open_faults() == []


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("kind", consoles.KINDS)
def test_refused_login(kind: str, status: int, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It is not sent again, because each attempt counts towards a ban."""
    desk = Desk(fleet, in_process, kind)
    lab.fault(desk.console.name, "POST", LOGINS[kind], status=status, json={"error": "no"}, times=9)
    refused = desk.run("create")
    assert refused["failed"]
    assert consoles.counted(lab, desk.console)[0] == 1


def test_converged_run(lab: Lab, fleet: Fleet) -> None:
    """One response is lost at the login and one at the start of the sign-in; the run changes nothing and succeeds."""
    desks = consoles.one_of_each(fleet)
    assert quick_run(fleet).failed() == set()
    for lost in ("cut after", "500", "503"):
        for kind, desk in desks.items():
            lab.fault(desk.name, "POST", LOGINS[kind], **LOST[lost])
            lab.fault(desk.name, "POST", "/api/oidc/auth$", **LOST[lost])
        again = quick_run(fleet)
        assert lab.open_faults() == []
        assert again.failed() == set(), (lost, again.output)
        assert set(again.changed().values()) == {0}, lost
        for desk in desks.values():
            assert fleet.sign_in(desk.name)["access_token"]


def test_sign_in_that_never_begins(lab: Lab, fleet: Fleet) -> None:
    """Two retries, and a run that fails."""
    desk = consoles.add(fleet, "rustdesk_console")
    desk.set_switches(rate_limits=True)
    assert quick_run(fleet).failed() == set()
    lab.advance(61)
    lab.clear_requests()
    lab.fault(desk.name, "POST", "/api/oidc/auth$", status=503, times=99)
    assert quick_run(fleet).failed() == {desk.name}
    assert len([item for item in lab.requests(desk.name) if item["path"] == "/api/oidc/auth"]) == 3
