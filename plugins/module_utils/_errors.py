# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The exceptions of the collection; only _run turns them into a failed task."""

from __future__ import annotations

import os
import re
import traceback
import typing as t

Same = t.TypeVar("Same", bound="SsoError")
# Characters quoted from a service's response
LONGEST_ANSWER, LONGEST_CODE = 2000, 100
# Characters in each part of an input error, which may quote values
LONGEST_PART = 400
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The last one is the Chinese full stop.
STOPS = (".", "!", "?", "。")
CLOSING = ")]\"'\u201d\u2019»"


class SsoError(Exception):
    """An error that the user has to know about and can act on.

    ``attempted`` names the operation and its object, ``answer`` is what the service answered or what is wrong with the
    input, and ``hint`` is what to do next. None of them may ever contain a secret. ``status`` is an HTTP status,
    ``code`` the service's own error code, and ``request_id`` the identifier with which the service's operator can find
    the request.
    """

    def __init__(
        self,
        attempted: str,
        *,
        answer: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self.attempted = attempted
        self.answer = answer
        self.hint = hint
        self.status = status
        self.code = code
        self.request_id = request_id
        summary = f"{attempted}: {answer}" if answer else attempted
        super().__init__(sentences(summary, hint))

    def but(self: Same, *, answer: str | None = None, hint: str | None = None) -> Same:
        """Return the same error with another ``answer`` or ``hint``; an omitted one is kept."""
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        SsoError.__init__(
            other,
            self.attempted,
            answer=answer or self.answer,
            hint=hint or self.hint,
            status=self.status,
            code=self.code,
            request_id=self.request_id,
        )
        return other

    def as_result(self) -> dict[str, t.Any]:
        """Return the failed task's result: ``msg`` is the message as text, ``error`` has the same in parts."""
        return {
            "msg": str(self),
            "error": {
                "attempted": self.attempted,
                "answer": self.answer,
                "hint": self.hint,
                "status": self.status,
                "code": self.code,
                "request_id": self.request_id,
            },
        }


class InputError(SsoError):
    """The input itself is invalid; raised before the first request.

    It may quote arbitrary values, so each part is truncated if it is long, and control characters are escaped.
    """

    def __init__(self, attempted: str, *, answer: str | None = None, hint: str | None = None, **more: t.Any) -> None:
        answer, hint = answer and quoted(answer, LONGEST_PART), hint and quoted(hint, LONGEST_PART)
        super().__init__(quoted(attempted, LONGEST_PART), answer=answer, hint=hint, **more)


class ServiceError(SsoError):
    """A service rejected a request, or its response was not understood.

    It may quote arbitrary text from a response, so long text is truncated and control characters are escaped.
    """

    def __init__(self, attempted: str, *, answer: str | None = None, code: str | None = None, **more: t.Any) -> None:
        answer, code = answer and quoted(answer, LONGEST_ANSWER), code and quoted(str(code), LONGEST_CODE)
        super().__init__(quoted(attempted, LONGEST_ANSWER), answer=answer, code=code, **more)


class AmbiguousError(ServiceError):
    """A request failed, and it is unknown whether it took effect."""


class ConflictError(ServiceError):
    """Another process changed the same object at the same time. Its changes were kept, and the operation can be
    repeated."""


class MissingLibraryError(SsoError):
    """Python packages are not installed where the task runs.

    ``requirements`` are requirement specifiers for pip, such as ``requests>=2.31``.
    """

    def __init__(self, *requirements: str) -> None:
        self.packages = ", ".join(requirement.split(">=")[0] for requirement in requirements)
        self.pip = "pip install " + " ".join(f"'{requirement}'" for requirement in requirements)
        super().__init__(f"Python packages are missing: {self.packages}", hint=self.pip)


def unforeseen(error: Exception) -> SsoError:
    """Return the error for an unexpected exception. Its text may contain a secret, so only its location is shown."""
    places = traceback.extract_tb(error.__traceback__)
    place = f" in {places[-1].name}, {os.path.basename(places[-1].filename)} line {places[-1].lineno}" if places else ""
    return SsoError(
        "The task failed unexpectedly",
        answer=f"{type(error).__name__}{place}",
        hint="Report this as a bug in the collection deskops.rustdesk_sso",
    )


def printable(text: str) -> str:
    """Return ``text`` with control characters and invalid Unicode escaped."""
    return UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def counted(count: int, noun: str) -> str:
    """Return ``count`` with its ``noun``, which forms the plural with -s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def enumerated(items: t.Sequence[str]) -> str:
    """Return the ``items`` as "A, B and C"."""
    return " and ".join([*filter(None, [", ".join(items[:-1])]), *items[-1:]])


def sentences(*parts: str | None) -> str:
    """Join the ``parts`` that are not empty, each ended by sentence()."""
    return " ".join(sentence(part) for part in parts if part)


def sentence(text: str) -> str:
    """Return ``text`` with a final full stop, unless it already has one: a bracket or quotation mark may follow the
    stop, as may a part in brackets ("No. (Trace ID: 1)")."""
    text = text.rstrip()
    before = text[: text.rfind("(")].rstrip() if text.endswith(")") and "(" in text else ""
    ended = text.rstrip(CLOSING).endswith(STOPS) or before.endswith(STOPS)
    return text if ended else text + "."


def quoted(text: str, longest: int = LONGEST_ANSWER) -> str:
    """Return arbitrary ``text`` as messages show it: truncated if it is long, with control characters escaped."""
    shown = printable(text[:longest])
    return shown if len(text) <= longest else f"{shown} ..."
