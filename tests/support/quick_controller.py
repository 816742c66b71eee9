# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks in the test's own process, in a fraction of the time that ansible-playbook takes.

All of ansible-playbook's code runs, from its command line to its output. As in role_in_process.py, only the worker
processes are missing. test_role_in_process.py compares such a run with one of ansible-playbook.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ansible import cli, constants, context
from ansible.cli.playbook import PlaybookCLI
from ansible.parsing.dataloader import DataLoader
from ansible.plugins import strategy
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible.utils.context_objects import CLIArgs
from ansible.utils.display import Display

from support.controller import Controller, Run
from support.role_in_process import Worker, as_controller  # skips the test if the internals differ

# isort: split
from ansible.parsing.vault import VaultSecretsContext

# Settings that Ansible reads when it needs them; it reads all others on import
READ_LATE = {"ANSIBLE_SHOW_CUSTOM_STATS"}


class QuickController(Controller):
    """A controller whose playbooks run in this process, one at a time."""

    def playbook(
        self,
        playbook: Path | list[dict[str, Any]],
        inventory: dict[str, Any],
        *options: str,
        on_line: Callable[[str], None] | None = None,
        **environment: str,
    ) -> Run:
        """Run a playbook; with ansible-playbook itself if the settings differ from this process, or for ``on_line``."""
        settings = {name for name in environment if name.startswith("ANSIBLE_")}
        if on_line is not None or not settings <= READ_LATE:
            follow = {} if on_line is None else {"on_line": on_line}
            return super().playbook(playbook, inventory, *options, **follow, **environment)
        command = ["ansible-playbook", *self.arguments(playbook, inventory, *options)]
        printed = StringIO()
        with (
            _ansible_playbook(self.environment(**environment), self.home, self.collections),
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            try:
                PlaybookCLI.cli_executor(command)
            except SystemExit as ended:
                return Run(int(ended.code or 0), printed.getvalue())
        raise AssertionError("ansible-playbook ends with an exit status")


@contextmanager
def _working_directory(folder: Path) -> Iterator[None]:
    """Run the block in ``folder``; contextlib has an equivalent from Python 3.11 on."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


# The collection's own files that were already read
_FILES: dict[str, Any] = {}


@contextmanager
def _ansible_playbook(environment: Mapping[str, str], folder: Path, collections: Path) -> Iterator[None]:
    """Make this process look like a newly started ansible-playbook inside the block, and restore it afterwards."""
    display = Display()
    loaders: list[DataLoader] = []

    def loader() -> DataLoader:
        loaders.append(DataLoader())
        loaders[-1]._FILE_CACHE.update(_FILES)
        return loaders[-1]

    def parsed(options: Any) -> None:
        context.CLIARGS = CLIArgs.from_options(options)

    with ExitStack() as stack:
        stack.enter_context(as_controller(CLIArgs({})))
        stack.enter_context(_working_directory(folder))
        stack.enter_context(patch.dict(os.environ, environment, clear=True))
        for place, name, value in (
            (cli, "DataLoader", loader),
            # This process already has a collection loader
            (cli, "init_plugin_loader", lambda _path: None),
            # The first options of a process would apply to all later runs
            (context, "_init_global_context", parsed),
            (VaultSecretsContext, "_current", None),
            (constants, "LOCALHOST_WARNING", False),
            (strategy, "WorkerProcess", Worker),
            (AnsibleCollectionConfig, "_default_collection", None),
            # The folders of the tests contain no collections
            (type(AnsibleCollectionConfig.collection_finder), "set_playbook_paths", lambda *_paths: None),
            # Each warning is shown only once
            *((display, told, set()) for told in ("_warns", "_deprecations", "_errors")),
            (display, "verbosity", 0),
        ):
            stack.enter_context(patch.object(place, name, value, create=True))
        yield
    for each in loaders:
        _FILES.update((path, read) for path, read in each._FILE_CACHE.items() if path.startswith(str(collections)))
