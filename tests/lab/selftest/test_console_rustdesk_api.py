# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `rustdesk_api`: every peculiarity of rustdesk-api 2.7."""

from __future__ import annotations

import base64
import itertools
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lab.client import Console, Lab, SignInFailed

from .conftest import Api

FORM = {"op": "azure", "oauth_type": "oidc", "issuer": "https://sso.example", "client_id": "id", "client_secret": "s"}
_numbers = itertools.count(1)


class Admin:
    """An administrator of a console, whose responses all have HTTP status 200."""

    def __init__(self, lab: Lab, console: Console) -> None:
        self.console = console
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = lab.ca_path
        self.token = ""

    def plain(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a client's request."""
        headers = {"Accept-Language": "en", **headers}
        return self.http.request(method, self.console.url + path, json=body, headers=headers, timeout=10)

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send an administrator's request."""
        answer = self.plain(method, f"/api/admin/{path}", body, **({"api-token": self.token} if self.token else {}))
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["code", "message", "data"]
        return answer.json()

    def login(self, **members: Any) -> dict[str, Any]:
        """Send a login."""
        body = {"username": self.console.username, "password": self.console.password, "platform": "linux"}
        return self.call("POST", "login", {**body, **members})

    def sign_in(self) -> Admin:
        """Log in and use the token from now on."""
        self.token = self.login()["data"]["token"]
        return self

    def providers(self, query: str = "") -> list[dict[str, Any]]:
        """Return the list of providers."""
        return self.call("GET", f"oauth/list{query}")["data"]["list"]

    def auth(self, op: str = "azure") -> requests.Response:
        """Send a client's request for a sign-in."""
        device = {"os": "linux", "type": "client", "name": "test"}
        return self.plain("POST", "/api/oidc/auth", {"op": op, "id": "1", "uuid": "u", "deviceInfo": device})


@pytest.fixture
def admin(lab: Lab) -> Admin:
    """A signed-in administrator of a new console."""
    return Admin(lab, lab.add_console(f"go{next(_numbers)}.test", kind="rustdesk_api")).sign_in()


class Ready:
    """A console with a registered provider, so that its users can sign in."""

    def __init__(self, api: Api, admin: Admin) -> None:
        self.admin = admin
        self.console = admin.console
        self.upn = next(iter(api.tenant.users))
        self.password = api.tenant.users[self.upn]
        application = api.application(web={"redirectUris": [f"{self.console.url}/api/oidc/callback"]})
        assert api.graph("POST", "/servicePrincipals", {"appId": application["appId"]}).status_code == 201
        self.form = {
            "op": "azure",
            "oauth_type": "oidc",
            "issuer": f"{api.lab.login_url}/{api.tenant.tenant_id}/v2.0",
            "client_id": application["appId"],
            "client_secret": api.password(application)["secretText"],
        }
        assert admin.call("POST", "oauth/create", self.form)["code"] == 0
        self.id = admin.providers()[0]["id"]

    def change(self, **members: Any) -> None:
        """Change the provider."""
        assert self.admin.call("POST", "oauth/update", {"id": self.id, **self.form, **members})["code"] == 0

    def sign_in(self) -> dict[str, Any]:
        """Sign the first user in."""
        return self.console.sign_in("azure", self.upn, self.password)


@pytest.fixture
def ready(api: Api, admin: Admin) -> Ready:
    """A console ready for sign-in."""
    return Ready(api, admin)


def test_login(admin: Admin) -> None:
    data = admin.login()["data"]
    assert list(data) == ["username", "email", "avatar", "token", "route_names", "nickname"]
    assert admin.call("GET", "user/current")["data"]["username"] == "admin"


def test_no_second_factor(admin: Admin, lab: Lab) -> None:
    with pytest.raises(ValueError, match="no second factor"):
        lab.add_console(f"totp-{admin.console.name}", kind="rustdesk_api", second_factor="totp")


@pytest.mark.parametrize("token", ["", "wrong"])
def test_not_logged_in(admin: Admin, token: str) -> None:
    admin.token = token
    assert admin.call("GET", "oauth/list") == {"code": 403, "message": "Please log in first.", "data": None}


def test_only_administrators(admin: Admin, lab: Lab) -> None:
    plain = Admin(lab, lab.add_console(f"plain-{admin.console.name}", kind="rustdesk_api", admin=False)).sign_in()
    assert plain.call("GET", "oauth/list") == {"code": 403, "message": "No access.", "data": None}


def test_token_of_a_week_and_logout(admin: Admin, lab: Lab) -> None:
    lab.advance(7 * 24 * 3600 + 1)
    assert admin.call("GET", "oauth/list")["code"] == 403
    admin.sign_in()
    # An administrator's logout ends no session, a client's does.
    assert admin.call("POST", "logout")["code"] == 0
    assert admin.call("GET", "oauth/list")["code"] == 0
    bearer = {"Authorization": f"Bearer {admin.token}"}
    assert admin.plain("POST", "/api/logout", **bearer).status_code == 200
    assert admin.call("GET", "oauth/list")["code"] == 403


def test_users(admin: Admin) -> None:
    admin.console.set_user("zoe")
    data = admin.call("GET", "user/list?page=1&page_size=1")["data"]
    assert [user["username"] for user in data["list"]] == ["admin"]
    assert data["list"][0]["is_admin"] is True
    assert (data["page"], data["total"], data["page_size"]) == (1, 2, 1)
    assert [user["username"] for user in admin.call("GET", "user/list")["data"]["list"]] == ["admin", "zoe"]
    assert "list" not in admin.call("GET", "user/list?page=9")["data"]


def test_a_disabled_user_has_no_session(admin: Admin) -> None:
    body = {"username": admin.console.username, "password": admin.console.password}
    bearer = {"Authorization": f"Bearer {admin.plain('POST', '/api/login', body).json()['access_token']}"}
    admin.console.set_user("admin", status=0)
    for path in ("/api/currentUser", "/api/logout"):
        assert admin.plain("POST", path, {}, **bearer).status_code == 401


def test_captcha_after_three_failures(admin: Admin) -> None:
    assert admin.call("GET", "captcha")["message"] == "No captcha required."
    assert [admin.login(password="wrong")["code"] for _time in range(3)] == [101, 101, 110]
    assert admin.login()["message"] == "Captcha error."
    captcha = admin.call("GET", "captcha")["data"]["captcha"]
    assert base64.b64decode(captcha["b64"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")
    solved = {"captcha_id": captcha["id"], "captcha": admin.console.mailbox()[-1]["code"]}
    assert admin.login(**solved)["code"] == 0
    assert admin.login()["code"] == 0


def test_failures_are_forgotten_after_ten_minutes(admin: Admin, lab: Lab) -> None:
    for _time in range(3):
        admin.login(password="wrong")
    lab.advance(601)
    assert admin.login()["code"] == 0


def test_captcha_always_or_never(admin: Admin) -> None:
    """A client's own login needs none."""
    admin.console.set_switches(captcha_threshold=0)
    assert admin.login()["message"] == "Captcha error."
    assert admin.call("GET", "login-options")["data"]["need_captcha"] is True
    client = {"username": admin.console.username, "password": admin.console.password}
    assert "access_token" in admin.plain("POST", "/api/login", client).json()
    admin.console.set_switches(captcha_threshold=-1)
    for _time in range(5):
        assert admin.login(password="wrong")["code"] == 101
    assert admin.login()["code"] == 0


def test_ban(admin: Admin, lab: Lab) -> None:
    """For half an hour, all responses have the same code."""
    admin.console.set_switches(ban_threshold=2)
    for _time in range(2):
        assert admin.login(password="wrong")["code"] == 101
    assert admin.login() == {"code": 423, "message": "Banned.", "data": None}
    for path in ("/api/login-options", "/api/oidc/auth-query", "/nowhere"):
        assert admin.plain("GET", path).json()["code"] == 423
    lab.advance(1801)
    assert admin.login()["code"] == 0


def test_password_login_disabled(admin: Admin) -> None:
    admin.console.set_switches(disable_pwd_login=True)
    assert admin.login()["message"] == "Password login disabled."
    assert admin.call("GET", "login-options")["data"]["disable_pwd"] is True


def test_messages_are_chinese_by_default(admin: Admin) -> None:
    admin.console.set_switches(captcha_threshold=-1)
    wrong = {"username": "admin", "password": "wrong"}
    texts = {
        language: admin.plain("POST", "/api/admin/login", wrong, **{"Accept-Language": language}).json()["message"]
        for language in ("", "zh-CN", "en", "de")
    }
    english = "Username or password error."
    assert texts == {"": "用户名或密码错误。", "zh-CN": "用户名或密码错误。", "en": english, "de": english}
    admin.console.set_switches(lang="en")
    assert admin.plain("POST", "/api/admin/login", wrong, **{"Accept-Language": ""}).json()["message"] == english


def test_create_returns_nothing(admin: Admin) -> None:
    assert admin.call("POST", "oauth/create", FORM) == {"code": 0, "message": "success", "data": None}
    (made,) = admin.providers()
    assert {name: made[name] for name in ("op", "client_secret", "scopes", "auto_register", "pkce_enable")} == {
        "op": "azure",
        "client_secret": "s",
        "scopes": "",
        "auto_register": None,
        "pkce_enable": False,
    }
    assert admin.call("GET", f"oauth/detail/{made['id']}")["data"] == made
    assert admin.console.settings() == [made]


def test_pages_of_ten(admin: Admin) -> None:
    for number in range(12):
        admin.call("POST", "oauth/create", {**FORM, "op": f"op{number}"})
    assert len(admin.providers()) == 10
    assert [item["op"] for item in admin.providers("?page=2")] == ["op10", "op11"]
    data = admin.call("GET", "oauth/list?page=2&page_size=5")["data"]
    assert (data["page"], data["page_size"], data["total"], len(data["list"])) == (2, 5, 12, 5)


def test_names_are_unique_only_at_creation(admin: Admin) -> None:
    admin.call("POST", "oauth/create", FORM)
    assert admin.call("POST", "oauth/create", FORM) == {"code": 101, "message": "Item already exists.", "data": None}
    admin.call("POST", "oauth/create", {**FORM, "op": "other"})
    other = admin.providers()[1]
    assert admin.call("POST", "oauth/update", {**other, "op": "azure"})["code"] == 0
    assert [item["op"] for item in admin.providers()] == ["azure", "azure"]


@pytest.mark.parametrize("kind", ["github", "google", "linuxdo"])
def test_some_types_determine_the_name(admin: Admin, kind: str) -> None:
    admin.call("POST", "oauth/create", {**FORM, "oauth_type": kind, "issuer": ""})
    (made,) = admin.providers()
    assert made["op"] == kind
    assert made["issuer"] == ("https://accounts.google.com" if kind == "google" else "")


def test_oidc_without_a_name(admin: Admin) -> None:
    admin.call("POST", "oauth/create", {**FORM, "op": ""})
    assert admin.providers()[0]["op"] == "oidc"


@pytest.mark.parametrize(
    "members",
    [
        {"oauth_type": ""},
        {"oauth_type": "saml"},
        {"client_id": ""},
        {"client_secret": ""},
        {"issuer": "no url"},
        {"pkce_enable": "yes"},
    ],
)
def test_malformed_form(admin: Admin, members: dict[str, Any]) -> None:
    answer = admin.call("POST", "oauth/create", {**FORM, **members})
    assert (answer["code"], answer["data"]) == (101, None)
    assert admin.providers() == []


def test_update_needs_the_secret(admin: Admin) -> None:
    admin.call("POST", "oauth/create", FORM)
    sent = {**admin.providers()[0], "client_id": "other"}
    del sent["client_secret"]
    assert admin.call("POST", "oauth/update", sent)["message"] == "ClientSecret is a required field"


def test_update_cannot_clear(admin: Admin) -> None:
    admin.call("POST", "oauth/create", {**FORM, "scopes": "openid", "auto_register": True})
    stored = admin.providers()[0]
    admin.call("POST", "oauth/update", {**stored, "scopes": "", "issuer": "", "auto_register": None})
    assert {**admin.providers()[0], "updated_at": ""} == {**stored, "updated_at": ""}
    admin.call("POST", "oauth/update", {**stored, "auto_register": False})
    assert admin.providers()[0]["auto_register"] is False


def test_update_without_pkce_switches_it_off(admin: Admin) -> None:
    admin.call("POST", "oauth/create", {**FORM, "pkce_enable": True})
    stored = admin.providers()[0]
    admin.call("POST", "oauth/update", {**FORM, "id": stored["id"]})
    assert (stored["pkce_enable"], admin.providers()[0]["pkce_enable"]) == (True, False)


def test_delete(admin: Admin) -> None:
    admin.call("POST", "oauth/create", FORM)
    key = admin.providers()[0]["id"]
    assert admin.call("POST", "oauth/delete", {})["code"] == 101
    assert admin.call("POST", "oauth/delete", {"id": key})["code"] == 0
    assert admin.call("POST", "oauth/delete", {"id": key})["message"] == "Item not found."
    assert admin.providers() == []


def test_clients_can_log_in(admin: Admin) -> None:
    body = {"username": admin.console.username, "password": admin.console.password, "id": "1", "uuid": "u"}
    answer = admin.plain("POST", "/api/login", body).json()
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert admin.plain("POST", "/api/currentUser", {}, **bearer).json()["is_admin"] is True
    assert admin.plain("POST", "/api/logout", {}, **bearer).json() is None
    assert admin.plain("POST", "/api/currentUser", {}, **bearer).json() == {"error": "Unauthorized"}
    refused = admin.plain("POST", "/api/login", {**body, "password": "wrong"})
    assert (refused.status_code, refused.json()) == (400, {"error": "Username or password error."})


def test_version_needs_no_session(admin: Admin) -> None:
    assert admin.plain("GET", "/api/version").json() == {"code": 0, "message": "success", "data": "2.7"}


def test_login_options_have_both_forms(admin: Admin) -> None:
    admin.call("POST", "oauth/create", FORM)
    assert admin.plain("GET", "/api/login-options").json() == [
        'common-oidc/[{"name":"azure"},{"name":"webauth"}]',
        "oidc/azure",
        "oidc/webauth",
    ]
    admin.console.set_switches(web_sso=False)
    admin.call("POST", "oauth/delete", {"id": admin.providers()[0]["id"]})
    assert admin.plain("GET", "/api/login-options").json() == ["common-oidc/null"]


def test_authorization_request(ready: Ready) -> None:
    ready.change(scopes="openid,email")
    answer = ready.admin.auth()
    assert answer.status_code == 200
    query = parse_qs(urlsplit(answer.json()["url"]).query)
    assert (query["scope"], query["state"]) == (["openid email"], [answer.json()["code"]])
    assert query["redirect_uri"] == [f"{ready.console.url}/api/oidc/callback"]
    assert "code_challenge" not in query


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_pkce(ready: Ready, method: str) -> None:
    ready.change(pkce_enable=True, pkce_method=method, auto_register=True)
    query = parse_qs(urlsplit(ready.admin.auth().json()["url"]).query)
    assert query["code_challenge_method"] == [method]
    assert ready.sign_in()["access_token"]


def test_configured_api_server(ready: Ready) -> None:
    ready.console.set_switches(api_server="https://api.example")
    query = parse_qs(urlsplit(ready.admin.auth().json()["url"]).query)
    assert query["redirect_uri"] == ["https://api.example/api/oidc/callback"]


def test_built_in_service(admin: Admin) -> None:
    admin.call("POST", "oauth/create", {**FORM, "oauth_type": "github"})
    assert admin.auth("github").json()["url"].startswith("https://github.com/login/oauth/authorize?")


@pytest.mark.parametrize("op", ["azure", "nobody"])
def test_auth_without_discovery_or_provider(admin: Admin, op: str) -> None:
    admin.call("POST", "oauth/create", {**FORM, "issuer": "https://127.0.0.1:1"})
    answer = admin.auth(op)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_auth_of_a_type_without_sign_in(admin: Admin) -> None:
    admin.call("POST", "oauth/create", {**FORM, "oauth_type": "webauth"})
    answer = admin.auth()
    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported OAuth type"})


def test_pending_sign_in(ready: Ready) -> None:
    code = ready.admin.auth().json()["code"]
    answer = ready.admin.plain("GET", f"/api/oidc/auth-query?code={code}&id=1&uuid=u")
    assert (answer.status_code, answer.json()["error"]) == (200, "No authed oidc is found")
    unknown = ready.admin.plain("GET", "/api/oidc/auth-query?code=x&id=1&uuid=u")
    assert (unknown.status_code, unknown.json()) == (400, {"error": "Oauth expired,please try again."})


def test_without_auto_register_the_user_must_bind(ready: Ready) -> None:
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    # If it was never set, the server fails
    assert (failure.value.step, failure.value.message) == ("callback", "")
    ready.change(auto_register=False)
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    assert failure.value.step == "callback"
    assert "bind" in failure.value.message
    assert [user["name"] for user in ready.console.users()] == ["admin"]


def test_with_auto_register_the_user_is_created(api: Api, ready: Ready) -> None:
    ready.change(auto_register=True)
    api.tenant.change_user(ready.upn, email="Alice.Doe@fabrikam.example")
    first = ready.sign_in()
    assert list(first) == ["type", "access_token", "user"]
    # The name comes only from userinfo. Entra's has no preferred_username, so the email address is used.
    assert first["user"]["name"] == "alice.doe@fabrikam.example"
    assert ready.sign_in()["user"]["name"] == "alice.doe@fabrikam.example"
    assert len(ready.console.users()) == 2


def test_a_user_with_a_known_email_address_gets_that_account(api: Api, ready: Ready) -> None:
    ready.change(auto_register=True)
    api.tenant.change_user(ready.upn, email="Admin@console.example")
    assert ready.sign_in()["user"]["name"] == "admin"
    assert len(ready.console.users()) == 1


def test_without_an_address_users_have_no_name(api: Api, ready: Ready) -> None:
    """Userinfo includes it only for the scope email, and has no other name for the console."""
    ready.change(auto_register=True, scopes="openid,profile")
    assert ready.sign_in()["user"]["name"] == ""
    other = api.tenant.add_user("bob2")
    second = ready.console.sign_in("azure", other, api.tenant.users[other])["user"]["name"]
    assert len(second) == 1 and second.isdecimal()


def test_failed_redemption_hides_its_reason(ready: Ready) -> None:
    ready.change(client_secret="wrong", auto_register=True)
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    assert (failure.value.step, failure.value.code) == ("callback", "")


def test_put_settings(admin: Admin) -> None:
    admin.console.put_settings([{"op": "azure", "client_id": "x", "client_secret": "y", "issuer": "https://a.example"}])
    assert admin.providers()[0]["client_secret"] == "y"


@pytest.mark.parametrize("path", ["/api/admin/nothing", "/api/oidc/settings"])
def test_unknown_path(admin: Admin, path: str) -> None:
    answer = admin.plain("GET", path)
    assert (answer.status_code, answer.text) == (404, "404 page not found")
