# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server whose API differs: recorded in a browser, learned by the playbook, and then configured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, Page, expect

from lab.client import Console, Lab
from support import consoles
from support.controller import Run
from support.fleet import Fleet

SHAPES = ("camel", "wrapped", "list")


@contextmanager
def recorded(browser: Browser, console: Console, har: Path) -> Iterator[Page]:
    """Visit Settings > OIDC as an administrator; the recording is the file that the browser's network tab saves."""
    with browser.new_context(ignore_https_errors=True, record_har_path=har) as context:
        page = context.new_page()
        page.goto(console.url)
        page.locator("#username").fill(console.username)
        page.locator("#password").fill(console.password)
        page.locator("#log-in").click()
        page.locator("#menu-settings").click()
        page.locator("#menu-oidc").click()
        expect(page.locator("#client-id")).not_to_be_empty()
        yield page
        page.locator("#log-out").click()
        expect(page.locator("#login")).to_be_visible()


def submit(page: Page) -> None:
    """A small change."""
    page.locator("#enabled").check()
    page.locator("#submit").click()
    expect(page.locator("#status")).to_have_text("Saved")


def learn(fleet: Fleet, har: Path) -> tuple[Run, Path, Path]:
    """Run the playbook on a recording; return the files that it writes."""
    contract, report = har.with_suffix(".yml"), har.with_suffix(".report.json")
    names = {"learn_har": str(har), "learn_contract_file": str(contract), "learn_report_file": str(report)}
    playbook = fleet.controller.site.with_name("learn_contract.yml")
    return fleet.controller.playbook(playbook, {}, "-e", json.dumps(names)), contract, report


def private(console: Console, har: Path) -> list[str]:
    """Private parts of the recording other than secrets: the values of its headers, and where it was created."""
    entries: list[dict[str, Any]] = json.loads(har.read_text("utf-8"))["log"]["entries"]
    headers = [item for entry in entries for item in entry["request"]["headers"]]
    held = [item["value"] for item in headers if item["name"].lower() in ("authorization", "cookie")]
    assert held, "no user was signed in"
    address = console.url.removeprefix("https://")
    return [*held, address, address.split(":")[0], console.name, "legacy-client", "sso.legacy.example"]


def test_a_recording_is_sufficient(browser: Browser, lab: Lab, fleet: Fleet, tmp_path: Path) -> None:
    """Three servers with unknown APIs are configured from a recording of one visit to each."""
    desks = {shape: consoles.add(fleet, "pro", shape) for shape in SHAPES}
    for shape, console in desks.items():
        console.set_switches(shape=shape)
        har = tmp_path / f"{shape}.har"
        with recorded(browser, console, har) as page:
            submit(page)
        run, contract, report = learn(fleet, har)
        assert run.rc == 0, run.output
        for written in (contract.read_text("utf-8"), report.read_text("utf-8"), run.output):
            assert consoles.told(lab, written, *private(console, har)) == [], shape
        fleet.hosts[console.name] |= yaml.safe_load(contract.read_text("utf-8"))

    legacy = {shape: consoles.entry(console, "legacy") for shape, console in desks.items()}
    first = fleet.site()
    assert first.rc == 0, first.output
    assert all(count > 0 for count in first.changed().values())
    for shape, console in desks.items():
        assert fleet.sign_in(console.name)["user"]["name"] == "alice", shape
        assert consoles.entry(console, "legacy") == legacy[shape]
        assert console.settings()["callback_url"] == f"{console.url}/api/oidc/callback"
        assert consoles.automation_sessions(console) == []
    again = fleet.site()
    assert again.changed() == dict.fromkeys(fleet.consoles, 0), again.output


def test_a_server_with_the_known_api(browser: Browser, fleet: Fleet, tmp_path: Path) -> None:
    """No contract is needed. A recording without Submit cannot show how settings are written."""
    console = consoles.add(fleet, "pro")
    looked, saved = tmp_path / "looked.har", tmp_path / "saved.har"
    with recorded(browser, console, looked):
        pass
    run, contract, _report = learn(fleet, looked)
    assert run.rc != 0
    assert "press Submit" in run.output
    assert not contract.exists()

    with recorded(browser, console, saved) as page:
        submit(page)
    run, contract, _report = learn(fleet, saved)
    assert run.rc == 0, run.output
    assert "No contract is needed" in run.output
    assert yaml.safe_load(contract.read_text("utf-8")) == {
        "rustdesk_sso_console_type": "pro",
        "rustdesk_sso_console_contract": {},
    }
