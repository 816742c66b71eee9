# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `rustdesk_console`: every peculiarity of a running rustdesk-console 1.8.0."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest
import requests

from lab.client import Console, Lab
from lab.rustdesk import totp

PROVIDERS = "/api/oidc-providers"
_numbers = itertools.count(1)


class Admin:
    """A signed-in administrator of a console, who sends requests directly."""

    def __init__(self, lab: Lab, console: Console) -> None:
        self.console = console
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = lab.ca_path
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request with the session's token."""
        return self.http.request(
            method, self.console.url + path, json=body, headers=self.headers, timeout=10, **options
        )

    def login(self, **members: Any) -> requests.Response:
        """Send a login request."""
        body = {"username": self.console.username, "password": self.console.password, "id": "1", "uuid": "u"}
        return self.call("POST", "/api/login", {**body, "type": "account", **members})

    def sign_in(self) -> Admin:
        """Log in and use the token from now on."""
        self.headers = {"Authorization": "Bearer " + self.login().json()["access_token"]}
        return self

    def providers(self) -> list[dict[str, Any]]:
        """Return the list of providers."""
        return self.call("GET", f"{PROVIDERS}?current=1&pageSize=100").json()["data"]

    def add(self, **members: Any) -> dict[str, Any]:
        """Add a provider."""
        body = {"name": "azure", "issuer": "https://sso.example", "clientId": "id", "clientSecret": "s", **members}
        answer = self.call("POST", PROVIDERS, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def auth(self, **body: Any) -> requests.Response:
        """Send a client's request for a sign-in."""
        return self.call("POST", "/api/oidc/auth", {"op": "azure", "id": "1", "uuid": "u", **body})


def new_admin(lab: Lab) -> Admin:
    """A signed-in administrator of a new console without rate limits."""
    console = lab.add_console(f"free{next(_numbers)}.test", kind="rustdesk_console")
    console.set_switches(rate_limits=False)
    return Admin(lab, console).sign_in()


@pytest.fixture
def admin(lab: Lab) -> Admin:
    """A signed-in administrator of a new console."""
    return new_admin(lab)


def test_login_returns_a_jwt_for_thirty_days(admin: Admin) -> None:
    token = admin.login().json()["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 30 * 24 * 3600
    assert (claims["username"], claims["isAdmin"]) == ("admin", True)


def test_session_ends_after_thirty_days(admin: Admin, lab: Lab) -> None:
    lab.advance(30 * 24 * 3600 + 1)
    assert admin.call("GET", f"{PROVIDERS}?current=1&pageSize=1").status_code == 401


def test_refused_login(admin: Admin) -> None:
    answer = admin.login(password="wrong")
    assert answer.status_code == 401
    assert answer.json() == {"error": "用户名或密码错误"}


def test_second_factor(admin: Admin, lab: Lab) -> None:
    desk = Admin(lab, lab.add_console(f"totp-{admin.console.name}", kind="rustdesk_console", second_factor="totp"))
    first = desk.login().json()
    assert (first["type"], first["tfa_type"]) == ("email_check", "tfa_check")
    wrong = desk.login(type="email_code", secret=first["secret"], tfaCode="000000x")
    assert (wrong.status_code, wrong.json()) == (401, {"error": "双因素认证验证码错误"})
    code = totp.code_at(desk.console.totp_secret)
    assert "access_token" in desk.login(type="email_code", secret=first["secret"], tfaCode=code).json()


def test_disabled_user(admin: Admin) -> None:
    admin.console.set_user("admin", status=0)
    assert admin.login().json() == {"error": "账户已被禁用"}


def test_logout(admin: Admin) -> None:
    assert admin.call("POST", "/api/logout", {}).status_code == 200
    answer = admin.call("GET", f"{PROVIDERS}?current=1&pageSize=1")
    assert answer.status_code == 401
    assert answer.json() == {"message": "请先登录", "error": "Unauthorized", "statusCode": 401}


PAGE = "?current=1&pageSize=1"


@pytest.mark.parametrize("path", [PROVIDERS + PAGE, "/api/admin/users" + PAGE, "/api/settings/general"])
def test_only_administrators(admin: Admin, lab: Lab, path: str) -> None:
    plain = Admin(lab, lab.add_console(f"plain-{admin.console.name}", kind="rustdesk_console", admin=False)).sign_in()
    answer = plain.call("GET", path)
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")


@pytest.mark.parametrize("query", ["", "?current=1", "?pageSize=10", "?current=0&pageSize=10", "?current=x&pageSize=1"])
def test_list_needs_both_paging_parameters(admin: Admin, query: str) -> None:
    answer = admin.call("GET", PROVIDERS + query)
    assert answer.status_code == 400
    assert isinstance(answer.json()["message"], list)


def test_users(admin: Admin) -> None:
    admin.console.set_user("zoe")
    assert admin.call("GET", "/api/admin/users").status_code == 400
    answer = admin.call("GET", "/api/admin/users?current=1&pageSize=1").json()
    assert (answer["total"], [user["name"] for user in answer["data"]]) == (2, ["zoe"])
    (user,) = admin.call("GET", "/api/admin/users?current=2&pageSize=1").json()["data"]
    assert (user["name"], user["is_admin"], user["third_auth_type"]) == ("admin", True, "")


def test_list_pages_and_filters_by_part_of_the_name(admin: Admin) -> None:
    for name in ("azure-a", "azure-b", "other"):
        admin.add(name=name)
    answer = admin.call("GET", f"{PROVIDERS}?current=2&pageSize=1&name=ZURE").json()
    assert (answer["total"], [item["name"] for item in answer["data"]]) == (2, ["azure-b"])


def test_only_a_single_provider_is_returned_with_its_secret(admin: Admin) -> None:
    made = admin.add(clientSecret="quite secret")
    assert made["clientSecret"] == "quite secret"
    assert all("clientSecret" not in item for item in admin.providers())
    assert admin.call("GET", f"{PROVIDERS}/{made['guid']}").json()["clientSecret"] == "quite secret"


def test_change_keeps_the_secret_but_does_not_return_it(admin: Admin) -> None:
    path = f"{PROVIDERS}/{admin.add()['guid']}"
    answer = admin.call("PATCH", path, {"clientId": "other"})
    assert (answer.status_code, answer.json()["clientId"], answer.json()["clientSecret"]) == (200, "other", None)
    assert admin.call("GET", path).json()["clientSecret"] == "s"


def test_an_empty_secret_erases_the_stored_one(admin: Admin) -> None:
    path = f"{PROVIDERS}/{admin.add()['guid']}"
    assert admin.call("PATCH", path, {"clientSecret": ""}).status_code == 200
    assert admin.call("GET", path).json()["clientSecret"] == ""


def test_defaults(admin: Admin) -> None:
    made = admin.add()
    assert {name: made[name] for name in ("type", "scope", "enabled", "priority", "jwksUri")} == {
        "type": "oidc",
        "scope": "openid email profile",
        "enabled": True,
        "priority": 0,
        "jwksUri": None,
    }
    assert admin.add(name="git", type="oauth2")["scope"] == "read:user user:email"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"bogus": 1}, "property bogus should not exist"),
        ({"issuer": "sso.example"}, "issuer must be a URL address"),
        ({"name": ""}, "name should not be empty"),
        ({"clientId": 5}, "clientId must be a string"),
        ({"enabled": "yes"}, "enabled must be a boolean value"),
        ({"type": "saml"}, "type must be one of the following values: oidc, oauth2"),
        ({"jwksUri": "no url"}, "jwksUri must be a URL address"),
    ],
)
def test_malformed_members(admin: Admin, members: dict[str, Any], message: str) -> None:
    body = {"name": "azure", "issuer": "https://sso.example", "clientId": "id", **members}
    answer = admin.call("POST", PROVIDERS, body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert (answer.json()["error"], answer.json()["statusCode"]) == ("Bad Request", 400)
    assert len(admin.providers()) == 2


def test_a_member_is_cleared_by_null(admin: Admin) -> None:
    """An empty text is not a valid address. Members that the database requires cannot be null."""
    path = f"{PROVIDERS}/{admin.add(tokenEndpoint='https://sso.example/token')['guid']}"
    assert admin.call("PATCH", path, {"tokenEndpoint": ""}).status_code == 400
    assert admin.call("PATCH", path, {"tokenEndpoint": None}).status_code == 200
    assert admin.call("GET", path).json()["tokenEndpoint"] is None
    assert admin.call("PATCH", path, {"issuer": None}).status_code == 500


def test_a_host_without_top_level_domain_is_accepted(admin: Admin) -> None:
    assert admin.add(issuer="http://keycloak:8080/realms/main")["issuer"] == "http://keycloak:8080/realms/main"


def test_names_are_unique(admin: Admin) -> None:
    guid = admin.add()["guid"]
    for answer in (
        admin.call("POST", PROVIDERS, {"name": "azure", "issuer": "https://sso.example", "clientId": "id"}),
        admin.call("PATCH", f"{PROVIDERS}/{guid}", {"name": "google"}),
    ):
        assert answer.status_code == 400
        assert "已存在" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("PATCH", "", {}), ("DELETE", "", None), ("PATCH", "/toggle", {"enabled": True})],
)
def test_unknown_provider(admin: Admin, method: str, path: str, body: Any) -> None:
    answer = admin.call(method, f"{PROVIDERS}/nobody{path}", body)
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")
    assert "不存在" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"{PROVIDERS}/x"), ("GET", "/api/oidc/auth"), ("GET", "/nothing")]
)
def test_other_verbs_are_not_found(admin: Admin, method: str, path: str) -> None:
    answer = admin.call(method, path)
    body = {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404}
    assert (answer.status_code, answer.json()) == (404, body)


