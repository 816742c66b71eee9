# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other documents in place of the settings: nothing is written, or the former state is restored."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from support.wire import AZURE, NEW, OTHER, Wire, converge, document

FRESH = {**NEW, "client_id": "another"}
SECRETS = [entry["client_secret"] for entry in (AZURE, OTHER)]


def without(value, *keys):
    return {key: item for key, item in value.items() if key not in keys}


def renamed(value, **names):
    return {names.get(key, key): item for key, item in value.items()}


def azure(**members):
    return document(OTHER, {**AZURE, **members})


UNKNOWN = {
    "nothing": None,
    "an empty text": "",
    "a number": 7,
    "a page": "<html>Gateway</html>",
    "an empty object": {},
    "an empty list": [],
    "only the list": [OTHER, AZURE],
    "wrapped": {"code": 0, "data": azure()},
    "wrapped in a list": [azure()],
    "nested once more": {"oidc": azure()},
    "a text that holds JSON": '{"providers": []}',
    "no providers": without(azure(), "providers"),
    "providers of another name": renamed(azure(), providers="items"),
    "providers are null": document() | {"providers": None},
    "providers by name": document() | {"providers": {"azure": AZURE}},
    "providers are text": document() | {"providers": "azure"},
    "only names": document("okta", "azure"),
    "lists of values": document(["azure", 1, True]),
    "a null among them": document(OTHER, None),
    "no name": document(without(AZURE, "name")),
    "the name is null": azure(name=None),
    "the name is a number": azure(name=3),
    "the name is an object": azure(name={"en": "azure"}),
    "op in place of name": document(renamed(AZURE, name="op")),
    "camel case": document(
        *(renamed(item, client_id="clientId", client_secret="clientSecret") for item in (OTHER, AZURE))
    ),
    "camel case outside": renamed(azure(), callback_url="callbackUrl", max_auth_count="maxAuthCount"),
    "app_id in place of client_id": document(renamed(AZURE, client_id="app_id")),
    "the place is text": azure(order_index="1"),
    "the place is a fraction": azure(order_index=1.5),
    "the place is a switch": azure(order_index=True),
    "enabled is a number": azure(enabled=1),
    "enabled is text": azure(enabled="true"),
    "the client ID is a number": azure(client_id=12),
    "the secret is an object": azure(client_secret={"value": "s3cret"}),
    "the secret is a list": azure(client_secret=["s3cret"]),
    "the issuer is a list": azure(issuer=["https://login.example/t/v2.0"]),
    "the icon is an object": azure(icon={"svg": "<svg/>"}),
    "the callback is a list": azure() | {"callback_url": ["https://desk.example.com"]},
    "the callback is an object": azure() | {"callback_url": {"path": "/"}},
    "the callback is a switch": azure() | {"callback_url": False},
}


