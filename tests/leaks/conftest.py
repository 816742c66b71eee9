# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collects all output in which a secret could leak: text, files, arguments of processes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from leaks.encodings import written

from support.controller import Controller, Run
from support.fleet import Fleet

# Files written by the tests, with the secrets that a user would keep in a vault
GIVEN = {"inventory.json", "playbook.json"}
POLL_SECONDS = 0.02
CALLBACKS = Path(__file__).parent / "callbacks"


def command_lines() -> Iterator[str]:
    """Yield the arguments of every process of this machine, as `ps` shows them to all users."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            # A process may end in the meantime
            with contextlib.suppress(OSError):
                yield Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def temporary(home: Path, seen: set[tuple[str, int, int]]) -> Iterator[str]:
    """Yield the contents of temporary files below ``home`` that are not ``seen``.

    The files of a module contain its options, and are no temporary files of the collection.
    """
    for top in (home / "tmp", home / ".ansible"):
        for folder, _folders, names in os.walk(top):
            for name in names:
                # A file may be removed in the meantime
                with contextlib.suppress(OSError):
                    path = Path(folder, name)
                    status = path.stat()
                    known = str(path), status.st_mtime_ns, status.st_size
                    if known not in seen and path.is_file():
                        seen.add(known)
                        text = path.read_bytes().decode(errors="replace")
                        if "ANSIBALLZ" not in text:
                            yield text


@contextmanager
def watched(home: Path) -> Iterator[tuple[set[str], set[str]]]:
    """Collect the arguments of all processes, and the temporary files, while the block runs."""
    processes: set[str] = set()
    files: set[str] = set()
    seen: set[tuple[str, int, int]] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            processes.update(command_lines())
            files.update(temporary(home, seen))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield processes, files
    finally:
        done.set()
        watcher.join()


class Traces:
    """Runs playbooks on a fleet with the most verbose settings and keeps all traces."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.home = fleet.controller.home
        self.processes: set[str] = set()
        self.temporary: set[str] = set()
        self.output = ""

    def run(self, playbook: Path | list[dict[str, Any]], *options: str, **environment: str) -> Run:
        """Run a playbook with all aids that users have for debugging: verbosity, diffs, a log, cached facts, reports,
        and all events. ``environment`` selects the format of the output.
        """
        with watched(self.home) as (processes, files):
            run = self.fleet.controller.playbook(
                playbook,
                self.fleet.inventory,
                "-vvvv",
                "--diff",
                *options,
                # Otherwise modules unpack below the home of the password database
                ANSIBLE_REMOTE_TEMP=str(self.home / "remote"),
                ANSIBLE_LOG_PATH=str(self.home / "ansible.log"),
                ANSIBLE_CACHE_PLUGIN="jsonfile",
                ANSIBLE_CACHE_PLUGIN_CONNECTION=str(self.home / "facts"),
                **{**self._reports(), **environment},
            )
        self.processes |= processes
        self.temporary |= files
        self.output += run.output
        return run

    def _reports(self) -> dict[str, str]:
        return {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "junit,tree,events",
            "ANSIBLE_CALLBACK_TREE_DIR": str(self.home / "tree"),
            "JUNIT_OUTPUT_DIR": str(self.home / "junit"),
            "LAB_EVENTS": str(self.home / "events"),
        }

    def leaks(self, *more: str) -> list[str]:
        """Occurrences of a secret of the lab, or of one of ``more``, in any encoding; each with the text around it."""
        places = {"output": self.output, "process": "\n".join(self.processes)}
        places["temporary file"] = "\n".join(self.temporary)
        for path in self.home.rglob("*"):
            if path.is_file() and path.name not in GIVEN:
                places[str(path.relative_to(self.home))] = path.read_bytes().decode(errors="replace")
        secrets = [*self.fleet.lab.secrets(), *more]
        assert len(secrets) > 10
        forms = {form for secret in secrets for form in written(secret)}
        found = []
        for place, text in places.items():
            for secret in forms:
                at = text.find(secret)
                if at >= 0:
                    found.append(f"{place}: {text[max(0, at - 300) : at + len(secret) + 60]}")
        return found


@pytest.fixture
def make_traces(make_fleet: Callable[[int], Fleet], controller: Controller) -> Callable[[], Traces]:
    """Create a fleet without servers whose runs leave traces."""
    assert not list((controller.home / "tmp").iterdir())
    return lambda: Traces(make_fleet(0))
