# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The refusals of app management policies, and the policies as Graph v1.0 shows them."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .test_graph_more import certificate
from .test_graph_rules import check

DEFAULT = "/policies/defaultAppManagementPolicy"
AUDIENCE = "SignInAudienceNotAllowedAsPerAppPolicy"
LIFETIME, KIND = "CredentialInvalidLifetimeAsPerAppPolicy", "CredentialTypeNotAllowedAsPerAppPolicy"


def test_consent_that_users_may_give(api: Api) -> None:
    path, member = "/policies/authorizationPolicy", "defaultUserRolePermissions"
    assert api.graph("GET", path).status_code == 403
    api.tenant.set_permissions(["Policy.Read.All"])
    api.sign_in()
    own = "ManagePermissionGrantsForSelf."
    for allowed in (True, False):
        api.tenant.set_switches(user_consent=allowed)
        assigned = api.graph("GET", path).json()[member]["permissionGrantPoliciesAssigned"]
        assert any(name.startswith(own) for name in assigned) is allowed
        assert assigned


def test_client_secrets(api: Api) -> None:
    path = f"/applications/{api.application()['id']}/addPassword"
    policy = api.tenant.set_policy(max_password_days=90)
    refused = api.graph("POST", path, {})
    check(refused, 400, LIFETIME, f"as per assigned policy '{policy['id']}'")
    assert refused.json()["error"]["details"][0]["code"] == "InvalidKeyEndDate"
    api.tenant.set_policy(passwords_allowed=False)
    check(api.graph("POST", path, {}), 400, KIND)


def test_certificates(api: Api) -> None:
    path = f"/applications/{api.application()['id']}"
    key: dict[str, Any] = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate(30)}
    api.tenant.set_policy(max_certificate_days=20)
    check(api.graph("PATCH", path, {"keyCredentials": [key]}), 400, LIFETIME)
    check(api.graph("POST", "/applications", {"displayName": "x", "keyCredentials": [key]}), 400, LIFETIME)
    api.tenant.set_policy(max_certificate_days=40)
    assert api.graph("PATCH", path, {"keyCredentials": [key]}).status_code == 204
    (present,) = api.graph("GET", path).json()["keyCredentials"]
    api.tenant.set_policy(trusted_issuers_only=True)
    assert api.graph("PATCH", path, {"keyCredentials": [present]}).status_code == 204
    check(api.graph("PATCH", path, {"keyCredentials": [present, {**key, "key": certificate()}]}), 400, KIND)
    assert api.graph("POST", path + "/addPassword", {}).status_code == 200


def test_audiences(api: Api) -> None:
    several, personal = {"signInAudience": "AzureADMultipleOrgs"}, {"signInAudience": "PersonalMicrosoftAccount"}
    body = {"displayName": "x", "api": {"requestedAccessTokenVersion": 2}}
    before = api.application(**several)
    api.tenant.set_policy(blocked_audiences=["azureAdMultipleOrgs"])
    check(api.graph("POST", "/applications", {**body, **several}), 400, AUDIENCE, "AzureADMultipleOrgs")
    assert api.graph("POST", "/applications", {**body, **personal}).status_code == 201
    path = f"/applications/{api.application()['id']}"
    check(api.graph("PATCH", path, several), 400, AUDIENCE)
    assert api.graph("PATCH", f"/applications/{before['id']}", {"notes": "kept", **several}).status_code == 204


def test_uris(api: Api) -> None:
    made = api.application(identifierUris=["api://before"])
    path = f"/applications/{made['id']}"
    api.tenant.set_policy(
        identifier_uris=["uriAdditionWithoutUniqueTenantIdentifier"], blocked_domains=["evil.example"]
    )
    named = [f"api://{made['appId']}/x", f"https://desks.{api.tenant.domain}/x", f"api://{api.tenant.tenant_id}/x"]
    assert api.graph("PATCH", path, {"identifierUris": ["api://before", *named]}).status_code == 204
    unique = "InvalidUniqueTenantIdentifierAsPerAppPolicy"
    check(api.graph("PATCH", path, {"identifierUris": ["api://desks"]}), 400, unique, "identifier-uri-addition-error")
    newer = {"identifierUris": ["api://desks"], "api": {"requestedAccessTokenVersion": 2}}
    assert api.graph("PATCH", path, newer).status_code == 204
    for platform in ("web", "spa"):
        change = {platform: {"redirectUris": ["https://evil.example/callback"]}}
        check(api.graph("PATCH", path, change), 400, "InvalidRedirectUriAsPerAppPolicy", "evil.example")
    api.tenant.set_policy(identifier_uris=["nonDefaultUriAddition"])
    other = api.application()
    path = f"/applications/{other['id']}"
    refused = api.graph("PATCH", path, {"identifierUris": [f"api://{other['appId']}/x"]})
    check(refused, 400, "InvalidIdentifierUri", "must comply with the format")
    assert api.graph("PATCH", path, {"identifierUris": [f"api://{other['appId']}"]}).status_code == 204


def test_an_applications_policy_replaces_the_default_one(api: Api) -> None:
    made, other = api.application(), api.application()
    api.tenant.set_policy(passwords_allowed=False, blocked_audiences=["azureAdMultipleOrgs"])
    own = api.tenant.set_policy(app_id=made["appId"], max_password_days=90)
    check(api.graph("POST", f"/applications/{other['id']}/addPassword", {}), 400, KIND)
    check(api.graph("POST", f"/applications/{made['id']}/addPassword", {}), 400, LIFETIME, own["id"])
    assert api.graph("PATCH", f"/applications/{made['id']}", {"signInAudience": "AzureADMultipleOrgs"}).ok
    for path in (DEFAULT, f"/policies/appManagementPolicies/{own['id']}"):
        check(api.graph("GET", path), 403, "Authorization_RequestDenied")
    shown = api.tenant.graph("GET", f"/policies/appManagementPolicies/{own['id']}").json()
    assert shown["restrictions"]["passwordCredentials"][0]["maxLifetime"] == "P90D"
    for application, ids in ((made, [own["id"]]), (other, [])):
        listed = api.tenant.graph("GET", f"/applications/{application['id']}/appManagementPolicies").json()["value"]
        assert [policy["id"] for policy in listed] == ids
    assert api.tenant.graph("GET", f"/policies/appManagementPolicies/{made['id']}").status_code == 404


def test_rules_that_only_the_beta_shows(api: Api) -> None:
    assert api.tenant.graph("GET", DEFAULT).json()["isEnabled"] is False
    api.tenant.set_policy(
        blocked_audiences=["personalMicrosoftAccount"], blocked_domains=["evil.example"], trusted_issuers_only=True
    )
    policy = api.tenant.graph("GET", DEFAULT).json()
    assert policy["isEnabled"] is True
    assert set(policy["applicationRestrictions"]) == {"passwordCredentials", "keyCredentials", "identifierUris"}
    (kind,) = policy["applicationRestrictions"]["keyCredentials"]
    assert kind["restrictionType"] == "unknownFutureValue"
