# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error of a task of the role does not repeat its message, and keeps the members that programs use."""

from __future__ import annotations

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import ChallengeError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import said_once


def test_members_that_are_not_in_the_message_are_kept() -> None:
    error = SsoError("Reading failed", answer="no", hint="Wait", status=403, code="Denied", request_id="r1")
    made = said_once({"failed": True, **error.as_result()})
    assert made == {
        "failed": True,
        "msg": "Reading failed: no. Wait.",
        "error": {"status": 403, "code": "Denied", "request_id": "r1"},
    }


def test_nothing_is_kept_of_an_error_that_is_only_a_sentence() -> None:
    assert said_once({"failed": True, **SsoError("Reading failed").as_result()}).keys() == {"failed", "msg"}


def test_the_attempt_that_a_code_belongs_to_is_kept() -> None:
    error = ChallengeError("Signing in failed", "a code is missing", "Set it", "attempt")
    assert said_once({"failed": True, **error.as_result()})["error"]["verification_secret"] == "attempt"


def test_other_results_are_unchanged() -> None:
    for result in ({"changed": True}, {"error": {"answer": "yes"}}, {"failed": True, "msg": "No.", "error": "x"}):
        assert said_once(result) is result
