# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make bench``: measure everything, print and write it."""

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
from .loaded import ENTRA_ONLY, MODELS, loaded, of_packages
from .measure import Candidate, Results, Setting, measure, rounds, timeline

DOCUMENT = ROOT / "docs/benchmarks.md"
FULL = (
    Setting(1, rounds=5),
    Setting(1, FAR, rounds=3),
    Setting(10),
    Setting(50),
    Setting(200),
)
SHORT = (Setting(1),)
# How many servers the peer is measured with: ten take it a minute
PEERED = (1, 10)
# What the role does up to the registration
PHASES = "rustdesk_sso_validate,rustdesk_sso_inspect,rustdesk_sso_register"
REGISTERED = re.compile(r"^TASK \[\S+ : Register the application\] \**\n((?:(?!\n\n).)*)", re.MULTILINE | re.DOTALL)


class Bench:
    """The run: one lab, one home, and what was measured so far."""

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
            self._counted(size)
        listed = self._one(setting.latency) if size == 1 else self._many(size)
        rounds(self.ground.lab, self.ground.home, setting, listed, self.results)

    def exact(self) -> None:
        """Measure what does not vary: what a second run writes, and which modules a task loads."""
        ground, facts = self.ground, self.results.facts
        fleet = self._own[1]
        measure(ground.lab, ground.home, candidates.role(ground, fleet, "role_own"))
        facts["writes"] = writes(ground.lab)
        (name,) = fleet.hosts
        result, modules = loaded("rustdesk_oidc_provider_info", fleet.console_options(name))
        assert result["providers"], result
        facts["console"] = of_packages(modules, *ENTRA_ONLY)
        result, modules = loaded("entra_app", {**fleet.entra, "unique_name": name, "display_name": "RustDesk"})
        assert result["changed"] is False, result
        facts["models"] = of_packages(modules, MODELS)

    def profile(self, setting: Setting) -> None:
        """Tell where the time goes, task by task, for one server; the median of at most three runs."""
        ground, fleet = self.ground, self._own[1]
        listed = [candidates.role(ground, fleet, "role_own")]
        if not setting.latency:
            listed += [
                candidates.entra_app(ground, fleet),
                candidates.entra_app(ground, fleet, as_module=True),
                candidates.first_run(ground, 1, True, []),
            ]
        ground.lab.set_latency(setting.latency)
        try:
            for candidate in listed:
                found = timeline(ground.lab, ground.home, candidate, min(setting.rounds, 3))
                self.results.timelines[candidate.key, setting.latency] = found
        finally:
            ground.lab.set_latency(0)

    def _made(self, size: int, own: bool) -> Fleet:
        """A fleet after its first run. That of one server warms up and does not count; it is measured in rounds."""
        made: list[Fleet] = []
        results = self.results if size > 1 else Results()
        candidate = candidates.first_run(self.ground, size, own, made)
        rounds(self.ground.lab, self.ground.home, Setting(size), [candidate], results)
        return made[-1]

    def _counted(self, size: int) -> None:
        """Count the requests of one server without those of the proof, and of many for registration alone."""
        if size == 1:
            self._count(size, self._own[1], "no_proof", "--skip-tags", "rustdesk_sso_prove")
            return
        output = self._count(size, self._shared[size], "registration", "--tags", PHASES)
        (told,) = REGISTERED.findall(output)
        self.results.facts[f"registrations {size}"] = re.findall("^(?:ok|changed): .*", told, re.MULTILINE)

    def _count(self, size: int, fleet: Fleet, key: str, *options: str) -> str:
        cost, output = measure(self.ground.lab, self.ground.home, candidates.role(self.ground, fleet, key, *options))
        self.results.add(Setting(size), key, cost)
        return output

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
        if not latency:  # what sends nothing, or the same as another
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
    """Run all; ``mode`` is full or short."""
    plan = {"full": FULL, "short": SHORT}[mode]
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the folder, which holds secrets, is removed
    with Lab.start() as lab, tempfile.TemporaryDirectory(prefix="rustdesk-sso-bench-") as home:
        bench = Bench(Ground(lab, Path(home)), peer.installed())
        for setting in plan:
            bench.setting(setting)
            if setting.servers == 1:
                bench.profile(setting)
        bench.exact()
    text = document.text(bench.results, plan)
    print(f"\n{text}")
    if mode == "full":
        DOCUMENT.write_text(text, "utf-8")
        print(f"Written to {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1])
