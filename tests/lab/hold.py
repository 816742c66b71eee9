# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold a client at one of its requests, so that a test can kill its process exactly there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

# Seconds that a caller waits for the request at most
LONGEST_WAIT = 10.0


@dataclass
class Held:
    """One request of a client. ``here`` is the one that was asked for; those after it are held as well."""

    here: bool
    done: bool
    reached: asyncio.Event
    released: asyncio.Event

    async def kept(self, *, before: bool) -> bool:
        """Wait here until the hold is released; gives whether it was held ``before`` or after it is served."""
        if before is (self.done and self.here):
            return False
        if self.here:
            self.reached.set()
        await self.released.wait()
        return True


@dataclass
class Hold:
    """The order to hold a request; without one, nothing is held."""

    _left: int = 0
    _done: bool = False
    _ordered: bool = False
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self, request: int, done: bool) -> None:
        """Hold the ``request``-th from now on, before it is served or after it."""
        self.release()
        self._left, self._done, self._ordered = request, done, True
        self._reached, self._released = asyncio.Event(), asyncio.Event()

    def take(self, by: str) -> Held | None:
        """What to do with a request; None if it is not to be held."""
        if not self._ordered or by != "client":
            return None
        self._left -= 1
        if self._left > 0:
            return None
        return Held(self._left == 0, self._done, self._reached, self._released)

    async def wait(self) -> bool:
        """Whether the request is held, as soon as it is or after LONGEST_WAIT."""
        try:
            await asyncio.wait_for(self._reached.wait(), LONGEST_WAIT)
        except asyncio.TimeoutError:
            return False
        return True

    def release(self) -> None:
        """Let go what is held, and hold nothing any more."""
        self._ordered = False
        self._released.set()