def test_toggle(admin: Admin) -> None:
    path = f"{PROVIDERS}/{admin.add()['guid']}/toggle"
    answer = admin.call("PATCH", path, {"enabled": False})
    assert (answer.status_code, answer.json()["enabled"]) == (200, False)
    assert admin.call("PATCH", path, {}).status_code == 400


def test_sort(admin: Admin) -> None:
    guid = admin.add(name="z")["guid"]
    order = [item["guid"] for item in admin.providers()][::-1]
    assert admin.call("PATCH", f"{PROVIDERS}/sort", order).status_code == 200
    assert [item["guid"] for item in admin.providers()] == order
    assert order[-1] == guid
    assert admin.call("PATCH", f"{PROVIDERS}/sort", ["nobody"]).status_code == 400
    assert admin.call("PATCH", f"{PROVIDERS}/sort", {"guids": order}).status_code == 400


def test_presets_stay_deleted_until_the_next_start(admin: Admin) -> None:
    presets = admin.providers()
    assert [(item["name"], item["enabled"], item["clientId"]) for item in presets] == [
        ("google", False, ""),
        ("github", False, ""),
    ]
    answers = [admin.call("DELETE", f"{PROVIDERS}/{item['guid']}") for item in presets]
    assert [(answer.status_code, answer.json()["message"]) for answer in answers] == [(200, "OIDC 提供商已删除")] * 2
    assert admin.providers() == []
    admin.add(name="google", clientId="mine")
    admin.console.restart()
    assert {item["name"]: item["clientId"] for item in admin.providers()} == {"google": "mine", "github": ""}


