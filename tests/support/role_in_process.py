# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the role entra_oidc in the test's own process, in a fraction of the time that ansible-playbook takes.

Ansible itself runs the role: its play, its strategy, its task executor and the collection's action plugins. Only the
worker processes are missing: a task runs immediately instead of in a worker. test_role_in_process.py compares such a
run with one of ansible-playbook. Written for the internals of ansible-core 2.19 and 2.20.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jinja2
import pytest
from ansible import constants, context
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_queue_manager import TaskQueueManager
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins import strategy
from ansible.plugins.callback import CallbackBase
from ansible.utils import vars as command_line
from ansible.vars.manager import VariableManager

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import variables as roles
from support.controller_death import Crash, Wire
from support.fleet import Fleet

try:
    # Its arguments differ between releases
    TaskContext = importlib.import_module("ansible._internal._task").TaskContext
    from ansible._internal._templating._jinja_bits import AnsibleEnvironment, _TemplateCompileContext
    from ansible.executor.task_result import _RawTaskResult
except ImportError:
    pytest.skip("This ansible-core has other internals", allow_module_level=True)

ROLE = "deskops.rustdesk_sso.entra_oidc"
GROUP = "rustdesk_servers"
# The names of counts in ansible-playbook's recap
COUNTS = {"failures": "failed"}
STANDARD_STREAMS = (0, 1, 2)
# Reads the role's files only once
_LOADER = DataLoader()


@dataclass(frozen=True)
class HostRun:
    """The result of a run for one host.

    ``recap`` has the counts of the closing recap, ``failed`` the error message. ``results`` are the uncensored results
    of the host's tasks, by task name. ``facts`` are set and registered by tasks. ``variables`` are all ``hostvars``
    afterwards, including the facts, with unrendered templates.
    """

    recap: dict[str, int]
    failed: str | None
    results: dict[str, dict[str, Any]]
    facts: dict[str, Any]
    warnings: list[str]
    variables: dict[str, Any]

    @property
    def changed(self) -> int:
        """The number of tasks that changed something."""
        return self.recap["changed"]

    @property
    def run(self) -> dict[str, Any]:
        """The records of all servers after main or remove."""
        return dict(self.facts.get("rustdesk_sso_run") or {})

    @property
    def observed(self) -> dict[str, Any]:
        """The records of all servers after observe."""
        return dict(self.facts.get("rustdesk_sso_observed") or {})


@dataclass(frozen=True)
class RoleRun:
    """The result of a run for each host, and the number of its requests; ``sent`` has method and URL of each."""

    hosts: dict[str, HostRun]
    requests: int
    sent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """The counts of the closing recap for each host, in the form of ``Run.recap``."""
        return {name: host.recap for name, host in self.hosts.items()}

    def changed(self) -> dict[str, int]:
        """The number of tasks that changed something, for each host."""
        return {name: host.changed for name, host in self.hosts.items()}

    def failed(self) -> set[str]:
        """The hosts that failed."""
        return {name for name, host in self.hosts.items() if host.failed is not None}

    @property
    def messages(self) -> list[str]:
        """All failures and warnings."""
        failures = [host.failed for host in self.hosts.values() if host.failed is not None]
        return [*failures, *(warning for host in self.hosts.values() for warning in host.warnings)]


def run_role(
    fleet: Fleet,
    entry: str = "main",
    hosts: Iterable[str] | None = None,
    *,
    check: bool = False,
    extra_vars: Mapping[str, Any] | None = None,
    any_errors_fatal: bool = False,
    tags: Iterable[str] = ("all",),
    skip_tags: Iterable[str] = (),
    crash_at: Crash | None = None,
) -> RoleRun:
    """Run the role's ``entry`` point (the name of its task file) on the fleet, or with --limit on these ``hosts``.

    ``extra_vars`` are those of the command line. With ``crash_at`` the controller dies at a request: ControllerDied is
    raised, and neither rescue nor the end of sessions runs. A run with fewer requests ends normally.
    """
    options = _options(check, extra_vars, hosts, tags=[*tags], skip_tags=[*skip_tags])
    wire = Wire(crash_at)
    with as_controller(options), wire, tempfile.TemporaryDirectory() as folder:
        run = _Run(_inventory(fleet, folder), options["subset"])
        run.role(entry, any_errors_fatal)
        wire.check()
        return RoleRun({name: run.host(name) for name in run.names}, wire.sent, wire.requests)


