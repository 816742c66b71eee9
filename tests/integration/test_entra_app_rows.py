# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: every property of an application and of its service principal is set, changed and cleared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from faults.steps import module, predicted, writes
from integration.entra_app_rows import NAMED, Row, Seen, follow, make_owned, masked, run

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

DESK1, DESK2, DESK3 = (f"https://desk{number}.example/api/oidc/callback" for number in (1, 2, 3))
# Entra allows a URI on one platform only
SPA1, SPA2, SPA3 = (f"https://app{number}.example/" for number in (1, 2, 3))
NATIVE = "https://native.example/"
GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ, EMAIL = "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0"
USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"
CLIENT = "11111111-2222-3333-4444-555555555555"


def role(value: str, description: str, **more: Any) -> dict[str, Any]:
    """The declaration of a role."""
    return {"value": value, "display_name": value, "description": description, **more}


def scope(value: str, description: str, **more: Any) -> dict[str, Any]:
    """The declaration of an exposed scope."""
    return {"value": value, "admin_consent_display_name": value, "admin_consent_description": description, **more}


def claims(seen: Seen) -> dict[str, list[tuple[str, bool, list[str]]]]:
    """The optional claims of each token type."""
    return {
        kind: sorted((claim["name"], claim["essential"], claim["additionalProperties"]) for claim in listed)
        for kind, listed in (seen.application["optionalClaims"] or {}).items()
    }


def accesses(seen: Seen) -> set[tuple[str, str, str]]:
    """The requested permissions: resource, type, ID."""
    return {
        (entry["resourceAppId"], item["type"], item["id"])
        for entry in seen.application["requiredResourceAccess"]
        for item in entry["resourceAccess"]
    }


def scopes(seen: Seen) -> tuple[Any, Any]:
    """The exposed scopes, and those of the pre-authorized applications."""
    values = {item["id"]: item["value"] for item in seen.api["oauth2PermissionScopes"]}
    texts = {(i["value"], i["adminConsentDescription"], i["type"]) for i in seen.api["oauth2PermissionScopes"]}
    clients = {
        i["appId"]: {values[k] for k in i["delegatedPermissionIds"]} for i in seen.api["preAuthorizedApplications"]
    }
    return texts, clients


def locked(seen: Seen) -> set[str]:
    """The locked members; members that are null or false are not locked."""
    return {name for name, value in (seen.application["servicePrincipalLockConfiguration"] or {}).items() if value}


def of_principal(*members: str) -> Any:
    """Return a function that reads these members of the service principal."""
    return lambda seen: tuple(seen.principal[name] for name in members)


INFO = ("marketing", "privacyStatement", "support", "termsOfService")


def info(path: str) -> dict[str, Any]:
    """The four URLs that describe an application."""
    url = f"https://example.com/{path}" if path else ""
    return dict.fromkeys(("marketing_url", "privacy_statement_url", "support_url", "terms_of_service_url"), url)


def principal(**suboptions: Any) -> dict[str, Any]:
    """A declaration of the service principal."""
    return {"service_principal": suboptions}


