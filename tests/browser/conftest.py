# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lab.client import Lab
from support.controller import Controller
from support.fixtures import LAG
from support.fleet import Fleet

INSTALLER = Path(__file__).parents[1] / "tools" / "ensure_chromium.sh"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox for root; no automatic requests to the internet
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of a module; without one its tests are skipped, except in continuous integration.

    It is not shared by all modules: while it is open, nothing else in this process can run an event loop.
    """
    done = subprocess.run([INSTALLER], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if done.returncode:
            pytest.fail(done.stderr)
        pytest.skip(done.stderr)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def fleet(lab: Lab, controller: Controller) -> Iterator[Fleet]:
    """A tenant without servers. Its playbooks run in separate processes, because the browser uses the event loop of
    this one.
    """
    lab.set_lag(0, 0)
    yield Fleet(lab, controller, 0)
    lab.set_lag(*LAG)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with an empty profile. It accepts the lab's certificates, which Chromium has no option to trust."""
    with browser.new_context(ignore_https_errors=True) as context:
        context.set_default_timeout(20_000)
        yield context.new_page()
