# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A console behind an access gateway: without a service token the error names it; with a token the role works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.steps import module

from ansible_collections.deskops.rustdesk_sso.plugins.modules import (
    rustdesk_oidc_provider,
    rustdesk_oidc_provider_info,
    rustdesk_sign_in_check,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from lab.client import Console, Lab
from support import consoles
from support.controller import MODULE_DOOR, Controller
from support.fleet import Fleet
from support.phases import call, configure, server
from support.wrong_servers import Authorities, Gateway, answering

SECRET = "gateway~token~0123456789abcdef"
WRONG = "gateway~wrong~0123456789abcdef"
IDENTIFIER = "0123456789abcdef.access"
HEADERS = dict(zip(Gateway.NAMES, (IDENTIFIER, SECRET), strict=True))
MODULES = (rustdesk_oidc_provider_info, rustdesk_oidc_provider)


class Desk:
    """A console, the gateway in front of it, and a file with the CAs of both."""

    def __init__(self, console: Console, gateway: Gateway, url: str, ca_path: Path) -> None:
        self.console = console
        self.gateway = gateway
        self.url = url
        self.ca_path = str(ca_path)

    def options(self, **changed: Any) -> dict[str, Any]:
        """The options with which a module passes the gateway."""
        signs_in = {"username": self.console.username, "password": self.console.password}
        return {"console_url": self.url, **signs_in, "ca_path": self.ca_path, "timeout": 10, **changed}


@pytest.fixture(params=consoles.KINDS)
def desk(request: pytest.FixtureRequest, lab: Lab, fleet: Fleet, tmp_path: Path) -> Iterator[Desk]:
    """One desk of each console type."""
    console = consoles.add(fleet, request.param)
    authorities = Authorities(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(authorities.path.read_bytes() + Path(lab.ca_path).read_bytes())
    gateway = Gateway(console.url, lab.ca_path, (IDENTIFIER, SECRET))
    with answering(gateway.answer, authorities.context()) as url:
        yield Desk(console, gateway, url, both)


def check(fleet: Fleet, desk: Desk, **changed: Any) -> dict[str, Any]:
    """The options of a check at the console's public address."""
    return {
        "public_url": desk.url,
        "issuer": f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
        "client_id": "app-1",
        "callback_url": f"{desk.url}/api/oidc/callback",
        "ca_path": desk.ca_path,
        **changed,
    }


def test_without_a_service_token(lab: Lab, fleet: Fleet, desk: Desk) -> None:
    """The error names the gateway, the option, the variable and the headers; the password is sent to no one."""
    for headers in (None, {**HEADERS, Gateway.NAMES[1]: WRONG}):
        for one in MODULES:
            result = call(one, **desk.options(headers=headers))
            assert result["failed"]
            assert "Cloudflare Access answers in place of" in result["msg"]
            words = "which it rejects" if headers else "Set headers to"
            assert words in result["msg"]
            assert "CF-Access-Client-Secret" in result["msg"]
            assert result["error"]["code"] == "access_gateway"
            assert "eyJ" not in result["msg"]
            assert WRONG not in str(result)
    assert not [item for item in desk.gateway.seen if item[0] == "POST" or item[2]]
    assert lab.requests(desk.console.name) == []
    result = call(rustdesk_sign_in_check, **check(fleet, desk))
    (failed,) = [item for item in result["checks"] if item["ok"] is False and item["name"] == "console_reachable"]
    assert "Cloudflare Access" in failed["detail"]
    assert "for all users" in failed["hint"]


@pytest.mark.usefixtures("unhurried")
def test_with_a_service_token(lab: Lab, fleet: Fleet, desk: Desk) -> None:
    """The role works through the gateway, users can sign in, and the headers are sent to no other host."""
    through = {"console_url": desk.url, "console_ca_path": desk.ca_path, "console_headers": HEADERS}
    (done,) = configure(server(fleet, desk.console.name, **through))
    assert done.verified["verified"], done.verified
    assert fleet.sign_in(desk.console.name)["access_token"]
    assert desk.gateway.seen
    assert all(let_in for _method, _path, let_in in desk.gateway.seen)
    # The gateway strips the headers: any that reached the lab bypassed it
    assert SECRET not in json.dumps(lab.requests(by=None))
    results = [done.console, done.registration, done.configured, done.verified]
    assert SECRET not in json.dumps(results)


def test_check_at_the_gateway_address_sends_the_headers(fleet: Fleet, desk: Desk) -> None:
    """The check sends them there, however the address is spelled, and reports it; other hosts do not get them."""
    port = desk.url.rpartition(":")[2]
    consoles_own = {"console_url": f"{desk.url.upper()}/", "headers": HEADERS}
    for given in ({"headers": HEADERS}, consoles_own):
        result = call(rustdesk_sign_in_check, **check(fleet, desk, **given))
        reached = result["checks"][0]
        assert (reached["name"], reached["ok"]) == ("console_reachable", True), result
        assert "using headers that RustDesk's clients do not send" in reached["detail"]
    desk.gateway.seen.clear()
    other = {"console_url": f"https://console.internal:{port}", "headers": HEADERS}
    result = call(rustdesk_sign_in_check, **check(fleet, desk, **other))
    assert result["checks"][0]["ok"] is False
    assert not any(let_in for _method, _path, let_in in desk.gateway.seen)


@pytest.mark.parametrize("desk", ["pro"], indirect=True)
@pytest.mark.parametrize("as_module", [False, True], ids=["action", "module"])
def test_secret_is_hidden_by_action_and_module(
    as_module: bool, fleet: Fleet, quick_controller: Controller, desk: Desk
) -> None:
    """In results, in the most verbose output, and in a diff."""
    issuer = f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
    provider = {"client_id": "app-1", "client_secret": "Zx9~wide.awake_0123456789-abcdefghijklmn", "issuer": issuer}
    tasks = [
        module("rustdesk_oidc_provider_info", **desk.options(headers=HEADERS)),
        module("rustdesk_oidc_provider", **desk.options(headers=HEADERS), **provider),
        module("rustdesk_oidc_provider_info", **desk.options(headers={**HEADERS, Gateway.NAMES[1]: WRONG})),
        module("rustdesk_oidc_provider_info", **desk.options(headers={"X-Token": f"{WRONG}\n"})),
        module("rustdesk_sign_in_check", **check(fleet, desk, headers=HEADERS)),
    ]
    door = MODULE_DOOR if as_module else {}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            *({**door, **task, "register": f"r{place}", "ignore_errors": True} for place, task in enumerate(tasks)),
            {"ansible.builtin.debug": {"msg": "{{ [r0, r1, r2, r3, r4] }}"}},
        ],
    }
    run = quick_controller.playbook([play], {"all": {"hosts": {}}}, "-vvvv", "--diff")
    assert run.rc == 0, run.output
    assert "'console_type': 'pro'" in run.output or '"console_type": "pro"' in run.output
    assert "which it rejects" in run.output
    assert "a value for X-Token that cannot be sent" in run.output
    assert "using headers that RustDesk" in run.output
    assert ("AnsiballZ_rustdesk_oidc_provider" in run.output) is as_module
    for secret in (SECRET, WRONG, IDENTIFIER):
        assert secret not in run.output


def test_the_role_passes_the_headers_to_each_module() -> None:
    """Every module has the same option for them."""
    values = {"rustdesk_sso_console_headers": HEADERS}
    assert options.of(values, options.CONSOLE) == options.of(values, options.VERIFICATION) == {"headers": HEADERS}
    for one in (*MODULES, rustdesk_sign_in_check):
        assert one.SPEC["argument_spec"]["headers"]["no_log"] is True