@dataclass(frozen=True)
class PlaybookRun:
    """The result of a playbook run.

    It has the exit status and, for each host, the counts of the closing recap and the uncensored results of the tasks
    by name, including the plays on the controller.
    """

    rc: int
    recap: dict[str, dict[str, int]]
    results: dict[str, dict[str, dict[str, Any]]]

    @property
    def output(self) -> str:
        """All messages in one line."""
        told = (result.get("msg") for tasks in self.results.values() for result in tasks.values())
        lines = [line for item in told if item for line in (item if isinstance(item, list) else [item])]
        return " ".join(" ".join(map(str, lines)).split())

    def changed(self) -> dict[str, int]:
        """The number of tasks that changed something, for each host."""
        return {name: counts["changed"] for name, counts in self.recap.items()}


def run_playbook(
    fleet: Fleet,
    name: str,
    hosts: Iterable[str] | None = None,
    *,
    check: bool = False,
    extra_vars: Mapping[str, Any] | None = None,
) -> PlaybookRun:
    """Run the collection's playbook of this ``name`` on the fleet; see run_role().

    Its module tasks need action plugins that work in the controller's process.
    """
    options = _options(check, extra_vars, hosts)
    with as_controller(options), tempfile.TemporaryDirectory() as folder:
        run = _Run(_inventory(fleet, folder), options["subset"])
        status = run.playbook(name)
        return PlaybookRun(status, {host: run.recap(host) for host in run.seen()}, run.results)


def _options(
    check: bool,
    extra_vars: Mapping[str, Any] | None,
    hosts: Iterable[str] | None,
    tags: Iterable[str] = ("all",),
    skip_tags: Iterable[str] = (),
) -> dict[str, Any]:
    """The options of ansible-playbook."""
    return {
        "check": check,
        "diff": False,
        "extra_vars": (json.dumps(extra_vars),) if extra_vars else (),
        "forks": 5,
        "skip_tags": [*skip_tags],
        "subset": ",".join(hosts) if hosts is not None else None,
        "tags": [*tags],
        "verbosity": 0,
    }


def _inventory(fleet: Fleet, folder: str) -> Path:
    sources = Path(folder, "inventory.json")
    sources.write_text(json.dumps(fleet.inventory))
    return sources


def run_plays(inventory: Mapping[str, Any], plays: str, folder: Path, *, check: bool = False) -> RoleRun:
    """Run plays, given as the YAML text that a user would write, with an inventory in ``folder``."""
    wire = Wire(None)
    with as_controller(_options(check, None, None)), wire:
        sources, written = folder / "inventory.json", folder / "plays.yml"
        sources.write_text(json.dumps(inventory))
        written.write_text(plays)
        run = _Run(sources, None)
        for play in DataLoader().load_from_file(str(written), trusted_as_template=True):
            run.play(play)
        return RoleRun({name: run.host(name) for name in run.names}, wire.sent, wire.requests)


class Worker:
    """A replacement for Ansible's worker process that runs its task immediately and returns the result normally."""

    def __init__(
        self, *, final_q: Any, task_vars: Any, host: Any, task: Any, play_context: Any, loader: Any, **others: Any
    ) -> None:
        self._queue, self._host = final_q, host
        # Like a forked process, it changes a copy
        self._task = task.copy(exclude_parent=True, exclude_tasks=True)
        self._task._parent = task._parent
        shared = others["shared_loader_obj"], final_q, others["variable_manager"]
        self._executor = TaskExecutor(host, self._task, task_vars, play_context, loader, *shared)

    def is_alive(self) -> bool:
        """Return False: the task has finished when start() returns."""
        return False

    def close(self) -> None:
        """Do nothing: no resource is open."""

    def start(self) -> None:
        """Run the task."""
        with TaskContext(self._task):
            result = self._executor.run()
        self.done(self._host.name, self._task.name, result)
        fields = self._task.dump_attrs()
        self._queue.send_task_result(
            _RawTaskResult(host=self._host, task=self._task, return_data=result, task_fields=fields)
        )

    @staticmethod
    def done(host: str, task: str, result: dict[str, Any]) -> None:
        """Receive each result; subclasses override it."""


