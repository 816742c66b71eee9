# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requirements and names of each type of identity provider, and the conditions for a rename."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider, sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import (
    FREE_NAMES,
    PROVIDER_TYPES,
    same_name,
)
from support.wire import AZURE, OTHER, Wire, converge, declared, document

CLIENT = {"client_id": "id", "client_secret": "s3cret"}
ISSUER = {"issuer": "https://login.example"}
ENDPOINTS = {f"{name}_endpoint": f"https://login.example/{name}" for name in ("authorization", "token", "userinfo")}
# Requirements in addition to the client. azure, okta and auth0 have an issuer for each customer
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
    """Its requirements are sufficient, are written, and are named before any write if they are missing."""
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
def test_a_built_in_type_has_its_own_name(provider_type):
    """It follows from the name. RustDesk would not recognize it under another name."""
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


def test_endpoints_replace_an_issuer():
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
def test_an_equivalent_former_name_is_not_a_rename(former):
    wire = Wire(document(AZURE))
    for name in ("azure", "Microsoft"):
        assert not converge(wire, name=name, former_name=former, force_rename=True).changed
    assert wire.document == document(AZURE)


def test_a_provider_with_the_former_name_does_not_prevent_removal():
    wire = Wire(document(OTHER))
    assert not converge(wire, name="contoso", former_name="okta", state="absent").changed
    assert wire.document == document(OTHER)


@pytest.mark.parametrize(
    ("name", "console_types"),
    [
        ("azure", {"pro", "auto", *FREE_NAMES}),
        ("Azure", {"pro", "auto"}),
        ("Microsoft", {"pro", "auto"}),
        ("mine", set()),
    ],
)
def test_names_of_the_same_provider(name, console_types):
    """Only RustDesk Server Pro treats azure and Microsoft as the same. The other consoles compare names exactly."""
    for console_type in ("pro", "auto", *FREE_NAMES):
        same = console_type in console_types
        assert same_name("azure", name, console_type) is same
        assert (sign_in.offered(["other", name], "azure", console_type) is not None) is same
        found = provider.find([Provider("other"), Provider(name)], "azure", console_type)
        assert (found is not None) is same


@pytest.mark.parametrize("console_type", FREE_NAMES)
def test_names_that_differ_only_by_case(console_type):
    """No second one is added beside the first, and neither is removed instead of the other."""
    there = [Provider("Azure", client_id="id")]
    with pytest.raises(InputError, match="Set name to Azure"):
        provider.plan(declared(**CLIENT, **ISSUER), there, {}, console_type)
    assert not provider.plan(declared(state="absent"), there, {}, console_type).changed
    assert provider.plan(declared(**CLIENT, **ISSUER), [Provider("Microsoft")], {}, console_type).present is None


@pytest.mark.parametrize(
    ("console_type", "options", "present", "written"),
    [
        ("rustdesk_console", {"type": "oidc"}, "oauth2", "oidc"),
        ("rustdesk_console", {}, "oauth2", "oidc"),
        ("rustdesk_console", {"name": "contoso"}, "oauth2", None),
        ("rustdesk_console", {"name": "contoso", "type": "oidc"}, "oauth2", "oidc"),
        ("rustdesk_console", {"name": "contoso", "type": "oauth2"}, "oidc", "oauth2"),
        ("rustdesk_console", {"name": "github"}, "oidc", "oauth2"),
        ("rustdesk_console", {"type": "oidc"}, None, None),
        ("rustdesk_console", {"type": "oidc"}, "oidc", None),
        ("rustdesk_api", {"type": "oidc"}, "webauth", "oidc"),
        ("rustdesk_api", {"name": "google"}, "oidc", None),
        ("rustdesk_api", {"name": "github"}, "oidc", "github"),
        ("rustdesk_api", {"name": "linuxdo"}, "linuxdo", None),
        ("pro", {"type": "oidc"}, "oauth2", None),
    ],
)
def test_a_wrong_type_is_corrected_if_one_is_declared(console_type, options, present, written):
    params = declared(**options)
    todo = provider.plan(params, [Provider(params["name"], present, enabled=True)], {}, console_type)
    assert todo.values() == ({"type": written} if written else {})
    assert todo.touches_sign_in is bool(written)
    assert todo.target.type == (written or present)


def test_an_oauth2_provider_that_may_work_is_not_changed():
    """With OpenID Connect, its users could have other IDs."""
    present = Provider("azure", "oauth2", **ENDPOINTS)
    with pytest.raises(InputError, match="Set type to oauth2"):
        provider.plan(declared(type="oidc"), [present], {}, "rustdesk_console")
    assert not provider.plan(declared(type="oauth2"), [present], {}, "rustdesk_console").changed
    incomplete = Provider("azure", "oauth2", **{**ENDPOINTS, "userinfo_endpoint": None})
    assert provider.plan(declared(type="oidc"), [incomplete], {}, "rustdesk_console").changed


def test_a_secret_that_was_not_read_is_unknown():
    shown = [Provider("azure", client_secret=None, secret_readable=readable).view() for readable in (True, False)]
    assert [item["client_secret_set"] for item in shown] == [False, None]


@pytest.mark.parametrize("held", [None, ""])
def test_a_missing_endpoint_needs_no_clearing(held):
    todo = provider.plan(declared(token_endpoint="", jwks_endpoint=""), [Provider("azure", token_endpoint=held)], {})
    assert not todo.changed
