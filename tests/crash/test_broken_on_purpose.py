# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The harness detects a product that breaks the lifecycle of a client secret, and no fault in the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from crash import broken
from crash.flows import FLOWS, Ground
from crash.grounds import MakeGround
from crash.harness import Crash, boundaries, changes, crash

RENEWAL = FLOWS["renewal"]
NEVER = Crash(10_000)
# Seconds until Entra accepts a new client secret: longer than any case takes, or within the wait of a run
NOT_YET, SOON = 3600, 1


def slowly_replicated(ground: Ground) -> None:
    """Entra does not accept a new client secret during the case."""
    ground.lab.set_lag(0, NOT_YET)


def soon_replicated(ground: Ground) -> None:
    """Entra does not accept a new client secret immediately."""
    ground.lab.set_lag(0, SOON)


def lost_write(ground: Ground) -> None:
    """The console answers the next write as if it had stored it."""
    for console in ground.consoles:
        ground.lab.fault(console.name, "PUT", "/api/oidc/settings$", json={})


CONDITIONS: dict[Callable[[pytest.MonkeyPatch], None], Callable[[Ground], None]] = {
    broken.drop_the_wait_for_acceptance: slowly_replicated,
    broken.drop_the_read_back: lost_write,
}


def cases(sent: list[str], defect: Callable[[pytest.MonkeyPatch], None]) -> Iterator[Crash]:
    """Without a crash if the loss shows then, else after each request that changes something."""
    if defect is broken.drop_the_read_back:
        yield NEVER
        return
    for number, request in enumerate(sent, 1):
        if changes(request):
            yield Crash(number, done=True)


def found(
    make_ground: MakeGround,
    defect: Callable[[pytest.MonkeyPatch], None],
    condition: Callable[[Ground], None] = lambda _ground: None,
) -> list[str]:
    """Return the first broken promises that the harness detects, under a ``condition``."""
    for at in cases(boundaries(make_ground("pro", RENEWAL)), defect):
        ground = make_ground("pro", RENEWAL)
        ground.fleet.variables["rustdesk_sso_wait_timeout"] = 10
        condition(ground)
        outcome = crash(ground, at, settle=False)
        ground.lab.set_lag(0, 0)
        if outcome.broken:
            return outcome.broken
    return []


@pytest.mark.parametrize("defect", broken.DEFECTS)
def test_each_defect_is_detected(
    make_ground: MakeGround, monkeypatch: pytest.MonkeyPatch, defect: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patch:
        defect(patch)
        assert found(make_ground, defect, CONDITIONS.get(defect, lambda _ground: None))


@pytest.mark.parametrize("defect", CONDITIONS)
def test_nothing_is_detected_without_it(make_ground: MakeGround, defect: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Under the same conditions, or if Entra accepts a new client secret a moment later."""
    condition = soon_replicated if CONDITIONS[defect] is slowly_replicated else CONDITIONS[defect]
    assert found(make_ground, defect, condition) == []
