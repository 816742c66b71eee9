# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's complete sign-in, and each mistake that makes it fail at the same step as in production."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.client import Lab, SignInFailed

from .conftest import Ready

NO_ROLE = "00000000-0000-0000-0000-000000000000"


def test_a_user_signs_in(ready: Ready) -> None:
    answer = ready.sign_in()
    assert answer["type"] == "access_token"
    assert answer["user"]["name"] == "alice"
    assert answer["user"]["is_admin"] is False
    assert answer["user"]["third_auth_type"] == "azure"
    assert ready.sign_in()["user"]["name"] == "alice"
    assert [user["name"] for user in ready.console.users()] == ["admin", "alice"]


def refused(ready: Ready, step: str, code: str) -> SignInFailed:
    """Assert that the sign-in fails at this step with this AADSTS code."""
    with pytest.raises(SignInFailed) as caught:
        ready.sign_in()
    assert (caught.value.step, caught.value.code) == (step, code), caught.value
    return caught.value


def test_wrong_secret(ready: Ready) -> None:
    ready.change_provider(client_secret=ready.secret["keyId"])
    assert "Failed to contact token endpoint" in refused(ready, "callback", "AADSTS7000215").message


def test_expired_secret(ready: Ready, lab: Lab) -> None:
    lab.advance(2 * 366 * 24 * 3600)
    refused(ready, "callback", "AADSTS7000222")


def test_removed_secret(ready: Ready) -> None:
    path = f"/applications/{ready.application['id']}/removePassword"
    assert ready.tenant.graph("POST", path, {"keyId": ready.secret["keyId"]}).status_code == 204
    refused(ready, "callback", "AADSTS7000215")


def test_new_secret_not_yet_replicated(ready: Ready, lab: Lab) -> None:
    lab.set_lag(0, 30)
    refused(ready, "callback", "AADSTS7000215")
    lab.advance(31)
    assert ready.sign_in()["access_token"]


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["https://127.0.0.1/api/oidc/callback"],
        ["{url}/api/oidc/Callback"],
        ["{url}/api/oidc/callback/"],
    ],
)
def test_redirect_uri_not_registered(ready: Ready, uris: list[str]) -> None:
    registered = [uri.format(url=ready.console.url) for uri in uris]
    path = f"/applications/{ready.application['id']}"
    assert ready.tenant.graph("PATCH", path, {"web": {"redirectUris": registered}}).status_code == 204
    message = refused(ready, "authorize", "AADSTS50011").message
    assert f"'{ready.console.url}/api/oidc/callback'" in message


def test_callback_url_of_another_host(ready: Ready) -> None:
    document = ready.console.settings()
    document["callback_url"] = "https://elsewhere.example/api/oidc/callback"
    ready.console.put_settings(document)
    refused(ready, "authorize", "AADSTS50011")


def test_redirect_uri_registered_for_a_single_page_application(ready: Ready) -> None:
    uri = f"{ready.console.url}/api/oidc/callback"
    change = {"web": {"redirectUris": []}, "spa": {"redirectUris": [uri]}}
    assert ready.tenant.graph("PATCH", f"/applications/{ready.application['id']}", change).status_code == 204
    refused(ready, "callback", "AADSTS9002327")


@pytest.mark.parametrize(
    "form",
    [
        "{login}/{tenant}/v2.0/",
        "{login}/{domain}/v2.0",
        "{login}/common/v2.0",
        "{login}/{tenant}",
        "https://127.0.0.1:1/x",
    ],
)
def test_wrong_issuer(ready: Ready, lab: Lab, form: str) -> None:
    tenant = ready.tenant
    issuer = form.format(login=lab.login_url, tenant=tenant.tenant_id, domain=tenant.domain)
    ready.change_provider(issuer=issuer)
    assert refused(ready, "auth", "").message.startswith("Failed to discover")


def test_issuer_of_another_tenant(ready: Ready, lab: Lab) -> None:
    ready.change_provider(issuer=f"{lab.login_url}/{lab.tenant.tenant_id}/v2.0")
    refused(ready, "authorize", "AADSTS700016")


