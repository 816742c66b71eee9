# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for every request and response: waits, dates, and limits on a response."""

from __future__ import annotations

import gzip
import json
import math
import tracemalloc
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, dates, waits

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
IN_A_MINUTE = format_datetime(NOW + timedelta(minutes=1), usegmt=True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("30", 30.0),
        (" 2.128 ", 2.128),
        ("-5", 0.0),
        ("1e400", math.inf),
        ("9" * 399, math.inf),
        (IN_A_MINUTE, 60.0),
        (IN_A_MINUTE.replace("GMT", "-0000"), 60.0),
        (IN_A_MINUTE.replace("2026", "2020"), 0.0),
        ("Sun, 01 Mar 2099 12:00:00 GMT", (datetime(2099, 3, 1, 12, tzinfo=timezone.utc) - NOW).total_seconds()),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        ("0x10", None),
        ("", None),
        ("12, 13", None),
        ("Sun, 01 Mar 9999 12:00:00 GMT", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
        ("9" * 100_000, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert waits.retry_after({"Retry-After": text}, NOW) == seconds


def test_a_date_is_compared_with_the_clock_of_the_service() -> None:
    """The controller's clock may be wrong."""
    headers = {"Retry-After": IN_A_MINUTE, "Date": format_datetime(NOW, usegmt=True)}
    assert waits.retry_after(headers) == 60.0
    assert waits.retry_after({}) is None


def test_budget() -> None:
    """Each wait and their sum are limited. A wait longer than the rest is refused, because a shorter one would be
    useless.
    """
    budget = waits.Budget(100)
    assert budget.wait(30) == 30
    assert budget.wait(math.inf) == 60
    budget = budget.after(math.inf)
    assert budget.left == 40
    assert budget.wait(60) is None
    assert budget.wait(40) == 40
    assert budget.after(40).wait(0.1) is None
    assert waits.Budget().wait(3600) == waits.LONGEST
    assert waits.Budget().after(3600).wait(1) is None


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [(429, "3600", "a wait of 3600 s"), (503, "1e400", "an endless wait"), (503, "soon", ""), (404, "60", "")],
)
def test_wish(status: int, text: str, words: str) -> None:
    told = waits.wish(SimpleNamespace(status_code=status, headers={"Retry-After": text}))
    assert told == (f", requesting {words}" if words else "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", NOW),
        ("Sun, 01 Mar 2026 12:00:00 -0000", NOW),
        ("Sun, 01 Mar 2026 13:00:00 +0100", NOW),
        ("Sun, 01 Mar 2026 12:00:00", NOW),
        ("now", None),
        ("", None),
        (None, None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Mon, 01 Jan 0001 00:00:00 +2300", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:00 +999999999999", None),
        ("Sun, 01 Mar 2026 12:00:00 GMT, Sun, 01 Mar 2026 12:00:00 GMT", NOW),
    ],
)
def test_dates(text: str | None, found: datetime | None) -> None:
    assert dates.parse(text) == found
    assert dates.of_answer(SimpleNamespace(headers={"Date": text} if text is not None else {})) == found


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_header_raises(text: str) -> None:
    """Regardless of its content."""
    found = dates.parse(text)
    assert found is None or found.tzinfo
    seconds = waits.retry_after({"Retry-After": text, "Date": text})
    assert seconds is None or seconds >= 0


DOCUMENT = json.dumps({"value": ["x"] * 50}).encode()


def raw_deflate(data: bytes) -> bytes:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(data) + machine.flush()


BODIES = {
    "no encoding": (DOCUMENT, None),
    "identity": (DOCUMENT, "identity"),
    "nonsense": (DOCUMENT, "utf-8"),
    "gzip": (gzip.compress(DOCUMENT), "gzip"),
    "x-gzip": (gzip.compress(DOCUMENT), "X-GZip"),
    "deflate": (zlib.compress(DOCUMENT), "deflate"),
    "deflate without a frame": (raw_deflate(DOCUMENT), "deflate"),
    "two": (gzip.compress(zlib.compress(DOCUMENT)), "deflate, gzip"),
}


@pytest.mark.parametrize("case", BODIES)
def test_bodies(case: str) -> None:
    raw, encoding = BODIES[case]
    assert bounds.body(raw, encoding) == DOCUMENT
    assert bounds.body(b"", encoding) == b""


WRONG = {
    "no gzip": (DOCUMENT, "gzip"),
    "no deflate": (DOCUMENT, "deflate"),
    "brotli": (DOCUMENT, "br"),
    "zstd": (DOCUMENT, "gzip, zstd"),
    "cut": (gzip.compress(DOCUMENT)[:-9], "gzip"),
    "two members": (gzip.compress(DOCUMENT) * 2, "gzip"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_encodings(case: str) -> None:
    raw, encoding = WRONG[case]
    with pytest.raises(bounds.AnswerNotDecodable):
        bounds.body(raw, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_decompression_bomb_does_not_fill_memory(encoding: str) -> None:
    """Fifty times the limit, in a response of 200 kB."""
    window = zlib.MAX_WBITS | (16 if encoding == "gzip" else 0)
    machine = zlib.compressobj(9, wbits=window)
    bomb = b"".join(machine.compress(b" " * bounds.LARGEST) for _time in range(50)) + machine.flush()
    tracemalloc.start()
    with pytest.raises(bounds.AnswerTooLarge):
        bounds.body(bomb, encoding)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * bounds.LARGEST


def test_size() -> None:
    assert len(bounds.body(b" " * bounds.LARGEST, None)) == bounds.LARGEST
    with pytest.raises(bounds.AnswerTooLarge):
        bounds.body(b" " * (bounds.LARGEST + 1), None)


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (nested(bounds.DEEPEST), False),
        (nested(bounds.DEEPEST + 1), True),
        (nested(100_000), True),
        (nested(bounds.DEEPEST + 1, '{"a":[', "]}"), True),
        ('{"a": ' + "[" * 1000, True),
        (json.dumps({"a": "[" * 1000}), False),
        (json.dumps({"a": '\\"' + "[" * 1000}), False),
        (json.dumps([[] for _item in range(1000)]), False),
        ("<script>" + "{" * 1000, False),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_depth(text: str, deep: bool, coding: str) -> None:
    """Accepted documents are safe for Python's parser."""
    raw = text.encode(coding)
    if deep:
        with pytest.raises(bounds.AnswerTooDeep):
            bounds.body(raw, None)
    else:
        assert bounds.body(raw, None) == raw


@given(st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_shallow_documents_pass(document: object) -> None:
    bounds.check_depth(json.dumps(document).encode())