def test_settings_of_the_control_api(admin: Admin) -> None:
    admin.add(clientSecret="quite secret")
    document = admin.console.settings()
    assert document["providers"][0]["clientSecret"] == "quite secret"
    admin.console.put_settings({**document, "providers": document["providers"][:1]})
    assert [item["name"] for item in admin.providers()] == ["azure"]


def test_general_settings(admin: Admin) -> None:
    path = "/api/settings/general"
    assert admin.call("GET", path).json()["site"] == {"frontendUrl": "", "backendUrl": ""}
    site = {"backendUrl": "https://api.example"}
    assert admin.call("PUT", path, {"site": site}).json()["message"] == ["watermarkEnabled must be a boolean value"]
    assert admin.call("PUT", path, {"watermarkEnabled": True, "bogus": 1}).status_code == 400
    assert admin.call("PUT", path, {"watermarkEnabled": True, "defaultLanguage": "german"}).status_code == 400
    wrong = {"watermarkEnabled": True, "webauthn": {"rpName": "Desks"}}
    assert admin.call("PUT", path, wrong).json()["message"] == ["webauthn.enabled must be a boolean value"]
    # Members that are missing or null are unchanged
    own = {"defaultLanguage": "pt-BR", "webauthn": {"enabled": False, "rpName": "Desks"}}
    assert admin.call("PUT", path, {"watermarkEnabled": True, **own}).status_code == 200
    body = {"watermarkEnabled": False, "site": {**site, "frontendUrl": None}, "defaultLanguage": None}
    assert admin.call("PUT", path, body).json() == {
        "watermarkEnabled": False,
        **own,
        "site": {"frontendUrl": "", "backendUrl": "https://api.example"},
    }


def test_login_options(admin: Admin) -> None:
    admin.add(name="Azure")
    admin.add(name="off", enabled=False)
    assert admin.call("GET", "/api/login-options").json() == ["oidc/Azure"]
    admin.console.set_switches(login_options="common-oidc")
    assert admin.call("GET", "/api/login-options").json() == ['common-oidc/[{"name":"Azure"}]']


def test_logout_ends_the_sessions_of_the_client(admin: Admin) -> None:
    """Only sessions with the same `id` and `uuid`. Without these, only the bearer's."""
    admin.console.end_sessions()
    for members in ({}, {}, {"id": "2"}, {"uuid": "v"}):
        assert admin.login(**members).status_code == 200
    assert len(admin.console.sessions()) == 4
    assert admin.sign_in().call("POST", "/api/logout", {}).status_code == 200
    assert len(admin.console.sessions()) == 4
    assert admin.sign_in().call("POST", "/api/logout", {"id": "1", "uuid": "u"}).status_code == 200
    assert sorted((item["id"], item["uuid"]) for item in admin.console.sessions()) == [("1", "v"), ("2", "u")]


