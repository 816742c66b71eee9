# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Wait, within bounds, for Entra's replicas to agree.

Reads are served by replicas that lag by seconds and return the old and the new state in turn [iss]. One matching
response is therefore no proof, but several in a row are (hashicorp/terraform-provider-azuread reads 5 [src]).
"""

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting

AGREEING = 3
# Seconds to wait if none of the objects involved is new
CATCH_UP = 30.0
# Graph's code for an object that already exists
EXISTS = "Request_MultipleObjectsWithSameKeyValue"
# Codes while the counterpart of an application for personal accounts does not exist yet [iss], or while the disabling
# of a role or scope has not replicated
_LAGGING = ("Error_MsaAppDoesNotExist", "CannotDeleteOrUpdateEnabledEntitlement")
# Refusals of references to an object that was just created ([iss], the others from terraform azuread [src]). The 403
# can also be final; then it lasts beyond the wait, and the user sees it.
_UNKNOWN_YET = (
    (400, "Not a valid reference update"),
    (400, "does not reference a valid application object"),
    (403, "backing application"),
)
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 3.0
# The default reason for a wait
REPLICAS = "Microsoft Entra to replicate a change"

Value = t.TypeVar("Value")


async def settle(
    read: t.Callable[[], t.Awaitable[Value]],
    done: t.Callable[[Value], bool],
    patience: float,
    agreeing: int = AGREEING,
    what: str = REPLICAS,
) -> tuple[Value, bool]:
    """Call ``read`` until ``agreeing`` consecutive results satisfy ``done``, for at most ``patience`` seconds.

    As soon as one does, the others are read in parallel. Returns the last result and whether it settled. ``what`` is
    the reason for the wait, for the user.
    """

    async def answers() -> list[Value]:
        first = await read()
        return [first, *(await at_once(read, agreeing - 1))] if done(first) else [first]

    return await _until(answers, lambda values: all(map(done, values)), patience, what)


async def agreed(
    read: t.Callable[[], t.Awaitable[Value]], key: t.Callable[[Value], t.Any], patience: float
) -> tuple[Value, bool]:
    """Call ``read`` until AGREEING results have the same ``key``; the key None never agrees.

    Returns the last result and whether they agreed within ``patience`` seconds.
    """

    def same(values: list[Value]) -> bool:
        keys = [key(value) for value in values]
        return keys[0] is not None and keys.count(keys[0]) == len(keys)

    return await _until(lambda: at_once(read, AGREEING), same, patience)


async def at_once(read: t.Callable[[], t.Awaitable[Value]], times: int) -> list[Value]:
    """Return the results of parallel calls of ``read``, each of which may reach a different replica."""
    return list(await asyncio.gather(*(read() for _time in range(times))))


async def _until(
    read: t.Callable[[], t.Awaitable[list[Value]]],
    done: t.Callable[[list[Value]], bool],
    patience: float,
    what: str = REPLICAS,
) -> tuple[Value, bool]:
    deadline = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        values = await read()
        if done(values):
            return values[-1], True
        if time.monotonic() > deadline:
            return values[-1], False
        with waiting.waits_for(what, deadline - time.monotonic()):
            await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


async def appears(read: t.Callable[[], t.Awaitable[Value | None]], attempted: str, patience: float) -> Value:
    """Return the result of ``read`` once reads agree that the object exists; raise unsettled() if it never shows."""
    found, settled = await settle(read, lambda value: value is not None, patience)
    if not settled or found is None:
        raise unsettled(attempted, patience)
    return found


async def believed_absent(read: t.Callable[[], t.Awaitable[Value | None]]) -> Value | None:
    """Return the result of ``read``; None counts only if several reads return it."""
    value = await read()
    if value is not None:
        return value
    await asyncio.sleep(FIRST_PAUSE)
    return next((value for value in await at_once(read, AGREEING - 1) if value is not None), None)


async def persist(
    act: t.Callable[[], t.Awaitable[Value]],
    passing: t.Callable[[ServiceError], bool],
    patience: float,
    what: str = REPLICAS,
) -> Value:
    """Repeat ``act`` while it fails with an error that ``passing`` recognizes as temporary.

    Raises the last error after ``patience`` seconds, and any other error immediately. ``what`` is the reason for the
    wait, for the user.
    """
    deadline = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        try:
            return await act()
        except ServiceError as error:
            if not passing(error) or time.monotonic() > deadline:
                raise
        with waiting.waits_for(what, deadline - time.monotonic()):
            await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def briefly(patience: float) -> float:
    """Return ``patience``, limited to the time that replicas need if no object involved is new."""
    return min(patience, CATCH_UP)


def not_replicated(error: ServiceError) -> bool:
    """Return True if a request may have failed because a replica does not know its object yet, which was just created
    or read."""
    text = error.answer or ""
    return (
        error.status == 404
        or error.code in _LAGGING
        or any(error.status == status and words in text for status, words in _UNKNOWN_YET)
    )


async def persist_of(act: t.Callable[[], t.Awaitable[Value]], patience: float, *, fresh: bool) -> Value:
    """Call persist() for the change of an object.

    A replica may not know the owner of one that was just created (``fresh``), so a 403 counts only if it lasts [inf].
    """
    began = time.monotonic()

    def passing(error: ServiceError) -> bool:
        unowned = fresh and error.status == 403 and time.monotonic() - began < CATCH_UP
        return unowned or not_replicated(error)

    return await persist(act, passing, patience)


def unsettled(attempted: str, patience: float) -> ServiceError:
    """Return the error for an accepted change that reads do not show; ``attempted`` ends with `` failed``."""
    return ServiceError(
        attempted.replace(" failed", " was accepted, but reads do not show it"),
        answer=f"they did not agree within {counted(round(patience), 'second')}",
        hint="Run the playbook again; it is safe to repeat. If the tenant is slow, increase wait_timeout",
    )
