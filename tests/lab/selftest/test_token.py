# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token endpoint and discovery against the recordings."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lab.client import Lab

from .conftest import Api, Ready

RECORDED = json.loads((Path(__file__).parents[1] / "recorded" / "sts_exchanges.json").read_text("utf-8"))


def check_error(response: requests.Response, status: int, error: str, code: int) -> None:
    """Assert an error in the recorded shape."""
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [code]), body
    assert list(body) == list(RECORDED["unknown_tenant_on_discovery"]["body"])
    lines = body["error_description"].split("\r\n")
    assert [line.split(":")[0] for line in lines] == [f"AADSTS{code}", "Trace ID", "Correlation ID", "Timestamp"]


def test_discovery_has_the_recorded_shape(api: Api) -> None:
    recorded = RECORDED["openid_configuration_tenant"]
    for key in (api.tenant.tenant_id, api.tenant.domain):
        response = api.http.get(f"{api.lab.login_url}/{key}/v2.0/.well-known/openid-configuration", timeout=10)
        assert response.status_code == 200
        assert list(response.json()) == list(recorded["body"])
        assert response.json()["issuer"] == f"{api.lab.login_url}/{api.tenant.tenant_id}/v2.0"
        for name, value in recorded["headers"].items():
            assert response.headers[name] == value


def test_discovery_of_alias_tenants_has_a_template_as_issuer(api: Api) -> None:
    for key in ("common", "organizations"):
        response = api.http.get(f"{api.lab.login_url}/{key}/v2.0/.well-known/openid-configuration", timeout=10)
        assert response.json()["issuer"] == f"{api.lab.login_url}/{{tenantid}}/v2.0"


def test_discovery_of_an_unknown_tenant(api: Api) -> None:
    response = api.http.get(f"{api.lab.login_url}/nowhere.example/v2.0/.well-known/openid-configuration", timeout=10)
    check_error(response, 400, "invalid_tenant", 90002)


def test_instance_discovery(api: Api) -> None:
    query = {
        "api-version": "1.1",
        "authorization_endpoint": f"{api.lab.login_url}/{api.tenant.tenant_id}/oauth2/v2.0/authorize",
    }
    body = api.http.get(f"{api.lab.login_url}/common/discovery/instance", params=query, timeout=10).json()
    assert list(body) == list(RECORDED["instance_discovery"]["body"])
    assert api.tenant.tenant_id in body["tenant_discovery_endpoint"]


def test_token_has_the_recorded_shape(api: Api) -> None:
    response = api.token()
    assert response.status_code == 200
    assert list(response.json()) == list(RECORDED["token_ok"]["body"])
    for name, value in RECORDED["token_ok"]["headers"].items():
        assert response.headers[name] == value


def test_secret_in_a_basic_header(api: Api) -> None:
    automation = api.tenant.automation
    form = {"grant_type": "client_credentials", "scope": f"{api.lab.graph_url}/.default"}
    response = api.http.post(
        f"{api.lab.login_url}/{api.tenant.domain}/oauth2/v2.0/token",
        data=form,
        auth=(automation["client_id"], automation["client_secret"]),
        timeout=10,
    )
    assert response.status_code == 200, response.text


def test_errors_of_client_credentials(api: Api) -> None:
    application = api.application()
    app_id, secret = application["appId"], api.password(application)["secretText"]
    check_error(api.token(client_secret="wrong"), 401, "invalid_client", 7000215)
    check_error(api.token(client_secret=""), 401, "invalid_client", 7000218)
    check_error(api.token(client_id="00000000-0000-0000-0000-000000000001"), 400, "unauthorized_client", 700016)
    check_error(api.token(path="00000000-0000-0000-0000-000000000001"), 400, "invalid_request", 90002)
    check_error(api.token(client_id=app_id, client_secret=secret), 401, "unauthorized_client", 7000229)
    check_error(api.token(grant_type="password"), 400, "unsupported_grant_type", 70003)
    api.graph("POST", "/servicePrincipals", {"appId": app_id})
    assert api.token(client_id=app_id, client_secret=secret).status_code == 200
    api.graph("PATCH", f"/servicePrincipals(appId='{app_id}')", {"accountEnabled": False})
    check_error(api.token(client_id=app_id, client_secret=secret), 401, "unauthorized_client", 7000112)


def test_expired_secrets_are_distinguished_from_wrong_ones(api: Api) -> None:
    application = api.application()
    secret = api.password(application)["secretText"]
    api.lab.advance(2 * 366 * 24 * 3600)
    wanted = {"client_id": application["appId"], "client_secret": secret}
    check_error(api.token(**wanted), 401, "invalid_client", 7000222)
    check_error(api.token(client_id=application["appId"], client_secret="wrong"), 401, "invalid_client", 7000222)
    api.sign_in().password(application)
    check_error(api.token(**wanted), 401, "invalid_client", 7000222)
    check_error(api.token(client_id=application["appId"], client_secret="wrong"), 401, "invalid_client", 7000215)


def test_a_new_secret_is_unknown_for_a_while(api: Api) -> None:
    api.lab.set_lag(0, 60)
    application = api.application()
    secret = api.password(application)["secretText"]
    api.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    wanted = {"client_id": application["appId"], "client_secret": secret}
    codes = [api.token(**wanted).json()["error_codes"][0] for _turn in range(3)]
    assert codes == [7000215, 7000215, 7000222]
    api.lab.advance(61)
    assert api.token(**wanted).status_code == 200


