# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make bench``: run all measurements, print and write them."""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from pathlib import Path

from faults.steps import writes

from lab.client import Lab
from support.fleet import Fleet

from . import candidates, document, peer
from .goals import FAR
from .ground import COLLECTIONS, ROOT, Ground
from .loaded import ENTRA_ONLY, loaded, of_packages
from .measure import Candidate, Results, Setting, keep, measure, rounds

DOCUMENT = ROOT / "docs/benchmarks.md"
FULL = (
    Setting(1, rounds=5),
    Setting(1, FAR, rounds=3),
    Setting(10),
    Setting(50),
    Setting(200),
)
SHORT = (Setting(1),)
VERIFICATION = "rustdesk_sso_verify"
# The numbers of servers that the peer is measured with: it takes a minute for ten
PEERED = (1, 10)
REGISTERED = re.compile(r"^TASK \[\S+ : Register the applications\] \**\n((?:(?!\n\n).)*)", re.MULTILINE | re.DOTALL)


class Bench:
    """The run: one lab, one home, and the measurements so far."""

    def __init__(self, ground: Ground, with_peer: bool) -> None:
        self.ground = ground
        self.results = Results()
        self._with_peer = with_peer
        self._own: dict[int, Fleet] = {}
        self._shared: dict[int, Fleet] = {}

    def setting(self, setting: Setting) -> None:
        """Measure all candidates for a number of servers and a latency."""
        size = setting.servers
        if size not in self._own:
            self._own[size] = self._made(size, own=True)
            self._shared[size] = self._made(size, own=False)
            if size == 1:
                unverified = candidates.role(self.ground, self._own[1], "unverified", "--skip-tags", VERIFICATION)
                keep(self.ground.lab, self.ground.home, Setting(1), unverified, self.results)
        listed = self._one(setting.latency) if size == 1 else self._many(size)
        rounds(self.ground.lab, self.ground.home, setting, listed, self.results)

    def exact(self) -> None:
        """Measure the constants: the writes of a second run, and the modules that a task loads."""
        ground, facts = self.ground, self.results.facts
        fleet = self._own[1]
        measure(ground.lab, ground.home, candidates.role(ground, fleet, "role_own"))
        facts["writes"] = len(writes(ground.lab))
        (name,) = fleet.hosts
        result, modules = loaded("rustdesk_oidc_provider_info", fleet.console_options(name))
        assert result["providers"], result
        facts["console"] = len(of_packages(modules, *ENTRA_ONLY))

    def _made(self, size: int, own: bool) -> Fleet:
        """Measure a fleet after its first run. The fleet of one server warms up and does not count; it is measured in
        rounds.
        """
        made: list[Fleet] = []
        results = self.results if size > 1 else Results()
        candidate = candidates.first_run(self.ground, size, own, made)
        output = keep(self.ground.lab, self.ground.home, Setting(size), candidate, results)
        if not own:
            (registered,) = REGISTERED.findall(output)
            self.results.facts[f"registrations {size}"] = len(re.findall("^(?:ok|changed): ", registered, re.MULTILINE))
        return made[-1]

    def _one(self, latency: float) -> list[Candidate]:
        ground, fleet = self.ground, self._own[1]
        listed = [
            candidates.ping(ground, 1),
            candidates.replay(ground, fleet),
            candidates.entra_app(ground, fleet),
            candidates.entra_app(ground, fleet, as_module=True),
            candidates.role(ground, fleet, "role_own"),
            candidates.first_run(ground, 1, True, []),
        ]
        if not latency:  # candidates that send nothing, or the same as another
            shared = candidates.role(ground, self._shared[1], "role_shared")
            listed += [candidates.empty(ground, 1), candidates.trivial(ground, 1), shared]
        return [*listed, peer.converged(ground, fleet), peer.creation(ground, fleet)] if self._with_peer else listed

    def _many(self, size: int) -> list[Candidate]:
        ground, fleet = self.ground, self._own[size]
        listed = [
            candidates.empty(ground, size),
            candidates.trivial(ground, size),
            candidates.ping(ground, size),
            candidates.entra_app(ground, fleet),
            candidates.several(ground, fleet),
            candidates.role(ground, fleet, "role_own"),
            candidates.role(ground, self._shared[size], "role_shared"),
        ]
        return [*listed, peer.converged(ground, fleet)] if self._with_peer and size in PEERED else listed


def main(mode: str) -> None:
    """Run all measurements; ``mode`` is full or short."""
    plan = {"full": FULL, "short": SHORT}[mode]
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the folder, which holds secrets, is removed
    with Lab.start() as lab, tempfile.TemporaryDirectory(prefix="rustdesk-sso-bench-") as home:
        bench = Bench(Ground(lab, Path(home)), peer.installed())
        for setting in plan:
            bench.setting(setting)
        bench.exact()
    text = document.text(bench.results, plan)
    print(f"\n{text}")
    if mode == "full":
        DOCUMENT.write_text(text, "utf-8")
        print(f"Written to {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1])
