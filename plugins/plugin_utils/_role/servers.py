# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the servers of a run from Ansible's hostvars, as the role's tasks have registered them."""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import trial
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    PREFIX,
    Declaration,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.record import READS_VARIABLES
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import ERROR

# The results that the role's tasks register, and the fact with a failure
REGISTERED = (
    "console",
    "registration",
    "configured",
    "verified",
    "retired",
    "failure",
    "put_back",
    "verified_after",
    "trials",
    "console_after",
    "taken_back",
    "deleted",
)
# Registered by tasks that run once: the same for all servers that go through the role together, and as large as all
# their applications
OF_ALL = ("registration", "retired", "trials", "taken_back", "tried")
INTERNAL = f"__{PREFIX}"

# The keys of a declaration that are kept after the run, without secrets; the same for a whole round
KEPT = {"round", "lockstep"}


def registered(variables: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    """Return the result that the role's task has registered as ``name`` for a host; empty if none in this run."""
    return t.cast("dict[str, t.Any]", variables.get(f"{INTERNAL}{name}") or {})


def of_all(variables: t.Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Return the results that all servers of a run in lockstep share, from the variables of one of them.

    Ansible evaluates the variables of a host again each time they are read.
    """
    in_step = registered(variables, "declaration").get("lockstep")
    return {name: registered(variables, name) for name in OF_ALL} if in_step else {}


def server(variables: t.Mapping[str, t.Any], shared: t.Mapping[str, dict[str, t.Any]] | None = None) -> Server | None:
    """Return the server of one host; None if its declaration cannot be used.

    ``shared`` are the results of of_all(), if they were read before.
    """
    declared = registered(variables, "declaration")
    if not declared.get("server"):
        return None

    def read(name: str) -> dict[str, t.Any]:
        return shared[name] if shared and name in shared else registered(variables, name)

    results = {name: found for name in REGISTERED if not (found := read(name)).get("skipped")}
    if crowded := registered(variables, "excess").get(str(declared.get("application_key"))):
        results["failure"] = {"phase": READS_VARIABLES, "message": crowded[ERROR]["msg"]}
    known = Server(t.cast(Declaration, declared), **results)
    return trial.taken(known, trial.result(read("tried"), known.name))


def is_partial(variables: t.Mapping[str, t.Any]) -> bool:
    """Return whether the inventory is known to contain only a part of the servers."""
    return bool(boolean(variables.get("partial_inventory") or False))


def partial_problems(value: t.Any) -> list[str]:
    """Return a sentence if ``value``, that of the variable partial_inventory, is neither true nor false."""
    try:
        boolean(value or False)
    except TypeError:
        return [f"partial_inventory must be true or false: it is {_input.quoted(value)}."]
    return []


def together(hostvars: t.Mapping[str, t.Any], host: str, hosts: t.Iterable[str]) -> list[str]:
    """Return those of ``hosts`` that go through the role together with ``host``, in their order.

    If the play does not keep its hosts in step, each runs on its own. Batches of a play share a round if it imports the
    role's tasks. Hosts of an earlier batch have only the keys in KEPT.
    """
    own = registered(hostvars[host], "declaration")
    if not own.get("lockstep"):
        return [host]
    declared = {name: registered(hostvars[name], "declaration") for name in hosts}
    return [name for name, item in declared.items() if item.get("round") == own["round"] and item.keys() - KEPT]
