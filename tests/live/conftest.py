# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the cases against the lab, and with ``--live`` against the target in the environment."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from crash.grounds import labs_of_grounds, make_ground
from live import target as targets
from live.run import Run
from live.service import OverBudgetError, write
from live.target import ConsoleTarget, Target, TenantTarget

from lab.client import Console, Lab

__all__ = ["labs_of_grounds", "make_ground"]

# A lab has each domain name once
_TENANTS = itertools.count(1)
# Seconds, of a real service and of the lab
LIVE_WAITS, LAB_WAITS = (180.0, 2.0), (10.0, 0.05)
PERMISSIONS = [
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Policy.Read.All",
    "User.Read.All",
    "Group.Read.All",
]
_SUMMARY: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="run tests/live against the target in the environment")


def is_live(config: pytest.Config) -> bool:
    """Return whether the cases run against a real service."""
    return bool(config.getoption("--live", default=False))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Fail a case for the differences in its responses, after all of it has run."""
    run = next((arg for arg in pyfuncitem.funcargs.values() if isinstance(arg, Run)), None)
    try:
        result = yield
    except OverBudgetError as error:
        pyfuncitem.session.shouldstop = str(error)
        raise
    finally:
        found = run.notes.differences[:] if run else []
        if run:
            run.notes.differences.clear()
    assert not found, "\n".join(["The service differs from the contract:", *found])
    return result


def in_lab(lab: Lab) -> Target:
    """Return a tenant of the lab in which the automation has all permissions, without a console."""
    tenant = lab.add_tenant(f"live{next(_TENANTS)}.example")
    tenant.set_permissions(PERMISSIONS)
    automation = tenant.automation
    made = TenantTarget(
        tenant.tenant_id, automation["client_id"], automation["client_secret"], lab.login_url, lab.graph_url
    )
    return Target(made, None, lab.ca_path, targets.REQUESTS, "", ())


def console_in_lab(lab: Lab, kind: str, **options: Any) -> tuple[Console, ConsoleTarget]:
    """Return a new console of the lab."""
    console = lab.add_console(f"live-{kind.replace('_', '-')}.example", kind=kind, **options)
    issuer = f"{lab.login_url}/{targets.PERSONAL}/v2.0"
    made = ConsoleTarget(kind, console.url, console.username, console.password, console.totp_secret, issuer)
    return console, made


@pytest.fixture(scope="session")
def live_target(pytestconfig: pytest.Config) -> Target | None:
    """The target in the environment; None for a run against the lab."""
    return targets.read(os.environ) if is_live(pytestconfig) else None


def _scope(fixture_name: str, config: pytest.Config) -> str:
    """One run for all cases of a real service; in the lab one for each module, as later tests advance its clock."""
    return "session" if is_live(config) else "module"


@pytest.fixture(scope=_scope)
def run(request: pytest.FixtureRequest, live_target: Target | None) -> Iterator[Run]:
    """The run; at its end, everything that it has created is removed, and the records of a live run are written."""
    if live_target:
        made = Run(live_target, *LIVE_WAITS)
    else:
        made = Run(in_lab(request.getfixturevalue("session_lab")), *LAB_WAITS)
    try:
        yield made
    finally:
        left = made.made.undo()
        if live_target:
            folder = Path(os.environ.get("RUSTDESK_SSO_LIVE_FOLDER") or request.config.rootpath / "build" / "live")
            _summarize(made, folder, write(made.notes, folder))
    assert left == []


def _summarize(run: Run, folder: Path, files: list[str]) -> None:
    """Print a summary of the live run at the end, outside pytest's capture."""
    _SUMMARY.append(f"{run.budget.sent} requests. Records in {folder}: {', '.join(files)}")
    unknown = sorted(run.notes.sanitizer.replaced_members)
    if unknown:
        _SUMMARY.append(f"Names of members that the records do not show: {', '.join(unknown)}")
        _SUMMARY.append("Check these names. To show the harmless ones, run again with LIVE_WORDS=name,name.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _SUMMARY:
        terminalreporter.write_line(line)


@pytest.fixture
def entra(run: Run) -> Run:
    """The run, if it has a tenant."""
    if not run.target.tenant:
        pytest.skip("LIVE_TENANT is not set")
    return run


@pytest.fixture
def console_of(request: pytest.FixtureRequest, run: Run, live_target: Target | None) -> Callable[[str], ConsoleTarget]:
    """Return the console of a type, if the run has one."""

    def find(kind: str) -> ConsoleTarget:
        if live_target:
            if not live_target.console or live_target.console.kind != kind:
                pytest.skip(f"LIVE_CONSOLE is not a {kind}")
            return live_target.console
        return console_in_lab(request.getfixturevalue("lab"), kind)[1]

    return find
