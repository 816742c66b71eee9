# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a service answers, a run fails with a clear message or does as declared, and writes nothing by mistake.

``RUSTDESK_SSO_ANSWERS`` is the number of cases, ``RUSTDESK_SSO_SEED`` selects others. test_graph_shapes.py tries all
mutations of Graph's documents, without a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from generated.answers import Ground

from support.fleet import Fleet
from support.in_process import InProcess

EXAMPLES = int(os.environ.get("RUSTDESK_SSO_ANSWERS", "100"))
SEED = int(os.environ.get("RUSTDESK_SSO_SEED", "1"))


@pytest.fixture
def ground(make_quick_fleet: Callable[[int], Fleet], in_process: InProcess) -> Ground:
    """A tenant and a console of each type, as modules find them."""
    return Ground(make_quick_fleet(0), in_process)


def test_any_response_is_understood_or_refused(ground: Ground) -> None:
    cases = ground.drawn(EXAMPLES, random.Random(SEED))
    assert len(cases) >= min(EXAMPLES, 50)
    found = [f"{case}\n    {problem}" for case in cases for problem in ground.problems(case)]
    assert not found, f"{len(found)} problems in {len(cases)} cases\n" + "\n".join(found)
