# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and report.yml where somebody has deleted or deactivated the application in Entra."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.steps import only

from lab.client import SignInFailed
from support.fleet import Fleet


def accounts(fleet: Fleet, host: str) -> set[str]:
    """The names of the console's accounts."""
    return {user["name"] for user in fleet.consoles[host].users()}


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def test_deleted_while_a_console_uses_it(make_fleet: Callable[[int], Fleet]) -> None:
    """It is restored unasked, so that everybody keeps their account, unless that is forbidden or no console uses it."""
    fleet = make_fleet(1)
    (host,) = fleet.hosts
    assert fleet.site().rc == 0
    fleet.sign_in(host)
    known, application = accounts(fleet, host), only(fleet.tenant)
    assert fleet.tenant.graph("DELETE", f"/applications/{application['id']}").status_code == 204
    with pytest.raises(SignInFailed):
        fleet.sign_in(host)
    forbidden = fleet.site("-e", '{"rustdesk_sso_app_restore": false}')
    assert forbidden.failed() == {host}, forbidden.output
    assert "was deleted on" in said(forbidden.output)
    predicted, restored = fleet.site("--check"), fleet.site()
    assert restored.rc == 0, restored.output
    assert predicted.changed() == restored.changed()
    assert only(fleet.tenant)["appId"] == application["appId"]
    fleet.sign_in(host)
    assert accounts(fleet, host) == known
    assert fleet.site().changed() == {host: 0}

    remove = fleet.controller.site.with_name("remove.yml")
    gone = fleet.controller.playbook(
        remove, fleet.inventory, "-e", "rustdesk_sso_remove_unused_app=true remove_all=true"
    )
    assert gone.rc == 0, gone.output
    stopped = fleet.site("--check")
    assert stopped.failed() == {host}, stopped.output
    for words in ("was deleted on", "rustdesk_sso_app_restore", "purge it", "choose another unique_name"):
        assert words in said(stopped.output)
    back = fleet.site("-e", "rustdesk_sso_app_restore=true")
    assert back.rc == 0, back.output
    assert only(fleet.tenant)["appId"] == application["appId"]
    fleet.sign_in(host)
    assert accounts(fleet, host) == known


def test_deactivated(make_fleet: Callable[[int], Fleet], tmp_path: Path) -> None:
    """The run says so and changes nothing, the report shows it as broken; the variable activates it."""
    fleet = make_fleet(1)
    (host,) = fleet.hosts
    assert fleet.site().rc == 0
    application = only(fleet.tenant)
    fleet.tenant.graph("PATCH", f"/applications/{application['id']}", json={"isDisabled": True})
    with pytest.raises(SignInFailed, match="AADSTS7000112"):
        fleet.sign_in(host)
    stopped = fleet.site()
    assert stopped.failed() == {host}, stopped.output
    assert stopped.changed() == {host: 0}
    assert "application_enabled: The application is deactivated" in said(stopped.output)
    assert "rustdesk_sso_app_enabled" in said(stopped.output)
    report = fleet.controller.site.with_name("report.yml")
    assert fleet.controller.playbook(report, fleet.inventory, "-e", f"report_directory={tmp_path}").rc == 0
    (shown,) = json.loads((tmp_path / "rustdesk_sso.json").read_text())["servers"]
    assert shown["state"] == "broken"
    assert shown["reason"].startswith("application_enabled: The application is deactivated")
    healed = fleet.site("-e", "rustdesk_sso_app_enabled=true")
    assert healed.rc == 0, healed.output
    fleet.sign_in(host)
