# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes to a console, and the parts that are left unchanged."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider
from support.wire import AZURE, NEW, OTHER, Wire, converge, declared, document


def test_a_new_provider_is_appended_and_the_rest_is_unchanged():
    wire = Wire(document(OTHER))
    assert converge(wire, **NEW).changed
    assert wire.document == document(OTHER, {"name": "azure", "order_index": 4, "enabled": True, **NEW})
    assert not converge(wire, **NEW).changed


@pytest.mark.parametrize("name", ["azure", "AZURE", "Microsoft", "microsoft"])
def test_equivalent_names_find_the_provider_and_do_not_rename_it(name):
    wire = Wire(document(AZURE, OTHER))
    assert not converge(wire, name=name, **NEW).changed
    converge(wire, name=name, client_id="other")
    assert wire.document == document({**AZURE, "client_id": "other"}, OTHER)


def test_the_exact_name_takes_precedence():
    exact = {**AZURE, "name": "azure", "client_id": "exact"}
    converge(wire := Wire(document(AZURE, exact)), enabled=False)
    assert wire.document == document(AZURE, {**exact, "enabled": False})


def test_absent_removes_only_this_provider():
    wire = Wire(document(AZURE, OTHER))
    assert converge(wire, state="absent").changed
    assert wire.document == document(OTHER)
    assert not converge(wire, state="absent").changed


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "issuer"])
def test_a_new_provider_needs_everything_for_a_sign_in(missing):
    wire = Wire(document())
    with pytest.raises(InputError, match=missing):
        converge(wire, **{**NEW, missing: None})
    assert wire.writes == 0


def test_the_diff_has_no_secret():
    todo = provider.plan(declared(**{**NEW, "client_secret": "fresh"}), [Provider("azure", **NEW)], {})
    assert todo.changed
    assert "fresh" not in str(todo.diff())
    assert "s3cret" not in str(todo.diff())


def test_a_hidden_secret_is_not_guessed():
    hidden = {key: value for key, value in AZURE.items() if key != "client_secret"}
    assert not converge(Wire(document(hidden)), **NEW).changed
    assert converge(wire := Wire(document(hidden)), **NEW, update_secret="always").changed
    assert wire.document["providers"][0]["client_secret"] == "s3cret"


@pytest.mark.parametrize("masked", ["azure", "okta"])
def test_a_mask_is_never_written_back(masked):
    entries = [{**AZURE, "name": "azure"}, OTHER]
    entries = [{**entry, "client_secret": "********"} if entry["name"] == masked else entry for entry in entries]
    wire = Wire(document(*entries))
    with pytest.raises(ServiceError, match=masked):
        converge(wire, enabled=False)
    assert wire.writes == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: {**d, "providers": d["providers"][:1]},
        lambda d: {**d, "providers": d["providers"][::-1]},
        lambda d: {**d, "trusted_origins": []},
        lambda d: {**d, "providers": [{**entry, "enabled": False} for entry in d["providers"]]},
        lambda d: {key: value for key, value in d.items() if key != "max_auth_count"},
    ],
)
def test_a_former_document_is_restored_if_the_console_does_not_keep_the_new_one(spoil):
    former = document({**OTHER, "enabled": True})
    wire = Wire(former)
    wire.keeps = lambda written: written if written == former else spoil(written)
    with pytest.raises(ServiceError, match="former settings were restored"):
        converge(wire, **NEW)
    assert wire.document == former


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
)


@given(st.one_of(JSON, st.builds(lambda p, c: {"providers": p, "callback_url": c}, JSON, JSON)))
def test_a_document_of_another_shape_is_refused_before_any_write(seen):
    good = (
        isinstance(seen, dict)
        and isinstance(seen.get("providers"), list)
        and all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in seen["providers"])
        and isinstance(seen.get("callback_url"), (str, type(None)))
        and (not seen["providers"] or any("client_id" in entry for entry in seen["providers"]))
    )
    wire = Wire(seen)
    if good:
        return
    with pytest.raises(ServiceError, match="unknown format"):
        converge(wire, **NEW)
    assert wire.writes == 0


@given(
    st.lists(st.dictionaries(st.text(max_size=3), SCALARS, max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), JSON, max_size=3),
)
def test_unknown_members_survive(extras, top):
    others = [{**extra, "name": f"other{index}"} for index, extra in enumerate(extras)]
    before = {**top, "providers": [*others, AZURE], "callback_url": None}
    wire = Wire(copy.deepcopy(before))
    converge(wire, **{**NEW, "client_secret": "fresh"})
    assert wire.document == {**before, "providers": [*others, {**AZURE, "client_secret": "fresh"}]}


ONE, TWO = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"


@pytest.mark.parametrize(
    ("present", "wanted", "identity"),
    [
        ({"client_id": ONE}, {"client_id": TWO}, ["client_id"]),
        ({"client_id": ONE}, {"client_id": ONE.upper()}, []),
        # No user has signed in with these
        ({"client_id": ""}, {"client_id": TWO}, []),
        ({"client_id": "to be set"}, {"client_id": TWO}, []),
        ({"issuer": f"https://login.example/{ONE}/v2.0"}, {"issuer": f"https://login.example/{TWO}/v2.0"}, ["issuer"]),
        ({"issuer": f"https://login.example/{ONE}"}, {"issuer": f"https://login.example/{ONE}/v2.0"}, []),
        ({"issuer": "https://login.example/common/v2.0"}, {"issuer": f"https://login.example/{ONE}/v2.0"}, []),
        ({}, {"name": "entra", "former_name": "azure", "force_rename": True}, ["name"]),
        ({}, {"client_secret": "fresh"}, []),
    ],
)
def test_a_change_of_identity_is_reported_as_such(present, wanted, identity):
    todo = provider.plan(declared(**wanted), [Provider("azure", **{**NEW, **present})], {})
    assert todo.identity == identity
    after = todo.diff()["after"]
    assert after.get("accounts") == (f"new for all users ({identity[0]})" if identity else None)


def test_a_new_provider_changes_no_users_identity():
    assert provider.plan(declared(**NEW), [], {}).identity == []


class TestWhatAnotherRunHasWritten:
    """The client secret that the provider got since it was read."""

    HELD, MINE, ANOTHERS = ("held~0123456789abcdef", "mine~0123456789abcdef", "anothers~0123456789ab")

    def found(self, present: str | None, replaces: list[str] | None, **changed: object) -> str | None:
        """Return the kept values of a provider that has the client secret ``present``."""
        has = Provider("azure", client_id="App", client_secret=present)
        for name, value in changed.items():
            setattr(has, name, value)
        options = declared(client_id="app", client_secret=self.MINE)
        return provider.anothers_secret({**options, "client_secret_replaces": replaces}, [has], None)

    def test_another_one_is_kept(self):
        assert self.found(self.ANOTHERS, [self.HELD]) == self.ANOTHERS
        assert self.found(self.ANOTHERS, []) == self.ANOTHERS

    @pytest.mark.parametrize("present", [None, "", "short", HELD, MINE, "*" * 40])
    def test_a_former_or_invalid_one_is_replaced(self, present):
        assert self.found(present, [self.HELD]) is None

    def test_only_for_the_same_application_and_on_request(self):
        assert self.found(self.ANOTHERS, [self.HELD], client_id="other") is None
        assert self.found(self.ANOTHERS, [self.HELD], secret_readable=False) is None
        assert self.found(self.ANOTHERS, [self.HELD], name="other") is None
        assert self.found(self.ANOTHERS, None) is None
