# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No task waits for an answer that does not come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.questions import Questions

SECONDS = 10


def test_answers_until_the_end() -> None:
    questions: Questions[str] = Questions()
    with ThreadPoolExecutor(2) as threads:
        served = threads.submit(questions.serve, lambda: "yes")
        assert threads.submit(questions.ask).result(SECONDS) == "yes"
        assert threads.submit(questions.ask).result(SECONDS) == "yes"
        questions.end()
        assert served.result(SECONDS) is None


def test_a_failure_is_raised_in_the_caller() -> None:
    questions: Questions[str] = Questions()

    def fail() -> str:
        raise ValueError("no answer")

    with ThreadPoolExecutor(2) as threads:
        served = threads.submit(questions.serve, fail)
        with pytest.raises(ValueError, match="no answer"):
            threads.submit(questions.ask).result(SECONDS)
        questions.end()
        served.result(SECONDS)


@pytest.mark.parametrize("first", ["ask", "close"])
def test_nothing_answers(first: str) -> None:
    """The answering side closes before or after the question."""
    questions: Questions[str] = Questions()
    with ThreadPoolExecutor(1) as threads:
        if first == "close":
            questions.close()
        asked = threads.submit(questions.ask)
        questions.close()
        assert asked.result(SECONDS) is None
