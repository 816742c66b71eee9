# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each type of identity provider needs, under which names it goes, and what a rename takes."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import PROVIDER_TYPES
from support.wire import AZURE, OTHER, Wire, converge, document

CLIENT = {"client_id": "id", "client_secret": "s3cret"}
ISSUER = {"issuer": "https://login.example"}
ENDPOINTS = {f"{name}_endpoint": f"https://login.example/{name}" for name in ("authorization", "token", "userinfo")}
# What is needed besides the client; azure, okta and auth0 give each customer an issuer of his own
NEEDS = {
    "azure": ISSUER,
    "okta": ISSUER,
    "auth0": ISSUER,
    "oidc": ISSUER,
    "oauth2": ENDPOINTS,
    "google": {},
    "github": {},
    "gitlab": {},
    "facebook": {},
    "apple": {},
}
CUSTOM = ("oidc", "oauth2")
BUILT_IN = [name for name in NEEDS if name not in CUSTOM]


def named(provider_type):
    return "contoso" if provider_type in CUSTOM else provider_type


def test_every_type_is_described_here():
    assert set(NEEDS) == set(PROVIDER_TYPES)


@pytest.mark.parametrize("provider_type", NEEDS)
def test_a_new_provider_of_each_type(provider_type):
    """What it needs is enough, is what is written, and is named when it is missing, before any write."""
    options = {"name": named(provider_type), "type": provider_type, **CLIENT, **NEEDS[provider_type]}
    wire = Wire(document(OTHER) if provider_type != "okta" else document())
    converge(wire, **options)
    made = wire.document["providers"][-1]
    assert made == {
        "name": named(provider_type),
        "order_index": made["order_index"],
        "enabled": True,
        **CLIENT,
        **NEEDS[provider_type],
    }
    assert not converge(wire, **options).changed
    for option in (*CLIENT, *NEEDS[provider_type]):
        empty = Wire(document())
        with pytest.raises(InputError, match=rf"\b{option}\b"):
            converge(empty, **{**options, option: None})
        assert empty.writes == 0


@pytest.mark.parametrize("provider_type", BUILT_IN)
def test_a_built_in_type_goes_by_its_own_name(provider_type):
    """It follows from the name; under another name RustDesk would not know it."""
    wire = Wire(document())
    converge(wire, name=provider_type.upper(), **CLIENT, **NEEDS[provider_type])
    assert wire.document["providers"][0]["name"] == provider_type.upper()
    with pytest.raises(InputError, match=f"Name it {provider_type}"):
        converge(Wire(document()), name="contoso", type=provider_type, **CLIENT, **NEEDS[provider_type])


def test_microsoft_is_azure():
    converge(wire := Wire(document()), name="Microsoft", type="azure", **CLIENT, **ISSUER)
    assert wire.document["providers"][0]["name"] == "Microsoft"
    assert not converge(wire, name="azure", **CLIENT, **ISSUER).changed
    with pytest.raises(InputError, match="Name it github"):
        converge(wire, name="azure", type="github", **CLIENT)


def test_endpoints_stand_in_for_an_issuer():
    converge(wire := Wire(document()), name="contoso", **CLIENT, **ENDPOINTS)
    assert wire.document["providers"][0]["token_endpoint"] == ENDPOINTS["token_endpoint"]


def test_a_rename_is_refused_unless_it_is_forced():
    """Users are linked to a provider by its name."""
    wire = Wire(document({**OTHER, "name": "entra"}, AZURE))
    rename = {"name": "contoso", "former_name": "entra"}
    with pytest.raises(InputError, match="force_rename"):
        converge(wire, **rename)
    assert wire.writes == 0
    todo = converge(wire, **rename, force_rename=True)
    assert todo.diff()["before"]["name"] == "entra"
    assert [entry["name"] for entry in wire.document["providers"]] == ["contoso", "Azure"]
    assert wire.document["providers"][0] == {**OTHER, "name": "contoso"}
    assert not converge(wire, **rename, force_rename=True).changed
    assert not converge(wire, **rename).changed


@pytest.mark.parametrize("former", ["azure", "Azure", "Microsoft", "nobody"])
def test_a_former_name_that_means_the_same_renames_nothing(former):
    wire = Wire(document(AZURE))
    for name in ("azure", "Microsoft"):
        assert not converge(wire, name=name, former_name=former, force_rename=True).changed
    assert wire.document == document(AZURE)


def test_a_provider_of_the_former_name_is_no_hindrance_to_removal():
    wire = Wire(document(OTHER))
    assert not converge(wire, name="contoso", former_name="okta", state="absent").changed
    assert wire.document == document(OTHER)
