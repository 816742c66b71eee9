# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress messages about waits: the reason, the maximum duration, and not a line for each."""

from __future__ import annotations

import asyncio

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import applications
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting

REPLICAS = "Microsoft Entra to replicate a change"


class Run:
    """A task that is checked every second, with its own clock."""

    def __init__(self, progress: str = "") -> None:
        self.now = 100.0
        self.told: list[str] = []
        self.waiting = waiting.Waiting(self.told.append, lambda: progress, lambda: self.now)

    def passes(self, seconds: int) -> list[str]:
        """Return the messages within this many seconds."""
        found = []
        for _second in range(seconds):
            self.now += 1
            found += filter(None, [self.waiting.due()])
        return found


def test_short_waits_are_not_reported() -> None:
    run = Run()
    for _time in range(3):
        with run.waiting.of(REPLICAS, 120, announced=False):
            assert run.passes(1) == []
        assert run.passes(1) == []


def test_a_long_wait_is_reported_with_its_end_and_again() -> None:
    run = Run()
    with run.waiting.of(REPLICAS, 120, announced=False):
        assert run.passes(4) == [f"Waiting for {REPLICAS}, for up to 116 s."]
        assert run.passes(14) == []
        assert run.passes(1) == [f"Waiting for {REPLICAS}, for up to 101 s."]
    assert run.passes(60) == []


def test_many_short_waits_are_reported_together() -> None:
    run, told = Run(), []
    for _time in range(6):
        with run.waiting.of(REPLICAS, 30, announced=False):
            told += run.passes(1)
    assert told == [f"Waiting for {REPLICAS}, for up to 29 s."]


def test_a_wait_that_a_service_requests_is_reported_immediately() -> None:
    run = Run()
    with run.waiting.of("Microsoft Graph, which answered 429", 30, announced=True):
        assert run.passes(1) == ["Waiting for Microsoft Graph, which answered 429, for up to 29 s."]
    with run.waiting.of("Microsoft Graph, which answered 429", 2, announced=True):
        assert run.passes(2) == []


def test_simultaneous_waits_are_one_line() -> None:
    run = Run("8 of 20 applications are done.")
    with run.waiting.of(REPLICAS, 20, False), run.waiting.of(REPLICAS, 40, False), run.waiting.of("it", 9, False):
        assert run.passes(4) == [
            f"Waiting for {REPLICAS} (2 times), for up to 36 s; it, for up to 5 s. 8 of 20 applications are done."
        ]


def test_progress_is_reported_without_a_wait() -> None:
    run = Run("8 of 20 applications are done.")
    assert run.passes(40) == ["8 of 20 applications are done."] * 2


def test_the_same_response_to_many_requests_is_reported_once() -> None:
    run = Run()
    for _time in range(20):
        run.waiting.report("POST login/token was answered 429: retrying in 10 s")
    assert len(run.told) == 1
    run.passes(15)
    run.waiting.report("POST login/token was answered 429: retrying in 10 s")
    assert len(run.told) == 2


def test_messages_of_tasks_and_threads_within_are_received(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    heard = asyncio.Event()

    def tell(text: str) -> None:
        told.append(text)
        heard.set()

    async def waits() -> None:
        with waiting.waits_for(REPLICAS, 60, announced=True):
            await heard.wait()

    async def run() -> None:
        async with waiting.reporting(tell):
            await asyncio.gather(waits(), asyncio.create_task(waits()))
            said = await asyncio.to_thread(waiting.notifier)
            assert said is not None
            said("from a thread")
        assert waiting.notifier() is None

    monkeypatch.setattr(waiting, "TICK", 0.01)
    asyncio.run(run())
    assert told == [f"Waiting for {REPLICAS} (2 times), for up to 60 s.", "from a thread"]


def test_without_a_receiver_nothing_happens() -> None:
    async def run() -> None:
        async with waiting.reporting(None):
            with waiting.waits_for(REPLICAS, 60):
                assert waiting.notifier() is None

    asyncio.run(run())


def test_progress_is_reported_while_many_sessions_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preparing sessions for a hundred tenants takes longer than a run may be silent."""
    seen: list[str] = []

    async def group(*_arguments: object) -> None:
        seen.append("begun")

    monkeypatch.setattr(waiting, "AGAIN", -1.0)
    monkeypatch.setattr(waiting, "TICK", 0.0)
    monkeypatch.setattr(applications, "_group", group)
    monkeypatch.setattr(applications, "_mistakes", lambda declared, _spec: [None] * len(declared))
    declared = [{**dict.fromkeys(applications.SESSION), "tenant_id": f"{number}"} for number in range(5)]
    asyncio.run(applications.converge(declared, None, {}, lambda _text: seen.append("told")))  # type: ignore[arg-type]
    assert "begun begun" not in " ".join(seen)
    assert seen.count("begun") == 5
