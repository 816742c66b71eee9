# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: if an app management policy refuses a request, only the rule behind the refusal is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faults.steps import own
from integration.entra_app_rows import NAMED, OWNED_BY, run
from integration.test_entra_app_parts import certificate

from support.fleet import Fleet

READ_POLICIES = "Policy.Read.All"
# Rules that cause no refusal here
OTHERS = {"passwords_allowed": False, "max_certificate_days": 1, "blocked_audiences": ["personalMicrosoftAccount"]}
WORDS = ("password", "asymmetric", "unknownFutureValue", "Audience", "identifierUri", "nonDefault")


def refused(fleet: Fleet, **options: Any) -> dict[str, str]:
    """The parts of the error message of a run that a policy refuses."""
    result = run(fleet, **NAMED, **options)
    assert result.get("failed"), result
    error: dict[str, str] = result["error"]
    return error


def test_an_audience(fleet: Fleet) -> None:
    """Refused on creation and on change; v1.0 does not return the rule, so the policy is named without a rule."""
    tenant = fleet.tenant
    tenant.set_permissions([OWNED_BY, READ_POLICIES])
    tenant.set_policy(**{**OTHERS, "blocked_audiences": ["azureAdMultipleOrgs"]})
    made = refused(fleet, sign_in_audience="AzureADMultipleOrgs")
    assert own(tenant.applications()) == []
    assert not run(fleet, **NAMED, sign_in_audience="AzureADMyOrg").get("failed")
    changed = refused(fleet, sign_in_audience="AzureADMultipleOrgs")
    for error in (made, changed):
        assert error["code"] == "SignInAudienceNotAllowedAsPerAppPolicy"
        assert error["answer"].endswith("; the policy Default app management tenant policy refused it"), error
        assert error["hint"].startswith("Set another sign_in_audience")
        assert not [word for word in WORDS if word in error["answer"].partition(";")[2]]


@pytest.mark.parametrize(
    ("rule", "uri", "hint"),
    [
        ("uriAdditionWithoutUniqueTenantIdentifier", "api://desks", "{app_id}, the tenant ID or a verified domain"),
        ("nonDefaultUriAddition", "api://{app_id}/desks", "use only api://{app_id}"),
    ],
)
def test_an_identifier_uri(fleet: Fleet, rule: str, uri: str, hint: str) -> None:
    tenant = fleet.tenant
    tenant.set_permissions([OWNED_BY, READ_POLICIES])
    tenant.set_policy(**OTHERS, identifier_uris=[rule])
    error = refused(fleet, identifier_uris=[uri])
    assert error["answer"].endswith(f"; the policy Default app management tenant policy has: {rule}"), error
    assert f"In identifier_uris, {hint}" in error["hint"].replace("use URIs with ", "")
    assert not run(fleet, **NAMED, identifier_uris=["api://{app_id}"]).get("failed")


def test_a_redirect_uri(fleet: Fleet) -> None:
    fleet.tenant.set_permissions([OWNED_BY, READ_POLICIES])
    fleet.tenant.set_policy(**OTHERS, blocked_domains=["evil.example"])
    error = refused(fleet, web_redirect_uris={"set": ["https://evil.example/api/oidc/callback"]})
    assert "https://evil.example/api/oidc/callback" in error["answer"]
    assert error["answer"].endswith("refused it")
    assert "web_redirect_uris" in error["hint"]


def test_a_certificate(fleet: Fleet, tmp_path: Path) -> None:
    """Too long a lifetime, and an issuer that the policy does not trust; client secrets are not mentioned."""
    tenant = fleet.tenant
    tenant.set_permissions([OWNED_BY, READ_POLICIES])
    path, _thumbprint = certificate(tmp_path, "desk")
    certificates = [{"path": str(path)}]
    tenant.set_policy(max_password_days=1, max_certificate_days=20)
    too_long = refused(fleet, certificates=certificates)
    assert too_long["answer"].endswith("has: asymmetricKeyLifetime P20D"), too_long
    tenant.set_policy(passwords_allowed=False, trusted_issuers_only=True)
    stranger = refused(fleet, certificates=certificates)
    assert stranger["answer"].endswith("has: unknownFutureValue"), stranger
    for error in (too_long, stranger):
        assert error["hint"].startswith("Set certificates to one")
        assert "client_secrets" not in error["hint"]
    tenant.set_policy(max_certificate_days=4000, passwords_allowed=False)
    assert not run(fleet, **NAMED, certificates=certificates).get("failed")


def test_policy_of_the_application(fleet: Fleet) -> None:
    """The refusal of a client secret names it; if the refusal names none, it is read from the application."""
    tenant = fleet.tenant
    secret = {"name": "desk1", "lifetime": "100d", "renew_before": "10d", "overlap": "2d"}
    made = run(fleet, **NAMED)
    tenant.set_policy(passwords_allowed=False)
    custom = tenant.set_policy(
        app_id=made["application"]["app_id"], max_password_days=40, blocked_audiences=["azureAdMultipleOrgs"]
    )
    unread = refused(fleet, client_secrets=[secret])
    assert custom["id"] in unread["answer"]
    assert "P40D" not in unread["answer"]  # reading the rule requires a permission
    assert unread["hint"] == "Shorten lifetime in client_secrets"
    tenant.set_permissions([OWNED_BY, READ_POLICIES])
    fleet.lab.clear_requests()
    too_long = refused(fleet, client_secrets=[secret])
    assert too_long["answer"].endswith("; the policy Policy of single applications has: passwordLifetime P40D")
    audience = refused(fleet, sign_in_audience="AzureADMultipleOrgs")
    assert audience["answer"].endswith("; the policy Policy of single applications refused it"), audience
    shorter = run(fleet, **NAMED, client_secrets=[{**secret, "lifetime": "30d"}])
    assert not shorter.get("failed"), shorter
