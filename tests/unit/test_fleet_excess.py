# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers beyond an application's limit of redirect URIs are refused because of their declarations."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.excess import application_key, refusals
from support.servers import TENANT, declared

PERSONAL = {"app_sign_in_audience": "PersonalMicrosoftAccount"}
KEY = f"{TENANT} rustdesk-sso"


def other(number: int, unread: tuple[str, ...] = (), **changed: str | None) -> Other:
    """A server of a later batch."""
    given = {"tenant_id": TENANT, "console_url": f"https://later{number}", **changed}
    return Other(f"later{number}", {name: value for name, value in given.items() if value is not None}, unread)


@pytest.mark.parametrize(("changed", "limit"), [({}, 256), (PERSONAL, 100)], ids=["organization", "personal"])
def test_the_limit(changed: dict[str, Any], limit: int) -> None:
    servers = [declared(f"desk{number}", **changed) for number in range(limit + 1)]
    elsewhere = declared("other", app_unique_name="other", **changed)
    assert refusals([*servers[:limit], elsewhere]) == {}
    found = refusals([*servers, elsewhere])
    assert [*found] == [application_key(servers[0])] == [KEY]
    assert f"{limit + 1} servers share the application rustdesk-sso: {limit + 1} redirect URIs" in found[KEY]
    assert f"exceed the {limit} that" in found[KEY]
    assert "Set rustdesk_sso_app_unique_name to a different name for each group of servers" in found[KEY]
    assert found[KEY].endswith("Nothing was changed.")


def test_spellings_of_one_address_are_one_redirect_uri() -> None:
    servers = [
        declared(f"desk{number}", public_url=f"https://{name}", **PERSONAL)
        for number in range(100)
        for name in (f"desk{number}", f"DESK{number}")
    ]
    assert refusals(servers) == {}


def test_tenants_are_compared_ignoring_case() -> None:
    servers = [declared(f"desk{number}", **PERSONAL) for number in range(100)]
    assert [*refusals([*servers, declared("last", tenant_id=TENANT.upper(), **PERSONAL)])] == [KEY]


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        (other(1), True),
        (other(1, tenant_id=TENANT.upper(), app_unique_name="rustdesk-sso"), True),
        (other(1, tenant_id=None), True),
        (other(1, public_url="https://public1", console_url=None), True),
        (other(1, console_url="https://desk1"), False),
        (other(1, app_unique_name="other"), False),
        (other(1, tenant_id="fabrikam.example"), False),
        (other(1, console_url=None), False),
        (other(1, unread=("public_url",)), False),
        (other(1, unread=("app_unique_name",)), False),
        (other(1, unread=("tenant_id",), tenant_id=None), False),
    ],
)
def test_a_server_of_a_later_batch(more: Other, refused: bool) -> None:
    """It counts if it is known to need another redirect URI of the same application."""
    servers = [declared(f"desk{number}", **PERSONAL) for number in range(100)]
    assert bool(refusals(servers, [more])) is refused