def test_disabled_provider(ready: Ready) -> None:
    ready.change_provider(enabled=False)
    assert "not offered" in refused(ready, "login-options", "").message


def test_unknown_client(ready: Ready) -> None:
    ready.change_provider(client_id="00000000-0000-0000-0000-000000000001")
    refused(ready, "authorize", "AADSTS700016")


def test_wrong_password_of_the_user(ready: Ready) -> None:
    with pytest.raises(SignInFailed) as caught:
        ready.sign_in(password="wrong")
    assert (caught.value.step, caught.value.code) == ("password", "AADSTS50126")


def test_unknown_user(ready: Ready) -> None:
    with pytest.raises(SignInFailed) as caught:
        ready.sign_in("nobody@nowhere.example", "x")
    assert caught.value.code == "AADSTS50034"


def test_user_of_another_tenant(ready: Ready, lab: Lab) -> None:
    upn = f"alice@{lab.tenant.domain}"
    with pytest.raises(SignInFailed) as caught:
        ready.sign_in(upn, lab.tenant.users[upn])
    assert caught.value.code == "AADSTS50020"


def change_service_principal(ready: Ready, **members: bool) -> None:
    """Change the application's service principal."""
    path = f"/servicePrincipals/{ready.service_principal['id']}"
    assert ready.tenant.graph("PATCH", path, members).status_code == 204


def test_assignment_required(ready: Ready) -> None:
    change_service_principal(ready, appRoleAssignmentRequired=True)
    refused(ready, "password", "AADSTS50105")
    group = ready.tenant.add_group("desk users", [ready.upn])
    assignment = {"principalId": group, "resourceId": ready.service_principal["id"], "appRoleId": NO_ROLE}
    path = f"/servicePrincipals/{ready.service_principal['id']}/appRoleAssignedTo"
    assert ready.api.graph("POST", path, assignment).status_code == 403
    made = ready.tenant.graph("POST", path, assignment)
    assert made.status_code == 201, made.text
    refused(ready, "password", "AADSTS90094")
    ready.grant("openid profile email")
    assert ready.sign_in()["access_token"]
    again = ready.tenant.graph("POST", path, assignment)
    assert again.json()["error"]["message"] == "Permission being assigned already exists on the object"
    assert ready.tenant.graph("DELETE", f"{path}/{made.json()['id']}").status_code == 204
    refused(ready, "password", "AADSTS50105")


def grants(ready: Ready) -> list[tuple[str, str | None, set[str]]]:
    """Return the users with consent for the application, and the scopes."""
    path = f"/servicePrincipals/{ready.service_principal['id']}/oauth2PermissionGrants"
    found = ready.tenant.graph("GET", path).json()["value"]
    return [(item["consentType"], item["principalId"], set(item["scope"].split())) for item in found]


def test_a_users_own_consent(ready: Ready) -> None:
    """It becomes a grant, which remains valid if the tenant no longer allows users to consent."""
    assert ready.sign_in()["access_token"]
    oid = ready.tenant.user_ids[ready.upn]
    assert grants(ready) == [("Principal", oid, {"openid", "email", "profile"})]
    ready.tenant.set_switches(user_consent=False)
    assert ready.sign_in()["access_token"]
    other = ready.tenant.add_user("carol")
    with pytest.raises(SignInFailed) as caught:
        ready.sign_in(other)
    assert (caught.value.step, caught.value.code) == ("password", "AADSTS90094")


@pytest.mark.parametrize("mine", [True, False])
def test_consent_of_an_administrator_must_cover_all_scopes(ready: Ready, mine: bool) -> None:
    """For all users or for one. If there are several grants, each counts."""
    ready.tenant.set_switches(user_consent=False)
    whose = {"consentType": "Principal", "principalId": ready.tenant.user_ids[ready.upn]} if mine else {}
    key = ready.grant("openid profile", **whose)
    refused(ready, "password", "AADSTS90094")
    assert ready.tenant.graph("PATCH", f"/oauth2PermissionGrants/{key}", {"scope": "openid profile email"}).ok
    assert ready.sign_in()["access_token"]
    assert len(grants(ready)) == 1


