# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows in which the controller dies, and the ground on which each begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generated.role_cases import Case
from generated.role_world import World

from lab.client import Console, Lab
from support import consoles
from support.controller import Controller
from support.role_in_process import RoleRun

OTHERS = "another team"
OTHERS_URI = "https://elsewhere.example/signin-oidc"
OTHERS_PROVIDER = "elsewhere"
OURS = "rustdesk-sso "
AUTH = "/api/oidc/auth"
# Response to a request to begin a sign-in, as if the console had stored another value
WRONG: dict[str, Any] = {"json": {"code": "x", "url": "https://login.example/authorize?client_id=another"}}
RENEW = {"rustdesk_sso_secret_renew": True}
# The client secret of the ground is valid for 180 days
DUE = {"rustdesk_sso_secret_lifetime": "365d", "rustdesk_sso_secret_renew_before": "200d"}


@dataclass(frozen=True)
class Call:
    """One run of the role. ``only`` are the numbers of the hosts to which it is limited."""

    entry: str = "main"
    only: tuple[int, ...] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Flow:
    """``calls`` are the runs that an administrator starts, ``again`` is the one after a crash. ``playbook`` does the
    same as ``calls``.

    With ``joins`` a second server joins a converged one. ``wrong`` makes the verification of the written values fail.
    ``leaves`` are the numbers of the hosts whose users lose their sign-in.
    """

    name: str
    hosts: str = "one"
    start: str = "converged"
    calls: tuple[Call, ...] = (Call(),)
    again: Call = Call()
    variables: Mapping[str, Any] = field(default_factory=dict)
    playbook: str = "site"
    joins: bool = False
    wrong: bool = False
    leaves: tuple[int, ...] = ()


FLOWS = {
    flow.name: flow
    for flow in (
        Flow("first run", start="nothing"),
        Flow("converged"),
        Flow("renewal", variables=DUE),
        Flow("second server", joins=True),
        Flow(
            "removal", "two", calls=(Call("remove", (0,)),), again=Call("remove", (0,)), playbook="remove", leaves=(0,)
        ),
        Flow("adoption", start="by hand"),
        Flow(
            "rotation",
            "two",
            calls=(Call(only=(0,), variables=RENEW), Call(only=(1,), variables=RENEW)),
            playbook="rotate",
        ),
        Flow("provider restored", calls=(Call(variables=RENEW),), wrong=True),
    )
}


class Ground(World):
    """Servers of one type in a separate tenant, beside objects of others, before a flow begins."""

    def __init__(self, lab: Lab, controller: Controller, kind: str, flow: Flow) -> None:
        adopted = flow.start == "by hand"
        super().__init__(lab, controller, kind, Case(flow.hosts, flow.start, False, adopted, adopted, ("alice",), ()))
        self.kind, self.flow = kind, flow
        # The runs of the flow that completed
        self.ended: list[RoleRun] = []
        self.fleet.variables |= flow.variables
        self.graph("POST", "/applications", {"displayName": OTHERS, "web": {"redirectUris": [OTHERS_URI]}})
        for app in self.ours():
            self.graph(
                "POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": OTHERS}}
            )
            uris = [*app["web"]["redirectUris"], OTHERS_URI]
            self.graph("PATCH", f"/applications/{app['id']}", {"web": {"redirectUris": uris}})
        if flow.joins:
            self._join(consoles.add(self.fleet, kind, "desk2"))
        for console in self.consoles:
            _place_provider(console)

    def _join(self, console: Console) -> None:
        self.hosts.append(console.name)
        self.console_of[console.name] = console
        self.consoles.append(console)

    def ours(self) -> list[dict[str, Any]]:
        """Return the applications except the automation's own and those of others."""
        return [item for item in self.tenant.applications() if item["displayName"] not in ("automation", OTHERS)]

    def of_others(self) -> dict[str, Any]:
        """Everything that no run may change: applications, client secrets and redirect URIs in Entra, providers in
        consoles.
        """
        ours = {item["id"] for item in self.ours()}
        return {
            "applications": [item for item in self.tenant.applications() if item["id"] not in ours],
            "client secrets": sorted(
                item["keyId"]
                for app in self.ours()
                for item in app["passwordCredentials"]
                if not str(item["displayName"]).startswith(OURS)
            ),
            "redirect URIs": [OTHERS_URI for app in self.ours() if OTHERS_URI in app["web"]["redirectUris"]],
            "providers": self.foreign(),
        }

    def secrets(self) -> dict[str, int]:
        """Return the number of our live client secrets by holder; holders without any are missing."""
        found: dict[str, int] = {}
        now = f"{self.now():%Y-%m-%dT%H:%M:%S}"
        for app in self.ours():
            for item in app["passwordCredentials"]:
                if str(item["displayName"]).startswith(OURS) and item["endDateTime"] > now:
                    found[item["displayName"]] = found.get(item["displayName"], 0) + 1
        return found

    def arrange(self) -> None:
        """Schedule the faults of the flow."""
        if self.flow.wrong:
            for console in self.consoles:
                passing = 2 if self.kind == "rustdesk_api" else 1  # its inspection requests the callback URL
                self.lab.fault(console.name, "POST", AUTH, times=passing)
                self.lab.fault(console.name, "POST", AUTH, **WRONG)


def _place_provider(console: Console) -> None:
    """Add a provider of others; the settings around it stay unchanged."""
    before = console.settings()
    consoles.add_provider(
        console,
        name=OTHERS_PROVIDER,
        client_id="another-client",
        client_secret="another-secret",
        issuer="https://elsewhere.example",
    )
    after = console.settings()
    if isinstance(after, dict):
        key = "providers"
        console.put_settings({**before, key: after[key]})
