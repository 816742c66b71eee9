# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shared fixtures of the tests, which tests/conftest.py loads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import open_outcome
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import pro
from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet
from support.in_process import InProcess

# Seconds until changes and new client secrets are replicated: soon, but not immediately.
LAG = (0.2, 0.5)
# Seconds between two attempts of an unhurried module
PAUSE = 0.01


@pytest.fixture(scope="session")
def session_lab() -> Iterator[Lab]:
    """One lab for the whole test run; tests are isolated by their own tenants and consoles.

    No request of the product may violate Graph's published types during that time.
    """
    with Lab.start(*LAG) as lab:
        yield lab
        assert lab.violations() == []


@pytest.fixture
def lab(session_lab: Lab) -> Iterator[Lab]:
    """The lab without the faults and recorded requests of earlier tests."""
    session_lab.clear_faults()
    session_lab.clear_requests()
    yield session_lab
    session_lab.clear_faults()


@pytest.fixture
def own_lab() -> Iterator[Lab]:
    """A separate lab for a test that changes the clock: the clock only moves forward, and other tests share the lab."""
    with Lab.start(*LAG) as lab:
        yield lab
        assert lab.violations() == []


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    """A controller with its own empty home directory."""
    home = tmp_path / "home"
    home.mkdir()
    return Controller(home, Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]))


@pytest.fixture
def quick_controller(controller: Controller) -> Controller:
    """The same, with playbooks in this process; an ansible-core with other internals uses ansible-playbook."""
    try:
        from support.quick_controller import QuickController
    except pytest.skip.Exception:
        return controller
    return QuickController(controller.home, controller.collections)


@pytest.fixture
def in_process(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Runs tasks of single modules without ansible-playbook.

    They repeat requests and check a console again without pauses, whose lengths other tests cover.
    """
    monkeypatch.setattr(_http._Retry, "get_backoff_time", lambda _retry: 0.0)
    monkeypatch.setattr(pro, "SECOND_LOOK", 0.0)
    monkeypatch.setattr(open_outcome, "PAUSES", (0.0, 0.0))
    return InProcess(lab)


@pytest.fixture
def make_fleet(lab: Lab, controller: Controller) -> Callable[[int], Fleet]:
    """Creates a fleet of the given number of servers, in its own tenant."""
    return lambda size=1: Fleet(lab, controller, size)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make modules in this process pause only briefly between reads and attempts, unless Retry-After requests more."""
    from azure.core.pipeline.policies import AsyncRetryPolicy  # only now, because it takes a second to load

    monkeypatch.setattr(replication, "FIRST_PAUSE", PAUSE)
    monkeypatch.setattr(open_outcome, "PAUSES", (PAUSE, PAUSE))
    monkeypatch.setattr(waits, "pause", lambda _attempt: PAUSE)
    monkeypatch.setattr(AsyncRetryPolicy, "get_backoff_time", lambda *_arguments: PAUSE)


@pytest.fixture
def make_quick_fleet(lab: Lab, quick_controller: Controller, unhurried: None) -> Iterator[Callable[[int], Fleet]]:
    """The same, in a lab that replicates changes immediately, with playbooks in this process that hardly wait."""
    lab.set_lag(0, 0)
    yield lambda size=1: Fleet(lab, quick_controller, size)
    lab.set_lag(*LAG)


@pytest.fixture
def fleet(make_quick_fleet: Callable[[int], Fleet]) -> Fleet:
    """A tenant without servers, created by make_quick_fleet."""
    return make_quick_fleet(0)