def test_a_user_extends_an_earlier_consent(ready: Ready) -> None:
    oid = ready.tenant.user_ids[ready.upn]
    ready.grant("User.Read", consentType="Principal", principalId=oid)
    assert ready.sign_in()["access_token"]
    assert grants(ready) == [("Principal", oid, {"User.Read", "openid", "email", "profile"})]


def test_consent_that_is_revoked_before_the_code_is_redeemed(ready: Ready, lab: Lab) -> None:
    ready.tenant.set_switches(user_consent=False)
    key = ready.grant("openid profile")
    form = {
        "client_id": ready.application["appId"],
        "redirect_uri": f"{ready.console.url}/api/oidc/callback",
        "response_type": "code",
        "scope": "openid profile",
    }
    url = f"{lab.login_url}/{ready.tenant.tenant_id}"
    page = ready.api.http.get(f"{url}/oauth2/v2.0/authorize", params=form, timeout=10)
    flow = re.search(r'name="ctx" value="([^"]+)"', page.text)
    assert flow
    who = {"ctx": flow[1], "loginfmt": ready.upn, "passwd": ready.tenant.users[ready.upn]}
    back = ready.api.http.post(f"{url}/login", data=who, timeout=10, allow_redirects=False)
    (code,) = parse_qs(urlsplit(back.headers["Location"]).query)["code"]
    assert ready.tenant.graph("DELETE", f"/oauth2PermissionGrants/{key}").ok
    sent = {"client_id": form["client_id"], "client_secret": ready.secret["secretText"], "code": code}
    answer = ready.api.token(grant_type="authorization_code", redirect_uri=form["redirect_uri"], scope="", **sent)
    assert answer.json()["error_codes"] == [65001]


def test_disabled_service_principal(ready: Ready) -> None:
    change_service_principal(ready, accountEnabled=False)
    refused(ready, "password", "AADSTS7000112")


def test_disabled_user(ready: Ready) -> None:
    ready.tenant.change_user(ready.upn, enabled=False)
    refused(ready, "password", "AADSTS50057")


def test_the_users_consent_creates_a_missing_service_principal(ready: Ready) -> None:
    path = f"/servicePrincipals/{ready.service_principal['id']}"
    assert ready.tenant.graph("DELETE", path).status_code == 204
    ready.tenant.set_switches(user_consent=False)
    refused(ready, "password", "AADSTS90094")
    ready.tenant.set_switches(user_consent=True)
    assert ready.sign_in()["access_token"]
    app_id = ready.application["appId"]
    assert ready.tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')").status_code == 200


def test_common_endpoint_needs_a_multi_tenant_audience(ready: Ready, lab: Lab) -> None:
    query = {"client_id": ready.application["appId"], "redirect_uri": "x", "response_type": "code"}
    page = ready.api.http.get(f"{lab.login_url}/common/oauth2/v2.0/authorize", params=query, timeout=10)
    assert "AADSTS50194" in page.text


def test_a_duplicate_name_gets_the_providers_name_appended(ready: Ready) -> None:
    upn = ready.tenant.add_user("admin")
    assert ready.sign_in(upn)["user"]["name"] == "admin-azure"


def test_sign_in_is_collected_once_and_only_by_its_client(ready: Ready) -> None:
    http, url = ready.api.http, ready.console.url
    begun = http.post(f"{url}/api/oidc/auth", json={"op": "azure", "id": "1", "uuid": "a"}, timeout=10).json()
    query = {"code": begun["code"], "id": "1", "uuid": "a"}
    pending = http.get(f"{url}/api/oidc/auth-query", params=query, timeout=10)
    assert (pending.status_code, pending.json()) == (200, {"error": "No authed oidc is found"})
