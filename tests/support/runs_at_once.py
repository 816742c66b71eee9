# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several runs of the role at the same time, each in its own process, as independent controllers."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
from requests.adapters import HTTPAdapter

from support.fleet import Fleet
from support.quick_runs import quick_run

# A forked process keeps all loaded modules
_FORK = multiprocessing.get_context("fork")
SECONDS = 100


@dataclass(frozen=True)
class Outcome:
    """The result of a run: the servers that failed, and the output."""

    failed: set[str]
    output: str


class _Meeting:
    """The point at which the first matching request of each run waits for those of all other runs."""

    def __init__(self, runs: int, method: str, path: str) -> None:
        self._barrier = _FORK.Barrier(runs, timeout=SECONDS)
        self._wanted = method, path
        self._met = False

    def wait(self, method: str, url: str) -> None:
        """Wait before a request if it is the first matching one."""
        if not self._met and method == self._wanted[0] and self._wanted[1] in urlsplit(url).path:
            self._met = True
            self._barrier.wait()

    def leave(self) -> None:
        """Release the others at the end of a run without a matching request."""
        if not self._met:
            self._barrier.abort()


def runs_at_once(fleets: Sequence[Fleet], *options: str, meet: Sequence[tuple[str, str]] = ()) -> list[Outcome]:
    """Run the role for each of ``fleets``, which may be the same fleet several times.

    For each method and path in ``meet``, the first request of each run waits for those of the others.
    """
    meetings = [_Meeting(len(fleets), *wanted) for wanted in meet]
    pipes = [_FORK.Pipe(duplex=False) for _fleet in fleets]
    processes = [
        _FORK.Process(target=_run, args=(fleet, options, meetings, there))
        for fleet, (_here, there) in zip(fleets, pipes, strict=True)
    ]
    try:
        for process in processes:
            process.start()
        return [
            here.recv() if here.poll(SECONDS) else Outcome({*fleet.hosts}, "no end")
            for fleet, (here, _there) in zip(fleets, pipes, strict=True)
        ]
    finally:
        for process in processes:
            process.join(1)
            process.kill()


def _run(fleet: Fleet, options: tuple[str, ...], meetings: list[_Meeting], pipe: Any) -> None:
    send, send_async = HTTPAdapter.send, httpx.AsyncHTTPTransport.handle_async_request
    lock = threading.Lock()

    def sent(adapter: HTTPAdapter, request: Any, *more: Any, **named: Any) -> Any:
        with lock:
            for meeting in meetings:
                meeting.wait(request.method, str(request.url))
        return send(adapter, request, *more, **named)

    async def sent_async(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        for meeting in meetings:
            meeting.wait(request.method, str(request.url))
        return await send_async(transport, request)

    with (
        patch.object(HTTPAdapter, "send", sent),
        patch.object(httpx.AsyncHTTPTransport, "handle_async_request", sent_async),
    ):
        run = quick_run(fleet, *options)
    for meeting in meetings:
        meeting.leave()
    pipe.send(Outcome(run.failed(), run.output))
