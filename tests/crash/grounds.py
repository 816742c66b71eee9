# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fixture that makes the grounds of flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from crash.flows import Flow, Ground

from lab.client import Lab
from support.controller import Controller

MakeGround = Callable[[str, Flow], Ground]
# A lab keeps a server for each console that it ever had
GROUNDS_OF_A_LAB = 60


@pytest.fixture
def make_ground(controller: Controller, unhurried: None) -> Iterator[MakeGround]:
    """Makes the ground of a flow at a type of console, in a lab that replicates at once and whose clock may move."""
    labs: list[Lab] = []
    made = 0

    def make(kind: str, flow: Flow) -> Ground:
        nonlocal made
        if made % GROUNDS_OF_A_LAB == 0:
            _end(labs)
            labs.append(Lab.start(0, 0))
        made += 1
        labs[0].clear_requests()
        return Ground(labs[0], controller, kind, flow)

    yield make
    _end(labs)


def _end(labs: list[Lab]) -> None:
    for lab in labs:
        assert lab.violations() == []
        lab.stop()
    labs.clear()
