# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases that each replace one member of one response that the modules read."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integration.entra_app_rows import ASSIGN, GRANT, NAMED, READ_GROUPS, READ_USERS, WRITE

from lab.client import Console
from lab.mutation import VALUES
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess
from support.sent import only_reads

GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SECRET = "Zx9~wide.awake_0123456789-abcdefghijklmn"
HOLDER = "rustdesk-sso desk"
# Flows that fail, with errors as responses
REFUSED = ("refused pro", "denied", "unknown")
# Members of a console whose API is not published: they are preserved, and the console may refuse them
UNKNOWN = ("max_auth_count",)
# Requests that clean up after a run, and requests that change nothing
TIDY = re.compile(r"/removePassword$|/logout$|/login$|/oidc/auth$|/currentUser$|/\$batch$|/getMemberObjects$|/token$")


@dataclass(frozen=True)
class Case:
    """The ``flow`` in which the responses to requests for ``path`` have the value ``to`` at the place ``at``."""

    flow: str
    service: str
    method: str
    path: str
    at: tuple[str | int, ...]
    to: str

    def __str__(self) -> str:
        place = ".".join(map(str, self.at)) or "(all)"
        return f"{self.flow}: {self.service} {self.method} {self.path}: {place} -> {self.to}"


@dataclass
class Ground:
    """A tenant with an application, and a console of each type with a provider; each flow leaves them unchanged."""

    fleet: Fleet
    in_process: InProcess
    desks: dict[str, Console] = field(init=False)
    made: dict[str, Any] = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.fleet.tenant.set_permissions([WRITE, ASSIGN, GRANT, READ_USERS, READ_GROUPS])
        self.desks = consoles.one_of_each(self.fleet)
        self.made = self._task("entra_app", **self._application())
        assert not self.made["failed"], self.made
        self.secret = self.made["client_secrets"][0]["secret_text"]
        for kind, console in self.desks.items():
            put = self._task("rustdesk_oidc_provider", **self._provider(kind, **self._callback(kind)))
            assert not put["failed"], put
            if kind == "rustdesk_console":
                console.set_switches(rate_limits=False)
        self._settings = {kind: console.settings() for kind, console in self.desks.items()}

    @property
    def flows(self) -> list[str]:
        """The names of the flows."""
        kinds = [f"{flow} {kind}" for kind in self.desks for flow in ("info", "change", "detect", "check")]
        return [*kinds, "register", "create", "applications", *REFUSED]

    def run(self, flow: str) -> dict[str, Any]:
        """Run the tasks of a flow; return the first result that failed, or else the last."""
        self.number += 1
        result: dict[str, Any] = {}
        for module, options in self._tasks(*flow.split(" ")):
            result = self._task(module, **options)
            if result["failed"]:
                break
        return result

    def reset(self, flow: str) -> None:
        """Undo the changes of a flow to its console."""
        self.fleet.lab.clear_faults()
        _flow, _space, kind = flow.partition(" ")
        if kind:
            self.desks[kind].put_settings(self._settings[kind])

    def drawn(self, number: int, draw: random.Random) -> list[Case]:
        """This number of cases, equally many of each flow."""
        each = -(-number // len(self.flows))
        found = [self.cases(flow) for flow in self.flows]
        return [case for cases in found for case in draw.sample(cases, min(each, len(cases)))]

    def cases(self, flow: str) -> list[Case]:
        """Return all cases of a flow, derived from the responses to its requests."""
        lab = self.fleet.lab
        services = ["graph", "login", *(console.name for console in self.desks.values())]
        for service in services:
            lab.fault(service, by="client", mutate={}, times=10_000)
        lab.clear_requests()
        result = self.run(flow)
        assert result["failed"] == (flow in REFUSED), result
        found = {
            Case(flow, entry["service"], entry["method"], _pattern(entry["path"]), tuple(at), to): None
            for entry in lab.requests()
            if "members" in entry
            for at in entry["members"]
            for to in VALUES
            if not (to == "missing" and (not at or isinstance(at[-1], int)))
        }
        self.reset(flow)
        return list(found)

    def problems(self, case: Case) -> Iterator[str]:
        """Errors in the product's reaction to a case."""
        lab = self.fleet.lab
        lab.clear_requests()
        order = {"at": list(case.at), "to": case.to}
        lab.fault(case.service, case.method, f"^{case.path}(\\?|$)", by="client", mutate=order, times=10_000)
        try:
            result = self.run(case.flow)
            requests = lab.requests()
        finally:
            self.reset(case.flow)
        text = json.dumps(result)
        if "failed unexpectedly" in text:
            yield f"failed unexpectedly: {result.get('msg')}"
        if result["failed"]:
            message = str(result.get("msg"))
            if len(message) > 4000:
                yield f"a message of {len(message)} characters"
            if not message.isprintable():
                yield f"control characters in a message: {message!r:.300}"
            if [secret for secret in lab.secrets() if len(secret) >= 8 and secret in message]:
                yield f"a secret in a message: {message:.300}"
            if (
                case.flow not in REFUSED
                and case.at[-1:] != UNKNOWN
                and case.to
                in (
                    "number",
                    "fraction",
                    "true",
                    "list",
                    "nested",
                    "object",
                )
            ):  # no value that a service could mean
                yield from _written(requests)

    def _task(self, module: str, **options: Any) -> dict[str, Any]:
        return self.in_process.task(module, **options)

    def _application(self, **options: Any) -> dict[str, Any]:
        urls = [f"{console.url}/api/oidc/callback" for console in self.desks.values()]
        return {
            **self.fleet.entra,
            **NAMED,
            "wait_timeout": 0.1,
            "web_redirect_uris": {"add": urls},
            "client_secrets": [{"name": HOLDER}],
            "optional_claims": {"id_token": [{"name": "email"}]},
            "identifier_uris": ["api://{app_id}"],
            "required_resource_access": [{"resource": "Microsoft Graph", "scopes": ["User.Read"]}],
            "owners": {"add": [f"alice@{self.fleet.domain}"]},
            "assignments": {"add": [{"user": f"alice@{self.fleet.domain}"}]},
            "federated_credentials": [
                {"name": "ci", "issuer": "https://ci.example", "subject": "main", "audiences": ["api://ci"]}
            ],
            **options,
        }

    def _provider(self, kind: str, **options: Any) -> dict[str, Any]:
        return {
            **self.fleet.console_options(self.desks[kind].name),
            "console_type": kind,
            "name": "azure",
            "client_id": self.made["application"]["app_id"],
            "issuer": self.made["issuer"],
            "client_secret": self.secret,
            **options,
        }

    def _callback(self, kind: str) -> dict[str, str]:
        """Return the callback URL, which one console type does not store."""
        url = f"{self.desks[kind].url}/api/oidc/callback"
        return {} if kind == "rustdesk_api" else {"callback_url": url}

    def _tasks(self, flow: str, kind: str = "") -> list[tuple[str, dict[str, Any]]]:
        if flow == "register":
            held = [{"name": HOLDER, "held": self.secret}]
            return [("entra_app", self._application(notes=f"case {self.number}", client_secrets=held))]
        if flow == "create":
            name = {"unique_name": f"case-{self.number}", "display_name": f"Case {self.number}"}
            return [("entra_app", self._application(**name))]
        if flow == "applications":
            return [("entra_app_info", {**self.fleet.entra, "display_name": NAMED["display_name"]})]
        if flow == "unknown":
            unknown = {**self.fleet.entra, "tenant_id": "nowhere.example"}
            return [("entra_app_info", {**unknown, "display_name": NAMED["display_name"]})]
        if flow == "denied":
            return [("entra_app", self._application(identifier_uris=["https://nobody.example/x"]))]
        options = self._provider(kind)
        session = {name: options[name] for name in ("console_url", "username", "password", "ca_path")}
        if flow == "refused":
            options["client_secret"] = SECRET
        if flow in ("check", "refused"):
            return [
                (
                    "rustdesk_sign_in_check",
                    {
                        "public_url": options["console_url"],
                        "console_type": kind,
                        "callback_url": f"{options['console_url']}/api/oidc/callback",
                        **{name: options[name] for name in ("issuer", "client_id", "client_secret", "ca_path")},
                    },
                )
            ]
        if flow == "change":
            return [("rustdesk_oidc_provider", {**options, "client_secret": SECRET, "update_secret": "always"})]
        named = {"name": "azure", "include_secrets": True}
        return [
            ("rustdesk_oidc_provider_info", {**session, **named, **({"console_type": kind} if flow == "info" else {})})
        ]


def _pattern(path: str) -> str:
    """Return a regular expression for the paths of all objects of one type."""
    return GUID.join(re.escape(part) for part in re.split(GUID, path))


def _written(requests: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the writes after a read whose response the run did not understand."""
    own = [entry for entry in requests if entry["by"] == "client"]
    at = next((index for index, entry in enumerate(own) if entry.get("mutated")), len(own))
    if at < len(own) and not only_reads(own[at]):
        return  # the change may be undone
    for entry in own[at + 1 :]:
        if not only_reads(entry) and not TIDY.search(entry["path"]):
            yield f"written afterwards: {entry['method']} {entry['path']}"
