# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repeating a request, and the report on a write without confirmation."""

from __future__ import annotations

import pytest
import requests

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import open_outcome
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import (
    is_open,
    repeated,
    resolved_by_reading,
)

CUT = AmbiguousError("Writing failed", answer="the connection was cut")
BUSY = ServiceError("Writing failed", answer="503", status=503)
REFUSED = ServiceError("Writing failed", answer="no", status=400, code="error")
CONFLICT = ConflictError("Writing failed", answer="another process")


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """The seconds spent waiting."""
    waited = []
    monkeypatch.setattr(open_outcome.time, "sleep", waited.append)
    return waited


class Script:
    """Return one outcome after the other, or raise it."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (None, None, False),  # not sent
        (200, None, True),  # a response that cannot be read
        (200, "error", False),
        (302, None, False),
        (400, None, False),
        (429, None, False),
        (500, None, True),
        (500, "error", True),
        (504, None, True),
        (524, None, True),
        (503, "access_gateway", False),
    ],
)
def test_an_open_outcome(status, code, expected):
    assert is_open(ServiceError("x", status=status, code=code)) is expected


@pytest.mark.parametrize(
    ("writes", "readings"),
    [
        ([None], []),
        ([CUT], [False]),
        ([CUT, None], [True]),
        ([BUSY, None], [None]),
        ([CUT, CUT], [True, False]),
        ([CUT, REFUSED], [True, False]),  # the first one took effect late
    ],
)
def test_done(writes, readings):
    write, read = Script(*writes), Script(*readings)
    resolved_by_reading(write, read)
    assert (write.steps, read.steps) == ([], [])


@pytest.mark.parametrize(
    ("writes", "readings", "error", "words"),
    [
        ([REFUSED], [], ServiceError, "no"),
        ([CUT, BUSY], [True, True], ServiceError, "nothing was written"),
        ([CUT, REFUSED], [True, True], ServiceError, "no"),
        ([CUT, CUT], [None, None], AmbiguousError, "unknown whether"),
        ([CUT], [BUSY], AmbiguousError, "unknown whether"),
        ([CUT, CUT], [True, BUSY], AmbiguousError, "unknown whether"),
        ([CUT], [CONFLICT], ConflictError, "another process"),
    ],
)
def test_not_done(writes, readings, error, words):
    write, read = Script(*writes), Script(*readings)
    with pytest.raises(error, match=words) as raised:
        resolved_by_reading(write, read)
    assert isinstance(raised.value, AmbiguousError) is (error is AmbiguousError)
    assert (write.steps, read.steps) == ([], [])


def test_repeated(slept):
    assert repeated(Script(CUT, BUSY, "answer")) == "answer"
    assert slept == [*open_outcome.PAUSES]
    send = Script(BUSY, BUSY, BUSY, "answer")
    with pytest.raises(ServiceError):
        repeated(send)
    assert send.calls == 3


@pytest.mark.parametrize("error", [REFUSED, ServiceError("x", status=429), ServiceError("x", status=200)])
def test_not_repeated(error):
    send = Script(error, "answer")
    with pytest.raises(ServiceError):
        repeated(send)
    assert send.calls == 1


@pytest.mark.parametrize("error", [CUT, BUSY])
def test_a_slow_console_gets_no_second_request(monkeypatch, error):
    times = iter([0.0, open_outcome.LONG + 1])
    monkeypatch.setattr(open_outcome.time, "monotonic", lambda: next(times))
    send = Script(error, "answer")
    with pytest.raises(ServiceError):
        repeated(send)
    assert send.calls == 1


def test_a_silent_console_gets_no_second_request():
    error = AmbiguousError("Writing failed", answer="no answer")
    error.__cause__ = requests.ReadTimeout()
    send = Script(error, "answer")
    with pytest.raises(AmbiguousError):
        repeated(send)
    assert send.calls == 1
