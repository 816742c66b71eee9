# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users are offered no provider until Entra can send them back to the right address, wherever a run stops."""

from __future__ import annotations

import pytest
from faults.steps import module

from lab.client import Console, Lab
from support import consoles
from support.controller_death import ControllerDied, Crash, Wire
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import quick_run

# The write that creates the provider azure, for each console type
WRITES = {
    "pro": ("PUT", "/api/oidc/settings$"),
    "rustdesk_console": ("POST", "/api/oidc-providers$"),
    "rustdesk_api": ("POST", "/oauth/create$"),
}


def offered(lab: Lab, console: Console) -> bool:
    """Return whether users are offered the provider azure."""
    return "azure" in lab.http.get(f"{console.url}/api/login-options", timeout=20).text


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_crash_at_every_request(kind: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Before the provider is offered, no user is sent to Entra; then sign-in works. The next run completes it."""
    console = consoles.add(fleet, kind)
    untouched = console.settings()
    assert quick_run(fleet).failed() == set()
    assert fleet.sign_in(console.name)["access_token"]
    provider = consoles.entry(console)
    options = {name: provider[name] for name in ("client_id", "client_secret", "issuer")}
    if kind != "rustdesk_api":  # whose address is configured on the server
        options["callback_url"] = f"{console.url}/api/oidc/callback"
    task = module("rustdesk_oidc_provider", **fleet.console_options(console.name), console_type=kind, **options)

    console.put_settings(untouched)
    with Wire() as wire:
        (made,) = in_process.tasks(task)
    assert made["changed"], made
    seen = set()
    for request in range(1, wire.sent + 1):
        for done in (False, True):
            console.put_settings(untouched)
            with pytest.raises(ControllerDied), Wire(Crash(request, done)):
                in_process.tasks(task)
            there = offered(lab, console)
            seen.add(there)
            if there:
                assert fleet.sign_in(console.name)["access_token"], (request, done)
    assert seen == {False, True}
    assert not in_process.tasks(task)[0]["failed"]
    assert fleet.sign_in(console.name)["access_token"]


@pytest.mark.parametrize("kind", ["pro", "rustdesk_console"])
def test_refused_provider(kind: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The callback URL, which was written first, is restored."""
    console = consoles.add(fleet, kind)
    before = console.settings()
    lab.fault(console.name, *WRITES[kind], status=400, json={"message": "no", "error": "no"}, times=9)
    (refused,) = in_process.tasks(
        module(
            "rustdesk_oidc_provider",
            **fleet.console_options(console.name),
            client_id="app-1",
            client_secret="Zx9~wide.awake_0123456789-abcdefghijklmn",
            issuer="https://login.example/11111111-2222-3333-4444-555555555555/v2.0",
            callback_url="https://desk.example/api/oidc/callback",
        )
    )
    assert refused["failed"]
    assert console.settings() == before
