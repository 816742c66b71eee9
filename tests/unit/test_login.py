# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of a refused login in any language of the console, and the client of a session."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import login, totp
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import rustdesk_api

URL = "https://desk.example.com"
TOTP_SECRET = "JYSBG4CTHAUSCLZ6"


@pytest.mark.parametrize(
    ("code", "said", "options", "words"),
    [
        (101, "用户名或密码错误。", {}, ["101: 用户名或密码错误。", "Check username and password"]),
        (101, "Username or password error.", {"need_captcha": False}, ["Check username and password"]),
        (110, "用户名或密码错误。", {"need_captcha": True}, ["110: 用户名或密码错误。", "captcha", "ten minutes"]),
        (110, "Mot de passe erroné.", {}, ["captcha", "Correct username and password"]),
        (101, "验证码错误。", {"need_captcha": True}, ["captcha, which only a person can solve", "captcha-threshold"]),
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


def test_each_session_has_its_own_client() -> None:
    one, other = login.new_client(), login.new_client()
    assert one != other
    members = login.client_members(one)
    assert members == {"id": one, "uuid": base64.b64encode(one.encode()).decode()}


def test_a_code_completes_the_login_of_the_same_client() -> None:
    client = login.new_client()
    assert login.begun_login(f"{client}:a:b") == (client, "a:b")
    other, secret = login.begun_login("a:b")
    assert other != client
    assert secret == "a:b"


class AConsole:
    """A console's second step, with a clock that ``sleep`` moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, window: int, ahead: int = 0) -> None:
        self.now, self.url, self.window, self.ahead = 1_000_000_010.0, URL, window, ahead
        self.used: set[int] = set()
        self.sent: list[str] = []
        self.told: list[str] = []
        self.notify = self.told.append
        clock = SimpleNamespace(time=lambda: self.now, sleep=lambda seconds: setattr(self, "now", self.now + seconds))
        monkeypatch.setattr(login, "time", clock)
        monkeypatch.setattr(login, "_second_factor", self._second_factor)

    def _second_factor(self, *arguments: Any) -> dict[str, Any]:
        self.sent.append(arguments[-1])
        now = int(self.now + self.ahead) // 30
        for step in range(now - self.window, now + self.window + 1):
            if totp.code(TOTP_SECRET, step * 30) == arguments[-1] and step not in self.used:
                self.used.add(step)
                return {"access_token": "x"}
        raise ServiceError("Signing in failed", answer="the code was used", status=401)

    def sign_in(self, secret: str = TOTP_SECRET) -> float:
        """Sign in, and return how long it took. ``sent`` collects the codes."""
        began = self.now
        self.sent.clear()
        params = {"username": "admin", "password": "x", "totp_secret": secret}
        connection: Any = self
        answer = login._challenged(connection, params, "client", "Signing in", {"tfa_type": "tfa_check"})
        assert answer == {"access_token": "x"}
        assert len(set(self.sent)) == len(self.sent)
        return self.now - began


def test_sign_ins_in_the_same_half_minute_have_different_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console accepts each one-time code once: the third sign-in waits for the next one, and reports that."""
    console = AConsole(monkeypatch, window=1)
    assert [console.sign_in(), console.sign_in()] == [0, 0]
    assert console.told == []
    assert console.sign_in() == 10
    assert console.sent == [totp.code(TOTP_SECRET, 1_000_000_010 + 30 * step) for step in range(3)]
    assert console.told == [
        f"The console {URL} rejected two one-time codes, which earlier sign-ins may have used: waiting 10 s for the "
        "next one"
    ]
    assert console.sign_in() == 30


@pytest.mark.parametrize("ahead", [-30, 0, 30])
def test_clocks_may_differ(monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    assert AConsole(monkeypatch, window=1, ahead=ahead).sign_in() == 0
    assert AConsole(monkeypatch, window=0, ahead=max(ahead, 0)).sign_in() == 0


def test_a_wrong_secret_is_refused_after_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    console = AConsole(monkeypatch, window=1)
    with pytest.raises(ServiceError):
        console.sign_in("MFRGGZDFMZTWQ2LKNM")
    assert len(set(console.sent)) == len(console.sent) == 3
    assert console.now == 1_000_000_020


def test_a_totp_code_needs_no_second_run() -> None:
    """The name of the attempt is shown only for codes by email, which belong to it."""
    connection: Any = SimpleNamespace(url=URL)
    for kind, told in (("tfa_check", False), ("email_check", True)):
        with pytest.raises(login.ChallengeError) as error:
            login._challenged(connection, {"username": "admin"}, "client", "Signing in", {"tfa_type": kind})
        assert ("verification_secret" in error.value.as_result()["error"]) is told
        assert ("verification_secret" in str(error.value)) is told
