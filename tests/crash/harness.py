# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let the controller die in a flow, and return the promises that are broken then, or after the runs that follow.

The promises: Users sign in as before, to the same account. The next run succeeds, and the one after it changes nothing.
Each holder has at most three live client secrets: the one stored in the console, one superseded, and one orphaned by
the run that died. The orphaned client secret stays for the overlap, because another run could be about to write it.
After the overlap there is one. Objects of others are unchanged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crash.flows import Call, Flow, Ground
from generated.role_world import Accounts

from support import consoles
from support.controller_death import ControllerDied, Crash
from support.role_in_process import RoleRun, run_role

DAY = 86400
# Live client secrets of a holder: the stored one, the superseded one, and an orphaned one until the next run removes it
MOST, SETTLED = 3, 2
# Texts that no message may contain: they indicate a bug, not something to correct
FAULTS = ("failed unexpectedly", "Unexpected failure", "Traceback", "Report this as a bug")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Requests by methods other than GET that change nothing
HARMLESS = ("/token", "/api/login", "/api/logout", "/api/oidc/auth", "/api/admin/login", "/api/login-options")
Perform = Callable[[Ground, Crash | None], bool]


@dataclass
class Outcome:
    """The result of one case: whether its boundary was ``hit``, the ``broken`` promises, and the duration."""

    hit: bool
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0


def play(ground: Ground, call: Call, crash: Crash | None = None) -> RoleRun:
    """Run the role once in this process; raises ControllerDied if it dies."""
    names = [ground.hosts[number] for number in call.only] if call.only is not None else None
    return run_role(ground.fleet, call.entry, names, extra_vars=call.variables, crash_at=crash)


def in_process(ground: Ground, crash: Crash | None) -> bool:
    """Play the flow in this process; return whether the controller died."""
    left = crash
    for call in ground.flow.calls:
        try:
            run = play(ground, call, left)
        except ControllerDied:
            return True
        ground.ended.append(run)
        left = Crash(left.request - run.requests, left.done) if left and left.request > run.requests else None
        if run.failed():
            break
    return False


def boundaries(ground: Ground) -> list[str]:
    """Return the requests of the flow in their order, without the parts that differ between two grounds."""
    places = {ground.lab.login_url: "login", ground.lab.graph_url: "graph"}
    places |= {console.url: f"console {number}" for number, console in enumerate(ground.consoles, 1)}
    with arranged(ground):
        sent = [request for call in ground.flow.calls for request in play(ground, call).sent]
    found = []
    for method, url in sent:
        base = next(place for place in places if url.startswith(place))
        path = GUID.sub("{id}", url.removeprefix(base).partition("?")[0])
        found.append(f"{places[base]} {method} {re.sub(r'(?<=/)[0-9]+$', '{id}', path)}")
    return found


def changes(request: str) -> bool:
    """Return whether a request, as named by boundaries(), can change something."""
    _place, method, path = request.rsplit(" ", 2)
    return method != "GET" and not path.endswith(HARMLESS) and not path.endswith("/$batch")


@contextmanager
def arranged(ground: Ground) -> Iterator[None]:
    """Schedule the faults of the flow, for the block only."""
    ground.arrange()
    try:
        yield
    finally:
        ground.lab.clear_faults()


def crash(ground: Ground, at: Crash, perform: Perform = in_process, *, settle: bool = True) -> Outcome:
    """Let the controller die ``at`` a request of the ground's flow. ``settle`` also continues after the overlap."""
    began = time.monotonic()
    case = Case(ground)
    with arranged(ground):
        outcome = Outcome(perform(ground, at))
    for run in ground.ended:
        case.judge("the run itself", run)
    case.look("after the crash", MOST)
    case.follow(settle)
    return Outcome(outcome.hit, case.broken, time.monotonic() - began)


