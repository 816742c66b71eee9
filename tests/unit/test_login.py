# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a refused login means, whichever language the console speaks, and the client that a session belongs to."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import login, totp
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import rustdesk_api


@pytest.mark.parametrize(
    ("code", "said", "options", "words"),
    [
        (101, "用户名或密码错误。", {}, ["101: 用户名或密码错误。", "Check username and password"]),
        (101, "Username or password error.", {"need_captcha": False}, ["Check username and password"]),
        (110, "用户名或密码错误。", {"need_captcha": True}, ["110: 用户名或密码错误。", "captcha", "ten minutes"]),
        (110, "Mot de passe erroné.", {}, ["captcha", "Correct username and password"]),
        (101, "验证码错误。", {"need_captcha": True}, ["captcha, which needs a person", "captcha-threshold"]),
        (101, "密码登录已禁用。", {"disable_pwd": True, "need_captcha": True}, ["disable-pwd-login"]),
    ],
)
def test_refusals_of_rustdesk_api(code: int, said: str, options: dict[str, Any], words: list[str]) -> None:
    refused = " ".join(rustdesk_api.refusal(code, said, options))
    assert not [word for word in words if word not in refused], refused


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (401, "用户名或密码错误", ["Check username and password"]),
        (400, "发送验证码邮件失败，请稍后重试", ["could not send", "SMTP"]),  # noqa: RUF001
        (400, "Sending the verification e-mail failed", ["could not send", "SMTP"]),
        (400, "Passkey 功能未启用", ["passkey", "TOTP"]),
        (400, "参数错误", ["Check username and password", "SMTP"]),
    ],
)
def test_refusals_of_a_password(status: int, said: str, words: list[str]) -> None:
    meant, hint = login.refusal(status, said)
    assert not [word for word in words if word not in f"{meant} {hint}"]
    assert meant is None or said in meant


def test_each_session_has_a_client_of_its_own() -> None:
    one, other = login.new_client(), login.new_client()
    assert one != other
    members = login.client_members(one)
    assert members == {"id": one, "uuid": base64.b64encode(one.encode()).decode()}


def test_a_code_completes_the_login_of_the_client_that_began_it() -> None:
    client = login.new_client()
    assert login.begun_login(f"{client}:a:b") == (client, "a:b")
    other, secret = login.begun_login("a:b")
    assert other != client
    assert secret == "a:b"


def test_a_third_run_in_the_same_half_minute_waits_for_a_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console takes each one-time code once, and those of now and of the next step open the two runs before."""
    secret, sent, told = "JYSBG4CTHAUSCLZ6", [], []
    clock = SimpleNamespace(now=1_000_000_010.0)
    clock.time = lambda: clock.now
    clock.sleep = lambda seconds: setattr(clock, "now", clock.now + seconds)

    def second_factor(*arguments: Any) -> dict[str, Any]:
        sent.append(arguments[-1])
        if len(sent) < 3:
            raise ServiceError("Signing in failed", answer="the code was used", status=401)
        return {"access_token": "x"}

    monkeypatch.setattr(login, "time", clock)
    monkeypatch.setattr(login, "_second_factor", second_factor)
    connection = SimpleNamespace(tell=told.append)
    params = {"username": "admin", "password": "x", "totp_secret": secret}
    assert login._challenged(connection, params, "client", "Signing in", {"tfa_type": "tfa_check"}) == {
        "access_token": "x"
    }
    assert sent == [totp.code(secret, 1_000_000_010.0 + 30 * step) for step in range(3)]
    assert len(set(sent)) == 3
    assert told == ["The console refused two one-time codes: the next one is sent after 10 s"]
