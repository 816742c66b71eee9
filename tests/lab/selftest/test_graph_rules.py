# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Graph's refusals and their error responses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from lab.client import Lab

from .conftest import Api

BAD = "Request_BadRequest"


def check(response: requests.Response, status: int, code: str, text: str = "") -> None:
    """Assert an error in the recorded shape."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert text in error["message"]
    assert {"date", "request-id", "client-request-id"} <= set(error["innerError"])
    assert response.headers["Content-Type"] == "application/json"
    assert "odata-version" not in response.headers


@pytest.mark.parametrize(
    "members",
    [
        {"bogus": 1},
        {"web": {"bogus": 1}},
        {"displayName": 7},
        {"web": {"redirectUris": "https://a.example"}},
        {"web": {"redirectUris": [None]}},
        {"tags": None},
        {"isFallbackPublicClient": "yes"},
        {"appId": "00000000-0000-0000-0000-000000000001"},
        {"createdDateTime": "2026-01-01T00:00:00Z"},
        {"signInAudience": "Everybody"},
        {"api": {"requestedAccessTokenVersion": 3}},
        {"identifierUris": ["api://desk", "api://Desk"]},
        {"displayName": "x" * 257},
        {"displayName": None},
        {"web": {"redirectUris": ["http://a.example/cb"]}},
        {"web": {"redirectUris": ["https://a.example/" + "x" * 250]}},
        {"web": {"redirectUris": ["https://a.example/(1)"]}},
        {"web": {"redirectUris": ["https://a.example/#f"]}},
        {"web": {"redirectUris": [f"https://a.example/{number}" for number in range(257)]}},
        {"web": {"logoutUrl": "http://a.example"}},
        {"tags": ["with space"]},
        {"web": {"redirectUris": [], "redirectUriSettings": []}},
    ],
)
def test_bad_applications(api: Api, members: dict[str, Any]) -> None:
    application = api.application()
    check(api.graph("PATCH", f"/applications/{application['id']}", members), 400, BAD)
    if "redirectUriSettings" not in members.get("web", {}):
        check(api.graph("POST", "/applications", {"displayName": "x", **members}), 400, BAD)


@pytest.mark.parametrize("platform", ["spa", "publicClient"])
def test_a_redirect_uri_has_one_platform(api: Api, platform: str) -> None:
    """One request moves it."""
    uris = {"redirectUris": ["https://a.example/cb"]}
    application = api.application(web=uris)
    path = f"/applications/{application['id']}"
    answer = api.graph("PATCH", path, {platform: uris})
    check(answer, 400, BAD)
    assert answer.json()["error"]["message"] == "Redirect URIs must have distinct values."
    check(api.graph("POST", "/applications", {"displayName": "x", "web": uris, platform: uris}), 400, BAD)
    assert api.graph("PATCH", path, {platform: uris, "web": {"redirectUris": []}}).status_code == 204


def test_annotations_are_accepted(api: Api) -> None:
    body = {
        "@odata.type": "#microsoft.graph.application",
        "displayName": "x",
        "web": {"@odata.type": "#x", "homePageUrl": None},
    }
    assert api.graph("POST", "/applications", body).status_code == 201


def test_personal_audience(api: Api, lab: Lab) -> None:
    audience: dict[str, Any] = {"signInAudience": "AzureADandPersonalMicrosoftAccount"}
    check(api.graph("POST", "/applications", {"displayName": "x", **audience}), 400, BAD)
    audience["api"] = {"requestedAccessTokenVersion": 2}
    many = {"web": {"redirectUris": [f"https://a.example/{number}" for number in range(101)]}}
    check(api.graph("POST", "/applications", {"displayName": "x", **audience, **many}), 400, BAD)
    check(api.graph("POST", "/applications", {"displayName": "x" * 91, **audience}), 400, BAD)
    lab.set_lag(30, 0)
    application = api.application(**audience)
    path = f"/applications/{application['id']}"
    lab.set_lag(30, 0)
    answers = [api.graph("PATCH", path, {"notes": "x"}) for _turn in range(2)]
    check(answers[0], 404, "Request_ResourceNotFound")
    check(answers[1], 409, "Error_MsaAppDoesNotExist")
    lab.advance(31)
    api.password(application)
    api.password(application)
    check(api.graph("POST", f"{path}/addPassword", {}), 400, BAD)


def test_unique_name(api: Api) -> None:
    path, prefer = "/applications(uniqueName='it''s-one')", {"Prefer": "create-if-missing"}
    check(api.graph("PATCH", path, {"displayName": "x"}), 404, "Request_ResourceNotFound")
    check(api.graph("PATCH", path, {"notes": "x"}, headers=prefer), 400, BAD)
    created = api.graph("PATCH", path, {"displayName": "x"}, headers=prefer)
    assert (created.status_code, created.json()["uniqueName"]) == (201, "it's-one")
    assert api.graph("PATCH", path, {"displayName": "y"}, headers=prefer).status_code == 204
    key = created.json()["id"]
    assert api.graph("GET", path).json()["displayName"] == "y"
    check(api.graph("PATCH", f"/applications/{key}", {"uniqueName": "other"}), 400, BAD, "uniqueName")
    check(api.graph("POST", "/applications", {"displayName": "z", "uniqueName": "it's-one"}), 400, BAD, "uniqueName")
    late = api.application()
    assert api.graph("PATCH", f"/applications(appId='{late['appId']}')", {"uniqueName": "late"}).status_code == 204
    refused = {"displayName": "x", "passwordCredentials": []}
    check(api.graph("PATCH", path, refused, headers=prefer), 400, BAD, "generated using service actions")


def test_identifier_uris_are_unique(api: Api) -> None:
    api.application(identifierUris=["api://one"])
    body = {"displayName": "x", "identifierUris": ["api://ONE"]}
    check(api.graph("POST", "/applications", body), 400, BAD, "property identifierUris already exists")


def test_identifier_uris_name_verified_domains(api: Api) -> None:
    application, domain = api.application(), api.tenant.domain
    path, other = f"/applications/{application['id']}", "00000000-0000-4000-8000-000000000001"
    refused = ["https://desk.example/api", f"https://not{domain}", f"api://{other}", f"api://{other}/desk"]
    for uri in refused:
        text = f"must use a verified domain of the organization or its subdomain: '{uri}'"
        body = {"displayName": "x", "identifierUris": [uri]}
        check(api.graph("PATCH", path, body), 400, "HostNameNotOnVerifiedDomain", text)
        check(api.graph("POST", "/applications", body), 400, "HostNameNotOnVerifiedDomain", text)
    own = [
        f"api://{application['appId']}",
        f"api://{api.tenant.tenant_id}/desk",
        f"api://desk/{application['appId']}",
        f"https://{domain}/desk",
        f"https://desk.{domain}",
        "api://desk",
        "urn:desk",
    ]
    assert api.graph("PATCH", path, {"identifierUris": own}).status_code == 204
    tokens = {"api": {"requestedAccessTokenVersion": 2}}
    assert api.graph("PATCH", path, {"identifierUris": [refused[0]], **tokens}).status_code == 204
    # An existing one is not checked.
    tokens = {"api": {"requestedAccessTokenVersion": 1}}
    assert api.graph("PATCH", path, {"identifierUris": [refused[0], own[0]], **tokens}).status_code == 204


def test_enabled_roles_must_be_disabled_first(api: Api) -> None:
    role = {
        "allowedMemberTypes": ["User"],
        "description": "d",
        "displayName": "n",
        "id": "d1c2ade8-0000-4000-8000-6d06b947c66f",
        "isEnabled": True,
        "value": "v",
    }
    path = f"/applications/{api.application(appRoles=[role])['id']}"
    check(api.graph("PATCH", path, {"appRoles": []}), 400, "CannotDeleteOrUpdateEnabledEntitlement")
    assert api.graph("PATCH", path, {"appRoles": [{**role, "isEnabled": False}]}).status_code == 204
    assert api.graph("PATCH", path, {"appRoles": []}).status_code == 204


def test_secrets_in_the_creation(api: Api) -> None:
    created = api.application(passwordCredentials=[{"displayName": "first"}])
    assert len(created["passwordCredentials"][0]["secretText"]) == 40
    read = api.graph("GET", f"/applications/{created['id']}").json()
    assert read["passwordCredentials"][0]["secretText"] is None
    body = {"displayName": "x", "passwordCredentials": [{"secretText": "mine"}]}
    check(api.graph("POST", "/applications", body), 400, BAD)


@pytest.mark.parametrize(
    "asked",
    [
        {"endDateTime": "2020-01-01T00:00:00Z"},
        {"startDateTime": "2099-01-01T00:00:00Z", "endDateTime": "2098-01-01T00:00:00Z"},
        {"endDateTime": "tomorrow"},
        {"secretText": "mine"},
        {"keyId": "00000000-0000-4000-8000-000000000001"},
        {"bogus": 1},
    ],
)
def test_bad_secrets(api: Api, asked: dict[str, Any]) -> None:
    path = f"/applications/{api.application()['id']}/addPassword"
    check(api.graph("POST", path, {"passwordCredential": asked}), 400, BAD)


def test_remove_unknown_password(api: Api) -> None:
    path = f"/applications/{api.application()['id']}/removePassword"
    body = {"keyId": "00000000-0000-0000-0000-000000000001"}
    check(api.graph("POST", path, body), 400, BAD, "No password credential found with keyId")


def test_permissions(api: Api) -> None:
    mine = api.application()
    other = api.tenant.graph("POST", "/applications", {"displayName": "not ours"}).json()
    denied = "Authorization_RequestDenied"
    assert api.graph("GET", f"/applications/{other['id']}").status_code == 200
    check(api.graph("PATCH", f"/applications/{other['id']}", {"notes": "x"}), 403, denied)
    check(api.graph("POST", f"/applications/{other['id']}/addPassword", {}), 403, denied)
    check(api.graph("DELETE", f"/applications/{other['id']}"), 403, denied)
    check(api.graph("POST", "/servicePrincipals", {"appId": other["appId"]}), 403, denied, "in the local tenant")
    check(api.graph("PATCH", f"/applications/{mine['id']}", {"api": {"acceptMappedClaims": True}}), 403, denied)
    api.tenant.set_switches(list_with_owned_by=False)
    check(api.graph("GET", "/applications"), 403, denied)
    owned = api.graph("GET", f"/servicePrincipals/{api.tenant.automation['object_id']}/ownedObjects").json()["value"]
    assert [item["id"] for item in owned] == [mine["id"]]
    api.tenant.set_permissions([])
    api.sign_in()
    check(api.graph("GET", f"/applications/{mine['id']}"), 403, denied)
    check(api.graph("POST", "/applications", {"displayName": "x"}), 403, denied)


def test_tokens(api: Api, lab: Lab) -> None:
    url = f"{lab.graph_url}/v1.0/applications"
    plain = requests.Session()
    plain.trust_env, plain.verify = False, lab.ca_path
    check(plain.get(url, timeout=10), 401, "InvalidAuthenticationToken", "Access token is empty.")
    for token in ("nonsense", str(api.http.headers["Authorization"])[7:-3] + "abc"):
        answer = plain.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        check(answer, 401, "InvalidAuthenticationToken", "80049217")
    lab.advance(3700)
    check(api.graph("GET", "/applications"), 401, "InvalidAuthenticationToken", "expired")


def test_unknown_paths(api: Api) -> None:
    check(api.graph("GET", "/bogus"), 400, "BadRequest", "Resource not found for the segment 'bogus'.")
    check(api.graph("GET", "/applications/not-a-guid"), 400, BAD, "Invalid object identifier")


def test_paging_and_select(api: Api) -> None:
    names = [f"page {number}" for number in range(5)]
    for name in names:
        api.application(displayName=name)
    found, path = [], "/applications?$filter=startswith(displayName,'page')&$top=2&$select=id,displayName"
    while path:
        body = api.graph("GET", path).json()
        assert body["@odata.context"].endswith("#applications(id,displayName)")
        found += [item["displayName"] for item in body["value"]]
        path = body.get("@odata.nextLink", "").removeprefix(f"{api.lab.graph_url}/v1.0")
    assert sorted(found) == names


def test_soft_delete_and_restore(api: Api) -> None:
    application = api.application()
    api.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    path = f"/applications/{application['id']}"
    assert api.graph("DELETE", path).status_code == 204
    check(api.graph("GET", path), 404, "Request_ResourceNotFound")
    check(api.graph("GET", f"/servicePrincipals(appId='{application['appId']}')"), 404, "Request_ResourceNotFound")
    listed = api.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
    assert [item["id"] for item in listed] == [application["id"]]
    assert api.graph("POST", f"/directory/deletedItems/{application['id']}/restore").json()["id"] == application["id"]
    assert api.graph("GET", path).json()["deletedDateTime"] is None


def test_batch(api: Api) -> None:
    application = api.application()
    requests_ = [
        {"id": "1", "method": "GET", "url": f"/applications/{application['id']}?$select=id"},
        {"id": "2", "method": "GET", "url": "/applications/00000000-0000-0000-0000-000000000001"},
        {"id": "3", "dependsOn": ["2"], "method": "GET", "url": "/applications"},
        {
            "id": "4",
            "method": "POST",
            "url": "/servicePrincipals",
            "headers": {"Content-Type": "application/json"},
            "body": {"appId": application["appId"]},
        },
    ]
    answer = api.graph("POST", "/$batch", {"requests": requests_})
    assert answer.status_code == 200
    answers = answer.json()["responses"]
    assert [(item["id"], item["status"]) for item in answers] == [("4", 201), ("3", 424), ("2", 404), ("1", 200)]
    many = [{"id": str(number), "method": "GET", "url": "/applications"} for number in range(21)]
    check(api.graph("POST", "/$batch", {"requests": many}), 400, "BadRequest")


def test_lagging_replica(api: Api, lab: Lab) -> None:
    lab.set_lag(30, 0)
    application = api.application()
    path = f"/applications/{application['id']}"
    assert [api.graph("GET", path).status_code for _turn in range(4)] == [404, 200, 404, 200]
    principal = {"appId": application["appId"]}
    refused = [api.graph("POST", "/servicePrincipals", principal) for _turn in range(3)]
    assert sorted(answer.status_code for answer in refused) == [400, 403, 404]
    lab.advance(31)
    assert api.graph("POST", "/servicePrincipals", principal).status_code == 201
    made = api.password(application)
    seen = {len(api.graph("GET", path).json()["passwordCredentials"]) for _turn in range(2)}
    assert seen == {0, 1}
    check(
        api.graph("POST", f"{path}/removePassword", {"keyId": made["keyId"]}), 400, BAD, "No password credential found"
    )
    lab.advance(31)
    assert api.graph("POST", f"{path}/removePassword", {"keyId": made["keyId"]}).status_code == 204
    assert api.token(client_id=application["appId"], client_secret=made["secretText"]).status_code == 401
