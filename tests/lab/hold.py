# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold a client at one of its requests, so that a test can kill its process exactly there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

# The longest wait of a caller for the request, in seconds
LONGEST_WAIT = 10.0


@dataclass
class Held:
    """One request of a client. ``here`` marks the requested one, as opposed to later ones."""

    here: bool
    done: bool
    reached: asyncio.Event
    released: asyncio.Event

    async def kept(self, *, before: bool) -> bool:
        """Wait until the hold is released. Returns whether the request was held ``before`` or after it is served."""
        if before is (self.done and self.here):
            return False
        if self.here:
            self.reached.set()
        await self.released.wait()
        return True


@dataclass
class Hold:
    """An order to hold a request. Without an order, nothing is held."""

    _left: int = 0
    _done: bool = False
    _ordered: bool = False
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self, request: int, done: bool) -> None:
        """Hold the ``request``-th request from now on, before or after it is served."""
        self.release()
        self._left, self._done, self._ordered = request, done, True
        self._reached, self._released = asyncio.Event(), asyncio.Event()

    def take(self, by: str) -> Held | None:
        """Return how to hold a request, or None if it passes."""
        if not self._ordered or by != "client":
            return None
        self._left -= 1
        if self._left > 0:
            return None
        return Held(self._left == 0, self._done, self._reached, self._released)

    async def wait(self) -> bool:
        """Return whether the request is held, as soon as it is or after LONGEST_WAIT."""
        try:
            await asyncio.wait_for(self._reached.wait(), LONGEST_WAIT)
        except asyncio.TimeoutError:
            return False
        return True

    def release(self) -> None:
        """Release all requests, and stop holding."""
        self._ordered = False
        self._released.set()
