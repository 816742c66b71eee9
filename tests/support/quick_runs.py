# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the role with the options and the outcome of ansible-playbook, in the test's own process.

For tests of a run's effect on consoles and Entra. To test Ansible itself or a playbook, use ``Fleet.site``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report import model
from support.fleet import Fleet
from support.role_in_process import PlaybookRun, RoleRun, run_playbook, run_role

_PARSER = argparse.ArgumentParser()
_PARSER.add_argument("--check", action="store_true")
_PARSER.add_argument("--diff", action="store_true")
_PARSER.add_argument("--limit")
_PARSER.add_argument("--tags", default="all")
_PARSER.add_argument("--skip-tags", default="")
_PARSER.add_argument("-e", dest="variables", action="append", default=[])


@dataclass(frozen=True)
class QuickRun:
    """The result of a run, with the interface of ``support.controller.Run``."""

    of: RoleRun

    @property
    def rc(self) -> int:
        """The exit status."""
        return 2 if self.of.failed() else 0

    @property
    def summary(self) -> list[str]:
        """The lines of the summary at the end of the run."""
        shown = (host.results.get("Show the summary") for host in self.of.hosts.values())
        return [line for result in shown if result for line in result["msg"]]

    @property
    def output(self) -> str:
        """All failures and warnings, and the message of each server."""
        told = [record["message"] for name, host in self.of.hosts.items() for record in [host.run.get(name)] if record]
        return "\n".join([*self.of.messages, *told])

    def changed(self) -> dict[str, int]:
        """The number of tasks that changed something, for each host."""
        return self.of.changed()

    def failed(self) -> set[str]:
        """The hosts that failed."""
        return self.of.failed()

    @property
    def observed(self) -> dict[str, Any]:
        """The records of the observed servers."""
        return next(iter(self.of.hosts.values())).observed


def quick_run(fleet: Fleet, *options: str, entry: str = "main", any_errors_fatal: bool = False) -> QuickRun:
    """Run the role's ``entry`` point on the fleet, with these options of ansible-playbook."""
    given = _PARSER.parse_args(options)
    return QuickRun(
        run_role(
            fleet,
            entry,
            given.limit.split(",") if given.limit else None,
            check=given.check,
            extra_vars=_variables(given.variables),
            any_errors_fatal=any_errors_fatal,
            tags=given.tags.split(","),
            skip_tags=[tag for tag in given.skip_tags.split(",") if tag],
        )
    )


def quick_playbook(fleet: Fleet, name: str, *options: str) -> PlaybookRun:
    """Run the collection's playbook of this ``name`` on the fleet, with these options of ansible-playbook."""
    given = _PARSER.parse_args(options)
    limit = given.limit.split(",") if given.limit else None
    return run_playbook(fleet, name, limit, check=given.check, extra_vars=_variables(given.variables))


def _variables(texts: Iterable[str]) -> dict[str, Any]:
    """Parse the values of the options -e."""
    variables: dict[str, Any] = {}
    for text in texts:
        if text.startswith("{"):
            variables |= json.loads(text)
        else:
            variables |= dict(pair.split("=", 1) for pair in text.split())
    return variables


def quick_report(fleet: Fleet) -> dict[str, Any]:
    """The report of the fleet, as the playbook writes it."""
    observed = quick_run(fleet, entry="observe").observed
    return dict(model.build(observed, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")))
