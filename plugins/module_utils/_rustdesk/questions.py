# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Pass calls from one thread to the thread that owns the session with a console, which only one thread may use."""

from __future__ import annotations

import typing as t
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock

Answer = t.TypeVar("Answer")


class Questions(t.Generic[Answer]):
    """One call, which may be requested any number of times until end() or close()."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Future[Answer | None] | None] = SimpleQueue()
        self._lock = Lock()
        self._closed = False

    def ask(self) -> Answer | None:
        """Return the other thread's result, None after close(). Raises the exception of the other thread."""
        future: Future[Answer | None] = Future()
        with self._lock:
            if self._closed:
                return None
            self._asked.put(future)
        return future.result()

    def end(self) -> None:
        """Stop requesting; serve() returns."""
        self._asked.put(None)

    def serve(self, answer: t.Callable[[], Answer | None]) -> None:
        """Run ``answer`` for each request until end()."""
        for future in iter(self._asked.get, None):
            _answer(future, answer)

    def close(self) -> None:
        """Stop serving; pending and later requests return None."""
        with self._lock:
            self._closed = True
        while not self._asked.empty():
            future = self._asked.get()
            if future:
                future.set_result(None)


def _answer(future: Future[Answer | None], answer: t.Callable[[], Answer | None]) -> None:
    try:
        future.set_result(answer())
    except Exception as error:  # noqa: BLE001  # it is raised in the requesting thread
        future.set_exception(error)
