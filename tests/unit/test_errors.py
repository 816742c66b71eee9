# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors: the text that users read, and copies of an error with another hint or response."""

from __future__ import annotations

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    SsoError,
    sentence,
    sentences,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import ChallengeError


def test_another_hint_changes_nothing_else():
    error = AmbiguousError("Changing it failed", answer="no", hint="Wait", status=500, code="Busy", request_id="r1")
    changed = error.but(hint="Run again")
    assert isinstance(changed, AmbiguousError)
    assert str(changed) == "Changing it failed: no. Run again."
    assert changed.as_result()["error"] == {**error.as_result()["error"], "hint": "Run again"}
    assert str(error) == "Changing it failed: no. Wait."


def test_another_response_keeps_the_attributes_of_a_subclass():
    changed = ChallengeError("Signing in failed", "a code", "Set it", "attempt").but(answer="another code")
    assert str(changed) == "Signing in failed: another code. Set it."
    assert changed.as_result()["error"]["verification_secret"] == "attempt"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("It failed", "It failed."),
        ("It failed.", "It failed."),
        ("Really?", "Really?"),
        ("用户不存在。", "用户不存在。"),
        ("It failed (HTTP 500)", "It failed (HTTP 500)."),
        ("It failed (see the log.)", "It failed (see the log.)"),
        ("Access was denied. (request-id 1-2)", "Access was denied. (request-id 1-2)"),
        ("Access was denied (request-id 1-2)", "Access was denied (request-id 1-2)."),
        ("Set x (y). It failed (z)", "Set x (y). It failed (z)."),
        ('The console returned "No."', 'The console returned "No."'),
        ('The console returned "No"', 'The console returned "No".'),
        ("1)", "1)."),
        ("It failed. ", "It failed."),
    ],
)
def test_a_sentence_has_one_full_stop(said: str, whole: str) -> None:
    assert sentence(said) == whole
    assert str(SsoError("Reading failed", answer=said, hint=said)) == f"Reading failed: {whole} {whole}"


def test_sentences_leave_out_what_is_empty() -> None:
    assert sentences("One", None, "", "Two.") == "One. Two."
