# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparison of a declaration with the existing object."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import PLAIN, SET, TEXT, Field, records

FIELDS = (
    Field("title", ("displayName",)),
    Field("uris", ("web", "redirectUris"), SET),
    Field("note", ("note",), TEXT),
    Field("roles", ("roles",), records({"value": "v", "kinds": "k", "on": "on"}, "value", ("kinds",))),
    Field("implicit", ("web", "implicitGrantSettings", "enableIdTokenIssuance")),
    Field("key", ("secret",), PLAIN, secret=True),
)

TITLE, URIS, NOTE, ROLES, IMPLICIT, KEY = FIELDS


def changed(present: dict, desired: dict) -> dict:
    return {change.field.option: change.after for change in _plan.plan(FIELDS, present, desired)}


def test_omitted_options_are_not_managed():
    assert changed({"title": "A", "uris": ["x"]}, {"title": None, "uris": None, "implicit": None}) == {}


def test_empty_values_clear():
    assert changed({"title": "A", "uris": ["x"], "implicit": True}, {"title": "", "uris": [], "implicit": False}) == {
        "title": "",
        "uris": [],
        "implicit": False,
    }


def test_a_reordered_list_is_the_same():
    assert changed({"uris": ["b", "a"]}, {"uris": ["a", "b"]}) == {}
    assert changed({"uris": ["b", "a"]}, {"uris": ["a"]}) == {"uris": ["a"]}


def test_the_body_contains_only_the_changes():
    changes = _plan.plan(FIELDS, {"title": "A", "implicit": False}, {"title": "A", "implicit": True, "uris": ["x"]})
    assert _plan.body(changes) == {
        "web": {"redirectUris": ["x"], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    }


def test_a_diff_never_contains_a_secret():
    changes = _plan.plan(FIELDS, {"key": "old-value"}, {"key": "new-value"})
    assert _plan.body(changes) == {"secret": "new-value"}
    before, after = _plan.diff(changes)
    assert "value" not in str((before, after))
    assert before != after


def test_missing_parts_of_a_document_are_tolerated():
    assert IMPLICIT.read({"web": None}) is None
    assert IMPLICIT.read({"web": {"implicitGrantSettings": {"enableIdTokenIssuance": False}}}) is False
    assert URIS.read({"web": {"redirectUris": ["b", "a"]}}) == ["a", "b"]


def test_an_empty_text_is_null_to_the_service():
    assert changed({"note": None}, {"note": ""}) == {}
    assert changed({"note": "n"}, {"note": ""}) == {"note": None}
    assert _plan.body(_plan.plan(FIELDS, {"note": "n"}, {"note": ""})) == {"note": None}


def test_objects_are_compared_by_content():
    service = {"roles": [{"v": "b", "k": ["y", "x"], "on": None}, {"v": "a", "k": [], "on": True, "origin": "filled"}]}
    present = {"roles": ROLES.read(service)}
    same = [{"value": "a", "kinds": None, "on": True}, {"value": "b", "kinds": ["x", "y"], "on": False}]
    assert changed(present, {"roles": same}) == {}
    other = [{"value": "a", "kinds": ["z"], "on": True}]
    assert _plan.body(_plan.plan(FIELDS, present, {"roles": other})) == {"roles": [{"v": "a", "k": ["z"], "on": True}]}


def test_lists_are_complete_or_changed_by_adding_and_removing():
    assert _plan.chosen(["a", "b"], {"set": ["c"]}) == {"c"}
    assert _plan.chosen(["a", "b"], {"set": []}) == set()
    assert _plan.chosen(["a", "b"], {"add": ["c"], "remove": ["a"]}) == {"b", "c"}


def test_members_are_added_before_others_are_removed():
    present = {"gone": {"n": 1}, "same": {"n": 2}, "other": {"n": 3}}
    after = {"same": {"n": 2}, "other": {"n": 4}, "new": {"n": 5}}
    steps = [(step.key, step.before, step.after) for step in _plan.steps(present, after)]
    assert steps == [("new", None, {"n": 5}), ("other", {"n": 3}, {"n": 4}), ("gone", {"n": 1}, None)]
