# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and report.yml after the application was deleted or deactivated in Entra."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.steps import only

from lab.client import SignInFailed
from support.fleet import Fleet
from support.quick_runs import quick_report, quick_run


def accounts(fleet: Fleet, host: str) -> set[str]:
    """The names of the console's accounts."""
    return {user["name"] for user in fleet.consoles[host].users()}


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def test_deleted_while_a_console_uses_it(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """It is restored automatically, so all users keep their accounts, unless disabled or used by no console."""
    fleet = make_quick_fleet(1)
    (host,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    fleet.sign_in(host)
    known, application = accounts(fleet, host), only(fleet.tenant)
    assert fleet.tenant.graph("DELETE", f"/applications/{application['id']}").status_code == 204
    with pytest.raises(SignInFailed):
        fleet.sign_in(host)
    forbidden = quick_run(fleet, "-e", '{"rustdesk_sso_app_restore": false}')
    assert forbidden.failed() == {host}, forbidden.output
    assert "was deleted on" in said(forbidden.output)
    predicted, restored = quick_run(fleet, "--check"), quick_run(fleet)
    assert restored.rc == 0, restored.output
    assert predicted.changed() == restored.changed()
    assert only(fleet.tenant)["appId"] == application["appId"]
    fleet.sign_in(host)
    assert accounts(fleet, host) == known
    assert quick_run(fleet).changed() == {host: 0}

    gone = quick_run(fleet, "-e", "rustdesk_sso_remove_unused_app=true", entry="remove")
    assert gone.rc == 0, gone.output
    stopped = quick_run(fleet, "--check")
    assert stopped.failed() == {host}, stopped.output
    for words in (
        "was deleted on",
        "set rustdesk_sso_app_restore to true",
        "purge it",
        "set a different rustdesk_sso_app_unique_name",
    ):
        assert words in said(stopped.output)
    back = quick_run(fleet, "-e", "rustdesk_sso_app_restore=true")
    assert back.rc == 0, back.output
    assert only(fleet.tenant)["appId"] == application["appId"]
    fleet.sign_in(host)
    assert accounts(fleet, host) == known


def test_deactivated(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """The run reports it and changes nothing, the report shows it as broken; the variable activates it."""
    fleet = make_quick_fleet(1)
    (host,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    application = only(fleet.tenant)
    fleet.tenant.graph("PATCH", f"/applications/{application['id']}", json={"isDisabled": True})
    with pytest.raises(SignInFailed, match="AADSTS7000112"):
        fleet.sign_in(host)
    stopped = quick_run(fleet)
    assert stopped.failed() == {host}, stopped.output
    assert stopped.changed() == {host: 0}
    assert "application_enabled: The application is deactivated" in said(stopped.output)
    assert "rustdesk_sso_app_enabled" in said(stopped.output)
    (shown,) = quick_report(fleet)["servers"]
    assert shown["state"] == "broken"
    assert shown["reason"].startswith("application_enabled: The application is deactivated")
    healed = quick_run(fleet, "-e", "rustdesk_sso_app_enabled=true")
    assert healed.rc == 0, healed.output
    fleet.sign_in(host)
