# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Login responses other than a session or a wrong password: each is named, with the next step."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import module

from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

INFO = "rustdesk_oidc_provider_info"
# The console's switches, and words that the message must contain
SECOND_FACTORS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "enforced": ({}, ["second factor", "totp_secret"]),
    "passkey": ({}, ["passkey", "TOTP"]),
    "email": ({"smtp": False}, ["e-mail", "SMTP"]),
}


@pytest.mark.parametrize("factor", SECOND_FACTORS)
def test_second_factors_of_rustdesk_console(fleet: Fleet, in_process: InProcess, factor: str) -> None:
    switches, words = SECOND_FACTORS[factor]
    console = consoles.add(fleet, "rustdesk_console", second_factor=factor)
    console.set_switches(**switches)
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, *words)
    assert "Check username and password" not in result["msg"], result["msg"]


def test_unavailable_passkey(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The account requires a passkey, and WebAuthn is disabled on the console."""
    console = consoles.add(fleet, "rustdesk_console")
    lab.fault(console.name, "POST", "^/api/login$", status=400, json={"error": "Passkey 功能未启用"})
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, "passkey", "TOTP")
    assert "SMTP" not in result["msg"]


def test_banned_address(fleet: Fleet, in_process: InProcess) -> None:
    """The console type is still to be detected in one case, and given in another."""
    console = consoles.add(fleet, "rustdesk_api")
    console.set_switches(ban_threshold=1)
    options = fleet.console_options(console.name)
    wrong, banned, right = in_process.tasks(
        module(INFO, **{**options, "password": "not~the~password"}),
        module(INFO, **options),
        module(INFO, **{**options, "console_type": "rustdesk_api"}),
    )
    refused(wrong, console, "Username or password error")
    for result in (banned, right):
        refused(result, console, "banned", "30 minutes", "ban-threshold")


def test_disabled_password_login(fleet: Fleet, in_process: InProcess) -> None:
    console = consoles.add(fleet, "rustdesk_api")
    console.set_switches(disable_pwd_login=True)
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, "disable-pwd-login", "RUSTDESK_API_APP_DISABLE_PWD_LOGIN")
    assert "Check username and password" not in result["msg"]


def test_captcha_that_is_always_required(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It is named in every language of the console, and the clients' login is not used as a workaround."""
    console = consoles.add(fleet, "rustdesk_api")
    console.set_switches(captcha_threshold=0)
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, "captcha", "captcha-threshold")
    assert "/api/login" not in {item["path"] for item in lab.requests(console.name)}
    texts = {"code": 101, "message": "验证码错误。", "data": None}
    lab.fault(console.name, "POST", "^/api/admin/login$", json=texts)
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, "captcha", "captcha-threshold")


def test_password_that_equals_the_user_name(fleet: Fleet, in_process: InProcess) -> None:
    """The user name is left out, because masking it in the message would reveal the password."""
    for console in consoles.one_of_each(fleet).values():
        options = {**fleet.console_options(console.name), "password": console.username}
        (result,) = in_process.tasks(module(INFO, **options))
        refused(result, console, "Check username and password")
        assert "***" not in result["msg"], result["msg"]


def test_required_one_time_code(fleet: Fleet, in_process: InProcess) -> None:
    """Each sentence of the message ends with one period."""
    console = consoles.add(fleet, "rustdesk_console", second_factor="totp")
    (result,) = in_process.tasks(module(INFO, **fleet.console_options(console.name)))
    refused(result, console, "(TOTP). Set totp_secret")


def refused(result: dict[str, Any], console: Console, *words: str) -> None:
    """Check that the task failed, that its message names the console and ``words``, and that no session is open."""
    assert result["failed"], result
    assert not [word for word in (console.url, *words) if word not in result["msg"]], result["msg"]
    assert not result["msg"].count("..")
    assert console.sessions() == []
    assert console.password not in str(result)
