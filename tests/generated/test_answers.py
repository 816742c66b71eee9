# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a service answers, a run fails with a sentence or does what was declared, and writes nothing by mistake.

``RUSTDESK_SSO_ANSWERS`` is how many cases are tried, or ``all``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from generated.answers import Ground

from support.fleet import Fleet
from support.in_process import InProcess

HOW_MANY = os.environ.get("RUSTDESK_SSO_ANSWERS", "300")
SEED = int(os.environ.get("RUSTDESK_SSO_SEED", "1"))
ONLY = os.environ.get("RUSTDESK_SSO_FLOWS", "")


@pytest.fixture
def ground(make_quick_fleet: Callable[[int], Fleet], in_process: InProcess) -> Ground:
    """A tenant and a console of each type, as modules find them."""
    return Ground(make_quick_fleet(0), in_process)


def test_any_answer_is_understood_or_refused(ground: Ground) -> None:
    cases = [case for flow in ground.flows if ONLY in flow for case in ground.cases(flow)]
    assert cases
    if HOW_MANY != "all":
        cases = random.Random(SEED).sample(cases, min(int(HOW_MANY), len(cases)))
    found = [f"{case}\n    {problem}" for case in cases for problem in ground.problems(case)]
    assert not found, f"{len(found)} problems in {len(cases)} cases\n" + "\n".join(found)
