# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Graph responses compared with recorded ones: status, header names, members and their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from lab.client import Lab
from lab.entra.schemas import Schemas

from .conftest import Api

EXCHANGES = {
    exchange["source"].removeprefix("azure-cli "): exchange
    for exchange in json.loads(
        (Path(__file__).parents[1] / "recorded" / "graph_exchanges_condensed.json").read_text("utf-8")
    )
}
# Applications recorded before Graph added some of today's members.
OLD = {"test_app_resolution.yaml#6"}
# Removed by the recorder, or about the connection instead of the response.
TRANSPORT = {"content-length", "transfer-encoding", "vary", "date"}


def same_shape(response: requests.Response, source: str) -> None:
    """Assert the status, the header names and the order of the members of a recorded response."""
    recorded = EXCHANGES[source]["response"]
    assert response.status_code == recorded["status"], response.text
    names = {name.lower() for name in response.headers}
    assert set(recorded["headers"]) - TRANSPORT <= names
    for name in ("content-type", "odata-version", "x-ms-resource-unit", "cache-control"):
        assert response.headers.get(name) == recorded["headers"].get(name), name
    if recorded["body"] is None:
        assert response.content == b""
        return
    body = response.json()
    old = source in OLD
    if recorded["body"].get("value"):
        assert list(body) == list(recorded["body"])
        same_members(body["value"][0], recorded["body"]["value"][0], old)
    else:
        same_members(body, recorded["body"], old)


def same_members(body: dict[str, Any], recorded: dict[str, Any], old: bool) -> None:
    """Assert equal members in equal order, including inner objects, or at least all members of an old recording."""
    if old:
        assert set(recorded) <= set(body)
    else:
        assert list(body) == list(recorded)
    for name, value in recorded.items():
        if isinstance(value, dict) and isinstance(body.get(name), dict) and name != "innerError":
            inner = {"redirectUriSettings"} - set(value)
            assert [key for key in body[name] if key not in inner] == list(value), name


def same_schema(body: dict[str, Any], kind: str) -> None:
    """Assert that the body has the published type."""
    plain = {name: value for name, value in body.items() if not name.startswith("@odata.")}
    assert Schemas().violations(plain, kind) == []


def test_create_and_read(api: Api) -> None:
    sent = EXCHANGES["test_app_scenario.yaml#1"]["request"]["body"]
    created = api.graph("POST", "/applications", sent)
    same_shape(created, "test_app_scenario.yaml#1")
    body, recorded = created.json(), EXCHANGES["test_app_scenario.yaml#1"]["response"]["body"]
    assert created.headers["Location"].endswith(
        f"/v2/{api.tenant.tenant_id}/directoryObjects/{body['id']}/Microsoft.DirectoryServices.Application"
    )
    for name in ("appRoles", "optionalClaims", "publicClient", "requiredResourceAccess", "web", "api", "tags"):
        assert body[name] == recorded[name], name
    same_schema(body, "application")
    listed = api.graph("GET", f"/applications?$filter=appId eq '{body['appId']}'")
    same_shape(listed, "test_app_scenario.yaml#2")
    recorded = EXCHANGES["test_app_scenario.yaml#2"]["response"]["body"]["value"][0]
    for name in ("appRoles", "optionalClaims", "publicClient", "requiredResourceAccess", "web"):
        assert listed.json()["value"][0][name] == recorded[name], name
    assert len(body["createdDateTime"]) == len("2024-11-04T10:03:10.3858128Z")
    assert len(listed.json()["value"][0]["createdDateTime"]) == len("2024-11-04T10:03:10Z")


def test_read_defaults(api: Api) -> None:
    application = api.application(displayName="plain")
    response = api.graph("GET", f"/applications/{application['id']}")
    same_shape(response, "test_app_scenario.yaml#9")
    recorded = EXCHANGES["test_app_scenario.yaml#9"]["response"]["body"]
    own = {"@odata.context", "id", "appId", "createdDateTime", "displayName", "publisherDomain"}
    for name in set(recorded) - own:
        assert response.json()[name] == recorded[name], name


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        ("test_app_scenario.yaml#0", "startswith(displayName,'nothing has this')"),
        ("test_app_resolution.yaml#6", "identifierUris/any(s:s eq 'api://lab')"),
    ],
)
def test_list(api: Api, source: str, expression: str) -> None:
    api.application(identifierUris=["api://lab"])
    same_shape(api.graph("GET", "/applications", params={"$filter": expression}), source)


