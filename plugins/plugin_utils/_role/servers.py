# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The servers of a run as the role's tasks have registered them, from Ansible's hostvars."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    PREFIX,
    Declaration,
    is_set,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import plain
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import omitted

# What the role's tasks register, and the fact of a failure
REGISTERED = ("console", "registration", "configured", "verified", "retired", "failure")
INTERNAL = f"__{PREFIX}"
# How entra_app signs in: its option by the role's variable
SIGN_IN = {
    **{
        f"{PREFIX}entra_{option}": option
        for option in (
            "access_token",
            "client_id",
            "client_secret",
            "certificate_path",
            "certificate_password",
            "federated_token",
            "federated_token_file",
            "auth_source",
            "cloud",
            "authority_host",
            "graph_endpoint",
        )
    },
    f"{PREFIX}ca_path": "ca_path",
    f"{PREFIX}timeout": "timeout",
}


class SignIn(t.Mapping[str, t.Any]):
    """The options by which entra_app signs in for one host, each evaluated when it is asked for."""

    def __init__(self, variables: t.Mapping[str, t.Any]) -> None:
        self._variables = variables

    def __getitem__(self, option: str) -> t.Any:
        name = next(name for name, known in SIGN_IN.items() if known == option)
        return plain(self._variables[name])

    def __iter__(self) -> t.Iterator[str]:
        for name, option in SIGN_IN.items():
            value = self._variables.get(name)
            if is_set(value) and not omitted(value):
                yield option

    def __len__(self) -> int:
        return sum(1 for _option in self)


def registered(variables: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    """What the role's task that registers ``name`` has left on a host; empty where there was none in this run."""
    return t.cast("dict[str, t.Any]", variables.get(f"{INTERNAL}{name}") or {})


def server(variables: t.Mapping[str, t.Any]) -> Server | None:
    """One host; None where its declaration cannot be used."""
    declared = registered(variables, "declaration")
    if not declared.get("server"):
        return None
    results = {name: registered(variables, name) for name in REGISTERED}
    return Server(t.cast("Declaration", declared), sign_in=SignIn(variables), **results)


def together(hostvars: t.Mapping[str, t.Any], host: str, hosts: t.Iterable[str]) -> list[str]:
    """Those of ``hosts`` that go through the role together with ``host``, in their order.

    Where the play does not keep its hosts in step, each is for itself.
    """
    own = registered(hostvars[host], "declaration")
    if not own.get("lockstep"):
        return [host]
    return [name for name in hosts if registered(hostvars[name], "declaration").get("round") == own["round"]]
