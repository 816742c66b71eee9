# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More about applications: logo, certificates, owners, deleted ones, limits, and violations of the published types."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.client import Lab

from .conftest import Api
from .test_graph_rules import BAD, check

DENIED, MISSING = "Authorization_RequestDenied", "Request_ResourceNotFound"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
PERSONAL = {"signInAudience": "AzureADandPersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 2}}


def settled_lag(lab: Lab) -> None:
    """Delay the replication of changes by half a minute from now on. Earlier changes are replicated."""
    lab.set_lag(30, 0)
    lab.advance(31)


def path_of(application: dict[str, Any]) -> str:
    """Return the path of an application."""
    return f"/applications/{application['id']}"


def principal_of(api: Api, application: dict[str, Any]) -> dict[str, Any]:
    """Create a service principal of an application."""
    made = api.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    assert made.status_code == 201, made.text
    return made.json()


def role(**members: Any) -> dict[str, Any]:
    """Return an app role for users."""
    made = {"allowedMemberTypes": ["User"], "description": "d", "displayName": "n", "id": str(uuid.uuid4())}
    return {**made, "isEnabled": True, "value": "v", **members}


def test_logo(api: Api, lab: Lab) -> None:
    application = api.application()
    path = path_of(application) + "/logo"
    check(api.graph("GET", path), 404, MISSING)
    check(api.graph("PUT", path, data=PNG, headers={"Content-Type": "text/plain"}), 400, BAD)
    check(api.graph("PUT", path, data=b"", headers={"Content-Type": "image/png"}), 400, BAD)
    assert api.graph("GET", path_of(application)).json()["info"]["logoUrl"] is None
    assert api.graph("PUT", path, data=PNG, headers={"Content-Type": "image/png"}).status_code == 204
    answer = api.graph("GET", path)
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    shown = api.graph("GET", path_of(application)).json()["info"]["logoUrl"]
    assert shown.startswith("https://")
    assert api.graph("PATCH", path_of(application), {"info": {"logoUrl": "https://a.example"}}).status_code == 204
    assert api.graph("GET", path_of(application)).json()["info"]["logoUrl"] == shown
    settled_lag(lab)
    assert api.graph("PUT", path, data=b"GIF89a", headers={"Content-Type": "image/gif"}).status_code == 204
    assert {api.graph("GET", path).content for _turn in range(2)} == {PNG, b"GIF89a"}


def test_authentication_behaviors(api: Api) -> None:
    """Returned only if $select names it. A change leaves the other members."""
    name = "authenticationBehaviors"
    application = api.application(**{name: {"blockAzureADGraphAccess": True}})
    path = path_of(application)
    assert name not in application
    assert name not in api.graph("GET", path).json()
    assert all(name not in item for item in api.graph("GET", "/applications").json()["value"])
    assert api.graph("PATCH", path, {name: {"removeUnverifiedEmailClaim": False}}).status_code == 204
    expected = {
        "blockAzureADGraphAccess": True,
        "removeUnverifiedEmailClaim": False,
        "requireClientServicePrincipal": None,
    }
    assert api.graph("GET", f"{path}?$select=id,{name}").json()[name] == expected
    listed = api.graph("GET", f"/applications?$select=id,{name}").json()["value"]
    assert {item["id"]: item[name] for item in listed}[application["id"]] == expected
    assert api.graph("PATCH", path, {name: None}).status_code == 204
    assert api.graph("GET", f"{path}?$select={name}").json()[name] is None
    assert api.graph("DELETE", path).status_code == 204
    assert name not in api.graph("GET", f"/directory/deletedItems/{application['id']}").json()


def certificate(days: int = 30) -> str:
    """Return a self-signed certificate, as base64 of its DER form."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()


def test_certificates(api: Api) -> None:
    first: dict[str, Any] = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate()}
    application = api.application(keyCredentials=[{**first, "displayName": "one", "customKeyIdentifier": "QUJD"}])
    path = path_of(application)
    (shown,) = api.graph("GET", path).json()["keyCredentials"]
    assert (shown["displayName"], shown["customKeyIdentifier"], shown["key"]) == ("one", "QUJD", None)
    (whole,) = api.graph("GET", path + "?$select=keycredentials").json()["keyCredentials"]
    assert whole == {**shown, "key": first["key"]}
    listed = api.graph("GET", "/applications?$select=id,keyCredentials").json()["value"]
    assert [item["keyCredentials"] for item in listed if item["id"] == application["id"]] == [[shown]]
    second = {**first, "key": certificate()}
    assert api.graph("PATCH", path, {"keyCredentials": [shown, second]}).status_code == 204
    both = api.graph("GET", path).json()["keyCredentials"]
    assert both[0] == shown
    assert len(both[1]["customKeyIdentifier"]) == 40
    assert api.graph("PATCH", path, {"keyCredentials": [whole, both[1]]}).status_code == 204
    assert api.graph("GET", path).json()["keyCredentials"] == both
    for wrong in (
        [{**shown, "keyId": str(uuid.uuid4())}],
        [shown, shown],
        [{**whole, "key": certificate()}],
        [{**shown, "endDateTime": "2027-01-01T00:00:00Z"}],
        [{**second, "endDateTime": "2200-01-01T00:00:00Z"}],
        [{**second, "startDateTime": "2000-01-01T00:00:00Z"}],
        [{**second, "key": "QUJD"}],
        [{**second, "usage": "Sign"}],
    ):
        check(api.graph("PATCH", path, {"keyCredentials": wrong}), 400, BAD)
    assert api.graph("PATCH", path, {"keyCredentials": [both[1]]}).status_code == 204
    assert api.graph("GET", path).json()["keyCredentials"] == [both[1]]


def test_owners(api: Api, lab: Lab) -> None:
    application = api.application()
    principal = principal_of(api, application)
    user = api.tenant.user_ids[next(iter(api.tenant.users))]
    for path in (path_of(application), f"/servicePrincipals/{principal['id']}"):
        owners = path + "/owners"
        reference = {"@odata.id": f"{lab.graph_url}/v1.0/directoryObjects/{principal['id']}"}
        check(api.graph("POST", owners + "/$ref", reference), 403, DENIED)
        assert api.tenant.graph("POST", owners + "/$ref", reference).status_code == 204
        check(api.tenant.graph("POST", owners + "/$ref", reference), 400, BAD, "already exist")
        elsewhere = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
        check(api.tenant.graph("POST", owners + "/$ref", elsewhere), 400, BAD)
        unknown = {"@odata.id": f"{lab.graph_url}/v1.0/directoryObjects/{uuid.uuid4()}"}
        check(api.tenant.graph("POST", owners + "/$ref", unknown), 404, MISSING)
        settled_lag(lab)
        reference = {"@odata.id": f"{lab.graph_url}/v1.0/users/{user}"}
        assert api.tenant.graph("POST", owners + "/$ref", reference).status_code == 204
        seen = [{item["id"] for item in api.graph("GET", owners).json()["value"]} for _turn in range(2)]
        assert sorted(user in keys for keys in seen) == [False, True]
        assert all(principal["id"] in keys for keys in seen)
        lab.advance(31)
        assert api.graph("DELETE", f"{owners}/{user}/$ref").status_code == 204
        check(api.tenant.graph("DELETE", f"{owners}/{user}/$ref"), 404, MISSING)
        lab.set_lag(0, 0)


def test_bound_owners(api: Api, lab: Lab) -> None:
    mine = f"{lab.graph_url}/v1.0/directoryObjects/{api.tenant.automation['object_id']}"
    user = f"{lab.graph_url}/v1.0/users/{api.tenant.user_ids[next(iter(api.tenant.users))]}"
    assert api.application(**{"owners@odata.bind": [mine]})
    body = {"displayName": "x", "owners@odata.bind": [mine, user]}
    check(api.graph("POST", "/applications", body), 403, DENIED)
    made = api.tenant.graph("POST", "/applications", body).json()
    assert len(api.graph("GET", path_of(made) + "/owners").json()["value"]) == 2
    many = [f"{lab.graph_url}/v1.0/users/{uuid.uuid4()}" for _number in range(21)]
    check(api.tenant.graph("POST", "/applications", {"displayName": "x", "owners@odata.bind": many}), 400, BAD)


def test_deleted_applications(api: Api, lab: Lab) -> None:
    items = "/directory/deletedItems"
    gone = api.application(displayName="gone", uniqueName="one", identifierUris=["api://one"])
    others = [api.application(displayName="other") for _number in range(2)]
    for application in (gone, *others):
        assert api.graph("DELETE", path_of(application)).status_code == 204
    listed = f"{items}/microsoft.graph.application"
    for member in ("appId", "displayName", "uniqueName"):
        found = api.graph("GET", f"{listed}?$filter={member} eq '{gone[member]}'").json()["value"]
        assert [item["id"] for item in found] == [gone["id"]]
    page = api.graph("GET", f"{listed}?$filter=displayName eq 'other'&$top=1").json()
    following = api.graph("GET", page["@odata.nextLink"].removeprefix(f"{lab.graph_url}/v1.0")).json()
    assert {item["id"] for item in page["value"] + following["value"]} == {item["id"] for item in others}
    # The identifier URIs of a deleted application are free, but once they are used it cannot be restored.
    taker = api.application(identifierUris=["api://one"])
    check(api.graph("POST", f"{items}/{gone['id']}/restore"), 400, BAD, "identifierUris")
    assert api.graph("PATCH", path_of(taker), {"identifierUris": []}).status_code == 204
    settled_lag(lab)
    assert api.graph("POST", f"{items}/{gone['id']}/restore").status_code == 200
    assert {api.graph("GET", path_of(gone)).status_code for _turn in range(2)} == {404, 200}
    again = {"appId": gone["appId"]}
    assert api.graph("POST", "/servicePrincipals", again).status_code in (400, 403, 404)
    lab.set_lag(0, 0)
    assert api.graph("DELETE", f"{items}/{others[0]['id']}").status_code == 204
    check(api.graph("GET", f"{items}/{others[0]['id']}"), 404, MISSING)


def test_deleted_applications_of_others(api: Api) -> None:
    other = api.tenant.graph("POST", "/applications", {"displayName": "not ours"}).json()
    assert api.tenant.graph("DELETE", path_of(other)).status_code == 204
    item = f"/directory/deletedItems/{other['id']}"
    check(api.graph("POST", item + "/restore"), 403, DENIED)
    check(api.graph("DELETE", item), 403, DENIED)
    assert api.tenant.graph("POST", item + "/restore").status_code == 200


def test_writes_to_a_personal_application_are_throttled(api: Api, lab: Lab) -> None:
    path, other = path_of(api.application(**PERSONAL)), path_of(api.application())
    for _turn in range(60):
        assert api.graph("PATCH", path, {"notes": "x"}).status_code == 204
    refused = api.graph("PATCH", path, {"notes": "x"})
    check(refused, 429, "TooManyRequests")
    assert 0 < float(refused.headers["Retry-After"]) <= 60
    assert api.graph("PATCH", other, {"notes": "x"}).status_code == 204
    assert api.graph("GET", path).status_code == 200
    lab.advance(60)
    assert api.graph("PATCH", path, {"notes": "x"}).status_code == 204


def accesses(resources: int, permissions: int) -> dict[str, Any]:
    """Request this many permissions of each of this many resources."""
    asked = [
        {
            "resourceAppId": str(uuid.uuid4()),
            "resourceAccess": [{"id": str(uuid.uuid4()), "type": "Role"} for _number in range(permissions)],
        }
        for _resource in range(resources)
    ]
    return {"requiredResourceAccess": asked}


@pytest.mark.parametrize(
    "members",
    [
        {"identifierUris": ["urn:desk"]},
        {"identifierUris": [f"api://{number}" for number in range(51)]},
        accesses(51, 1),
        accesses(1, 31),
        accesses(7, 29),
    ],
)
def test_limits_of_personal_audiences(api: Api, members: dict[str, Any]) -> None:
    check(api.graph("POST", "/applications", {"displayName": "x", **PERSONAL, **members}), 400, BAD)
    assert api.graph("POST", "/applications", {"displayName": "x", **members}).status_code == 201


@pytest.mark.parametrize(
    "members",
    [
        {"appRoles": [role(displayName=None)]},
        {"appRoles": [role(description="")]},
        {"appRoles": [role(allowedMemberTypes=[])]},
        {"appRoles": [role(allowedMemberTypes=["Group"])]},
        {"appRoles": [role(value="with space")]},
        {"appRoles": [role(), role()]},
        {"appRoles": [role(id=str(uuid.UUID(int=1))), role(id=str(uuid.UUID(int=1)), value="w")]},
        {"api": {"oauth2PermissionScopes": [{"id": str(uuid.uuid4()), "value": "v"} for _number in range(2)]}},
        {"requiredResourceAccess": [{"resourceAppId": str(uuid.uuid4()), "resourceAccess": [{"type": "Role"}]}]},
        {"identifierUris": ["api://one", "api://one"]},
        {"description": "x" * 1025},
    ],
)
def test_bad_members_of_an_application(api: Api, members: dict[str, Any]) -> None:
    check(api.graph("PATCH", path_of(api.application()), members), 400, BAD)


@pytest.mark.parametrize(
    "members",
    [
        {"preferredSingleSignOnMode": "magic"},
        {"notes": "x" * 1025},
        {"tags": ["with space"]},
        {"servicePrincipalType": "Application"},
        {"appId": str(uuid.uuid4())},
    ],
)
def test_bad_members_of_a_service_principal(api: Api, members: dict[str, Any]) -> None:
    path = f"/servicePrincipals/{principal_of(api, api.application())['id']}"
    check(api.graph("PATCH", path, members), 400, BAD)
    assert api.graph("PATCH", path, {"preferredSingleSignOnMode": "oidc", "tags": ["HideApp"]}).status_code == 204


def test_service_principal_of_a_named_type(api: Api, lab: Lab) -> None:
    before = lab.violations()
    body = {"appId": api.application()["appId"], "servicePrincipalType": "application"}
    made = api.graph("POST", "/servicePrincipals", body)
    assert made.status_code == 201, made.text
    assert lab.violations() == before
    path = f"/servicePrincipals/{made.json()['id']}"
    check(api.graph("PATCH", path, {"servicePrincipalType": "application"}), 400, BAD)
    refused = api.graph("POST", "/servicePrincipals", {**body, "appDisplayName": "x"})
    check(refused, 400, BAD)


def test_lock_configuration_merges(api: Api) -> None:
    path = path_of(api.application(servicePrincipalLockConfiguration={"isEnabled": True}))
    change = {"servicePrincipalLockConfiguration": {"allProperties": True}}
    assert api.graph("PATCH", path, change).status_code == 204
    shown = api.graph("GET", path).json()["servicePrincipalLockConfiguration"]
    assert (shown["isEnabled"], shown["allProperties"], shown["tokenEncryptionKeyId"]) == (True, True, None)


NEW_VIOLATIONS = [
    ("PATCH", "{app}", {"bogus": 1}),
    ("PATCH", "{app}", {"tags": [None]}),
    ("PATCH", "{app}", {"publisherDomain": "a.example"}),
    ("POST", "/applications", {"displayName": "x", "createdDateTime": "2026-01-01T00:00:00Z"}),
    ("POST", "/applications", {"displayName": "x", "owners@odata.bind": "x"}),
    ("POST", "{app}/addPassword", {"bogus": 1}),
    ("POST", "{app}/addPassword", {"passwordCredential": {"bogus": 1}}),
    ("POST", "{app}/removePassword", {}),
    ("POST", "{app}/owners/$ref", {"id": "x"}),
    ("POST", "{app}/federatedIdentityCredentials", {"bogus": 1}),
    ("PATCH", "{sp}", {"appDisplayName": "x"}),
    ("PATCH", "{sp}", {"appId": "x"}),
    ("POST", "{sp}/addPassword", {"passwordCredential": 1}),
    ("POST", "/servicePrincipals", ["x"]),
]


@pytest.mark.parametrize(("method", "path", "body"), NEW_VIOLATIONS)
def test_bodies_that_violate_the_types_are_recorded(api: Api, lab: Lab, method: str, path: str, body: Any) -> None:
    application = api.application()
    path = path.format(app=path_of(application), sp=f"/servicePrincipals/{principal_of(api, application)['id']}")
    before = lab.violations()
    refused = api.graph(method, path, body)
    assert refused.status_code == 400
    lab.clear_requests()
    message = refused.json()["error"]["message"]
    assert lab.violations() == [*before, {"method": method, "path": "/v1.0" + path, "message": message}]
    assert api.tenant.graph(method, path, body).status_code == 400
    assert len(lab.violations()) == len(before) + 1


def test_bodies_that_do_not_violate_the_types(api: Api, lab: Lab) -> None:
    before = lab.violations()
    path = path_of(api.application())
    assert api.graph("PATCH", path, {"web": {"redirectUris": ["http://a.example"]}}).status_code == 400
    step = {"id": "1", "method": "PATCH", "url": path, "headers": {"Content-Type": "application/json"}}
    assert api.graph("POST", "/$batch", {"requests": [{**step, "body": {"notes": "x"}}]}).status_code == 200
    assert lab.violations() == before
    assert api.graph("POST", "/$batch", {"requests": [{**step, "body": {"bogus": 1}}]}).status_code == 200
    assert [item["path"] for item in lab.violations()[len(before) :]] == ["/v1.0" + path]


def test_names_of_certificates(api: Api) -> None:
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify"}
    sent = [{**credential, "key": certificate(), "displayName": "x" * 91}, {**credential, "key": certificate()}]
    path = path_of(api.application(keyCredentials=sent))
    kept = api.graph("GET", path).json()["keyCredentials"]
    assert [item["displayName"] for item in kept] == ["x" * 90, "CN=desk"]
    # A kept certificate has its name as sent.
    del kept[0]["displayName"]
    assert api.graph("PATCH", path, {"keyCredentials": kept}).status_code == 204
    assert api.graph("GET", path).json()["keyCredentials"][0]["displayName"] is None


def test_certificate_that_encrypts(api: Api) -> None:
    sent = [{"type": "AsymmetricX509Cert", "usage": "Encrypt", "key": certificate()}]
    assert api.application(keyCredentials=sent)["keyCredentials"][0]["usage"] == "Encrypt"


def test_tags_of_an_application_show_on_its_service_principal(api: Api) -> None:
    application = api.application(tags=["one", "both"])
    path = f"/servicePrincipals/{principal_of(api, application)['id']}"

    def shown() -> set[str]:
        tags = api.graph("GET", path).json()["tags"]
        assert len(tags) == len(set(tags))
        return set(tags)

    assert shown() == {"one", "both"}
    assert api.graph("PATCH", path, {"tags": ["own", "both"]}).status_code == 204
    assert shown() == {"one", "both", "own"}
    assert api.graph("PATCH", path_of(application), {"tags": ["other"]}).status_code == 204
    assert shown() == {"other", "both", "own"}
    assert api.graph("GET", path_of(application)).json()["tags"] == ["other"]
    found = api.graph("GET", "/servicePrincipals?$filter=tags/any(t:t eq 'other')").json()["value"]
    assert [item["appId"] for item in found] == [application["appId"]]