def authorize(ready: Ready, **query: str) -> dict[str, Any]:
    """Sign a user in to get an authorization code of the test's own request. Returns the form that redeems it."""
    redirect_uri = f"{ready.console.url}/api/oidc/callback"
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": ready.application["appId"],
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": "openid profile",
        "state": "s",
        "nonce": "n",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **query,
    }
    http, base = ready.api.http, f"{ready.api.lab.login_url}/{ready.tenant.tenant_id}"
    page = http.get(f"{base}/oauth2/v2.0/authorize", params=asked, timeout=10).text
    flow = re.search(r'name="ctx" value="([^"]+)"', page)
    assert flow, page
    form = {"ctx": flow.group(1), "loginfmt": ready.upn, "passwd": ready.tenant.users[ready.upn]}
    answer = http.post(f"{base}/login", data=form, timeout=10, allow_redirects=False)
    if answer.status_code != 302:
        return {"page": answer.text}
    parts = urlsplit(answer.headers["Location"])
    sent = {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}
    assert sent["state"] == "s"
    return {
        "grant_type": "authorization_code",
        "client_id": ready.application["appId"],
        "client_secret": ready.secret["secretText"],
        "code": sent["code"],
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "scope": "",
    }


def test_code_is_redeemed_once(ready: Ready) -> None:
    form = authorize(ready)
    body = ready.api.token(**form).json()
    assert {"access_token", "id_token", "expires_in", "scope", "token_type"} <= set(body)
    claims = json.loads(base64.urlsafe_b64decode(body["id_token"].split(".")[1] + "=="))
    assert claims["iss"] == f"{ready.api.lab.login_url}/{ready.tenant.tenant_id}/v2.0"
    assert (claims["aud"], claims["nonce"], claims["ver"]) == (ready.application["appId"], "n", "2.0")
    assert claims["preferred_username"] == ready.upn
    assert "email_verified" not in claims
    check_error(ready.api.token(**form), 400, "invalid_grant", 54005)


def test_an_email_in_an_unverified_domain(ready: Ready) -> None:
    path = f"/applications/{ready.application['id']}"

    def email(value: bool | None, address: str) -> str | None:
        change = {"authenticationBehaviors": {"removeUnverifiedEmailClaim": value}}
        assert ready.api.graph("PATCH", path, change).status_code == 204
        ready.tenant.change_user(ready.upn, email=address)
        token = ready.api.token(**authorize(ready, scope="openid email")).json()["id_token"]
        return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")).get("email")

    stranger, own = "alice@elsewhere.example", f"alice@mail.{ready.tenant.domain}"
    assert email(None, stranger) == email(False, stranger) == stranger
    assert email(True, stranger) is None
    assert email(True, own) == own
    assert ready.api.graph("PATCH", path, {"signInAudience": "AzureADMultipleOrgs"}).status_code == 204
    assert email(None, stranger) is None
    assert email(False, stranger) == stranger


def test_errors_of_the_code_grant(ready: Ready) -> None:
    form = authorize(ready)
    check_error(ready.api.token(**{**form, "code_verifier": "wrong"}), 400, "invalid_grant", 501481)
    check_error(ready.api.token(**{**form, "redirect_uri": form["redirect_uri"] + "/"}), 400, "invalid_client", 500112)
    check_error(ready.api.token(**{**form, "client_secret": ""}), 401, "invalid_client", 7000218)
    check_error(ready.api.token(**{**form, "code": "unknown"}), 400, "invalid_grant", 9002313)
    ready.api.lab.advance(601)
    check_error(ready.api.token(**form), 400, "invalid_grant", 70008)


def test_plain_challenge(ready: Ready) -> None:
    form = authorize(ready, code_challenge="simple", code_challenge_method="plain")
    assert ready.api.token(**{**form, "code_verifier": "simple"}).status_code == 200


def test_form_post(ready: Ready) -> None:
    page = authorize(ready, response_mode="form_post")["page"]
    assert f'action="{ready.console.url}/api/oidc/callback"' in page
    assert 'name="code"' in page


def test_port_is_ignored_only_for_localhost(api: Api) -> None:
    application = api.application(web={"redirectUris": ["http://localhost/cb", "https://127.0.0.1:1/cb"]})
    url = f"{api.lab.login_url}/{api.tenant.tenant_id}/oauth2/v2.0/authorize"
    for uri, status in (
        ("http://localhost:8080/cb", 200),
        ("http://localhost:8080/CB", 400),
        ("https://127.0.0.1:2/cb", 400),
    ):
        query = {"client_id": application["appId"], "response_type": "code", "redirect_uri": uri}
        assert api.http.get(url, params=query, timeout=10).status_code == status


def test_id_token_response_type_needs_the_switch(api: Api) -> None:
    application = api.application(web={"redirectUris": ["https://a.example/cb"]})
    query = {
        "client_id": application["appId"],
        "response_type": "code id_token",
        "redirect_uri": "https://a.example/cb",
    }
    url = f"{api.lab.login_url}/{api.tenant.tenant_id}/oauth2/v2.0/authorize"
    answer = api.http.get(url, params=query, timeout=10, allow_redirects=False)
    assert "AADSTS700054" in answer.headers["Location"]


def test_denied_by_a_fault(api: Api, lab: Lab) -> None:
    lab.fault("login", path_regex="token$", deny=7000222)
    check_error(api.token(), 401, "invalid_client", 7000222)
    assert api.token().status_code == 200


@pytest.mark.parametrize("retry_after", [None, "2.128"])
def test_throttled_by_a_fault(api: Api, lab: Lab, retry_after: str | None) -> None:
    lab.fault("login", throttle=retry_after or True)
    answer = api.token()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, retry_after)