def test_not_found(api: Api) -> None:
    application = api.application()
    same_shape(api.graph("GET", f"/applications/{application['appId']}"), "test_app_scenario.yaml#5")
    same_shape(
        api.graph("GET", f"/servicePrincipals/{application['appId']}"), "test_service_principal_scenario.yaml#21"
    )


def test_update_delete_purge(api: Api) -> None:
    application = api.application()
    sent = EXCHANGES["test_app_scenario.yaml#11"]["request"]["body"]
    same_shape(api.graph("PATCH", f"/applications/{application['id']}", sent), "test_app_scenario.yaml#11")
    same_shape(api.graph("DELETE", f"/applications/{application['id']}"), "test_app_scenario.yaml#3")
    same_shape(api.graph("DELETE", f"/directory/deletedItems/{application['id']}"), "test_app_create_idempotent.yaml#9")


@pytest.mark.parametrize(
    ("kind", "added", "removed"),
    [
        ("applications", "test_app_credential.yaml#4", "test_app_credential.yaml#14"),
        ("servicePrincipals", "test_sp_credential.yaml#6", "test_sp_credential.yaml#16"),
    ],
)
def test_secrets(api: Api, kind: str, added: str, removed: str) -> None:
    holder = api.application()
    if kind == "servicePrincipals":
        holder = api.graph("POST", "/servicePrincipals", {"appId": holder["appId"]}).json()
    sent = {"displayName": "key1", "startDateTime": "2026-05-07T06:52:43Z", "endDateTime": "2100-12-31T00:00:00+00:00"}
    response = api.graph("POST", f"/{kind}/{holder['id']}/addPassword", {"passwordCredential": sent})
    same_shape(response, added)
    body = response.json()
    assert (body["startDateTime"], body["endDateTime"]) == ("2026-05-07T06:52:43Z", "2100-12-31T00:00:00Z")
    assert len(body["secretText"]) == 40
    assert body["hint"] == (body["secretText"][:3] if kind == "applications" else None)
    read = api.graph("GET", f"/{kind}/{holder['id']}").json()["passwordCredentials"]
    assert read == [{**{name: value for name, value in body.items() if name != "@odata.context"}, "secretText": None}]
    same_shape(api.graph("POST", f"/{kind}/{holder['id']}/removePassword", {"keyId": body["keyId"]}), removed)


def test_owners(api: Api) -> None:
    upn = next(iter(api.tenant.users))
    application = api.application()
    path = f"/applications/{application['id']}/owners"
    reference = {"@odata.id": f"{api.lab.graph_url}/v1.0/directoryObjects/{api.tenant.user_ids[upn]}"}
    assert api.graph("POST", f"{path}/$ref", reference).status_code == 403
    assert api.tenant.graph("POST", f"{path}/$ref", reference).status_code == 204
    assert "already exist" in api.tenant.graph("POST", f"{path}/$ref", reference).json()["error"]["message"]
    assert api.tenant.graph("DELETE", f"{path}/{api.tenant.automation['object_id']}/$ref").status_code == 204
    same_shape(api.graph("GET", path), "test_app_owner.yaml#4")
    same_shape(api.tenant.graph("DELETE", f"{path}/{api.tenant.user_ids[upn]}/$ref"), "test_app_owner.yaml#10")
    assert api.graph("GET", path).json()["value"] == []


