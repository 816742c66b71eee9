# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fixture that creates the grounds of flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from crash.flows import Flow, Ground
from live.complete import missing

from lab.client import Lab
from support.controller import Controller

MakeGround = Callable[[str, Flow], Ground]
# A lab keeps a server for each console that it ever had
GROUNDS_OF_A_LAB = 60


class Labs:
    """Labs with immediate replication and an adjustable clock, one at a time."""

    def __init__(self) -> None:
        self._labs: list[Lab] = []
        self._grounds = 0

    def for_a_ground(self) -> Lab:
        """Return the lab for one more ground."""
        if self._grounds % GROUNDS_OF_A_LAB == 0:
            self.end()
            self._labs.append(Lab.start(0, 0))
        self._grounds += 1
        (lab,) = self._labs
        lab.clear_requests()
        return lab

    def end(self) -> None:
        """End the lab. Check that no request broke Graph's published types and that each request has a live case."""
        while self._labs:
            lab = self._labs.pop()
            violations, without_case = lab.violations(), missing(lab.endpoints())
            lab.stop()
            assert violations == []
            assert without_case == []


@pytest.fixture(scope="session")
def labs_of_grounds() -> Iterator[Labs]:
    """The labs of all grounds."""
    labs = Labs()
    yield labs
    labs.end()


@pytest.fixture
def make_ground(labs_of_grounds: Labs, controller: Controller, unhurried: None) -> MakeGround:
    """Create the ground of a flow at a console type."""
    return lambda kind, flow: Ground(labs_of_grounds.for_a_ground(), controller, kind, flow)
