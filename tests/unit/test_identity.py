# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Relying parties that would lose their identity to an application, and the parts left out for them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import identity

TENANT = "11111111-2222-3333-4444-555555555555"
ELSEWHERE = "99999999-2222-3333-4444-555555555555"
OURS, OTHER = "aaaaaaaa-2222-3333-4444-555555555555", "bbbbbbbb-2222-3333-4444-555555555555"
MICROSOFT = "https://login.microsoftonline.com"
ISSUER = f"{MICROSOFT}/{TENANT}/v2.0"
TENANTS = {TENANT, "contoso.example"}


def party(client_id: str | None = OURS, issuer: str | None = ISSUER, **more: Any) -> dict[str, Any]:
    """Return a relying party as a console describes it."""
    return {
        "name": "desk1",
        "client_id": client_id,
        "issuer": issuer,
        "web_redirect_uris": ["https://desk1/cb"],
        **more,
    }


@pytest.mark.parametrize(
    ("issuer", "tenant"),
    [
        (ISSUER, TENANT),
        (f"{MICROSOFT}/{TENANT.upper()}/v2.0/", TENANT),
        (f"https://sts.windows.net/{TENANT}/", TENANT),
        (f"{MICROSOFT}/Contoso.Example", "contoso.example"),
        ("https://login.example:8443/contoso.example/v2.0", "contoso.example"),
        (f"{MICROSOFT}/common/v2.0", ""),
        (f"{MICROSOFT}/<tenant>/v2.0", ""),
        (f"{MICROSOFT}/YOUR_TENANT_ID/v2.0", ""),
        ("", ""),
        (None, ""),
        ("to be filled in", ""),
        ("https://[", ""),
        ("https://accounts.google.com", None),
    ],
)
def test_the_tenant_of_an_issuer(issuer: str | None, tenant: str | None) -> None:
    """In any spelling. A placeholder names none, and other identity providers have none."""
    assert identity.tenant_of(issuer, ["login.example"]) == tenant


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (party(), ""),
        (party(OURS.upper(), f"{MICROSOFT}/common/v2.0"), ""),
        (party(OURS, f"https://sts.windows.net/{TENANT}/"), ""),
        (party(OURS, f"{MICROSOFT}/contoso.example/v2.0/"), ""),
        (party(OURS, ""), ""),
        (party(None, None), ""),
        (party("", f"{MICROSOFT}/{ELSEWHERE}/v2.0"), ""),
        (party("changeme", f"{MICROSOFT}/{ELSEWHERE}/v2.0"), ""),
        (party(OTHER), f"the client ID {OTHER}"),
        (party(OTHER, ""), f"the client ID {OTHER}"),
        (party(OTHER, enabled=False), f"the client ID {OTHER}"),
        (party(OTHER, replaces=[ELSEWHERE]), f"the client ID {OTHER}"),
        (party(OTHER, replaces=[f" {OTHER.upper()} "]), ""),
        (party(OURS, f"{MICROSOFT}/{ELSEWHERE}/v2.0"), "which belongs to another tenant"),
        (party(OURS, f"{MICROSOFT}/fabrikam.example/v2.0"), "which belongs to another tenant"),
        (party("42.apps.googleusercontent.com", "https://accounts.google.com"), "https://accounts.google.com"),
        (party("42.apps", "https://accounts.google.com", replaces=["42.apps"]), ""),
    ],
)
@pytest.mark.parametrize("app_id", [OURS, None])
def test_identities_that_would_be_replaced(held: dict[str, Any], words: str, app_id: str | None) -> None:
    """Neither a placeholder nor another spelling. With a new application, any client ID in use."""
    found = identity.replaced(held, app_id, TENANTS, [])
    if app_id is None and not words and held["client_id"] and held["client_id"].lower() == OURS:
        assert found == f"the client ID {OURS}"
    else:
        assert (words in found) if words else found == ""


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"client_id": OTHER, "issuer": ISSUER}, True),
        ({"client_id": OURS, "issuer": ""}, True),
        ({"client_id": OTHER, "issuer": f"{MICROSOFT}/{ELSEWHERE}/v2.0"}, False),
        ({"client_id": "changeme", "issuer": ISSUER}, False),
        ({"client_id": "42.apps", "issuer": "https://accounts.google.com"}, False),
    ],
)
def test_another_provider_of_the_same_users(other: dict[str, Any], named: bool) -> None:
    """By its tenant or its client ID."""
    held = party(None, None, other_providers=[{"name": "old", **other}])
    assert identity.beside(held, OURS, TENANTS, []) == ("old" if named else "")


def test_parts_that_are_left_out() -> None:
    """Those that belong only to the refused one. Parts that another one needs are kept."""
    one, two = party(), {**party(), "name": "desk2"}
    three = {**party(), "name": "desk3", "web_redirect_uris": ["https://desk3/cb"]}
    declared = {
        "relying_parties": [one, two, three],
        "web_redirect_uris": {"add": ["https://desk1/cb", "https://desk3/cb"], "remove": None},
        "client_secrets": [{"name": item["name"]} for item in (one, two, three)],
    }
    left = identity.without(declared, {"desk1", "desk3"})
    assert left["web_redirect_uris"] == {"add": ["https://desk1/cb"], "remove": None}
    assert left["client_secrets"] == [{"name": "desk2"}]
    assert identity.without({**declared, "web_redirect_uris": None}, {"desk1"})["web_redirect_uris"] is None