def test_federated_credentials(api: Api, lab: Lab) -> None:
    application = api.application()
    path = f"/applications/{application['id']}/federatedIdentityCredentials"
    sent = EXCHANGES["test_app_federated_credential.yaml#3"]["request"]["body"]
    created = api.graph("POST", path, sent)
    same_shape(created, "test_app_federated_credential.yaml#3")
    key = created.json()["id"]
    same_shape(api.graph("GET", path), "test_app_federated_credential.yaml#5")
    same_shape(api.graph("GET", f"{path}/{key}"), "test_app_federated_credential.yaml#7")
    same_shape(api.graph("GET", f"{path}/Testing"), "test_app_federated_credential.yaml#9")
    api.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    form = {
        "client_id": application["appId"],
        "client_secret": "",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": lab.workload_token(sent["issuer"], sent["subject"]),
    }
    assert api.token(**form).status_code == 200
    form["client_assertion"] = lab.workload_token(sent["issuer"], "repo:other")
    assert api.token(**form).json()["error_codes"] == [70021]
    change = EXCHANGES["test_app_federated_credential.yaml#11"]["request"]["body"]
    same_shape(api.graph("PATCH", f"{path}/{key}", change), "test_app_federated_credential.yaml#11")
    same_shape(api.graph("DELETE", f"{path}/{key}"), "test_app_federated_credential.yaml#15")


def test_grants(api: Api) -> None:
    api.tenant.set_permissions(["Directory.ReadWrite.All"])
    api.sign_in()
    resource = api.graph("GET", "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'").json()["value"][0]["id"]
    client = api.graph("POST", "/servicePrincipals", {"appId": api.application()["appId"]}).json()["id"]
    same_shape(
        api.graph("GET", f"/oauth2PermissionGrants?$filter=clientId eq '{client}'"), "test_app_permission_grant.yaml#14"
    )
    sent = EXCHANGES["test_app_permission_grant.yaml#15"]["request"]["body"]
    sent = {**sent, "clientId": client, "resourceId": resource}
    created = api.graph("POST", "/oauth2PermissionGrants", sent)
    same_shape(created, "test_app_permission_grant.yaml#15")
    assert api.graph("POST", "/oauth2PermissionGrants", sent).status_code == 409
    path = f"/oAuth2PermissionGrants/{created.json()['id']}"
    assert api.graph("PATCH", path, {"scope": "openid"}).status_code == 204
    same_shape(api.graph("DELETE", path), "test_app_permission_grant.yaml#25")
    assert api.graph("POST", "/oauth2PermissionGrants", sent).json()["id"] == created.json()["id"]


def test_logo(api: Api) -> None:
    application = api.application()
    path = f"/applications/{application['id']}"
    headers = {"Content-Type": "image/png"}
    assert api.graph("PUT", f"{path}/logo", data=b"\x89PNG", headers=headers).status_code == 204
    assert api.graph("PUT", f"{path}/logo", data=b"x", headers={"Content-Type": "text/plain"}).status_code == 400
    shown = api.graph("GET", path).json()["info"]["logoUrl"]
    assert api.graph("PATCH", path, {"info": {"logoUrl": "https://a.example/x.png"}}).status_code == 204
    assert api.graph("GET", path).json()["info"]["logoUrl"] == shown


def test_service_principal(api: Api) -> None:
    application = api.application(identifierUris=["api://one"])
    same_shape(
        api.graph("GET", "/servicePrincipals?$filter=displayName eq 'nobody'"), "test_app_permission_grant.yaml#2"
    )
    created = api.graph("POST", "/servicePrincipals", {"appId": application["appId"], "accountEnabled": True})
    same_shape(created, "test_app_permission_grant.yaml#6")
    key = created.json()["id"]
    same_schema(created.json(), "servicePrincipal")
    same_shape(api.graph("GET", f"/servicePrincipals/{key}"), "test_service_principal_scenario.yaml#5")
    expression = f"servicePrincipalNames/any(c:c eq '{application['appId']}')"
    same_shape(
        api.graph("GET", "/servicePrincipals", params={"$filter": expression}), "test_app_permission_grant.yaml#12"
    )
    change = {"appRoleAssignmentRequired": True}
    same_shape(api.graph("PATCH", f"/servicePrincipals/{key}", change), "test_service_principal_scenario.yaml#13")
    same_shape(api.graph("DELETE", f"/servicePrincipals/{key}"), "test_service_principal_scenario.yaml#17")
