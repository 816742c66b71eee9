# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Summarize the report in one line, and decide whether to fail because of it. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import STATES, Model

# How many servers of a state a failure names
SHOWN = 10


def line(model: Model) -> str:
    """Return the number of servers, the number in each state, and the automation's own credential if it is urgent."""
    totals = model["totals"]
    counts = ", ".join(f"{totals[state]} {state}" for state in STATES if totals[state])
    own = [f"The automation's own {item['summary']}." for item in model["automation"] if item["urgent"]]
    return " ".join([f"{counted(totals['servers'], 'server')}: {counts}." if counts else "No servers.", *own])


def by_server(model: Model) -> dict[str, Model]:
    """Return the main results of each server by name, for programs that read no file."""
    return {
        server["server"]: {
            "state": server["state"],
            "reason": server["reason"],
            "drift": [drift["object"] for drift in server["drift"]],
            "days_left": server["days_left"],
        }
        for server in model["servers"]
    }


def states(given: t.Any) -> list[str]:
    """Return the states in ``given``, a list or a comma-separated text. Raises InputError for an unknown state."""
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)):
        raise InputError("The states to fail on must be a list", hint=f"Choose from {', '.join(STATES)}")
    found = [str(name).strip() for name in names]
    for name in found:
        if name and name not in STATES:
            raise InputError(f"Unknown state {name!r}", hint=f"Choose from {', '.join(STATES)}")
    return [state for state in STATES if state in found]


def failure(model: Model, fail_on: t.Any) -> str:
    """Return a sentence that names the servers in one of the states ``fail_on``; empty if there is none.

    V(expiring) includes the automation's own credential. Raises InputError as states().
    """
    wanted = states(fail_on)
    found = []
    for state in wanted:
        names = [server["server"] for server in model["servers"] if server["state"] == state]
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            found.append(f"{', '.join(names[:SHOWN])}{more} ({state})")
    if "expiring" in wanted:
        found += [f"the automation's own {item['summary']}" for item in model["automation"] if item["urgent"]]
    return f"Needs attention: {'; '.join(found)}." if found else ""
