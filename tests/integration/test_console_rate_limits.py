# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consoles with rate limits: runs do not wait for each other, and a wait is reported with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import module
from urllib3.util import retry as urllib3_retry

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

KIND = "rustdesk_console"


def check(lab: Lab, url: str, **options: Any) -> dict[str, Any]:
    """A verification of the sign-in at ``url``; its findings do not matter."""
    right = {
        "public_url": url,
        "issuer": f"{lab.login_url}/{lab.tenant.tenant_id}/v2.0",
        "client_id": "11111111-2222-3333-4444-555555555555",
        "callback_url": f"{url}/api/oidc/callback",
        "ca_path": str(lab.ca_path),
        "console_type": KIND,
        "must_pass": False,
    }
    return module("rustdesk_sign_in_check", **{**right, **options})


def asked(lab: Lab, console: str, path: str) -> list[int]:
    """The statuses of a console's responses to requests for ``path``."""
    return [item["status"] for item in lab.requests(console) if item["path"] == path]


def test_verifications_do_not_wait_for_each_other(
    lab: Lab, fleet: Fleet, in_process: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """A console allows five sign-ins a minute per ID: each controller and user has its own."""
    console = consoles.add(fleet, KIND)
    console.set_switches(rate_limits=True)
    in_process.tasks(*[check(lab, console.url)] * 7)
    assert asked(lab, console.name, "/api/oidc/auth") == [400] * 7  # it has no such provider
    assert "sent again" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("name", ["rustdesk_oidc_provider_info", "rustdesk_sign_in_check"])
@pytest.mark.parametrize("kind", [None, *consoles.KINDS])
def test_an_unavailable_console_ends_the_task(
    lab: Lab, fleet: Fleet, in_process: InProcess, name: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waits add up to at most one minute, and the error shows the console's response."""
    slept: list[float] = []
    monkeypatch.setattr(urllib3_retry.time, "sleep", slept.append)
    console = consoles.add(fleet, kind or "pro")
    lab.fault(console.name, times=1000, status=503, headers={"Retry-After": "60"})
    task = check(lab, console.url, must_pass=True)
    if name != "rustdesk_sign_in_check":
        task = module(name, **{**fleet.console_options(console.name), **({"console_type": kind} if kind else {})})
    (result,) = in_process.tasks(task)
    assert result["failed"]
    assert "answered 503 Service Unavailable, requesting a wait of 60 s" in result["msg"]
    assert sum(slept) <= 60


@pytest.mark.parametrize("door", ["action", "module"])
def test_a_wait_is_reported(
    lab: Lab,
    fleet: Fleet,
    in_process: InProcess,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    door: str,
) -> None:
    monkeypatch.setattr(_http, "NOTICEABLE", 1.0)
    console = consoles.add(fleet, KIND)
    lab.fault(console.name, path_regex="/api/login-options", throttle="1", times=1)
    (result,) = in_process.tasks(check(lab, console.url), module_door=door == "module")
    assert asked(lab, console.name, "/api/login-options") == [429, 200]
    shown = capsys.readouterr()
    told = " ".join([shown.out, shown.err, *(result.get("warnings") or [])])
    assert f"GET {console.url.removeprefix('https://')}/api/login-options was answered 429" in told
    assert "retrying in 1 s" in told
