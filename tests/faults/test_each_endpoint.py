# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each endpoint of the first and of the converged run fails in each way, once, twice and five times in a row.

The run succeeds or reports the failure clearly, sign-in continues to work for all users, and the next run completes the
changes. ``make fire`` tries all; a short run one fault at each endpoint.
"""

from __future__ import annotations

import pytest
from crash.flows import FLOWS
from crash.grounds import MakeGround
from crash.harness import Outcome, after_faults, boundaries
from faults.endpoints import STARTS, TIMEOUT, Fault, faults, sample

from support.consoles import KINDS
from support.length import AT_LENGTH, record, share

CASES = [(start, kind) for start in STARTS for kind in KINDS] if AT_LENGTH else [*zip(STARTS, KINDS, strict=False)]


def failures(start: str, kind: str, fault: Fault, outcome: Outcome) -> list[str]:
    """Return the broken promises of one case, with its name."""
    case = f"{start}, {kind}: {fault.kind}, {fault.times} times, at {fault.request}"
    broken = [*([] if outcome.hit else ["no request met the fault"]), *outcome.broken]
    record(f"Faults, {start}", fault.kind, kind, case, broken, outcome.seconds)
    return [f"{case}: {item}" for item in broken]


@pytest.mark.parametrize(("start", "kind"), CASES)
def test_fault_at_each_endpoint(make_ground: MakeGround, start: str, kind: str) -> None:
    flow = FLOWS[start]
    sent = boundaries(make_ground(kind, flow))
    broken = []
    for fault in share(faults(sent)) if AT_LENGTH else sample(sent, STARTS.index(start)):
        ground = make_ground(kind, flow)
        ground.fleet.variables["rustdesk_sso_timeout"] = TIMEOUT
        broken += failures(start, kind, fault, after_faults(ground, fault.order))
    assert not broken, "\n".join(broken)
