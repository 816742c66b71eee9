# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All users who could sign in before a run of the role, and are still declared, can sign in after it, to the same
account.

The product runs in this process; the lab replicates immediately. ``RUSTDESK_SSO_EXAMPLES`` is the number of examples.
With ``RUSTDESK_SSO_SHRINK`` a failing one is reduced, which takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from generated.role_cases import CASES, Case, Step
from generated.role_world import Account, World
from hypothesis import HealthCheck, Phase, given, settings

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import pro
from lab.client import Console, Lab
from support import consoles
from support.controller import Controller
from support.role_in_process import RoleRun

EXAMPLES = int(os.environ.get("RUSTDESK_SSO_EXAMPLES", "27")) // len(consoles.KINDS)
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
# A lab keeps a server for each console that it ever had
CASES_OF_A_LAB = 100
# During the overlap a holder has two; a third was left by a run that died before it stored it in the console
MOST_SECRETS = 3
# Texts that no message may contain: they indicate a bug, not something to correct
FAULTS = ("failed unexpectedly", "Unexpected failure", "Traceback")
MakeWorld = Callable[[str, Case], World]


@pytest.fixture(scope="module")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeWorld]:
    """Create the world of a case, in a lab without any lag, so that no wait is needed."""
    controller = Controller(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("collections"))
    labs: list[Lab] = []
    made = 0

    def make(kind: str, case: Case) -> World:
        nonlocal made
        if made % CASES_OF_A_LAB == 0:
            labs[:] = [_started(labs)]
        made += 1
        labs[0].clear_requests()
        return World(labs[0], controller, kind, case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication, "FIRST_PAUSE", 0.0)
        patch.setattr(_http._Retry, "get_backoff_time", lambda _retry: 0.0)
        patch.setattr(pro, "SECOND_LOOK", 0.0)
        yield make
    _end(labs)


def _started(former: list[Lab]) -> Lab:
    _end(former)
    return Lab.start(0, 0)


def _end(labs: list[Lab]) -> None:
    for lab in labs:
        assert lab.violations() == []
        lab.stop()


@pytest.mark.parametrize("kind", consoles.KINDS)
@given(case=CASES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    phases=tuple(Phase) if "RUSTDESK_SSO_SHRINK" in os.environ else WITHOUT_SHRINKING,
)
def test_users_can_still_sign_in(make_world: MakeWorld, kind: str, case: Case) -> None:
    """To the same account, after each run of any sequence, even one that dies; objects of others are unchanged."""
    story = Story(make_world(kind, case))
    for step in case.steps:
        if not story.world.fleet.hosts:
            return
        story.happen(step)
        story.run(step)
    if case.steps[-1].crash and story.world.fleet.hosts:
        story.run(Step())


class Story:
    """The runs on a world, and the promises after each.

    ``before`` are the accounts now, ``known`` all accounts that users ever had, by the provider's name.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.before = world.accounts()
        self.known: dict[tuple[str, str], dict[str, Account]] = {}
        # Hosts whose removal has begun; users whose assignment a run has completed
        self.leaving: set[str] = set()
        self.assigned: set[str] = set()
        self._remember()

    def _remember(self) -> None:
        for who, account in self.before.items():
            if account:
                self.known.setdefault(who, {})[account.provider] = account

    def happen(self, step: Step) -> None:
        """Apply the event before a run, which can itself make users lose or change accounts."""
        world = self.world
        console = world.console_of[world.hosts[step.at]]
        identity = world.identity(console)
        if world.happen(step):
            # For the console, users of the former provider or client ID are new users now
            if world.identity(console) != identity:
                for person in world.case.people:
                    self.known.pop((console.name, person), None)
            self.before = world.accounts()
            self._remember()

    def run(self, step: Step) -> None:
        """Run the role, and check the promises after it."""
        world = self.world
        covered = world.covered(step)
        if step.entry == "remove" and step.changes:
            self.leaving |= {*covered}
        foreign = world.foreign()
        # A run that dies closes no session
        looks = partial(world.snapshot, sessions=not step.crash)
        seen = None if step.changes else looks()
        run = world.run(step)
        where = f"after {step}, whose run {'died' if run is None else f'reported {run.messages}'}"
        for message in run.messages if run else []:
            assert not any(fault in message for fault in FAULTS), f"{where}: {message}"
        if seen is not None:
            assert looks() == seen, f"{where}: a run that changes nothing has changed something"
        assert world.foreign() == foreign, f"{where}: a provider of others has changed"
        live = {holder: number for holder, number in world.live_secrets().items() if number > MOST_SECRETS}
        assert not live, f"{where}: too many live client secrets: {live}"
        if step.changes:
            self._compare(step, covered, where)
        if run:
            self._end(step, covered, run)

    def _compare(self, step: Step, covered: list[str], where: str) -> None:
        world = self.world
        after = world.accounts()
        declared = {world.console_of[name] for name in world.fleet.hosts if name not in self.leaving}
        touched = {world.console_of[name] for name in covered} if step.entry == "main" else set()
        for console in declared:
            named = step.declared if console in touched else ()
            for who in ((console.name, person) for person in world.case.people):
                now, account = after[who], self.before[who]
                if account and not now and not self._asked_to_lose(step, who[1], console in touched):
                    raise AssertionError(f"{where}: {who} can no longer sign in: {world.refusals[who]}")
                # If app_replaces names the client ID, users may lose their identity
                if now and "replace the stored client ID" not in named:
                    last = account or self._known(console, who[1], now, named)
                    assert not last or now == last, f"{where}: {who} was {last} and is {now}"
        self.before = after
        self._remember()

    def _known(self, console: Console, person: str, now: Account, named: tuple[str, ...]) -> Account | None:
        """Return the former account of a user who could not sign in before; None if another one was requested."""
        known = self.known.get((console.name, person), {})
        if now.provider in known:
            return known[now.provider]
        # A variable names the provider beside which another one offers another account
        if "another provider name, beside" in named:
            return None
        # Only an enabled provider prevents one with another name
        offered = self.world.offered(console)
        return next((account for provider, account in known.items() if provider in offered), None)

    def _asked_to_lose(self, step: Step, person: str, touched: bool) -> bool:
        """Return whether the declaration itself prevents this person from signing in after the run."""
        if step.entry != "main":
            return False
        # Users are not offered a provider that is declared to be disabled
        if touched and "provider switched off" in step.declared:
            return True
        # Documented for a server that moves before its DNS: an address that is not verified may lead nowhere
        if touched and "an unused address, not verified" in step.declared:
            return True
        # Users without an assignment cannot sign in to an application that requires it, at all consoles that share it
        if "assignment required, no user assigned" in step.declared:
            return person not in self.assigned
        return "assignment required, alice assigned" in step.declared and person != "alice"

    def _end(self, step: Step, covered: list[str], run: RoleRun) -> None:
        """Record the effects of a completed run."""
        done = {*covered} - run.failed() if step.changes else set()
        if step.entry == "remove":
            for name in done:
                del self.world.fleet.hosts[name]
        else:
            self.leaving -= done
            if done and "assignment required, alice assigned" in step.declared:
                self.assigned.add("alice")
