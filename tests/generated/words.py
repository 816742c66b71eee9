# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that present states and declarations are built from.

A text in angle brackets, such as ``<alice>`` or ``<secret:0>``, is a placeholder for a value of the tenant; see Ground.
"""

from __future__ import annotations

from hypothesis import strategies as st

GRAPH = "00000003-0000-0000-c000-000000000000"
PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
ORGANISATIONS = ("AzureADMyOrg", "AzureADMultipleOrgs")

NAMES = ("RustDesk", "O'Brien's desk", "100% R&D + #1 ÄÖ")
UNIQUE_NAMES = ("rustdesk-sso", "o'brien", "desk #1 & 100%")
URLS = ("https://desk.example/", "https://desk.example/other?x=1")
LOGOUT_URLS = ("https://desk.example/logout", "https://desk.example/bye")
TAGS = ("desk", "HideApp", "WindowsAzureActiveDirectoryIntegratedApp", "odd'\"tag;ü")
ADDRESSES = ("ops@desk.example", "second@desk.example", "Third.O'Brien@desk.example")
IDENTIFIER_URIS = ("api://desk", "https://<domain>/api")
OTHER_CLIENTS = ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")

WEB = ("https://desk1.example/api/oidc/callback", "https://desk1.example/API/oidc/callback", "http://localhost:8080/cb")
SPA = ("https://spa.example/", "https://spa.example")
PUBLIC = ("rustdesk://auth", "http://localhost", "https://desk1.example/cb")
# Not with personal accounts
WEB_ORGANISATIONS = (*WEB, "https://*.desk.example/cb", "https://desk1.example/cb?x=1", "urn:ietf:wg:oauth:2.0:oob")

# Entitlements: each value has the ID of the present ones, and another that a declaration may give it.
ROLE_IDS = {value: f"b0000000-0000-4000-8000-00000000000{n}" for n, value in enumerate(("Admin", "Reader", "Writer"))}
SCOPE_IDS = {value: f"c0000000-0000-4000-8000-00000000000{n}" for n, value in enumerate(("read", "write", "all"))}
MEMBER_TYPES = (["User"], ["Application"], ["User", "Application"], ["Application", "User"])

CLAIM_NAMES = ("email", "upn", "groups", "ipaddr")
CLAIM_PROPERTIES = ("cloud_displayname", "emit_as_roles", "sam_account_name")
GROUP_CLAIMS = ("All", "SecurityGroup", "DirectoryRole", "ApplicationGroup")

USERS = ("alice", "bob")
GROUPS = ("Desk users", "O'Brien & Co")
GRAPH_SCOPES = {
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
}
GRAPH_ROLES = {
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
}
# Another application of the tenant, with permissions of its own
FLEET = "Fleet API"
FLEET_SCOPES = {
    "Fleet.Use": "d0000000-0000-4000-8000-000000000001",
    "Fleet.See": "d0000000-0000-4000-8000-000000000002",
}
FLEET_ROLES = {"Fleet.All": "e0000000-0000-4000-8000-000000000001", "Fleet.One": "e0000000-0000-4000-8000-000000000002"}
PERMISSIONS = {"Microsoft Graph": (GRAPH_SCOPES, GRAPH_ROLES), FLEET: (FLEET_SCOPES, FLEET_ROLES)}
RESOURCE_IDS = {"Microsoft Graph": GRAPH, FLEET: "<fleet_app_id>"}

SECRET_NAMES = ("desk1", "desk2")
CREDENTIALS = ("github", "gitlab")
ISSUERS = ("https://token.actions.githubusercontent.com", "https://gitlab.example")
AUDIENCE = "api://AzureADTokenExchange"
AUDIENCES = (AUDIENCE, "api://other")
SSO_MODES = ("oidc", "password", "saml", "notSupported")

booleans = st.booleans()
texts = st.one_of(
    st.sampled_from(["Fernwartung", "two\nlines", "'quoted\" & <b>"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12),
)


def one_in(number: int) -> st.SearchStrategy[bool]:
    """True about once in this number of times."""
    return st.sampled_from([*[False] * (number - 1), True])


def some(
    words: tuple[str, ...] | list[str], minimum: int = 0, maximum: int | None = None
) -> st.SearchStrategy[list[str]]:
    """Return some of these words, in any order, without duplicates."""
    if not words:
        return st.just([])
    return st.lists(st.sampled_from(list(words)), unique=True, min_size=minimum, max_size=maximum)


def members(required: dict[str, st.SearchStrategy], optional: dict[str, st.SearchStrategy]) -> st.SearchStrategy[dict]:
    """Return a dict with all required and any of the optional members."""
    return st.fixed_dictionaries(required, optional=optional)
