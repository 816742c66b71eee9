# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All client secrets are renewed while users sign in without a break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lab.client import Lab, SignInFailed
from support.consoles import KINDS, add, entry
from support.controller import Controller
from support.fleet import Fleet
from support.quick_runs import quick_run


class Prober:
    """A user who signs in at one server again and again."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.signed_in = 0
        self.failures: list[str] = []
        self._fleet, self._name = fleet, name
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._probe)

    def _probe(self) -> None:
        while not self._ended.is_set():
            self._sign_in()

    def _sign_in(self) -> None:
        try:
            self._fleet.sign_in(self._name)
            self.signed_in += 1
        except (SignInFailed, OSError) as error:
            self.failures.append(str(error))

    def __enter__(self) -> Prober:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()


@contextmanager
def probing(fleet: Fleet) -> Iterator[None]:
    """Sign in at every server, repeatedly, while the block runs; no sign-in fails."""
    with ExitStack() as stack:
        probers = {name: stack.enter_context(Prober(fleet, name)) for name in fleet.hosts}
        yield
    assert {name: prober.failures for name, prober in probers.items()} == {name: [] for name in probers}
    assert all(prober.signed_in > 3 for prober in probers.values())


def provider_secret(fleet: Fleet, name: str) -> str:
    """Return the client secret stored in the console of the server ``name``."""
    return str(entry(fleet.consoles[name])["client_secret"])


def test_no_moment_without_sign_in(own_lab: Lab, quick_controller: Controller) -> None:
    fleet = Fleet(own_lab, quick_controller, 0)
    for kind in KINDS:
        add(fleet, kind)
    assert quick_run(fleet).rc == 0
    held = {name: provider_secret(fleet, name) for name in fleet.hosts}
    with probing(fleet):
        rotated = fleet.controller.playbook(fleet.controller.site.with_name("rotate.yml"), fleet.inventory)
    assert rotated.rc == 0, rotated.output
    assert rotated.output.count('"RustDesk sign-in, 1 server: 1 verified, 1 changed"') == 3, rotated.output
    # Superseded client secrets are removed when the overlap has ended
    own_lab.advance(2 * 86400)
    with probing(fleet):
        cleaned = quick_run(fleet)
    assert cleaned.rc == 0, cleaned.output
    assert all(provider_secret(fleet, name) != held[name] for name in fleet.hosts)
    (application,) = [item for item in fleet.tenant.applications() if item["displayName"] == "RustDesk"]
    assert len(application["passwordCredentials"]) == len(fleet.hosts)
