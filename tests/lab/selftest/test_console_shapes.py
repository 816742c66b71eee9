# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `pro` console's other shapes of settings, provider types, users and second factors."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lab.client import Console, Lab, SignInFailed
from lab.rustdesk import totp

from .conftest import Api, Ready
from .test_console import bearer, login

SHAPES = {
    "camel": ("/api/settings/oidc", "POST", "/api/settings/oidc"),
    "wrapped": ("/api/admin/oidc", "PUT", "/api/admin/oidc/save"),
    "list": ("/api/v2/auth-providers", "PUT", "/api/v2/auth-providers"),
}


class Admin:
    """A signed-in administrator of a console."""

    def __init__(self, api: Api, console: Console) -> None:
        self.http = api.http
        self.console = console
        self.headers = bearer(login(api, console))

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request with the session's token."""
        return self.http.request(method, self.console.url + path, json=body, headers=self.headers, timeout=10)

    def auth(self, op: str = "azure") -> dict[str, Any]:
        """Send a client's request for a sign-in."""
        return self.call("POST", "/api/oidc/auth", {"op": op, "id": "1", "uuid": "u", "deviceInfo": {}}).json()

    def offered(self) -> list[str]:
        """Return the providers in login-options, in the plain form."""
        self.console.set_switches(login_options="oidc")
        return [option.removeprefix("oidc/") for option in self.call("GET", "/api/login-options").json()]


@pytest.fixture
def admin(api: Api, console: Console) -> Admin:
    """An administrator of a new console."""
    return Admin(api, console)


def add(console: Console, **members: Any) -> None:
    """Add a provider without the client's knowledge."""
    document = console.settings()
    order = len(document["providers"])
    provider = {"name": "azure", "order_index": order, "enabled": True, "client_id": "id", "client_secret": "s"}
    document["providers"].append({**provider, **members})
    console.put_settings(document)


def test_camel(admin: Admin) -> None:
    admin.console.set_switches(shape="camel")
    document = admin.call("GET", "/api/settings/oidc").json()
    assert list(document) == ["maxAuthCount", "callbackUrl", "trustedOrigins", "providers"]
    provider = document["providers"][0]
    assert (provider["orderIndex"], provider["clientId"]) == (0, "legacy-client")
    provider["clientSecret"] = "changed"
    assert admin.call("POST", "/api/settings/oidc", document).content == b""
    assert admin.console.settings()["providers"][0]["client_secret"] == "changed"


def test_wrapped(admin: Admin) -> None:
    admin.console.set_switches(shape="wrapped")
    answer = admin.call("GET", "/api/admin/oidc").json()
    assert (answer["code"], list(answer["data"])) == (0, ["callback_url", "trusted_origins", "oidc"])
    document = answer["data"]
    assert (document["oidc"]["max"], document["oidc"]["items"][0]["op"]) == (500, "legacy")
    document["oidc"]["items"][0]["app_id"] = "changed"
    assert admin.call("PUT", "/api/admin/oidc/save", document).json() == {"code": 0, "data": None}
    assert admin.console.settings()["providers"][0]["client_id"] == "changed"


def test_list(admin: Admin) -> None:
    admin.console.set_switches(shape="list")
    providers = admin.call("GET", "/api/v2/auth-providers").json()
    assert (providers[0]["title"], providers[0]["position"]) == ("legacy", 0)
    providers[0]["enabled"] = True
    assert admin.call("PUT", "/api/v2/auth-providers", providers).status_code == 200
    assert admin.console.settings()["providers"][0]["enabled"] is True
    callback = {"callback_url": "https://desk.example/api/oidc/callback"}
    assert admin.call("PUT", "/api/v2/auth-callback", callback).status_code == 200
    assert admin.call("GET", "/api/v2/auth-callback").json() == callback
    assert admin.console.settings()["callback_url"] == callback["callback_url"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_keeps_unknown_keys(admin: Admin, shape: str) -> None:
    read, method, save = SHAPES[shape]
    before = admin.console.settings()
    before["providers"][0]["future"] = {"b": 1, "a": [None]}
    admin.console.put_settings(before)
    admin.console.set_switches(shape=shape)
    document = admin.call("GET", read).json()
    text = admin.call("GET", read).text
    assert admin.call(method, save, document["data"] if shape == "wrapped" else document).status_code == 200
    assert admin.console.settings() == before
    assert admin.call("GET", read).text == text


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_has_only_its_own_paths(admin: Admin, shape: str) -> None:
    read, _method, _save = SHAPES[shape]
    assert admin.call("GET", read).status_code == 404
    admin.console.set_switches(shape=shape)
    assert admin.call("GET", "/api/oidc/settings").status_code == 404
    assert admin.call("DELETE", read).status_code == 405
    assert admin.http.get(admin.console.url + read, headers={"Authorization": ""}, timeout=10).status_code == 401


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("body", [[{"enabled": True}], {}, {"oidc": {"items": [7], "max": 1}}, {"providers": [1]}])
def test_a_shape_refuses_malformed_documents(admin: Admin, shape: str, body: Any) -> None:
    _read, method, save = SHAPES[shape]
    before = admin.console.settings()
    admin.console.set_switches(shape=shape)
    answer = admin.call(method, save, body)
    assert answer.status_code == 400 or answer.json().get("error") or answer.json()["code"]
    assert admin.console.settings() == before


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_hides_secrets(api: Api, ready: Ready, shape: str) -> None:
    admin = Admin(api, ready.console)
    ready.console.set_switches(shape=shape, secrets="masked")
    read, method, save = SHAPES[shape]
    answer = admin.call("GET", read)
    assert ready.secret["secretText"] not in answer.text
    document = answer.json()
    admin.call(method, save, document["data"] if shape == "wrapped" else document)
    assert ready.sign_in()["access_token"]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("github", "https://github.com/login/oauth/authorize?"),
        ("facebook", "https://www.facebook.com/dialog/oauth?"),
        ("google", "https://accounts.google.com/o/oauth2/v2/auth?"),
        ("gitlab", "https://gitlab.com/oauth/authorize?"),
        ("apple", "https://appleid.apple.com/auth/authorize?"),
    ],
)
def test_built_in_services_need_no_issuer(admin: Admin, name: str, url: str) -> None:
    add(admin.console, name=name)
    assert admin.offered() == [name]
    assert admin.auth(name)["url"].startswith(url)


