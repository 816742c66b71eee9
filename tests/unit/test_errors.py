# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors: what the user reads, and the same error with another hint or answer."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import ChallengeError


def test_another_hint_leaves_everything_else():
    error = AmbiguousError("Changing it failed", answer="no", hint="Wait", status=500, code="Busy", request_id="r1")
    changed = error.but(hint="Run again")
    assert isinstance(changed, AmbiguousError)
    assert str(changed) == "Changing it failed: no. Run again."
    assert changed.as_result()["error"] == {**error.as_result()["error"], "hint": "Run again"}
    assert str(error) == "Changing it failed: no. Wait."


def test_another_answer_leaves_what_a_class_of_its_own_has():
    changed = ChallengeError("Signing in failed", "a code", "Set it", "attempt").but(answer="another code")
    assert str(changed) == "Signing in failed: another code. Set it."
    assert changed.as_result()["error"]["verification_secret"] == "attempt"
