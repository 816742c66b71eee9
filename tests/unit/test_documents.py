# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member with an unexpected type is reported by name, and never quoted."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

READERS = {
    "text": (_documents.text, "text", [None, 7, True, ["quoted"], {"quoted": 1}]),
    "objects": (_documents.objects, [{}], [None, 7, "quoted", {"quoted": 1}, ["quoted"], [None], [{}, []]]),
    "token": (
        _documents.token,
        "a~b.c",
        [None, 7, "", "quoted token", "quoted\n", "quoted\x00", "q\u00fcoted", "x" * 20_000],
    ),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_accepts_only_its_type(name):
    read, good, wrong = READERS[name]
    assert read({"member": good}, "member", "Reading failed") == good
    for value in [*wrong, "missing"]:
        document = {} if value == "missing" else {"member": value}
        with pytest.raises(ServiceError) as caught:
            read(document, "member", "Reading failed")
        assert str(caught.value).startswith("Reading failed: the response is not understood: ")
        assert "member" in str(caught.value)
        assert "uoted" not in str(caught.value)


SHAPE = {"name": str, "count": int, "flags": [bool], "inner": {"names": [str]}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"name": 7}, "name is a number, not text"),
        ({"count": True}, "count is true or false, not a number"),
        ({"count": "7"}, "count is text, not a number"),
        ({"flags": {}}, "flags is an object, not a list"),
        ({"flags": [True, None]}, "an entry of flags is missing, not true or false"),
        ({"inner": []}, "inner is a list, not an object"),
        ({"inner": {"names": [[]]}}, "an entry of inner.names is a list, not text"),
        ([], "the response is a list, not an object"),
    ],
)
def test_a_shape_is_checked_in_depth(document, said):
    with pytest.raises(ServiceError, match=said):
        _documents.check(document, SHAPE, "Reading failed")


def test_missing_and_unknown_members_are_ignored():
    _documents.check({"name": None, "unknown": object(), "inner": {}}, SHAPE, "Reading failed")
    assert _documents.optional_text({"name": None}, "name", "Reading failed") is None


def test_an_error_shows_no_control_characters_and_no_long_text():
    error = ServiceError("Reading a\x1b[31m failed", answer="b\nc" + "d" * 100_000, code="e" * 1000, status=400)
    assert str(error).isprintable()
    assert "a\\x1b[31m" in str(error)
    assert "b\\nc" in str(error)
    assert len(str(error)) < 3000
    assert error.code and len(error.code) < 200
    assert error.but(hint="Look").status == 400
