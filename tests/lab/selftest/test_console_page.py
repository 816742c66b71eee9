# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `pro` console's web page in a browser: log in, open Settings > OIDC, make a change, submit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import conftest as fixtures
from playwright.sync_api import Browser, Page, expect, sync_playwright

from lab.client import Console, Lab
from lab.rustdesk import totp

READS = {
    "default": "/api/oidc/settings",
    "camel": "/api/settings/oidc",
    "wrapped": "/api/admin/oidc",
    "list": "/api/v2/auth-providers",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for these tests only: while it runs, no other test can run its own event loop."""
    done = subprocess.run([fixtures.INSTALLER], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    found = next(filter(None, map(shutil.which, fixtures.NAMES)), None)
    if found is None:
        pytest.fail(done.stderr) if done.returncode else pytest.skip(done.stderr)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=fixtures.ARGUMENTS)
        yield launched
        launched.close()


page = fixtures.page


def log_in(page: Page, console: Console, password: str = "") -> None:
    """Open the page and log in."""
    page.goto(console.url)
    page.locator("#username").fill(console.username)
    page.locator("#password").fill(password or console.password)
    page.locator("#log-in").click()


def open_oidc(page: Page) -> None:
    """Open Settings > OIDC."""
    page.locator("#menu-settings").click()
    page.locator("#menu-oidc").click()
    expect(page.locator("#oidc")).to_be_visible()


@pytest.mark.parametrize("shape", READS)
def test_change_in_every_shape(page: Page, console: Console, shape: str) -> None:
    console.set_switches(shape=shape)
    before = console.settings()
    log_in(page, console)
    open_oidc(page)
    expect(page.locator("#client-id")).to_have_value("legacy-client")
    expect(page.locator("#client-secret")).to_have_value(before["providers"][0]["client_secret"])
    expect(page.locator("#submit")).to_be_disabled()
    page.locator("#issuer").fill("https://sso.other.example")
    page.locator("#enabled").check()
    page.locator("#submit").click()
    expect(page.locator("#status")).to_have_text("Saved")
    callback = f"{console.url}/api/oidc/callback"
    expect(page.locator("#callback-url")).to_have_value(callback)
    changed = {**before["providers"][0], "issuer": "https://sso.other.example", "enabled": True}
    assert console.settings() == {**before, "callback_url": callback, "providers": [changed]}


@pytest.mark.parametrize("shape", READS)
def test_new_provider_and_deletion(page: Page, console: Console, shape: str) -> None:
    console.set_switches(shape=shape)
    log_in(page, console)
    open_oidc(page)
    page.locator("#new-provider").click()
    for name, value in (
        ("name", "azure"),
        ("client-id", "id"),
        ("client-secret", "s"),
        ("issuer", "https://a.example"),
    ):
        page.locator(f"#new-{name}").fill(value)
    page.locator("#new-ok").click()
    page.locator("#tab-legacy").click()
    page.locator("#remove").click()
    page.locator("#submit").click()
    expect(page.locator("#status")).to_have_text("Saved")
    assert console.settings()["providers"] == [
        {
            "name": "azure",
            "order_index": 1,
            "enabled": True,
            "client_id": "id",
            "client_secret": "s",
            "issuer": "https://a.example",
        }
    ]


def test_problems_are_shown(page: Page, console: Console) -> None:
    log_in(page, console, "wrong")
    expect(page.locator("#login-error")).to_have_text("Wrong credentials")
    log_in(page, console)
    open_oidc(page)
    page.locator("#client-id").fill("")
    page.locator("#submit").click()
    expect(page.locator("#status")).to_have_text("missing field `client_id`")
    page.locator("#reset").click()
    expect(page.locator("#client-id")).to_have_value("legacy-client")


def test_second_factor(page: Page, lab: Lab, console: Console) -> None:
    desk = lab.add_console(f"page-{console.name}", second_factor="totp")
    log_in(page, desk)
    page.locator("#code").fill(totp.code_at(desk.totp_secret))
    page.locator("#log-in").click()
    expect(page.locator("#menu-oidc")).to_be_visible()
    page.locator("#log-out").click()
    expect(page.locator("#login")).to_be_visible()
    assert desk.sessions() == []


@pytest.mark.parametrize("shape", READS)
def test_a_recording_contains_all_that_can_be_learned(
    browser: Browser, console: Console, tmp_path: Path, shape: str
) -> None:
    console.set_switches(shape=shape)
    har = tmp_path / "visit.har"
    with browser.new_context(ignore_https_errors=True, record_har_path=har) as context:
        page = context.new_page()
        log_in(page, console)
        open_oidc(page)
        page.locator("#issuer").fill("https://sso.other.example")
        page.locator("#submit").click()
        expect(page.locator("#status")).to_have_text("Saved")
    entries: list[dict[str, Any]] = json.loads(har.read_text("utf-8"))["log"]["entries"]
    requests = [(entry["request"]["method"], entry["request"]["url"].removeprefix(console.url)) for entry in entries]
    assert ("POST", "/api/login") in requests
    assert ("GET", READS[shape]) in requests
    assert all(url.startswith("/") for _method, url in requests)
    saved = [entry["request"].get("postData", {}).get("text", "") for entry in entries]
    assert any("https://sso.other.example" in text for text in saved)