ROWS = {
    "display_name": Row(
        lambda seen: (seen.application["displayName"], seen.principal["displayName"]),
        [
            ({"display_name": "RustDesk"}, ("RustDesk", "RustDesk")),
            ({"display_name": "Fernwartung"}, ("Fernwartung", "Fernwartung")),
        ],
        unset=False,
    ),
    "description": Row(
        lambda seen: seen.application["description"],
        [
            ({"description": "Remote help"}, "Remote help"),
            ({"description": "Help"}, "Help"),
            ({"description": ""}, None),
        ],
    ),
    "sign_in_audience": Row(
        lambda seen: seen.application["signInAudience"],
        [({"sign_in_audience": name}, name) for name in ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADMyOrg")],
    ),
    "web_redirect_uris": Row(
        lambda seen: set(seen.web["redirectUris"]),
        [
            ({"web_redirect_uris": {"set": [DESK1, DESK2]}}, {DESK1, DESK2}),
            ({"web_redirect_uris": {"add": [DESK3], "remove": [DESK1]}}, {DESK2, DESK3}),
            ({"web_redirect_uris": {"set": []}}, set()),
        ],
    ),
    "spa_redirect_uris": Row(
        lambda seen: set(seen.application["spa"]["redirectUris"]),
        [
            ({"spa_redirect_uris": {"add": [SPA1, SPA2]}}, {SPA1, SPA2}),
            ({"spa_redirect_uris": {"set": [SPA3]}}, {SPA3}),
            ({"spa_redirect_uris": {"remove": [SPA3]}}, set()),
        ],
    ),
    "public_client_redirect_uris": Row(
        lambda seen: set(seen.application["publicClient"]["redirectUris"]),
        [
            ({"public_client_redirect_uris": {"set": ["rustdesk://auth", NATIVE]}}, {"rustdesk://auth", NATIVE}),
            ({"public_client_redirect_uris": {"set": ["http://localhost"]}}, {"http://localhost"}),
            ({"public_client_redirect_uris": {"set": []}}, set()),
        ],
    ),
    "fallback_public_client": Row(
        lambda seen: bool(seen.application["isFallbackPublicClient"]),
        [({"fallback_public_client_enabled": value}, value) for value in (True, False)],
    ),
    "id_token_issuance": Row(
        lambda seen: seen.web["implicitGrantSettings"]["enableIdTokenIssuance"],
        [({"id_token_issuance_enabled": value}, value) for value in (False, True, False)],
    ),
    "remove_unverified_email_claim": Row(
        lambda seen: (seen.application["authenticationBehaviors"] or {}).get("removeUnverifiedEmailClaim"),
        [({"remove_unverified_email_claim": value}, value) for value in (False, True, False)],
        unset=False,
    ),
    "access_token_issuance": Row(
        lambda seen: seen.web["implicitGrantSettings"]["enableAccessTokenIssuance"],
        [({"access_token_issuance_enabled": value}, value) for value in (True, False)],
    ),
    "logout_url": Row(
        lambda seen: seen.web["logoutUrl"],
        [({"logout_url": url}, url or None) for url in ("https://desk1.example/out", "https://desk2.example/out", "")],
    ),
    "home_page_url": Row(
        lambda seen: seen.web["homePageUrl"],
        [({"home_page_url": url}, url or None) for url in ("https://desk1.example", "http://desk2.example/a?b=c", "")],
    ),
    "info_urls": Row(
        lambda seen: {seen.application["info"][f"{name}Url"] for name in INFO},
        [(info("a"), {"https://example.com/a"}), (info("b"), {"https://example.com/b"}), (info(""), {None})],
    ),
    "optional_claims": Row(
        claims,
        [
            (
                {"optional_claims": {"id_token": [{"name": "email"}, {"name": "upn", "essential": True}]}},
                {"idToken": [("email", False, []), ("upn", True, [])], "accessToken": [], "saml2Token": []},
            ),
            (
                {"optional_claims": {"id_token": [{"name": "email"}], "access_token": [{"name": "ipaddr"}]}},
                {"idToken": [("email", False, [])], "accessToken": [("ipaddr", False, [])], "saml2Token": []},
            ),
            (
                {"optional_claims": {"id_token": []}},
                {"idToken": [], "accessToken": [("ipaddr", False, [])], "saml2Token": []},
            ),
            (
                {"optional_claims": {"id_token": [], "access_token": []}},
                {"idToken": [], "accessToken": [], "saml2Token": []},
            ),
        ],
        unset=False,  # Graph then shows empty lists, which mean the same as null
    ),
    "group_claims": Row(
        lambda seen: seen.application["groupMembershipClaims"],
        [
            ({"group_membership_claims": ["ApplicationGroup"]}, "ApplicationGroup"),
            ({"group_membership_claims": ["SecurityGroup", "DirectoryRole"]}, "DirectoryRole,SecurityGroup"),
            ({"group_membership_claims": []}, None),
        ],
    ),
    "app_roles": Row(
        lambda seen: {(i["value"], i["description"], i["isEnabled"]) for i in seen.application["appRoles"]},
        [
            (
                {"app_roles": [role("admin", "All"), role("user", "Some")]},
                {("admin", "All", True), ("user", "Some", True)},
            ),
            (
                {"app_roles": [role("admin", "Everything"), role("guest", "Little", enabled=False)]},
                {("admin", "Everything", True), ("guest", "Little", False)},
            ),
            ({"app_roles": []}, set()),
        ],
    ),
    "required_resource_access": Row(
        accesses,
        [
            (
                {"required_resource_access": [{"resource": "Microsoft Graph", "scopes": ["User.Read", EMAIL]}]},
                {(GRAPH, "Scope", USER_READ), (GRAPH, "Scope", EMAIL)},
            ),
            (
                {
                    "required_resource_access": [
                        {"resource": GRAPH, "scopes": [USER_READ], "app_roles": ["User.Read.All"]}
                    ]
                },
                {(GRAPH, "Scope", USER_READ), (GRAPH, "Role", USER_READ_ALL)},
            ),
            ({"required_resource_access": []}, set()),
        ],
    ),
    "permission_scopes": Row(
        scopes,
        [
            (
                {
                    "permission_scopes": [scope("desk", "Desk"), scope("list", "List", type="Admin")],
                    "pre_authorized_applications": [{"app_id": CLIENT, "scopes": ["desk", "list"]}],
                },
                ({("desk", "Desk", "User"), ("list", "List", "Admin")}, {CLIENT: {"desk", "list"}}),
            ),
            (
                {
                    "permission_scopes": [scope("desk", "One desk"), scope("call", "Call")],
                    "pre_authorized_applications": [{"app_id": CLIENT, "scopes": ["call"]}],
                },
                ({("desk", "One desk", "User"), ("call", "Call", "User")}, {CLIENT: {"call"}}),
            ),
            ({"permission_scopes": [], "pre_authorized_applications": []}, (set(), {})),
        ],
    ),
    "identifier_uris": Row(
        lambda seen: {uri.replace(seen.application["appId"], "...") for uri in seen.application["identifierUris"]},
        [
            ({"identifier_uris": ["api://{app_id}"]}, {"api://..."}),
            ({"identifier_uris": ["api://{app_id}/desk", "api://{app_id}"]}, {"api://...", "api://.../desk"}),
            ({"identifier_uris": []}, set()),
        ],
    ),
    "access_token_version": Row(
        lambda seen: seen.api["requestedAccessTokenVersion"],
        [({"requested_access_token_version": number}, number) for number in (2, 1)],
        unset=False,
    ),
    "personal_audience": Row(
        lambda seen: (seen.application["signInAudience"], seen.api["requestedAccessTokenVersion"]),
        [
            ({"sign_in_audience": "PersonalMicrosoftAccount"}, ("PersonalMicrosoftAccount", 2)),
            ({"sign_in_audience": "AzureADandPersonalMicrosoftAccount"}, ("AzureADandPersonalMicrosoftAccount", 2)),
            ({"sign_in_audience": "AzureADMyOrg", "requested_access_token_version": 1}, ("AzureADMyOrg", 1)),
        ],
        unset=False,
    ),
    "tags": Row(
        lambda seen: set(seen.application["tags"]),
        [({"tags": ["desk", "it"]}, {"desk", "it"}), ({"tags": ["it", "help"]}, {"it", "help"}), ({"tags": []}, set())],
    ),
    "notes": Row(
        lambda seen: seen.application["notes"],
        [({"notes": text}, text or None) for text in ("Asked for by: service desk", "Anfrage 12 für Björn", "")],
    ),
    "service_management_reference": Row(
        lambda seen: seen.application["serviceManagementReference"],
        [({"service_management_reference": text}, text or None) for text in ("CI-1", "CI-2", "")],
    ),
    "service_principal_lock": Row(
        locked,
        [
            ({"service_principal_lock": {"enabled": True, "all_properties": True}}, {"isEnabled", "allProperties"}),
            (
                {"service_principal_lock": {"all_properties": False, "credentials_with_usage_verify": True}},
                {"isEnabled", "credentialsWithUsageVerify"},
            ),
            ({"service_principal_lock": {"enabled": False, "credentials_with_usage_verify": False}}, set()),
        ],
    ),
    "service_principal": Row(
        lambda seen: seen.principal is not None,
        [(principal(state=state), state == "present") for state in ("absent", "present", "absent")],
        unset=False,
    ),
    "assignment_required": Row(
        of_principal("appRoleAssignmentRequired"),
        [(principal(app_role_assignment_required=value), (value,)) for value in (True, False)],
    ),
    "hidden": Row(
        of_principal("tags"),
        [(principal(visible_to_users=False), (["HideApp"],)), (principal(visible_to_users=True), ([],))],
    ),
    "notification_emails": Row(
        lambda seen: set(seen.principal["notificationEmailAddresses"]),
        [
            (
                principal(notification_email_addresses=["a@example.com", "b@example.com"]),
                {"a@example.com", "b@example.com"},
            ),
            (principal(notification_email_addresses=["c@example.com"]), {"c@example.com"}),
            (principal(notification_email_addresses=[]), set()),
        ],
    ),
    "single_sign_on_mode": Row(
        of_principal("preferredSingleSignOnMode"),
        [(principal(preferred_single_sign_on_mode=mode), (mode or None,)) for mode in ("oidc", "notSupported", "")],
    ),
    "account_enabled_and_notes": Row(
        of_principal("accountEnabled", "notes"),
        [
            (principal(account_enabled=False, notes="not yet"), (False, "not yet")),
            (principal(account_enabled=True, notes="since May"), (True, "since May")),
            (principal(notes=""), (True, None)),
        ],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_row(fleet: Fleet, name: str) -> None:
    """Set on a new application, changed, cleared: each as predicted by check mode, and only once."""
    follow(fleet, ROWS[name])


def test_all_rows_together(lab: Lab, fleet: Fleet, quick_controller: Controller) -> None:
    """All properties in one declaration, with ansible-playbook: none is missing, and none interferes with another."""
    # An absent service principal has no roles or properties, nor does an application for personal accounts.
    rows = [row for name, row in ROWS.items() if name not in ("service_principal", "personal_audience")]
    tasks, expected = [], []
    for turn in range(3):
        steps = [row.steps[min(turn, len(row.steps) - 1)] for row in rows]
        declared = {**NAMED, **{name: value for step, _shown in steps for name, value in step.items()}}
        declared["service_principal"] = {
            name: value for step, _shown in steps for name, value in step.get("service_principal", {}).items()
        }
        task = module("entra_app", **fleet.entra, **declared, wait_timeout=20)
        tasks += [predicted(task), task, task]
        expected = [shown for _step, shown in steps]
    refused = len(lab.violations())
    results = quick_controller.tasks(*tasks)
    for check, done, again in zip(results[0::3], results[1::3], results[2::3], strict=True):
        assert done["changed"], done
        ids = [done["application"]["app_id"], done["application"]["object_id"]]
        assert masked(check, *ids) == masked(done, *ids)
        assert not again["changed"], again
    assert [row.shows(Seen(fleet.tenant)) for row in rows] == expected
    assert lab.violations()[refused:] == []


def test_app_role_is_disabled_before_its_removal(lab: Lab, fleet: Fleet) -> None:
    """Entra refuses to change or remove an enabled role.

    A changed description or a declared ID keeps the ID. A renamed value is a different role, unless its ID is declared.
    """
    made = run(fleet, **NAMED, app_roles=[role("admin", "All"), role("user", "Some")])
    ids = {item["value"]: item["id"] for item in made["application"]["app_roles"]}
    lab.clear_requests()
    run(fleet, **NAMED, app_roles=[role("admin", "Everything"), role("desk.user", "Some", id=ids["user"])])
    sent = [json.loads(item["body"])["appRoles"] for item in lab.requests("graph") if item["method"] == "PATCH"]
    assert [{item["isEnabled"] for item in roles} for roles in sent] == [{False}, {True}]
    assert {item["value"]: item["id"] for item in Seen(fleet.tenant).application["appRoles"]} == {
        "admin": ids["admin"],
        "desk.user": ids["user"],
    }
    lab.clear_requests()
    run(fleet, **NAMED, app_roles=[role("administrator", "Everything")])
    assert len(writes(lab)) == 2
    (left,) = Seen(fleet.tenant).application["appRoles"]
    assert (left["value"], left["isEnabled"]) == ("administrator", True)
    assert left["id"] not in ids.values()


def test_application_found_by_app_id_gets_a_unique_name(fleet: Fleet) -> None:
    """It gets the name once; afterwards it is found by the name, which cannot change."""
    made = make_owned(fleet)
    named = {"app_id": made["appId"]}
    without_principal = {"service_principal": {"state": "absent"}}
    follow(
        fleet,
        Row(
            lambda seen: seen.application["id"],
            [({"unique_name": "desks", **without_principal}, made["id"])],
            unset=False,
            named=named,
        ),
    )
    assert run(fleet, unique_name="desks", **without_principal)["application"]["app_id"] == made["appId"]
    refused = run(fleet, **named, unique_name="others")
    assert refused["failed"]
    assert "desks" in refused["msg"]
