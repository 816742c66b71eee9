# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Report what a task is waiting for, in one line now and then, however many waits run at the same time.

Code that waits declares it with waits_for(), which does nothing outside reporting().
"""

from __future__ import annotations

import asyncio
import math
import time
import typing as t
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

Notify = t.Callable[[str], None]

# The total seconds of waiting before the first line, and the seconds until the next one
NOTICEABLE = 4.0
AGAIN = 15.0
TICK = 1.0


@dataclass(eq=False)
class _Wait:
    """One wait, until ``until`` at the latest; ``announced`` is true if the service requested exactly this wait."""

    what: str
    until: float
    announced: bool


@dataclass
class Waiting:
    """The current waits of a task. ``progress`` returns a line on its progress, empty if there is nothing to report."""

    notify: Notify
    progress: t.Callable[[], str] = str
    clock: t.Callable[[], float] = time.monotonic
    _waits: list[_Wait] = field(default_factory=list)
    _recent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._measured = self._reported = self.clock()
        self._silent = True
        self._waited = 0.0

    @contextmanager
    def of(self, what: str, longest: float, announced: bool) -> t.Iterator[None]:
        """Wait for ``what`` within this block, for at most ``longest`` seconds."""
        wait = _Wait(what, self.clock() + longest, announced)
        self._waits.append(wait)
        try:
            yield
        finally:
            self._waits.remove(wait)

    def due(self) -> str | None:
        """Return the text to report now; None if there is nothing new. Called periodically, it measures the waits."""
        now = self.clock()
        passed, self._measured = now - self._measured, now
        self._waited += passed if self._waits else 0.0
        long = self._waited >= NOTICEABLE or any(
            wait.announced and wait.until - now >= NOTICEABLE - TICK for wait in self._waits
        )
        rested = now - self._reported >= AGAIN
        parts = [self._waiting(now)] if self._waits and long and (rested or self._silent) else []
        if parts or rested:
            parts.append(self.progress())
        text = " ".join(filter(None, parts))
        if not text:
            return None
        self._reported, self._silent, self._waited = now, False, 0.0
        return text

    def _waiting(self, now: float) -> str:
        found: dict[str, list[float]] = {}
        for wait in self._waits:
            found.setdefault(wait.what, []).append(wait.until - now)
        listed = [
            f"{what}{f' ({len(left)} times)' if len(left) > 1 else ''}, for up to {max(1, math.ceil(max(left)))} s"
            for what, left in found.items()
        ]
        return f"Waiting for {'; '.join(listed)}."

    def report(self, text: str) -> None:
        """Report ``text`` unless it was reported just before, because many requests may receive the same response."""
        now = self.clock()
        if now - self._recent.get(text, -math.inf) < AGAIN:
            return
        self._recent[text] = self._reported = now
        self.notify(text)

    async def watch(self) -> None:
        """Report due texts until cancelled."""
        while True:
            await asyncio.sleep(TICK)
            text = self.due()
            if text:
                self.notify(text)


_CURRENT: ContextVar[Waiting | None] = ContextVar("rustdesk_sso_waiting", default=None)


@asynccontextmanager
async def reporting(notify: Notify | None, progress: t.Callable[[], str] = str) -> t.AsyncIterator[None]:
    """Report waits within this block, and in the tasks and threads that it starts."""
    if notify is None:
        yield
        return
    waiting = Waiting(notify, progress)
    token = _CURRENT.set(waiting)
    watch = asyncio.create_task(waiting.watch())
    try:
        yield
    finally:
        _CURRENT.reset(token)
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


@contextmanager
def waits_for(what: str, longest: float, *, announced: bool = False) -> t.Iterator[None]:
    """Wait for ``what`` within this block, for at most ``longest`` seconds; ``announced`` if a service requested
    that."""
    waiting = _CURRENT.get()
    if waiting is None:
        yield
        return
    with waiting.of(what, longest, announced):
        yield


def notifier() -> Notify | None:
    """Return the function that reports waits here; None outside reporting()."""
    waiting = _CURRENT.get()
    return waiting.report if waiting else None
