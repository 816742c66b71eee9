# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users that a console blocks from signing in with a provider, as far as both are known."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.restrictions import (
    needs_users,
    restrictions,
)

PRO, API = "pro", "rustdesk_api"
ON = Provider("azure", "oidc", enabled=True)


def names(
    console_type: str, provider: Provider | None, maximum: int | None = None, users: int | None = None
) -> list[str]:
    """Return the names of the restrictions. Each is a sentence with a next step."""
    found = restrictions(console_type, provider, maximum, users)
    for item in found:
        assert item.result().keys() == {"name", "detail", "hint"}
        assert item.hint
        assert not item.detail.endswith(".")
        assert not item.hint.endswith(".")
    return [item.name for item in found]


@pytest.mark.parametrize("console_type", CONSOLES)
@pytest.mark.parametrize("provider", [None, Provider("azure"), Provider("azure", enabled=False, auto_register=False)])
def test_a_provider_that_is_not_offered_restricts_no_user(console_type: str, provider: Provider | None) -> None:
    assert names(console_type, provider, 0, 5) == []
    assert not needs_users(provider, 5)


@pytest.mark.parametrize(
    ("maximum", "users", "expected"),
    [
        (None, None, []),
        (None, 10, []),
        (500, None, []),
        (500, 0, []),
        (500, 499, []),
        (500, 500, ["maximum_authorized_users"]),
        (500, 501, ["maximum_authorized_users"]),
        (0, None, ["maximum_authorized_users"]),
        (0, 0, ["maximum_authorized_users"]),
    ],
)
def test_the_maximum(maximum: int | None, users: int | None, expected: list[str]) -> None:
    assert names(PRO, ON, maximum, users) == expected


def test_when_users_must_be_counted() -> None:
    assert needs_users(ON, 500)
    assert not needs_users(ON, 0)
    assert not needs_users(ON, None)


@pytest.mark.parametrize(("registers", "expected"), [(True, []), (None, ["registration"]), (False, ["registration"])])
def test_registration(registers: bool | None, expected: list[str]) -> None:
    assert names(API, Provider("azure", "oidc", enabled=True, auto_register=registers, key=1)) == expected


def test_a_new_provider_registers_users() -> None:
    assert names(API, Provider("azure", "oidc", enabled=True)) == []


@pytest.mark.parametrize(
    ("console_type", "provider_type", "scopes", "expected"),
    [
        # It then requests its default scopes
        (API, "oidc", None, []),
        (API, "oidc", [], []),
        (API, "oidc", ["email", "openid"], []),
        (API, "oidc", ["openid", "profile"], ["email_claim"]),
        (API, "google", ["openid", "profile"], ["email_claim"]),
        (API, "github", ["openid", "profile"], []),
        # They identify users by other claims
        ("rustdesk_console", "oidc", ["openid", "profile"], []),
        (PRO, "oidc", ["openid", "profile"], []),
    ],
)
def test_the_address_that_identifies_users(
    console_type: str, provider_type: str, scopes: list[str] | None, expected: list[str]
) -> None:
    assert names(console_type, Provider("azure", provider_type, enabled=True, scopes=scopes)) == expected
