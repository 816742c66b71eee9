# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `rustdesk_console`: users' sign-in and the rate limits, as seen on a running rustdesk-console 1.8.0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.client import Lab, SignInFailed
from lab.user import Person

from .conftest import Api
from .test_console_rustdesk_console import PROVIDERS, Admin, new_admin


@pytest.fixture
def admin(lab: Lab) -> Admin:
    """A signed-in administrator of a new console."""
    return new_admin(lab)


class Ready:
    """A console with a registered provider, so that its users can sign in."""

    def __init__(self, api: Api, admin: Admin) -> None:
        self.api = api
        self.admin = admin
        self.console = admin.console
        self.upn = next(iter(api.tenant.users))
        self.password = api.tenant.users[self.upn]
        self.application = api.application(web={"redirectUris": [f"{self.console.url}/api/oidc/callback"]})
        assert api.graph("POST", "/servicePrincipals", {"appId": self.application["appId"]}).status_code == 201
        self.members = {
            "issuer": f"{api.lab.login_url}/{api.tenant.tenant_id}/v2.0",
            "clientId": self.application["appId"],
            "clientSecret": api.password(self.application)["secretText"],
        }
        self.provider = admin.add(**self.members)
        general = {"watermarkEnabled": True, "site": {"backendUrl": self.console.url}}
        assert admin.call("PUT", "/api/settings/general", general).status_code == 200

    def sign_in(self, op: str = "azure") -> dict[str, Any]:
        """Sign the first user in."""
        return self.console.sign_in(op, self.upn, self.password)

    def endpoints(self) -> dict[str, str]:
        """Return the provider's endpoints for manual configuration."""
        metadata = self.api.http.get(self.members["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
        return {
            "authorizationEndpoint": metadata["authorization_endpoint"],
            "tokenEndpoint": metadata["token_endpoint"],
            "userinfoEndpoint": metadata["userinfo_endpoint"],
        }


@pytest.fixture
def ready(api: Api, admin: Admin) -> Ready:
    """A console ready for sign-in."""
    return Ready(api, admin)


def test_sign_in(ready: Ready) -> None:
    ready.api.tenant.change_user(ready.upn, email=ready.upn)
    user = ready.sign_in()["user"]
    # Entra issues no email_verified, so the address does not count.
    assert (user["name"], user["email"], user["third_auth_type"]) == (ready.upn, "", "oidc")


def test_a_renamed_provider_creates_new_users(ready: Ready) -> None:
    ready.sign_in()
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", {"name": "entra"})
    assert ready.sign_in("entra")["user"]["name"] == f"{ready.upn}_1"
    assert len(ready.console.users()) == 3


def test_authorization_request(ready: Ready) -> None:
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", {"scope": "openid"})
    answer = ready.admin.auth()
    assert answer.status_code == 201
    query = parse_qs(urlsplit(answer.json()["url"]).query)
    assert query["redirect_uri"] == [f"{ready.console.url}/api/oidc/callback"]
    assert query["scope"] == ["openid"]
    # The client polls with a code that is not the state.
    assert query["state"] != [answer.json()["code"]]


def test_redirect_uri_before_it_is_set(ready: Ready) -> None:
    general = {"watermarkEnabled": True, "site": {"backendUrl": ""}}
    ready.admin.call("PUT", "/api/settings/general", general)
    query = parse_qs(urlsplit(ready.admin.auth().json()["url"]).query)
    assert query["redirect_uri"] == ["http://localhost:3000/api/oidc/callback"]


def test_api_domain_is_refused_until_a_later_release(ready: Ready) -> None:
    answer = ready.admin.auth(apiDomain="https://desk.example")
    assert (answer.status_code, answer.json()["message"]) == (400, ["property apiDomain should not exist"])
    ready.console.set_switches(api_domain=True)
    assert ready.admin.auth(apiDomain="https://desk.example").status_code == 201


def test_auth_of_an_unknown_provider(admin: Admin) -> None:
    assert admin.auth(op="nobody").status_code == 400


@pytest.mark.parametrize("suffix", ["/", "/nothing"])
def test_wrong_issuer_is_an_internal_error(ready: Ready, suffix: str) -> None:
    path = f"{PROVIDERS}/{ready.provider['guid']}"
    ready.admin.call("PATCH", path, {"issuer": ready.members["issuer"] + suffix})
    answer = ready.admin.auth()
    assert (answer.status_code, answer.json()) == (500, {"statusCode": 500, "message": "Internal server error"})


def test_endpoints_given_by_hand_replace_discovery(ready: Ready) -> None:
    wrong = {"issuer": ready.members["issuer"] + "/", **ready.endpoints()}
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", wrong)
    assert ready.admin.auth().status_code == 201
    # The issuer of the ID token differs, which a real sign-in detects.
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    assert failure.value.step == "callback"


def test_sign_in_without_reachable_discovery(ready: Ready) -> None:
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", ready.endpoints())
    ready.api.lab.fault("login", path_regex="well-known", status=503)
    # Without configured keys, the signature of the ID token is not verified.
    assert ready.sign_in()["user"]["name"] == ready.upn


def test_oauth2_provider(ready: Ready) -> None:
    members = {"type": "oauth2", "scope": "openid profile", **ready.endpoints()}
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", members)
    assert "nonce" not in ready.admin.auth().json()["url"]
    assert ready.sign_in()["user"]["name"] == "Alice"


def test_second_provider_of_an_issuer_uses_the_first_ones_client(ready: Ready) -> None:
    ready.admin.auth()
    second = ready.admin.add(**{**ready.members, "name": "second", "clientId": "another"})
    query = parse_qs(urlsplit(ready.admin.auth(op="second").json()["url"]).query)
    assert query["client_id"] == [ready.members["clientId"]]
    # Any change of a provider of that issuer empties the cache.
    ready.admin.call("PATCH", f"{PROVIDERS}/{second['guid']}", {})
    query = parse_qs(urlsplit(ready.admin.auth(op="second").json()["url"]).query)
    assert query["client_id"] == ["another"]


def test_the_consoles_own_test_checks_only_discovery(ready: Ready) -> None:
    path = f"{PROVIDERS}/{ready.provider['guid']}"
    ready.admin.call("PATCH", path, {"clientSecret": "wrong", "clientId": "nobody"})
    answer = ready.admin.call("POST", f"{path}/test")
    assert (answer.status_code, answer.json()["success"], len(answer.json()["endpoints"])) == (200, True, 4)
    ready.admin.call("PATCH", path, {"issuer": "https://127.0.0.1:1"})
    assert ready.admin.call("POST", f"{path}/test").json()["success"] is False


def test_failed_sign_in_hides_its_reason(ready: Ready) -> None:
    ready.admin.call("PATCH", f"{PROVIDERS}/{ready.provider['guid']}", {"clientSecret": "wrong"})
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    assert (failure.value.step, failure.value.code) == ("callback", "")
    assert "OIDC 认证失败" in failure.value.message


def test_unknown_state(admin: Admin) -> None:
    answer = admin.call("GET", "/api/oidc/callback?code=x&state=y")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


def test_token_is_returned_once(ready: Ready) -> None:
    begun = ready.admin.auth().json()
    path = f"/api/oidc/auth-query?code={begun['code']}&id=1&uuid=u"
    waiting = ready.admin.call("GET", path)
    assert (waiting.status_code, waiting.json()) == (401, {"error": "No authed oidc is found"})
    Person(ready.api.lab.ca_path).finish(begun["url"], ready.upn, ready.password)
    assert ready.admin.call("GET", path).json()["access_token"]
    assert ready.admin.call("GET", path).status_code == 401


def test_a_user_who_returns_too_late(ready: Ready, lab: Lab) -> None:
    begun = ready.admin.auth().json()
    path = f"/api/oidc/auth-query?code={begun['code']}&id=1&uuid=u"
    lab.advance(181)
    assert ready.admin.call("GET", path).json() == {"error": "No authed oidc is found"}
    with pytest.raises(SignInFailed, match="OIDC 授权已过期"):
        Person(ready.api.lab.ca_path).finish(begun["url"], ready.upn, ready.password)
    late = ready.admin.call("GET", path)
    assert (late.status_code, late.json()) == (401, {"error": "Authorization expired"})
    assert ready.admin.call("GET", path.replace("uuid=u", "uuid=v")).json() == {"error": "No authed oidc is found"}


RATES = [
    ("POST", "/api/login", 5),
    ("POST", "/api/oidc/auth", 5),
    ("GET", "/api/login-options", 20),
    ("GET", "/api/oidc/callback", 20),
    ("GET", "/api/oidc/auth-query", 120),
    ("GET", "/api/oidc-providers?current=1&pageSize=1", 100),
]


@pytest.fixture
def limited(admin: Admin) -> Iterator[Admin]:
    """An administrator of a console with rate limits."""
    admin.console.set_switches(rate_limits=True)
    yield admin


@pytest.mark.parametrize(("method", "path", "limit"), RATES)
def test_rate_limits(limited: Admin, lab: Lab, method: str, path: str, limit: int) -> None:
    answers = [limited.call(method, path) for _request in range(limit + 1)]
    assert [answer.status_code == 429 for answer in answers] == [False] * limit + [True]
    assert answers[0].headers["X-RateLimit-Limit"] == str(limit)
    assert answers[0].headers["X-RateLimit-Remaining"] == str(limit - 1)
    assert answers[-1].headers["Retry-After"] == "60"
    assert answers[-1].json() == {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"}
    assert limited.call("GET", "/api/settings/general").status_code == 200
    lab.advance(61)
    assert limited.call(method, path).status_code != 429


def test_a_rate_limit_applies_to_the_id_in_the_body(limited: Admin, lab: Lab) -> None:
    assert [limited.auth().status_code == 429 for _request in range(6)] == [False] * 5 + [True]
    assert limited.auth(uuid="another").status_code == 429
    assert limited.auth(id="", uuid="another").status_code != 429
    assert [limited.auth(id="2").status_code == 429 for _request in range(6)] == [False] * 5 + [True]


def test_the_labs_users_come_from_other_addresses(api: Api, limited: Admin) -> None:
    ready = Ready(api, limited)
    for _time in range(6):
        assert ready.sign_in()["access_token"]
