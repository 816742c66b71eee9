# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task reports what it waits for in Entra while it waits."""

from __future__ import annotations

import re

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting
from lab.client import Lab
from support.fleet import Fleet
from support.in_process import InProcess

TOKEN = "/oauth2/v2.0/token"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make waits of tenths of a second visible."""
    monkeypatch.setattr(_http, "NOTICEABLE", 1.0)
    monkeypatch.setattr(waiting, "NOTICEABLE", 0.2)
    monkeypatch.setattr(waiting, "TICK", 0.05)


def made(in_process: InProcess, fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> str:
    """The output while an application gets a client secret, which must not appear in it."""
    secrets = [{"name": "desk1"}]
    done = in_process.task("entra_app", **fleet.entra, unique_name="waits", display_name="W", client_secrets=secrets)
    assert not done["failed"], done
    shown = capsys.readouterr()
    assert done["client_secrets"][0]["secret_text"] not in shown.out + shown.err
    assert not done.get("warnings"), done
    return shown.out + shown.err


def test_wait_requested_by_graph(
    lab: Lab, fleet: Fleet, in_process: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.fault("graph", "POST", "/applications", throttle="1", times=1)
    told = made(in_process, fleet, capsys)
    assert re.search(r"entra_app: Waiting for Microsoft Graph, which answered 429, for up to 1 s\.", told), told


def test_wait_requested_by_the_login_endpoint(
    lab: Lab, fleet: Fleet, in_process: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """During the automation's own sign-in."""
    lab.fault("login", "POST", TOKEN, throttle="1", times=1)
    told = made(in_process, fleet, capsys)
    assert re.search(rf"entra_app: POST \S+{re.escape(TOKEN)} was answered 429: retrying in 1 s", told), told


@pytest.mark.parametrize(
    ("lag", "what"),
    [
        ((1.5, 0), "Microsoft Entra to replicate a change"),
        ((0, 1.5), "the login endpoint to accept a new client secret"),
    ],
)
def test_wait_for_replication(
    lab: Lab,
    fleet: Fleet,
    in_process: InProcess,
    capsys: pytest.CaptureFixture[str],
    lag: tuple[float, float],
    what: str,
) -> None:
    lab.set_lag(*lag)
    assert f"entra_app: Waiting for {what}, for up to" in made(in_process, fleet, capsys)