def test_a_type_may_have_another_name(admin: Admin) -> None:
    add(admin.console, name="code", kind="github")
    assert admin.auth("code")["url"].startswith("https://github.com/")


@pytest.mark.parametrize("name", ["azure", "okta", "auth0", "mine"])
def test_other_providers_need_an_issuer_or_endpoints(admin: Admin, name: str) -> None:
    add(admin.console, name=name)
    assert "error" in admin.auth(name)


@pytest.mark.parametrize("with_keys", [True, False])
def test_endpoints_without_issuer(api: Api, ready: Ready, with_keys: bool) -> None:
    issuer = f"{api.lab.login_url}/{ready.tenant.tenant_id}/v2.0"
    metadata = api.http.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    endpoints = {name: metadata[name] for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")}
    ready.change_provider(issuer="", jwks_endpoint=metadata["jwks_uri"] if with_keys else "", **endpoints)
    # Without keys, the userinfo endpoint identifies the user, with fewer claims.
    assert ready.sign_in()["user"]["name"] == ("alice" if with_keys else "Alice")


def test_wrong_keys_endpoint(api: Api, ready: Ready) -> None:
    issuer = f"{api.lab.login_url}/{ready.tenant.tenant_id}/v2.0"
    metadata = api.http.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    endpoints = {name: metadata[name] for name in ("authorization_endpoint", "token_endpoint")}
    ready.change_provider(issuer="", jwks_endpoint=issuer, **endpoints)
    with pytest.raises(SignInFailed) as failure:
        ready.sign_in()
    assert failure.value.step == "callback"


def test_azure_is_called_microsoft_in_later_releases(api: Api, ready: Ready) -> None:
    admin = Admin(api, ready.console)
    first = ready.sign_in()["user"]["name"]
    ready.console.set_switches(microsoft_name=True, lower_case=False)
    document = admin.call("GET", "/api/oidc/settings").json()
    assert [item["name"] for item in document["providers"]] == ["legacy", "Microsoft"]
    assert admin.offered() == ["Microsoft"]
    admin.call("PUT", "/api/oidc/settings", document)
    assert [item["name"] for item in ready.console.settings()["providers"]] == ["legacy", "azure"]
    signed_in = ready.console.sign_in("Microsoft", ready.upn, ready.tenant.users[ready.upn])
    assert signed_in["user"]["name"] == first


def test_a_renamed_provider_orphans_its_users(ready: Ready) -> None:
    ready.sign_in()
    ready.change_provider(name="entra")
    ready.console.sign_in("entra", ready.upn, ready.tenant.users[ready.upn])
    users = {user["name"]: user["third_auth_type"] for user in ready.console.users()}
    assert users == {"admin": "", "alice": "azure", "alice-entra": "entra"}


def test_users_list(api: Api, admin: Admin) -> None:
    admin.console.set_user("carol", third_auth_type="azure", is_admin=True)
    admin.console.set_user("dave", status=0)
    answer = admin.call("GET", "/api/users?current=1&pageSize=100").json()
    shown = {item["name"]: (item["is_admin"], item["third_auth_type"], item["status"]) for item in answer["data"]}
    assert shown == {"admin": (True, "", 1), "carol": (True, "azure", 1), "dave": (False, "", 0)}
    assert answer["total"] == 3
    second = admin.call("GET", "/api/users?current=2&pageSize=2").json()["data"]
    assert [item["name"] for item in second] == ["dave"]
    admin.console.set_user("admin", is_admin=False)
    assert admin.call("GET", "/api/users?current=1&pageSize=100").status_code == 403


def test_an_administrator_without_password(api: Api, console: Console) -> None:
    console.set_user("admin", third_auth_type="azure")
    assert login(api, console).json() == {"error": "Wrong credentials"}


def test_disabled_user(api: Api, console: Console) -> None:
    console.set_user("admin", status=0)
    assert "error" in login(api, console).json()


def test_totp_code_opens_one_session(api: Api, lab: Lab, console: Console) -> None:
    desk = lab.add_console(f"once-{console.name}", second_factor="totp")

    def second(code: str) -> dict[str, Any]:
        first = login(api, desk).json()
        members = {"type": "email_code", "secret": first["secret"], "verificationCode": code, "tfaCode": code}
        return login(api, desk, **members).json()

    now, secret = time.time(), desk.totp_secret
    assert "access_token" in second(totp.code_at(secret, now))
    assert "error" in second(totp.code_at(secret, now))
    assert "error" in second(totp.code_at(secret, now - 30))
    assert "access_token" in second(totp.code_at(secret, now + 30))
    desk.set_switches(totp_once=False)
    assert "access_token" in second(totp.code_at(secret, now))


def test_scope_and_challenge_of_pro(api: Api, ready: Ready) -> None:
    query = parse_qs(urlsplit(Admin(api, ready.console).auth()["url"]).query)
    assert (query["scope"], query["code_challenge_method"]) == (["openid openid email profile"], ["S256"])