@pytest.mark.parametrize("shown", UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_unknown_documents_are_not_touched(state, shown):
    wire = Wire(copy.deepcopy(shown))
    with pytest.raises(ServiceError, match="learn_contract") as caught:
        converge(wire, state=state, **FRESH)
    assert "Nothing was written" in str(caught.value)
    assert wire.writes == 0
    assert wire.document == shown
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


@pytest.mark.parametrize("mask", ["********", "••••••••", "xxxxxxxxxx", "<hidden>", "(unchanged)", "s3c***"])
def test_a_mask_is_not_written_back(mask):
    wire = Wire(document({**OTHER, "client_secret": mask}, AZURE))
    before = copy.deepcopy(wire.document)
    with pytest.raises(ServiceError, match="update_secret") as caught:
        converge(wire, **FRESH)
    assert "okta" in str(caught.value)
    assert wire.writes == 0
    assert wire.document == before


def test_two_providers_of_the_same_name_are_ambiguous():
    wire = Wire(document(AZURE, OTHER, {**AZURE, "client_id": "second"}))
    for state in ("present", "absent"):
        with pytest.raises(ServiceError, match="several providers named Azure"):
            converge(wire, state=state, **FRESH)
    assert wire.writes == 0
    # They do not interfere
    converge(wire, name="okta", client_id="okta-1")
    assert [entry["client_id"] for entry in wire.document["providers"]] == ["id", "okta-1", "second"]


def each(change):
    return lambda written: {**written, "providers": [change(entry) for entry in written["providers"]]}


BEFORE = document(OTHER, AZURE)
SPOILT = {
    "lost": lambda written: BEFORE,
    "emptied": lambda written: {},
    "providers dropped": lambda written: without(written, "providers"),
    "providers are null": lambda written: {**written, "providers": None},
    "no provider kept": lambda written: {**written, "providers": []},
    "the other one dropped": lambda written: {**written, "providers": written["providers"][1:]},
    "ours dropped": lambda written: {**written, "providers": written["providers"][:1]},
    "doubled": lambda written: {**written, "providers": written["providers"] * 2},
    "in another order": lambda written: {**written, "providers": written["providers"][::-1]},
    "wrapped": lambda written: {"data": written},
    "a list": lambda written: written["providers"],
    "a text": lambda written: "ok",
    "the callback dropped": lambda written: without(written, "callback_url"),
    "the callback changed": lambda written: {**written, "callback_url": "http://desk.example.com/api/oidc/callback"},
    "the maximum dropped": lambda written: without(written, "max_auth_count"),
    "the maximum as text": lambda written: {**written, "max_auth_count": "500"},
    "unknown member dropped": lambda written: without(written, "trusted_origins"),
    "unknown member changed": lambda written: {**written, "trusted_origins": ["a", "b"]},
    "disabled": each(lambda entry: {**entry, "enabled": False}),
    "all enabled": each(lambda entry: {**entry, "enabled": True}),
    "members dropped": each(lambda entry: without(entry, "group_mapping", "pkce")),
    "secrets cut off": each(lambda entry: {**entry, "client_secret": entry["client_secret"][:2]}),
    "secrets emptied": each(lambda entry: {**entry, "client_secret": ""}),
    "secrets null": each(lambda entry: {**entry, "client_secret": None}),
    "issuers without a scheme": each(lambda entry: {**entry, "issuer": "login.example/t/v2.0"}),
    "all places equal": each(lambda entry: {**entry, "order_index": 0}),
    "places as text": each(lambda entry: {**entry, "order_index": str(entry["order_index"])}),
    "names in capitals": each(lambda entry: {**entry, "name": entry["name"].upper()}),
    "camel case": each(lambda entry: renamed(entry, client_id="clientId")),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_values_that_a_server_does_not_keep_are_restored(spoil):
    wire = Wire(copy.deepcopy(BEFORE))
    wire.keeps = lambda written: written if written == BEFORE else spoil(written)
    with pytest.raises(ServiceError, match="former settings were restored") as caught:
        converge(wire, **FRESH)
    assert "Settings > OIDC" in str(caught.value)
    assert "contract" in str(caught.value)
    assert wire.document == BEFORE
    assert wire.writes == 2
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_a_server_that_refuses_the_restored_values_is_reported():
    wire = Wire(copy.deepcopy(BEFORE), keeps=each(lambda entry: {**entry, "enabled": False}))
    with pytest.raises(ServiceError, match="could not be restored completely"):
        converge(wire, **FRESH)


def test_permitted_changes_of_a_server_to_a_new_provider():
    """It may complete it, and hide the secret from then on. Neither is a difference."""
    wire = Wire(document(OTHER))
    wire.keeps = lambda written: {
        **written,
        "providers": [OTHER, {**written["providers"][1], "client_secret": "********", "guid": "1", "pkce": True}],
        "updated_at": 1,
    }
    assert converge(wire, **NEW).changed
    assert wire.writes == 1


# Members that no version has had so far, with names that no option has
STRANGE = st.dictionaries(
    st.sampled_from(["trusted_origins", "trusted_audiences", "group_mapping", "pkce", "proxy", "root_ca", "x-ca", "ü"]),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
        lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
        max_leaves=5,
    ),
)


@given(STRANGE, STRANGE, STRANGE)
def test_members_of_later_versions_survive_any_declaration(top, ours, others):
    """Changes of settings, other providers, and removal keep every other byte and the order of members."""
    first, second = {**others, **OTHER}, {**OTHER, "name": "github", **others}
    wire = Wire({**top, **document({**AZURE, **ours}, first, second)})
    before = copy.deepcopy(wire.document)

    converge(wire, callback_url="https://other.example/api/oidc/callback", maximum_authorized_users=7)
    expected = {**before, "callback_url": "https://other.example/api/oidc/callback", "max_auth_count": 7}
    assert repr(wire.document) == repr(expected)
    converge(wire, **FRESH)
    expected["providers"] = [{**before["providers"][0], "client_id": "another"}, *before["providers"][1:]]
    assert repr(wire.document) == repr(expected)
    converge(wire, name="okta", state="absent")
    assert repr(wire.document) == repr({**expected, "providers": [expected["providers"][0], second]})
    converge(wire, other_providers="remove")
    assert repr(wire.document) == repr({**expected, "providers": expected["providers"][:1]})
    converge(wire, state="absent")
    assert repr(wire.document) == repr({**expected, "providers": []})


class SplitWire(Wire):
    """A console whose callback URL has its own path. It refuses providers if ``refuses``."""

    def __init__(self, document, refuses=False):
        super().__init__(document)
        self.refuses = refuses
        self.callback = "https://old.example/api/oidc/callback"
        self.written = []

    def call(self, method, path, attempted, *, json=None):
        if method != "GET":
            self.written.append(path)
            if path != "/api/callback" and self.refuses:
                raise ServiceError(attempted, answer="no", status=400)
        if path != "/api/callback":
            return super().call(method, path, attempted, json=json)
        if method == "GET":
            return {"callback_url": self.callback}
        self.callback = json["callback_url"]
        return None


SPLIT = {"callback_path": "/api/callback"}
CALLBACK = "https://desk.example.com/api/oidc/callback"


def test_a_callback_url_with_its_own_path():
    """It is written before the provider is offered."""
    wire = SplitWire(without(document(OTHER), "callback_url"))
    assert converge(wire, SPLIT, callback_url=CALLBACK, **NEW).changed
    assert wire.written == ["/api/callback", "/api/oidc/settings"]
    assert wire.callback == CALLBACK
    assert not converge(wire, SPLIT, callback_url=CALLBACK, **NEW).changed


def test_a_provider_that_is_refused_after_the_callback_url():
    """The callback URL is restored."""
    wire = SplitWire(without(document(OTHER), "callback_url"), refuses=True)
    with pytest.raises(ServiceError):
        converge(wire, SPLIT, callback_url=CALLBACK, **NEW)
    assert wire.callback == "https://old.example/api/oidc/callback"