def after_faults(ground: Ground, order: Callable[[Ground], None]) -> Outcome:
    """Play the ground's flow with faults, and then the runs that follow without them."""
    began = time.monotonic()
    case = Case(ground)
    order(ground)
    try:
        for call in ground.flow.calls:
            run = play(ground, call)
            case.judge("the run itself", run)
    except Exception as error:  # noqa: BLE001 - whatever it is, a run has to end otherwise
        case.broken.append(f"the run itself raised {error!r}")
    hit = ground.lab.met_faults() > 0
    ground.lab.clear_faults()
    ground.fleet.variables.pop("rustdesk_sso_timeout", None)
    case.look("after the run", MOST)
    case.follow(settle=False)
    return Outcome(hit, case.broken, time.monotonic() - began)


class Case:
    """The promises for a ground, compared with its earlier state; ``broken`` are the broken ones."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.flow = ground, ground.flow
        self.others = ground.of_others()
        self.before: Accounts = ground.accounts()
        self.broken: list[str] = []

    def look(self, when: str, most: int) -> None:
        """Compare everything that must hold at any moment."""
        ground = self.ground
        after = ground.accounts()
        leaving = {ground.console_of[ground.hosts[number]].name for number in self.flow.leaves}
        for who, account in self.before.items():
            if account and after[who] != account and who[0] not in leaving:
                self.broken.append(f"{when}: {who} was {account} and is {after[who]}: {ground.refusals.get(who)}")
        self.before = {who: account or after[who] for who, account in self.before.items()}
        many = {holder: number for holder, number in ground.secrets().items() if number > most}
        if many:
            self.broken.append(f"{when}: live client secrets: {many}, at most {most}")
        now = ground.of_others()
        # An application that the flow itself has created contains nothing of others
        self.broken += [f"{when}: {part} of others changed" for part in now if now[part] != self.others[part]]

    def follow(self, settle: bool) -> None:
        """Play the next run, the one after it, and those after the overlap."""
        self.run("the next run", self.flow.again)
        self.look("after the next run", SETTLED)
        leaving = {self.ground.console_of[self.ground.hosts[number]].name for number in self.flow.leaves}
        cannot = [who for who, account in self.before.items() if not account and who[0] not in leaving]
        if cannot:
            self.broken.append(f"after the next run: {cannot} cannot sign in: {self.ground.refusals}")
        self.run("the run after it", self.flow.again, quiet=True)
        if settle:
            self.ground.lab.advance(2 * DAY)
            for number in self.flow.leaves:
                self.ground.fleet.hosts.pop(self.ground.hosts[number], None)
            self.run("the run after the overlap", Call())
            self.look("after the overlap", 1)
            self.run("the last run", Call(), quiet=True)

    def run(self, which: str, call: Call, *, quiet: bool = False) -> None:
        """Play one run, which must succeed and, if it is ``quiet``, change nothing."""
        run = play(self.ground, call)
        if run.failed():
            self.broken.append(f"{which} failed: {run.messages}")
        if quiet and any(run.changed().values()):
            self.broken.append(f"{which} changed something: {run.changed()}")
        self.judge(which, run)

    def judge(self, which: str, run: RoleRun) -> None:
        """Check that a failed run has a clear message, and that the statements of a successful one are true."""
        if any(word in message for word in FAULTS for message in run.messages):
            self.broken.append(f"{which} reported: {run.messages}")
        self.compare_with_said(which, run)

    def compare_with_said(self, which: str, run: RoleRun) -> None:
        """Check that the console stores the client secret that a successful run names."""
        hints = {item["keyId"]: item["hint"] for app in self.ground.ours() for item in app["passwordCredentials"]}
        for name, host in run.hosts.items():
            named: dict[str, Any] = (host.run.get(name) or {}).get("client_secret") or {}
            entry = self.ground.entry(self.ground.console_of[name])
            if host.failed is not None or not entry or not named.get("key_id"):
                continue
            if not str(entry["client_secret"]).startswith(hints.get(named["key_id"], "?")):
                self.broken.append(f"{which}: {name} does not store the client secret that the run names")


__all__ = ["Crash", "Flow", "Ground", "Outcome", "boundaries", "changes", "consoles", "crash", "in_process"]
