# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller dies before and after each request of a flow; users sign in as before, and the next run completes it.

``make fire`` tries every request of every flow at every console type, in this process and with ansible-playbook.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crash.flows import FLOWS, Flow
from crash.grounds import MakeGround
from crash.harness import Crash, Outcome, boundaries, changes, crash
from crash.processes import as_process, requests

from support.consoles import KINDS
from support.length import AT_LENGTH, record, share

# In a short run, each flow at one console type
KIND_OF = {name: KINDS[number % len(KINDS)] for number, name in enumerate(FLOWS)}
CASES = [(name, kind) for name in FLOWS for kind in KINDS if AT_LENGTH or kind == KIND_OF[name]]


def every(sent: list[str]) -> Iterator[Crash]:
    """Before and after each request."""
    for number in range(1, len(sent) + 1):
        yield Crash(number)
        yield Crash(number, done=True)


def sample(flow: Flow, sent: list[str]) -> Iterator[Crash]:
    """After each request that changes something, before the first of them, and before every second distinct one of the
    first run.

    Between two changes nothing else can differ, and the other flows read in the same way. Of identical requests, the
    last one counts.
    """
    changed = False
    for number, request in enumerate(sent, 1):
        if changes(request):
            if not changed:
                yield Crash(number)
            yield Crash(number, done=True)
            changed = True
        elif flow.start == "nothing" and number % 2 and request not in sent[number:]:
            yield Crash(number)


def failures(flow: str, kind: str, way: str, at: Crash, request: str, outcome: Outcome) -> list[str]:
    """Return the broken promises of one case, with its name; a boundary that was not hit is one of them."""
    case = f"{flow}, {kind}, {way}: {'after' if at.done else 'before'} request {at.request} ({request})"
    broken = [*([] if outcome.hit else ["the boundary was not hit"]), *outcome.broken]
    record(f"Crashes, {way}", flow, kind, case, broken, outcome.seconds)
    return [f"{case}: {item}" for item in broken]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_controller_dies_at_a_request(make_ground: MakeGround, name: str, kind: str) -> None:
    flow = FLOWS[name]
    sent = boundaries(make_ground(kind, flow))
    assert any(map(changes, sent)) or name == "converged", sent
    broken = []
    for at in share(every(sent)) if AT_LENGTH else sample(flow, sent):
        outcome = crash(make_ground(kind, flow), at, settle=AT_LENGTH)
        broken += failures(name, kind, "in process", at, sent[at.request - 1], outcome)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(("name", "kind"), CASES if AT_LENGTH else [("renewal", "pro")])
def test_ansible_playbook_is_killed(make_ground: MakeGround, name: str, kind: str) -> None:
    """SIGKILL ends it with all of its forks. A short run does this once."""
    flow = FLOWS[name]
    number = requests(make_ground(kind, flow))
    broken = []
    for at in share(every(["ansible-playbook"] * number)) if AT_LENGTH else [Crash(number // 2, done=True)]:
        outcome = crash(make_ground(kind, flow), at, as_process, settle=AT_LENGTH)
        broken += failures(name, kind, "ansible-playbook", at, "", outcome)
    assert not broken, "\n".join(broken)
