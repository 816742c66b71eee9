# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparing a declaration with what is there."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Field

FIELDS = (
    Field("title", ("displayName",)),
    Field("uris", ("web", "redirectUris"), unordered=True),
    Field("implicit", ("web", "implicitGrantSettings", "enableIdTokenIssuance")),
    Field("key", ("secret",), secret=True),
)


def changed(present: dict, desired: dict) -> dict:
    return {change.field.option: change.after for change in _plan.plan(FIELDS, present, desired)}


def test_what_is_omitted_is_not_managed():
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


def test_the_body_holds_the_changes_only():
    changes = _plan.plan(FIELDS, {"title": "A", "implicit": False}, {"title": "A", "implicit": True, "uris": ["x"]})
    assert _plan.body(changes) == {
        "web": {"redirectUris": ["x"], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    }


def test_a_diff_never_holds_a_secret():
    changes = _plan.plan(FIELDS, {"key": "old-value"}, {"key": "new-value"})
    assert _plan.body(changes) == {"secret": "new-value"}
    before, after = _plan.diff(changes)
    assert "value" not in str((before, after))
    assert before != after


def test_reading_a_document_survives_missing_parts():
    assert FIELDS[2].read({"web": None}) is None
    assert FIELDS[2].read({"web": {"implicitGrantSettings": {"enableIdTokenIssuance": False}}}) is False
    assert FIELDS[1].read({"web": {"redirectUris": ["b", "a"]}}) == ["a", "b"]
