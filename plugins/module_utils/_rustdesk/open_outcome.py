# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Requests to a console whose outcome is unknown, because the response was lost or something on the way failed."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    ServiceError,
    sentence,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import CONSOLE_ERROR

Result = t.TypeVar("Result")

# Seconds before each retry, to give a console or proxy the time to restart
PAUSES = (0.3, 0.9)
AGAIN = "Run the playbook again: it continues from the console's present state"
# Seconds after which a failed request is not repeated
LONG = 10.0


def is_open(error: ServiceError) -> bool:
    """True if a request that failed with ``error`` may have taken effect.

    This is the case if there was no response, if the console or a proxy failed (500 and above), or if the response to a
    successful request cannot be read. A service that answers in the console's place did not forward the request; the
    error's code is then the name of the cause.
    """
    if isinstance(error, AmbiguousError):
        return True
    if error.status is None:
        return False
    if 200 <= error.status < 300:
        return error.code is None
    return error.status >= 500 and error.code in (None, CONSOLE_ERROR)


def resolved_by_reading(write: t.Callable[[], t.Any], is_undone: t.Callable[[], bool | None]) -> None:
    """Send a ``write``. If its outcome is unknown, ``is_undone`` reads the console's present state.

    ``is_undone`` returns true if nothing has changed, and None if the console does not show it, which is only allowed
    for a write that can be sent twice. In both cases the write is sent once more, and the console is read again if that
    fails. Everything else is verified by the caller.

    Raises the write's own error if the console refuses it or if nothing was written, AmbiguousError if it is unknown
    whether it took effect, and ConflictError if ``is_undone`` does.
    """
    try:
        write()
        return
    except ServiceError as error:
        if not is_open(error):
            raise
        failed = error
    if _read(is_undone, failed) is False:
        return
    time.sleep(PAUSES[0])
    try:
        write()
        return
    except ServiceError as error:
        failed = error
    undone = _read(is_undone, failed)
    if undone is None:
        raise _unknown(failed, "the console does not show whether it has the new values") from failed
    if undone and is_open(failed):
        raise ServiceError(
            failed.attempted,
            answer=f"{sentence(str(failed.answer))} A read confirmed that nothing was written",
            hint=failed.hint,
            status=failed.status,
            code=failed.code,
            request_id=failed.request_id,
        ) from failed
    if undone:
        raise failed


def read_back(attempted: str, read: t.Callable[[], Result]) -> Result:
    """Return the result of ``read`` after a write that the console accepted.

    Raises AmbiguousError if the console does not answer, and otherwise the errors of ``read``.
    """
    try:
        return read()
    except ConflictError:
        raise
    except ServiceError as error:
        if error.status is None and not isinstance(error.__cause__, OSError):  # a response in another format
            raise
        raise AmbiguousError(
            attempted,
            answer=f"the console accepted the write, but its present state cannot be read ({error.answer})",
            hint=AGAIN,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
        ) from error


def repeated(send: t.Callable[[], Result]) -> Result:
    """``send`` a harmless request, and repeat it up to twice if there is no response or a status of 500 and above.

    It is not repeated after a timeout, or after a failure that took long. Raises ServiceError as ``send`` does.
    """
    for pause in (*PAUSES, None):
        began = time.monotonic()
        try:
            return send()
        except ServiceError as error:
            failed = error.__cause__
            late = time.monotonic() - began > LONG or (failed is not None and _causes.is_final(failed))
            answered = error.status is not None and error.status < 500
            if pause is None or late or answered or not is_open(error):
                raise
            time.sleep(pause)
    raise AssertionError  # the last attempt returns or raises


def _read(is_undone: t.Callable[[], bool | None], failed: ServiceError) -> bool | None:
    try:
        return is_undone()
    except ConflictError:
        raise
    except ServiceError as error:
        raise _unknown(failed, f"the console's present state cannot be read ({error.answer})") from failed


def _unknown(failed: ServiceError, why: str) -> AmbiguousError:
    return AmbiguousError(
        failed.attempted,
        answer=f"it is unknown whether the write took effect: {failed.answer}, and {why}",
        hint=AGAIN,
        status=failed.status,
        code=failed.code,
        request_id=failed.request_id,
    )
