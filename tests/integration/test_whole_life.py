# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The full lifecycle of a sign-in at each console type, with slow responses and an administrator's second factor."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.client import Lab, SignInFailed
from support import consoles
from support.fleet import Fleet
from support.quick_runs import QuickRun, quick_report, quick_run

# Seconds that a slow console takes for each response
SLOW = 0.6
RENEW = ("-e", "rustdesk_sso_secret_renew=true")


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_sign_in_lifecycle(lab: Lab, fleet: Fleet, kind: str, tmp_path: Path) -> None:
    """First run, no change, drift and its correction, rotation, report, adoption, removal.

    Each has the expected result, the same account and no wrong hint.
    """
    factor = None if kind == "rustdesk_api" else "totp"  # it supports none
    console = consoles.add(fleet, kind, second_factor=factor)
    if kind == "pro":  # otherwise every third run would wait for a new one-time code
        console.set_switches(totp_once=False)
    lab.fault(console.name, delay=SLOW, times=10_000)

    def run(*options: str, entry: str = "main", changed: bool = False) -> QuickRun:
        done = quick_run(fleet, *options, entry=entry)
        assert done.rc == 0, done.output
        assert (done.changed()[console.name] > 0) is changed, done.output
        assert consoles.automation_sessions(console) == []
        return done

    assert "sign-in with azure works; client secret created" in run(changed=True).output
    account = fleet.sign_in(console.name)["user"]["name"]
    run()
    lab.clear_faults()
    consoles.put(console, client_secret="aQ88Q~mistyped-by-somebody-000000000000")
    with pytest.raises(SignInFailed):
        fleet.sign_in(console.name)
    run("--check", changed=True)
    assert "sign-in did not work before" not in run(changed=True).output
    assert fleet.sign_in(console.name)["user"]["name"] == account
    run(*RENEW, changed=True)
    run()
    (server,) = quick_report(fleet)["servers"]
    assert (server["state"], server["reason"]) == ("healthy", "")
    run("-e", f"rustdesk_sso_adopt_directory={tmp_path}", entry="adopt", changed=True)
    assert list(tmp_path.rglob("*.yml"))
    assert fleet.sign_in(console.name)["user"]["name"] == account
    assert (
        "to add the server again with the same accounts, keep the client ID" in run(entry="remove", changed=True).output
    )
    with pytest.raises(SignInFailed):
        fleet.sign_in(console.name)
    run(changed=True)
    assert fleet.sign_in(console.name)["user"]["name"] == account
