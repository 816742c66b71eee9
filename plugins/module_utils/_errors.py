# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Everything that can go wrong, as exceptions; only _run turns them into a failed task."""

from __future__ import annotations

import os
import re
import traceback
import typing as t

Same = t.TypeVar("Same", bound="SsoError")
# Of what a service has said
LONGEST_ANSWER, LONGEST_CODE = 2000, 100
# Of an error of input, whose parts quote values
LONGEST_PART = 400
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The last one is the full stop of Chinese
STOPS = (".", "!", "?", "。")
CLOSING = ")]\"'\u201d\u2019»"


class SsoError(Exception):
    """Something that the user has to know and can act on.

    ``attempted`` says what was attempted on which object, ``answer`` what the service said or what is wrong with the
    input, ``hint`` what to do next. None of them may ever hold a secret. ``status`` is an HTTP status, ``code`` the
    service's own error code, ``request_id`` the identifier by which the service's operator finds the request.
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
        said = f"{attempted}: {answer}" if answer else attempted
        super().__init__(sentences(said, hint))

    def but(self: Same, *, answer: str | None = None, hint: str | None = None) -> Same:
        """The same error with another ``answer`` or ``hint``; whatever is omitted stays."""
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
        """The failed task's result: a sentence for people in ``msg``, the same in parts in ``error``."""
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
    """The declaration itself cannot work; raised before the first request.

    What it quotes may be anything: each of its parts is cut where it is long, and shows control characters escaped.
    """

    def __init__(self, attempted: str, *, answer: str | None = None, hint: str | None = None, **more: t.Any) -> None:
        answer, hint = answer and quoted(answer, LONGEST_PART), hint and quoted(hint, LONGEST_PART)
        super().__init__(quoted(attempted, LONGEST_PART), answer=answer, hint=hint, **more)


class ServiceError(SsoError):
    """A service refused a request, or answered something that was not understood.

    What it quotes of an answer may be anything: it is cut where it is long, and shows control characters escaped.
    """

    def __init__(self, attempted: str, *, answer: str | None = None, code: str | None = None, **more: t.Any) -> None:
        answer, code = answer and quoted(answer, LONGEST_ANSWER), code and quoted(str(code), LONGEST_CODE)
        super().__init__(quoted(attempted, LONGEST_ANSWER), answer=answer, code=code, **more)


class AmbiguousError(ServiceError):
    """A request failed in a way that leaves open whether it took effect."""


class ConflictError(ServiceError):
    """Somebody else wrote to the same object at the same moment; what they wrote was left; all can be done again."""


class MissingLibraryError(SsoError):
    """Python packages are not installed where the task runs.

    ``requirements`` are what pip takes, such as ``requests>=2.31``.
    """

    def __init__(self, *requirements: str) -> None:
        self.packages = ", ".join(requirement.split(">=")[0] for requirement in requirements)
        self.pip = "pip install " + " ".join(f"'{requirement}'" for requirement in requirements)
        super().__init__(f"Python packages are missing: {self.packages}", hint=self.pip)


def unforeseen(error: Exception) -> SsoError:
    """The error for an exception that nobody foresaw. Its text may hold a secret, so only its place is told."""
    places = traceback.extract_tb(error.__traceback__)
    place = f" in {places[-1].name}, {os.path.basename(places[-1].filename)} line {places[-1].lineno}" if places else ""
    return SsoError(
        "The task failed in a way that was not foreseen",
        answer=f"{type(error).__name__}{place}",
        hint="Please report this as a fault of the collection deskops.rustdesk_sso",
    )


def printable(text: str) -> str:
    """``text`` with control characters, and what is not valid Unicode, escaped."""
    return UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def sentences(*parts: str | None) -> str:
    """The ``parts`` one after another, each as sentence() ends it; empty ones are left out."""
    return " ".join(sentence(part) for part in parts if part)


def sentence(text: str) -> str:
    """``text`` with a full stop, unless it has ended: a bracket or quotation mark may close it after its stop, and one
    in brackets may follow it ("No. (Trace ID: 1)")."""
    text = text.rstrip()
    before = text[: text.rfind("(")].rstrip() if text.endswith(")") and "(" in text else ""
    ended = text.rstrip(CLOSING).endswith(STOPS) or before.endswith(STOPS)
    return text if ended else text + "."


def quoted(text: str, longest: int = LONGEST_ANSWER) -> str:
    """``text``, which may be anything, as messages show it: cut where it is long, with control characters escaped."""
    shown = printable(text[:longest])
    return shown if len(text) <= longest else f"{shown} ..."
