# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: who may sign in, what tokens contain about users, and which permission is missing."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from integration.entra_app_rows import (
    ASSIGN,
    GRANT,
    NAMED,
    OWNED_BY,
    READ,
    READ_GROUPS,
    READ_USERS,
    WRITE,
    people,
    quietly,
    run,
)

from support.fleet import Fleet

CALLBACK = "https://desk1.example/api/oidc/callback"


class Page(HTMLParser):
    """The form of a page, and the page's text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields, self.text = "", {}, text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record the form and its fields."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")


def sign_in(fleet: Fleet, app_id: str, upn: str, scope: str = "openid") -> str:
    """The result of a sign-in at the authorization endpoint: the address to return to, or the text of an error page."""
    asked = {"client_id": app_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": scope}
    http, url = fleet.lab.http, f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/oauth2/v2.0/authorize"
    page = Page(http.get(url, params=asked, timeout=20).text)
    page = Page(http.post(page.action, data={**page.fields, "loginfmt": upn}, timeout=20).text)
    last = {**page.fields, "loginfmt": upn, "passwd": fleet.tenant.users[upn]}
    answer = http.post(page.action, data=last, timeout=20, allow_redirects=False)
    return answer.headers.get("Location", answer.text)


def id_claims(fleet: Fleet, made: dict[str, Any], upn: str, scope: str = "openid") -> dict[str, Any]:
    """The claims of the ID token that the application ``made`` gets for a user."""
    app_id = made["application"]["app_id"]
    (code,) = parse_qs(urlsplit(sign_in(fleet, app_id, upn, scope)).query)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": app_id,
        "client_secret": made["client_secrets"][0]["secret_text"],
    }
    token = fleet.lab.http.post(made["token_endpoint"], data=form, timeout=20).json()["id_token"]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def test_only_assigned_users_sign_in(fleet: Fleet) -> None:
    """Users assigned directly or through a group can sign in, others cannot; without the requirement all can."""
    alice, bob = people(fleet)
    fleet.tenant.set_permissions([WRITE, ASSIGN, GRANT, READ_USERS, READ_GROUPS])
    fleet.tenant.add_group("Helpdesk", [bob])
    required = {
        "service_principal": {"app_role_assignment_required": True},
        "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["openid"]}],
    }
    declared = {**NAMED, "web_redirect_uris": {"set": [CALLBACK]}, **required}
    app_id = run(fleet, **declared, assignments={"set": [{"user": alice}]})["application"]["app_id"]
    assert sign_in(fleet, app_id, alice).startswith(f"{CALLBACK}?code=")
    assert "AADSTS50105" in sign_in(fleet, app_id, bob)
    run(fleet, **declared, assignments={"add": [{"group": "Helpdesk"}], "remove": [{"user": alice}]})
    assert sign_in(fleet, app_id, bob).startswith(f"{CALLBACK}?code=")
    assert "AADSTS50105" in sign_in(fleet, app_id, alice)
    run(fleet, **NAMED, service_principal={"app_role_assignment_required": False})
    assert sign_in(fleet, app_id, alice).startswith(f"{CALLBACK}?code=")


def test_id_token_names_assigned_groups(fleet: Fleet) -> None:
    """By display name, as RustDesk's group mapping needs them; the user's other groups are left out."""
    _alice, bob = people(fleet)
    fleet.tenant.set_permissions([WRITE, ASSIGN, READ_GROUPS])
    for name in ("Helpdesk", "Canteen"):
        fleet.tenant.add_group(name, [bob])
    groups = {"name": "groups", "additional_properties": ["cloud_displayname"]}
    made = run(
        fleet,
        **NAMED,
        web_redirect_uris={"set": [CALLBACK]},
        group_membership_claims=["ApplicationGroup"],
        optional_claims={"id_token": [groups]},
        assignments={"set": [{"group": "Helpdesk"}]},
        client_secrets=[{"name": "desk1"}],
    )
    assert id_claims(fleet, made, bob)["groups"] == ["Helpdesk"]


def test_id_token_without_an_unverified_email(fleet: Fleet) -> None:
    """Omitted once declared, sent again when that is reverted; checking it takes no additional request."""
    _alice, bob = people(fleet)
    stranger = "bob@elsewhere.example"
    fleet.tenant.change_user(bob, email=stranger)
    declared = {**NAMED, "web_redirect_uris": {"set": [CALLBACK]}}
    made = run(fleet, **declared, client_secrets=[{"name": "desk1"}])
    assert made["application"]["remove_unverified_email_claim"] is None
    assert id_claims(fleet, made, bob, "openid email")["email"] == stranger
    run(fleet, **declared, remove_unverified_email_claim=True)
    assert "email" not in id_claims(fleet, made, bob, "openid email")
    requests = []
    for options in ({}, {"remove_unverified_email_claim": True}):
        kept = quietly(fleet, **declared, **options)
        assert kept["application"]["remove_unverified_email_claim"] is True
        requests.append([f"{item['method']} {item['path']}" for item in fleet.lab.requests()])
    assert requests[0] == requests[1]
    run(fleet, **declared, remove_unverified_email_claim=False)
    assert id_claims(fleet, made, bob, "openid email")["email"] == stranger


ALL = {WRITE, ASSIGN, GRANT, READ, READ_USERS, READ_GROUPS}
ALICE = {"user": "alice@{domain}"}
NEEDED: dict[str, tuple[dict[str, Any], set[str], str]] = {
    "owners": ({"owners": {"add": ["{alice}"]}}, {OWNED_BY}, WRITE),
    "owner_by_name": ({"owners": {"add": ["alice@{domain}"]}}, ALL - {READ_USERS}, READ_USERS),
    "assignment": ({"assignments": {"add": [{"user": "{alice}"}]}}, {OWNED_BY, READ}, ASSIGN),
    "user_by_name": ({"assignments": {"add": [ALICE]}}, ALL - {READ_USERS}, READ_USERS),
    "group_by_name": ({"assignments": {"add": [{"group": "Helpdesk"}]}}, ALL - {READ_GROUPS}, READ_GROUPS),
    "consent_delegated": (
        {"admin_consent": [{"resource": "Microsoft Graph", "scopes": ["User.Read"]}]},
        {OWNED_BY},
        GRANT,
    ),
    "consent_app_roles": (
        {"admin_consent": [{"resource": "Microsoft Graph", "app_roles": ["User.Read.All"]}]},
        {OWNED_BY, READ},
        ASSIGN,
    ),
}


@pytest.mark.parametrize("name", NEEDED)
def test_missing_permission_is_named(fleet: Fleet, name: str) -> None:
    """With all permissions but one, the message names the missing one; once granted, the same task works."""
    declaration, permissions, missing = NEEDED[name]
    tenant = fleet.tenant
    tenant.add_group("Helpdesk", [])
    alice, _bob = people(fleet)
    text = json.dumps(declaration).replace("{alice}", tenant.user_ids[alice]).replace("{domain}", fleet.domain)
    declared = {**NAMED, **json.loads(text)}
    run(fleet, **NAMED)
    tenant.set_permissions(sorted(permissions))
    refused = run(fleet, **declared)
    assert refused["failed"], refused
    assert missing in refused["msg"]
    tenant.set_permissions(sorted({*permissions, missing}))
    done = run(fleet, **declared)
    assert done["changed"], done


def test_unresolvable_names(fleet: Fleet) -> None:
    """An unknown name, two groups of one name, and a missing role or permission are reported before any change."""
    tenant = fleet.tenant
    tenant.set_permissions(sorted(ALL))
    twins = [tenant.add_group("Twins", []) for _turn in range(2)]
    graph = {"resource": "Microsoft Graph"}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"owners": {"add": [f"carol@{fleet.domain}"]}}, [f"carol@{fleet.domain}"]),
        ({"assignments": {"add": [{"group": "Nobody"}]}}, ["Nobody"]),
        ({"assignments": {"add": [{"group": "Twins"}]}}, ["Twins", *twins]),
        ({"assignments": {"add": [{"user": f"alice@{fleet.domain}", "app_role": "boss"}]}}, ["boss", "app_roles"]),
        ({"assignments": {"add": [{"user": "a@b.example", "group": "Twins"}]}}, ["assignments.add"]),
        ({"required_resource_access": [{**graph, "scopes": ["User.Raed"]}]}, ["User.Raed", "Microsoft Graph"]),
        ({"admin_consent": [{**graph, "app_roles": ["User.Read"]}]}, ["User.Read", "scopes"]),
        ({"admin_consent": [{"resource": "Nothing", "scopes": ["a"]}]}, ["Nothing"]),
        ({"pre_authorized_applications": [{"app_id": twins[0], "scopes": ["desk"]}]}, ["desk", "permission_scopes"]),
    ]
    for declared, words in cases:
        refused = quietly(fleet, **NAMED, **declared)
        assert refused["failed"], declared
        assert all(word in refused["msg"] for word in words), refused["msg"]
