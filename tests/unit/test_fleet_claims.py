# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a removed server that other hosts still declare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import claims, removal
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import specification
from support.servers import TENANT, TENANT_ID, callback, declared, ready

NOTHING = {"application": "", "redirect_uri": "", "client_secret": "", "provider": ""}
ELSEWHERE = {"console_url": "https://desk2.example.com"}


def left(**values: Any) -> set[str]:
    """Return the parts that a host with these variables prevents from being removed."""
    return {what for what, name in claims.of(declared(), [Other("other", values)]).items() if name == "other"}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (ELSEWHERE, {"application"}),
        ({**ELSEWHERE, "app_unique_name": "else"}, set()),
        ({**ELSEWHERE, "tenant_id": "fabrikam.example"}, set()),
        ({**ELSEWHERE, "tenant_id": TENANT.upper()}, {"application"}),
        # The same tenant by its ID and its domain name
        ({**ELSEWHERE, "tenant_id": TENANT_ID}, {"application"}),
        ({**ELSEWHERE, "public_url": "https://desk1"}, {"application", "redirect_uri"}),
        ({**ELSEWHERE, "secret_name": "rustdesk-sso desk1"}, {"application", "client_secret"}),
        # A second inventory name for the same console
        ({"console_url": "https://desk1/"}, {"application", "redirect_uri", "provider", "client_secret"}),
        ({"console_url": "HTTPS://desk1", "provider_name": "entra"}, {"application", "redirect_uri"}),
        ({"console_url": "https://desk1", "app_unique_name": "else"}, {"provider", "client_secret"}),
        # Variables passed to the role are not in the inventory
        ({}, {"application", "redirect_uri", "provider", "client_secret"}),
    ],
)
def test_parts_that_another_host_declares(values: dict[str, str], kept: set[str]) -> None:
    """By tenant and unique name, address, name of the client secret, console and provider."""
    assert left(**values) == kept


@pytest.mark.parametrize(
    ("variable", "values", "kept"),
    [
        ("tenant_id", ELSEWHERE, {"application"}),
        ("app_unique_name", ELSEWHERE, {"application"}),
        ("console_url", {"app_unique_name": "else"}, {"provider", "client_secret"}),
        ("console_url", {}, {"application", "redirect_uri", "provider", "client_secret"}),
        ("public_url", ELSEWHERE, {"application", "redirect_uri"}),
        ("secret_name", ELSEWHERE, {"application", "client_secret"}),
        ("provider_name", {"console_url": "https://desk1", "app_unique_name": "else"}, {"provider", "client_secret"}),
    ],
)
def test_an_unreadable_value_may_be_anything(variable: str, values: dict[str, str], kept: set[str]) -> None:
    """For example, a variable whose vault password is missing."""
    found = claims.of(declared(), [Other("other", values, (variable,))])
    assert {what for what, name in found.items() if name} == kept


def test_the_defaults_are_those_of_the_role() -> None:
    """A host that does not set a variable has them."""
    known = {name.removeprefix(PREFIX): rules.get("default") for name, rules in specification().items()}
    assert {name: known[name] for name in claims.DEFAULTS} == claims.DEFAULTS


def test_the_first_host_is_named() -> None:
    """Without other hosts, nothing is kept."""
    assert claims.of(declared(), []) == NOTHING
    others = [
        Other("one", {**ELSEWHERE, "app_unique_name": "else"}),
        Other("two", ELSEWHERE),
        Other("three", ELSEWHERE),
    ]
    assert claims.of(declared(), others)["application"] == "two"
    assert claims.kept(NOTHING) == []
    assert claims.kept({**NOTHING, "provider": "two"}) == ["the provider (declared by two)"]


@pytest.mark.parametrize(
    ("uri", "others", "named"),
    [
        ("https://old/api/oidc/callback", {"console_url": "https://desk2"}, ""),
        ("https://DESK1:443/api/oidc/callback", {"console_url": "https://desk2"}, "desk1"),
        ("https://desk2/api/oidc/callback", {"console_url": "https://desk2"}, "other"),
        ("https://desk2/api/oidc/callback", {"console_url": "https://desk2", "public_url": "https://new"}, ""),
        # Its address may be passed to the role
        ("https://old/api/oidc/callback", {}, "other"),
    ],
)
def test_a_former_redirect_uri_that_another_host_declares(uri: str, others: dict[str, str], named: str) -> None:
    found = claims.problems(declared(remove_redirect_uris=[uri]), [Other("other", others)])
    assert [uri in problem and f"which {named} declares" in problem for problem in found] == ([True] if named else [])


def test_a_part_of_the_inventory() -> None:
    """Missing hosts may use the application, and have client secrets of any name."""
    found = claims.of(declared(), [], partial=True)
    assert {what for what, name in found.items() if name} == {"application"}
    assert claims.why(found["application"]) == "the inventory contains only a part of the servers"
    others = [Other("one", {}), Other("two", {"secret_name": "mine"})]
    assert claims.holders(others) == ["mine", "rustdesk-sso one"]
    assert claims.holders(others, partial=True) is None
    assert claims.holders([Other("one", {}, ("secret_name",))]) is None


def claimed(what: str, name: str = "desk1") -> Any:
    """A server to remove while another host declares a part of it."""
    server = replace(ready(name, remove_unused_app=True), configured={"changed": True, "provider": {}})
    return replace(server, declaration={**server.declaration, "claims": {**NOTHING, what: "other"}})


def test_declared_parts_are_kept_in_the_application() -> None:
    """For each server individually."""
    (entry,) = removal.removals([claimed("redirect_uri", "desk1"), claimed("client_secret", "desk2")])
    assert entry["web_redirect_uris"] == {"remove": [callback("desk2")]}
    assert [item["name"] for item in entry["client_secrets"]] == ["rustdesk-sso desk1"]