@dataclass
class _Run:
    """A run of plays on an inventory."""

    sources: Path
    subset: str | None
    results: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._inventory = InventoryManager(loader=_LOADER, sources=[str(self.sources)])
        self._inventory.subset(self.subset)
        self._variables = VariableManager(loader=_LOADER, inventory=self._inventory)
        self.names = [host.name for host in self._inventory.get_hosts(GROUP)]
        assert self.names, "no host is in this run"

    def role(self, entry: str, any_errors_fatal: bool) -> None:
        """Run the role as the collection's playbooks do."""
        role = {"name": ROLE, "tasks_from": entry, "rolespec_validate": False}
        self.play(
            {
                "hosts": GROUP,
                "gather_facts": False,
                "connection": "local",
                "strategy": "ansible.builtin.linear",
                "any_errors_fatal": any_errors_fatal,
                "tasks": [{"name": "Run the role", "ansible.builtin.import_role": role}],
            }
        )

    def play(self, play: dict[str, Any]) -> None:
        """Run a play whose templates are marked as Ansible's loader marks them."""
        loaded = Play.load(play, variable_manager=self._variables, loader=_LOADER)
        manager = TaskQueueManager(self._inventory, self._variables, _LOADER, passwords={}, forks=5)
        silent = CallbackBase()
        silent.disabled = True
        manager._callback_plugins = [silent]
        worker = type("Told", (Worker,), {"done": staticmethod(self._done)})
        try:
            with patch.object(strategy, "WorkerProcess", worker):
                manager.run(loaded)
        finally:
            manager.cleanup()
        self._stats = manager._stats

    def playbook(self, name: str) -> int:
        """Run a playbook of the collection; return its exit status."""
        path = Path(roles.__file__).parents[3] / f"playbooks/{name}.yml"
        no_looks = dict.fromkeys(("listhosts", "listtasks", "listtags", "syntax", "start_at_task"))
        worker = type("Worker", (Worker,), {"done": staticmethod(self._done)})
        with ExitStack() as stack:
            for place, member, value in (
                (context, "CLIARGS", ImmutableDict({**context.CLIARGS, **no_looks})),
                (TaskQueueManager, "load_callbacks", lambda _manager: None),
                (strategy, "WorkerProcess", worker),
            ):
                stack.enter_context(patch.object(place, member, value))
            executor = PlaybookExecutor([str(path)], self._inventory, self._variables, _LOADER, passwords={})
            status = executor.run()
            self._stats = executor._tqm._stats
        return int(status)

    def seen(self) -> list[str]:
        """The hosts on which a task ran."""
        return sorted(self._stats.processed)

    def recap(self, name: str) -> dict[str, int]:
        """The counts of a host in the closing recap."""
        return {COUNTS.get(count, count): number for count, number in self._stats.summarize(name).items()}

    def _done(self, host: str, task: str, result: dict[str, Any]) -> None:
        self.results.setdefault(host, {})[task] = result
        if result.get("failed"):
            self.failures[host] = str(result.get("msg"))

    def host(self, name: str) -> HostRun:
        """The result for a host."""
        recap = self.recap(name)
        results = self.results.get(name, {})
        warnings = [item.event.msg for result in results.values() for item in result.get("warnings") or []]
        facts = json.loads(json.dumps(self._variables._nonpersistent_fact_cache[name], default=str))
        known = self._variables.get_vars(host=self._inventory.get_host(name), include_hostvars=False)
        variables = json.loads(json.dumps(known, default=str))
        # The record in the run's summary has the reason for a failure
        record = (facts.get("rustdesk_sso_run") or {}).get(name) or {}
        failed = (
            (record.get("message") if record.get("failed") else self.failures.get(name)) if recap["failed"] else None
        )
        return HostRun(recap, failed, results, facts, warnings, variables)


@contextmanager
def as_controller(options: Mapping[str, Any]) -> Iterator[None]:
    """Make this process look like ansible-playbook with these options inside the block, and restore it afterwards."""
    inheritable = {stream: os.get_inheritable(stream) for stream in STANDARD_STREAMS}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with ExitStack() as stack:
        for place, name, value in (
            (context, "CLIARGS", ImmutableDict(options)),
            # The tests run ansible-playbook with this setting
            (constants, "INJECT_FACTS_AS_VARS", False),
            # Two functions cache their first result
            (command_line.load_extra_vars, "extra_vars", None),
            (command_line.load_options_vars, "options_vars", None),
            (AnsibleEnvironment, "compile", _compiled_once),
        ):
            stack.enter_context(patch.object(place, name, value, create=True))
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            for stream, value in inheritable.items():
                os.set_inheritable(stream, value)


_COMPILED: dict[tuple[Any, ...], Any] = {}


def _compiled_once(environment: Any, source: Any, *options: Any, **more: Any) -> Any:
    """Jinja's own ``compile``, cached: its result depends only on the text unless the template changes the delimiters.

    Worker processes compile every time; here that would take a tenth of a run.
    """
    if not isinstance(source, str) or environment.overlayed or options or more:
        return jinja2.Environment.compile(environment, source, *options, **more)
    compiling = _TemplateCompileContext.current(optional=True)
    key = (str.__str__(source), compiling and compiling.escape_backslashes)
    if key not in _COMPILED:
        _COMPILED[key] = jinja2.Environment.compile(environment, source)
    return _COMPILED[key]
