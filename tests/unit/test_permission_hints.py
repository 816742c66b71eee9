# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request that Graph refuses: the hint names the one cause that the access token shows."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.name_resolution import (
    looking_refused,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.permission_hints import (
    OWNED_BY,
    READ_ALL,
    WRITE_ALL,
    Caller,
    grant,
    hint,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

ME, APP = "0f9c1b9a-35c5-4f0b-8a86-0a4c1d0c7e77", "6d3b6f0e-7c55-4b6f-9f0e-2f8d1c5a9b10"
OWN = f"/v1.0/applications/{APP}"
PRINCIPAL = f"/v1.0/servicePrincipals/{APP}"
GRAPH = "https://graph.microsoft.com"


def said(method: str, path: str, **claims: Any) -> str:
    """Return the hint for a caller with these claims, an application unless they contain scopes."""
    return hint(method, path, "application me", Caller.of({"oid": ME, **claims}), GRAPH)


@pytest.mark.parametrize("path", [OWN, f"{OWN}/addPassword", f"/v1.0/applications(appId='{APP}')"])
def test_a_caller_that_may_change_its_own_applications_becomes_an_owner(path: str) -> None:
    told = said("PATCH", path, roles=[OWNED_BY])
    assert told.endswith(f"owner of the application: az ad app owner add --id {APP} --owner-object-id {ME}")
    assert "admin consent" not in told
    assert WRITE_ALL not in told


def test_an_owner_of_a_service_principal_is_added_through_graph() -> None:
    told = said("PATCH", f"/v1.0/servicePrincipals/{APP}", roles=[OWNED_BY])
    assert f"'{GRAPH}/v1.0/servicePrincipals/{APP}/owners/$ref'" in told
    assert f"/directoryObjects/{ME}" in told


@pytest.mark.parametrize(
    ("method", "path", "roles", "missing"),
    [
        ("PATCH", OWN, [], OWNED_BY),
        ("GET", "/v1.0/applications", [OWNED_BY], READ_ALL),
        ("POST", f"{OWN}/owners/$ref", [OWNED_BY], WRITE_ALL),
        ("POST", f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo", [READ_ALL], "AppRoleAssignment.ReadWrite.All"),
        ("POST", f"/v1.0/servicePrincipals/{APP}/appRoleAssignedTo", ["AppRoleAssignment.ReadWrite.All"], READ_ALL),
        ("GET", "/v1.0/users/alice@contoso.example", [OWNED_BY], "User.ReadBasic.All"),
    ],
)
def test_a_missing_permission_is_the_only_cause(method: str, path: str, roles: list[str], missing: str) -> None:
    told, _colon, place = said(method, path, roles=roles).partition(": ")
    assert told == f"Grant the application me the Microsoft Graph application permission {missing}, with admin consent"
    assert not place or place.endswith(" to bootstrap_abilities, and run the playbook bootstrap_automation again")


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("PATCH", OWN, [WRITE_ALL]),
        ("POST", "/v1.0/applications", [OWNED_BY]),
        ("GET", "/v1.0/policies/x", ["Policy.Read.All"]),
    ],
)
def test_without_a_missing_permission_none_is_named(method: str, path: str, roles: list[str]) -> None:
    told = said(method, path, roles=roles)
    assert "has the required permission" in told
    assert "Grant" not in told


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("PATCH", OWN, "an owner of the application, or as Application Administrator"),
        ("POST", f"{OWN}/owners/$ref", "an owner of the application, or as Application Administrator"),
        ("POST", f"{PRINCIPAL}/owners/$ref", "an owner of the service principal, or as Application Administrator"),
        ("POST", f"{PRINCIPAL}/appRoleAssignedTo", "Privileged Role Administrator"),
        ("DELETE", f"{PRINCIPAL}/appRoleAssignedTo/x", "Privileged Role Administrator"),
        ("POST", "/v1.0/oauth2PermissionGrants", "Privileged Role Administrator"),
        ("PATCH", "/v1.0/oauth2PermissionGrants/x", "Privileged Role Administrator"),
        ("POST", "/v1.0/applications", "Application Administrator"),
        ("POST", f"/v1.0/directory/deletedItems/{APP}/restore", "Application Administrator"),
        ("GET", "/v1.0/applications", "Application Administrator"),
        ("GET", "/v1.0/oauth2PermissionGrants", "Global Reader"),
        ("GET", "/v1.0/users/alice@contoso.example", "Global Reader"),
        ("GET", "/v1.0/policies/authorizationPolicy", "Global Reader"),
    ],
)
@pytest.mark.parametrize("scopes", ["openid", "Application.ReadWrite.All Directory.AccessAsUser.All openid"])
def test_a_user_gets_the_name_of_the_role(method: str, path: str, told: str, scopes: str) -> None:
    """Regardless of the scopes: Azure CLI's are the same for every user."""
    assert said(method, path, scp=scopes) == f"Sign in as {told}"


def test_a_user_who_may_not_look_up_names_gets_the_name_of_the_role() -> None:
    error = ServiceError("Looking failed", status=403, hint="Sign in as Global Reader")
    refused = looking_refused(error, "User.ReadBasic.All", Caller.of({"oid": ME, "scp": "openid"}))
    assert refused.hint == "Sign in as Global Reader, or set the object ID, which needs no lookup"
    refused = looking_refused(error, "User.ReadBasic.All", Caller.of({"oid": ME}))
    assert str(refused.hint).startswith("Grant the automation User.ReadBasic.All: add names to bootstrap_abil")


def test_several_permissions_are_enumerated() -> None:
    told = grant("application me", ["GroupMember.Read.All", "Policy.Read.All", "User.ReadBasic.All", WRITE_ALL])
    assert told == (
        "Grant the application me the Microsoft Graph application permissions GroupMember.Read.All, Policy.Read.All, "
        f"User.ReadBasic.All and {WRITE_ALL}, with admin consent: add names, policies and other_applications to "
        "bootstrap_abilities, and run the playbook bootstrap_automation again"
    )


def test_an_unreadable_token_is_unknown() -> None:
    told = hint("PATCH", OWN, "application me", Caller.of(None), GRAPH)
    assert OWNED_BY in told
    assert "make it an owner of the application" in told
    assert not Caller.of({"roles": "x", "oid": ME}).permissions


def test_a_deleted_application_of_others() -> None:
    told = said("POST", f"/v1.0/directory/deletedItems/{APP}/restore", roles=[OWNED_BY])
    assert OWNED_BY in told
    assert "az ad app owner" not in told
