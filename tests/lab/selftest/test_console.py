# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `pro` console: login, sessions, settings, sign-in options."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lab.client import Console, Lab, SignInFailed
from lab.rustdesk import totp

from .conftest import Api, Ready

DEVICE = {"os": "linux", "type": "client", "name": "test"}


def login(api: Api, console: Console, **members: Any) -> requests.Response:
    """Send a login request."""
    body = {
        "username": console.username,
        "password": console.password,
        "id": "1",
        "uuid": "u",
        "autoLogin": True,
        "type": "account",
        "deviceInfo": DEVICE,
        **members,
    }
    return api.http.post(f"{console.url}/api/login", json=body, timeout=10)


def bearer(answer: requests.Response) -> dict[str, str]:
    """Return the header of a login's session."""
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_login_and_logout(api: Api, console: Console) -> None:
    answer = login(api, console)
    assert list(answer.json()) == ["access_token", "type", "tfa_type", "secret", "user"]
    headers, url = bearer(answer), console.url
    body = {"id": "1", "uuid": "u"}
    assert api.http.post(f"{url}/api/currentUser", json=body, headers=headers, timeout=10).json()["is_admin"] is True
    assert [session["user"] for session in console.sessions()] == ["admin"]
    assert api.http.post(f"{url}/api/logout", json=body, headers=headers, timeout=10).content == b""
    assert console.sessions() == []
    assert api.http.get(f"{url}/api/oidc/settings", headers=headers, timeout=10).status_code == 401


def test_session_ends_after_thirty_days(api: Api, console: Console, lab: Lab) -> None:
    headers = bearer(login(api, console))
    lab.advance(30 * 24 * 3600 + 1)
    assert api.http.get(f"{console.url}/api/oidc/settings", headers=headers, timeout=10).status_code == 401


def test_wrong_password(api: Api, console: Console) -> None:
    answer = login(api, console, password="wrong")
    assert (answer.status_code, answer.json()) == (200, {"error": "Wrong credentials"})


@pytest.mark.parametrize("factor", ["totp", "email"])
def test_second_factor(api: Api, lab: Lab, tenant: Any, factor: str) -> None:
    console = lab.add_console(f"{factor}.{tenant.domain}", second_factor=factor)
    first = login(api, console).json()
    assert first["type"] == "email_check"
    assert first["tfa_type"] == ("tfa_check" if factor == "totp" else "email_check")
    code = totp.code_at(console.totp_secret) if factor == "totp" else console.mailbox()[-1]["code"]
    second = {"type": "email_code", "secret": first["secret"], "verificationCode": code}
    assert "error" in login(api, console, **{**second, "verificationCode": "no", "tfaCode": "no"}).json()
    if factor == "totp":
        assert "error" in login(api, console, **second).json()
        second["tfaCode"] = code
    assert login(api, console, **second).json()["type"] == "access_token"


def test_settings_are_returned_byte_for_byte(api: Api, console: Console) -> None:
    headers, url = bearer(login(api, console)), f"{console.url}/api/oidc/settings"
    document = api.http.get(url, headers=headers, timeout=10).json()
    assert document["providers"][0]["name"] == "legacy"
    text = '{ "providers": [], "max_auth_count": 5, "future": {"b":1,  "a":[2]}, "callback_url": null }'
    answer = api.http.put(url, data=text, headers={**headers, "Content-Type": "application/json"}, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.http.get(url, headers=headers, timeout=10).text == text


@pytest.mark.parametrize(
    "provider",
    [
        "text",
        {},
        {"name": "a", "enabled": "yes", "order_index": 0, "client_id": "x"},
        {"name": "a", "enabled": True, "order_index": "0", "client_id": "x"},
        {"name": "a", "enabled": True, "order_index": 0, "client_id": 5},
        {"name": "LEGACY", "enabled": True, "order_index": 0, "client_id": "x"},
    ],
)
def test_malformed_settings_are_refused(api: Api, console: Console, provider: Any) -> None:
    headers, url = bearer(login(api, console)), f"{console.url}/api/oidc/settings"
    before = console.settings()
    sent = {**before, "providers": [*before["providers"], provider]}
    answer = api.http.put(url, json=sent, headers=headers, timeout=10)
    assert (answer.status_code, list(answer.json())) == (200, ["error"])
    assert console.settings() == before


@pytest.mark.parametrize("switch", ["masked", "absent"])
def test_hidden_secrets(api: Api, ready: Ready, switch: str) -> None:
    ready.console.set_switches(secrets=switch)
    headers, url = bearer(login(api, ready.console)), f"{ready.console.url}/api/oidc/settings"
    document = api.http.get(url, headers=headers, timeout=10).json()
    shown = [provider.get("client_secret") for provider in document["providers"]]
    assert shown == (["********"] * 2 if switch == "masked" else [None] * 2)
    assert api.http.put(url, json=document, headers=headers, timeout=10).status_code == 200
    assert ready.sign_in()["access_token"]


def test_only_administrators_may_see_settings(api: Api, lab: Lab, console: Console) -> None:
    plain = lab.add_console(f"plain-{console.name}", admin=False)
    url = f"{plain.url}/api/oidc/settings"
    assert api.http.get(url, headers={"Authorization": ""}, timeout=10).status_code == 401
    assert api.http.get(url, headers=bearer(login(api, plain)), timeout=10).status_code == 403
    token = {"Authorization": f"Bearer {plain.api_token}"}
    assert api.http.get(url, headers=token, timeout=10).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/api/oidc/auth", 405, "POST"),
        ("POST", "/api/oidc/settings", 405, "GET,PUT"),
        ("GET", "/api/bogus", 404, None),
        ("POST", "/bogus", 404, None),
        ("GET", "/bogus", 200, None),
        ("GET", "/", 200, None),
    ],
)
def test_paths(api: Api, console: Console, method: str, path: str, status: int, allow: str | None) -> None:
    answer = api.http.request(method, console.url + path, timeout=10)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert (answer.content == b"") is (status != 200)
    if status == 200:
        assert answer.headers["Content-Type"].startswith("text/html")


