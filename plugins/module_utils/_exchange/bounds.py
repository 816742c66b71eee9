# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Limits for a response: its size, the depth of its JSON, and the time that it takes; pure.

All clients apply them, so that no server can stall a run or exhaust the controller's memory. Every failure has its own
class, by which _causes identifies it. Their texts quote nothing from the response.
"""

from __future__ import annotations

import re
import zlib

# The encodings that requests accept, and the only ones that are decoded
ACCEPTED = "gzip, deflate"
# Bytes of a decoded body: a page of Graph's largest collections has less than one MiB [inf].
LARGEST = 4 * 1024 * 1024
# Bytes on the wire: the body with the overhead of headers and small chunks
LARGEST_ON_WIRE = 2 * LARGEST
# Levels of JSON; Graph and consoles stay below 20, and Python's parser fails at about 1000.
DEEPEST = 100
# Bytes per read
CHUNK = 64 * 1024
# Encodings that are not accepted. Other unknown values are ignored, because some servers send nonsense.
FOREIGN = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
# Bytes that may precede the first value: white space, a byte order mark, the zeros of UTF-16
BEFORE_JSON = b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"
MARK = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)


class UnreadableAnswer(Exception):
    """The response cannot be read; the request may have been carried out."""

    def __init__(self, text: str = "it is not valid HTTP") -> None:
        super().__init__(text)


class AnswerTooLarge(UnreadableAnswer):
    """The response is larger than LARGEST."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {LARGEST // 1024**2} MiB")


class AnswerTooSlow(UnreadableAnswer):
    """The response was not complete within the timeout of one request."""

    def __init__(self) -> None:
        super().__init__("it was not complete in time")


class AnswerTooDeep(UnreadableAnswer):
    """The response's JSON is nested more than DEEPEST levels deep."""

    def __init__(self) -> None:
        super().__init__(f"its JSON is nested more than {DEEPEST} levels deep")


class AnswerNotDecodable(UnreadableAnswer):
    """The response does not match its Content-Encoding header."""

    def __init__(self) -> None:
        super().__init__("it does not match its Content-Encoding header")


def body(raw: bytes, content_encoding: str | None) -> bytes:
    """Decode the body of a response with this ``content_encoding``; raises UnreadableAnswer.

    Decoding stops as soon as the limit is exceeded, because a small response may expand to a huge one.
    """
    found = raw
    for encoding in reversed((content_encoding or "").lower().split(",")):
        found = _decoded(found, encoding.strip())
    if len(found) > LARGEST:
        raise AnswerTooLarge
    check_depth(found)
    return found


def check_depth(text: bytes) -> None:
    """Raise AnswerTooDeep if ``text`` is JSON that is nested too deeply."""
    if text.lstrip(BEFORE_JSON)[:1] not in (b"[", b"{") or text.count(b"[") + text.count(b"{") <= DEEPEST:
        return
    depth, in_string = 0, False
    for found in MARK.finditer(text.replace(b"\x00", b"")):  # without the zeros, UTF-16 reads like ASCII
        mark = found.group()
        if mark == b'"':
            in_string = not in_string
        elif not in_string:
            depth += (mark in (b"[", b"{")) - (mark in (b"]", b"}"))
        if depth > DEEPEST:
            raise AnswerTooDeep


def _decoded(raw: bytes, encoding: str) -> bytes:
    if encoding in FOREIGN and raw:
        raise AnswerNotDecodable
    if encoding not in ("gzip", "x-gzip", "deflate") or not raw:
        return raw
    try:
        if encoding == "deflate":  # with zlib's header, as defined, or without it, as some servers send it
            try:
                return _inflated(raw, zlib.MAX_WBITS)
            except zlib.error:
                return _inflated(raw, -zlib.MAX_WBITS)
        return _inflated(raw, zlib.MAX_WBITS | 16)
    except zlib.error as error:
        raise AnswerNotDecodable from error


def _inflated(raw: bytes, window: int) -> bytes:
    machine = zlib.decompressobj(window)
    found = machine.decompress(raw, LARGEST + 1)
    if len(found) > LARGEST:
        raise AnswerTooLarge
    if not machine.eof or machine.unused_data:
        raise AnswerNotDecodable
    return found
