# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first state of a generated fleet, the events, and the order of the runs."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hypothesis import strategies as st

from support.controller_death import Crash

# A public_url that belongs to another console, in a run that verifies the sign-in. Switch it on once the address is
# checked before it replaces a callback in use, and the former provider is restored after a failed verification.
WRONG_PUBLIC_URL = True

HOSTS = ("one", "two", "two names of one console")
STARTS = ("nothing", "by hand", "converged")
# Changes to one console, or to its application, outside the automation
DRIFTS = (
    "secret mistyped",
    "secrets deleted in Entra",
    "issuer by domain name",
    "issuer with a slash",
    "provider switched off",
    "provider renamed",
    "provider deleted",
    "redirect URI removed",
    "application deleted",
    "application purged",
    "service principal deleted",
    "restored from the other console's backup",
)
# Declarations of a run in addition to the defaults; each run declares its own
DECLARED = (
    "renew the client secret",
    "another provider name",
    "another provider name, beside",
    "replace the stored client ID",
    "replace another client ID",
    "adopt the stored client ID",
    "adopt by display name",
    "another unique name",
    "assignment required, alice assigned",
    "assignment required, no user assigned",
    "open to other organizations",
    "open to personal accounts",
    "provider switched off",
    "another spelling of the address",
    "another address of the console",
    "an unused address, not verified",
)
WRONG_ADDRESSES = ("the address of the other console", "a mistyped address", "an unused address")
LEAVING = ("console stays", "unused application is removed")
# Faults at every console during a run
FAULTS = ("no sign-in can begin", "nothing can be written", "the responses to writes are lost")
# Days that pass before a run; a client secret is valid for 180, and is renewed 30 days before it expires
DAYS = (0, 0, 0, 0, 2, 40, 155, 200)
# The number of consecutive runs: more when time does not matter
LENGTHS = (2, 2, 2, 3, 3, 4) if "RUSTDESK_SSO_EXAMPLES" in os.environ else (1, 2)
# About the number of requests of the longest run
REQUESTS = 60


@dataclass(frozen=True)
class Step:
    """One run of the role, and the event before it.

    ``only`` is the number of the host that the run is limited to. ``drift`` happens at the console of the host ``at``,
    ``fault`` at all consoles during the run.
    """

    entry: str = "main"
    check: bool = False
    only: int | None = None
    declared: tuple[str, ...] = ()
    crash: Crash | None = None
    days: int = 0
    drift: str | None = None
    at: int = 0
    fault: str | None = None

    @property
    def changes(self) -> bool:
        """Whether the run may change anything."""
        return self.entry != "observe" and not self.check


@dataclass(frozen=True)
class Case:
    """A fleet and its runs.

    ``own`` gives each host a separate application, ``adopted`` declares manually created ones, and ``mighty`` gives the
    automation all permissions instead of those for the objects that it owns. All ``people`` have signed in wherever
    possible.
    """

    hosts: str
    start: str
    own: bool
    adopted: bool
    mighty: bool
    people: tuple[str, ...]
    steps: tuple[Step, ...]


def _mostly(usual: object, unusual: st.SearchStrategy, one_in: int) -> st.SearchStrategy:
    """``usual``, and about once in ``one_in`` times something else."""
    return st.integers(1, one_in).flatmap(lambda number: unusual if number == one_in else st.just(usual))


def _crashes() -> st.SearchStrategy[Crash | None]:
    # Most runs change little and send few requests
    request = st.integers(1, REQUESTS // 4) | st.integers(1, REQUESTS)
    return _mostly(None, st.builds(Crash, request, st.booleans()), 3)


def _some(words: tuple[str, ...], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), unique=True, max_size=most).map(tuple)


def _steps(hosts: str) -> st.SearchStrategy[tuple[Step, ...]]:
    numbers = st.sampled_from((0,) if hosts == "one" else (0, 1))
    before = {"days": st.sampled_from(DAYS), "drift": _mostly(None, st.sampled_from(DRIFTS), 3), "at": numbers}
    declared = DECLARED + (WRONG_ADDRESSES if WRONG_PUBLIC_URL else ())
    main = st.builds(
        Step,
        check=_mostly(False, st.just(True), 8),
        only=_mostly(None, numbers, 2) if hosts != "one" else st.none(),
        declared=_some(declared, 2),
        crash=_crashes(),
        fault=_mostly(None, st.sampled_from(FAULTS), 8),
        **before,
    )
    observe = st.builds(Step, entry=st.just("observe"), declared=_some(declared, 1), **before)
    remove = st.builds(
        Step,
        entry=st.just("remove"),
        check=_mostly(False, st.just(True), 8),
        only=numbers,
        declared=_some(LEAVING, 2),
        crash=_crashes(),
        **before,
    )
    any_run = st.sampled_from(("main",) * 7 + ("observe",) + ("remove",) * (1 if hosts == "one" else 2))
    step = any_run.flatmap(lambda entry: {"main": main, "observe": observe, "remove": remove}[entry])
    return st.sampled_from(LENGTHS).flatmap(lambda number: st.tuples(*[step] * number))


def _case(hosts: str, start: str) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        hosts=st.just(hosts),
        start=st.just(start),
        own=_mostly(False, st.just(True), 4) if hosts == "two" else st.just(False),
        # Otherwise each run is refused
        adopted=_mostly(True, st.just(False), 4) if start == "by hand" else st.just(False),
        mighty=_mostly(True, st.just(False), 4) if start == "by hand" else st.booleans(),
        people=_mostly(("alice",), st.just(("alice", "bob")), 3),
        steps=_steps(hosts),
    )


CASES: st.SearchStrategy[Case] = st.tuples(st.sampled_from(HOSTS), st.sampled_from((*STARTS, "converged"))).flatmap(
    lambda fleet: _case(*fleet)
)