DEVICE = {"os": "linux", "type": "client", "name": "test"}


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/api/login", {"remember": True}, "property remember should not exist"),
        ("/api/login", {"type": "password"}, "type must be one of the following values: account, mobile, sms_code"),
        ("/api/login", {"deviceInfo": "linux"}, "nested property deviceInfo must be either object or array"),
        ("/api/login", {"deviceInfo": {"os": 1}}, "deviceInfo.os must be a string"),
        ("/api/login", {"deviceInfo": {"model": "x"}}, "deviceInfo.property model should not exist"),
        ("/api/currentUser", {"token": "x"}, "property token should not exist"),
        ("/api/logout", {"all": True}, "property all should not exist"),
        ("/api/oidc/auth", {"op": "azure", "deviceInfo": {"os": "linux"}}, "deviceInfo.type must be a string"),
        ("/api/oidc/auth", {"op": "azure", "deviceInfo": DEVICE, "page": 1}, "property page should not exist"),
    ],
)
def test_unknown_members_are_refused(admin: Admin, path: str, body: dict[str, Any], wrong: str) -> None:
    answer = admin.call("POST", path, body)
    assert answer.status_code == 400
    assert any(wrong in message for message in answer.json()["message"]), answer.json()


@pytest.mark.parametrize("path", [PROVIDERS, "/api/admin/users"])
def test_unknown_parameters_are_refused(admin: Admin, path: str) -> None:
    assert admin.call("GET", f"{path}?current=1&pageSize=1&name=x").status_code == 200
    answer = admin.call("GET", f"{path}?current=1&pageSize=1&sort=name")
    assert (answer.status_code, answer.json()["message"]) == (400, ["property sort should not exist"])


@pytest.mark.parametrize("op", ["oauth2/oidc/azure", "oidc/oauth2/azure"])
def test_one_prefix_is_stripped(admin: Admin, op: str) -> None:
    admin.add(issuer="https://nowhere.test")
    assert admin.auth(op=op).status_code == 400
    assert admin.auth(op="oauth2/azure").status_code == 500


def test_other_responses_to_a_login(lab: Lab) -> None:
    """An enforced but missing second factor, a passkey, and an email that cannot be sent."""
    answers = {}
    for factor in ("enforced", "passkey", "email"):
        console = lab.add_console(f"{factor}{next(_numbers)}.test", kind="rustdesk_console", second_factor=factor)
        console.set_switches(smtp=False)
        answers[factor] = Admin(lab, console).login()
    assert list(answers["enforced"].json()) == ["type", "user"]
    assert answers["enforced"].json()["type"] == "enforce_tfa"
    assert answers["passkey"].json()["type"] == "passkey_check"
    assert answers["email"].status_code == 400
    assert answers["email"].json() == {"error": "发送验证码邮件失败，请稍后重试"}  # noqa: RUF001


def test_the_callback_page_has_no_ids(admin: Admin) -> None:
    answer = admin.call("GET", "/api/oidc/callback?state=unknown")
    assert answer.status_code == 400
    assert "<h1>认证失败</h1><p>无效的 OIDC state 参数</p>" in answer.text
    assert " id=" not in answer.text


def test_sessions(lab: Lab) -> None:
    """An account lists its own sessions, newest first, and ends them one by one."""
    admin = new_admin(lab)
    device = {"os": "linux", "type": "browser", "name": "a name"}
    admin.login(id="2", uuid="v", deviceInfo=device)
    lab.advance(2)
    admin.login(id="3")
    listed = admin.call("GET", "/api/sessions").json()
    assert [item["deviceId"] for item in listed] in (["3", "2", "1"], ["3", "1", "2"])
    (named,) = [item for item in listed if item["deviceId"] == "2"]
    assert (named["deviceUuid"], named["deviceOs"], named["deviceType"], named["deviceName"]) == (
        *("v", "linux", "browser"),
        "a name",
    )
    assert named["createdAt"].endswith(".000Z")
    assert named["createdAt"] < named["expiresAt"]
    assert "access_token" not in str(listed)
    ended = admin.call("DELETE", f"/api/sessions/{named['jti']}")
    assert ended.status_code == 200
    assert len(admin.console.sessions()) == 2
    again = admin.call("DELETE", f"/api/sessions/{named['jti']}")
    assert (again.status_code, again.json()["error"]) == (404, "Not Found")
    admin.headers = {}
    assert admin.call("GET", "/api/sessions").status_code == 401
