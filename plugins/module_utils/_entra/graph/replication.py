# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Waiting, within bounds, for Entra's replicas to agree.

Reads are served by replicas that lag behind for seconds and answer in turn with the old and the new state [iss];
so one good answer proves little, several in a row prove enough (hashicorp/terraform-provider-azuread reads 5 [src]).
"""

from __future__ import annotations

import asyncio
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting

AGREEING = 3
# Seconds to wait where nothing that is involved has just been made.
CATCH_UP = 30.0
# Graph's code for an object that is there already.
EXISTS = "Request_MultipleObjectsWithSameKeyValue"
# The twin of an application for personal accounts that is not made yet [iss]; a role or scope whose disabling is not
# everywhere yet.
_LAGGING = ("Error_MsaAppDoesNotExist", "CannotDeleteOrUpdateEnabledEntitlement")
# What refusals say of references to an object that was just made ([iss], the others from terraform azuread [src]). The
# 403 is a real refusal too; then it is still there when patience is over, and the user sees it.
_UNKNOWN_YET = (
    (400, "Not a valid reference update"),
    (400, "does not reference a valid application object"),
    (403, "backing application"),
)
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 3.0
# What is waited for, unless the caller knows better
REPLICAS = "Microsoft Entra to replicate a change"

Value = t.TypeVar("Value")


async def settle(
    read: t.Callable[[], t.Awaitable[Value]],
    done: t.Callable[[Value], bool],
    patience: float,
    agreeing: int = AGREEING,
    what: str = REPLICAS,
) -> tuple[Value, bool]:
    """Call ``read`` until ``agreeing`` answers in a row satisfy ``done``, for at most ``patience`` seconds.

    Once one does, the others are asked for at the same time. Gives the last answer and whether it was settled. ``what``
    tells the user what is waited for.
    """

    async def answers() -> list[Value]:
        first = await read()
        return [first, *(await at_once(read, agreeing - 1))] if done(first) else [first]

    return await _until(answers, lambda values: all(map(done, values)), patience, what)


async def agreed(
    read: t.Callable[[], t.Awaitable[Value]], key: t.Callable[[Value], t.Any], patience: float
) -> tuple[Value, bool]:
    """Call ``read`` until AGREEING answers have the same ``key``, where None is that of no answer yet.

    Gives the last answer and whether they agreed within ``patience`` seconds.
    """

    def same(values: list[Value]) -> bool:
        keys = [key(value) for value in values]
        return keys[0] is not None and keys.count(keys[0]) == len(keys)

    return await _until(lambda: at_once(read, AGREEING), same, patience)


async def at_once(read: t.Callable[[], t.Awaitable[Value]], times: int) -> list[Value]:
    """The answers to so many calls of ``read``, which are made together: each may reach another replica."""
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
    """What ``read`` gives once reads agree that it is there; raises unsettled() where it never shows."""
    found, settled = await settle(read, lambda value: value is not None, patience)
    if not settled or found is None:
        raise unsettled(attempted, patience)
    return found


async def believed_absent(read: t.Callable[[], t.Awaitable[Value | None]]) -> Value | None:
    """What ``read`` gives, where nothing is believed only when it is said several times."""
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
    """Call ``act`` again while it fails with an error that ``passing`` knows to be replication, or to be ``what``.

    Raises the last error when ``patience`` seconds are over, any other error at once.
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
    """As much of ``patience`` as it takes replicas to catch up where nothing was just made."""
    return min(patience, CATCH_UP)


def not_replicated(error: ServiceError) -> bool:
    """Whether a request may have failed because a replica does not know yet what it is about: an object that was just
    made or read."""
    text = error.answer or ""
    return (
        error.status == 404
        or error.code in _LAGGING
        or any(error.status == status and words in text for status, words in _UNKNOWN_YET)
    )


async def persist_of(act: t.Callable[[], t.Awaitable[Value]], patience: float, *, fresh: bool) -> Value:
    """persist() for the change of an object. Of one that was just made (``fresh``) a replica may not know yet who owns
    it, so its 403 is believed only when it lasts [inf]."""
    began = time.monotonic()

    def passing(error: ServiceError) -> bool:
        unowned = fresh and error.status == 403 and time.monotonic() - began < CATCH_UP
        return unowned or not_replicated(error)

    return await persist(act, passing, patience)


def unsettled(attempted: str, patience: float) -> ServiceError:
    """The error for a change that was accepted and does not show; ``attempted`` ends with `` failed``."""
    return ServiceError(
        attempted.replace(" failed", " was accepted, but does not show"),
        answer=f"reads did not agree within {patience:.0f} seconds",
        hint="Run again: nothing is lost; raise wait_timeout if the tenant is slow",
    )