def test_login_options(api: Api, ready: Ready) -> None:
    url = f"{ready.console.url}/api/login-options"
    ready.change_provider(name="Azure")
    assert api.http.get(url, timeout=10).json() == ['common-oidc/[{"name":"azure"}]']
    ready.console.set_switches(lower_case=False)
    assert api.http.get(url, timeout=10).json() == ['common-oidc/[{"name":"Azure"}]']
    ready.console.set_switches(login_options="oidc", lower_case=True)
    assert api.http.get(url, timeout=10).json() == ["oidc/azure"]
    ready.change_provider(enabled=False)
    assert api.http.get(url, timeout=10).json() == []


def test_authorization_request(api: Api, ready: Ready) -> None:
    url = f"{ready.console.url}/api/oidc/auth"
    begun = api.http.post(url, json={"op": "azure", "id": "1", "uuid": "u", "deviceInfo": DEVICE}, timeout=10).json()
    query = parse_qs(urlsplit(begun["url"]).query)
    assert query["state"] == [begun["code"]]
    assert query["scope"] == ["openid openid email profile"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{ready.console.url}/api/oidc/callback"]
    assert "error" in api.http.post(url, json={"op": "legacy"}, timeout=10).json()


def test_trusted_origins(api: Api, ready: Ready) -> None:
    """The callback uses the client's address only if the release supports that and the address is trusted."""
    url, trusted = f"{ready.console.url}/api/oidc/auth", "https://console.example"

    def sent(origin: str) -> str:
        begun = api.http.post(url, json={"op": "azure", "id": "1", "uuid": "u", "apiDomain": origin}, timeout=10).json()
        return parse_qs(urlsplit(begun["url"]).query)["redirect_uri"][0]

    usual = f"{ready.console.url}/api/oidc/callback"
    assert sent(trusted) == usual
    ready.console.set_switches(trusted_origins=True)
    assert (sent(trusted), sent("https://else.example")) == (f"{trusted}/api/oidc/callback", usual)


@pytest.mark.parametrize("maximum", [0, 1])
def test_maximum_number_of_authorized_users(ready: Ready, maximum: int) -> None:
    """Users with an account keep it, others are refused. Zero admits no user. Local accounts do not count."""
    assert ready.sign_in()["access_token"]
    ready.console.put_settings({**ready.console.settings(), "max_auth_count": maximum})
    other = ready.tenant.add_user("carol")
    for upn in [other, *([ready.upn] if maximum == 0 else [])]:
        with pytest.raises(SignInFailed, match="maximum number of authorized users"):
            ready.sign_in(upn)
    assert [user["name"] for user in ready.console.users()] == ["admin", "alice"]
    if maximum:
        assert ready.sign_in()["access_token"]
        ready.console.put_settings({**ready.console.settings(), "max_auth_count": 2})
        assert ready.sign_in(other)["access_token"]


def test_plain_http_port_redirects(api: Api, lab: Lab, console: Console) -> None:
    behind = lab.add_console(f"proxy-{console.name}", http_redirect=True)
    answer = api.http.post(f"{behind.http_url}/api/oidc/auth", json={"op": "x"}, timeout=10)
    # The client follows the redirect with GET, as most do.
    assert [step.status_code for step in answer.history] == [301]
    assert answer.status_code == 405
