# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The console modules receive every possible response from a console or from a proxy in front of it.

Every message states the request and the response, and nothing is written unless the response is understood.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from faults.steps import module

from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

PATH = "/api/oidc/settings"
PAGE = "<!doctype html><html><head><title>Gateway</title></head><body>Sign in to the gateway</body></html>"
PROVIDER = {
    "client_id": "app-1",
    "client_secret": "Zx9~wide.awake_0123456789-abcdefghijklmn",
    "issuer": "https://login.example/11111111-2222-3333-4444-555555555555/v2.0",
}
# The service's response, and words that the message must contain
ANSWERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an error in HTTP 200": ({"json": {"error": "license expired"}}, ["license expired"]),
    "HTML": ({"html": PAGE}, ["HTML"]),
    "HTML with an error status": ({"html": PAGE, "status": 502, "times": 50}, ["502"]),
    "moved permanently": ({"redirect": "https://elsewhere.example/x", "status": 301}, ["301", "elsewhere.example"]),
    "moved": ({"redirect": "https://elsewhere.example/x"}, ["302", "elsewhere.example"]),
    # A session is renewed once
    "401": ({"status": 401, "times": 2}, ["401", "session"]),
    "403": ({"status": 403}, ["403", "admin"]),
    "404": ({"status": 404}, ["404", "contract"]),
    "405": ({"status": 405, "headers": {"Allow": "POST"}}, ["405", "POST"]),
    "429": ({"status": 429, "times": 50}, ["429"]),
    "500": ({"status": 500, "body": "database is locked", "times": 50}, ["500"]),
}
# Only a read has a body to interpret
SHAPES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "truncated": ({"truncate": True}, ["JSON"]),
    "nothing": ({"status": 200}, []),
    "a list": ({"json": [{"name": "azure"}]}, []),
    "a string": ({"json": "ok"}, []),
    "null": ({"body": "null", "headers": {"Content-Type": "application/json"}}, []),
    "no providers": ({"json": {"max_auth_count": 1, "callback_url": ""}}, ["max_auth_count"]),
    "providers are no list": ({"json": {"callback_url": "", "providers": {"azure": {}}}}, ["providers"]),
    "a provider is no object": ({"json": {"callback_url": "", "providers": ["azure"]}}, ["providers"]),
    "a provider has no name": ({"json": {"callback_url": "", "providers": [{"client_id": "a"}]}}, ["client_id"]),
    "enabled is no boolean": (
        {"json": {"callback_url": "", "providers": [{"name": "azure", "enabled": "yes", "client_id": "a"}]}},
        ["enabled"],
    ),
    "another product": ({"json": {"data": [{"guid": "1", "name": "azure"}], "total": 1}}, ["guid"]),
    "the callback URL is a number": ({"json": {"callback_url": 7, "providers": []}}, ["callback_url"]),
}


class Desks:
    """A console for each case, with its own fault, so that all cases are tasks of one playbook."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.consoles: dict[str, Console] = {}
        self.before: dict[str, str] = {}

    def add(self, case: str, method: str | None, path: str, **fault: Any) -> None:
        """Add a console with the fault as its response to this request."""
        console = self._fleet.add_server(f"desk{len(self.consoles)}.{self._fleet.domain}")
        self._fleet.lab.fault(console.name, method, path, **fault)
        self.consoles[case] = console
        self.before[case] = json.dumps(console.settings())

    def task(self, case: str, name: str = "rustdesk_oidc_provider", **options: Any) -> dict[str, Any]:
        """Return a task for the console of the case."""
        provider = PROVIDER if name == "rustdesk_oidc_provider" else {}
        signed_in = self._fleet.console_options(self.consoles[case].name)
        # Detection of the console type would add a request to each path
        return module(name, **{**signed_in, **provider, "console_type": "pro", "timeout": 5, **options})


@pytest.fixture
def desks(make_fleet: Callable[[int], Fleet]) -> Desks:
    """No consoles yet."""
    return Desks(make_fleet(0))


def check(case: str, words: list[str], result: dict[str, Any], console: Console) -> list[str]:
    """Return the faults of a failed task's message."""
    message = str(result.get("msg", "no message"))
    problems = []
    if not result["failed"]:
        problems.append(f"{case}: did not fail")
    if console.url not in message:
        problems.append(f"{case}: the console is not named: {message}")
    problems += [f"{case}: {word!r} is missing: {message}" for word in words if word not in message]
    if "Traceback" in str(result) or "Error(" in message or "object has no attribute" in message:
        problems.append(f"{case}: a Python exception: {message}")
    if PROVIDER["client_secret"] in str(result) or console.password in str(result):
        problems.append(f"{case}: a secret is in the result")
    return problems


def test_responses_to_reads(lab: Lab, desks: Desks, in_process: InProcess) -> None:
    """Every response other than the settings document stops the task before anything is written."""
    cases = ANSWERS | SHAPES
    for case, (fault, _words) in cases.items():
        desks.add(case, "GET", PATH, **fault)
    lab.clear_requests()
    results = in_process.tasks(*(desks.task(case) for case in cases))
    problems = []
    for (case, (_fault, words)), result in zip(cases.items(), results, strict=True):
        problems += check(case, words, result, desks.consoles[case])
        assert json.dumps(desks.consoles[case].settings()) == desks.before[case]
    assert [item["path"] for item in lab.requests() if item["method"] == "PUT"] == []
    assert not problems, "\n".join(problems)


def test_responses_to_writes(lab: Lab, desks: Desks, in_process: InProcess) -> None:
    """Regardless of repetitions, the settings are unchanged, and a later run applies the change."""
    for case, (fault, _words) in ANSWERS.items():
        desks.add(case, "PUT", PATH, **{"times": 9, **fault})
    results = in_process.tasks(*(desks.task(case) for case in ANSWERS))
    problems = []
    for (case, (_fault, words)), result in zip(ANSWERS.items(), results, strict=True):
        problems += check(case, words, result, desks.consoles[case])
        assert json.dumps(desks.consoles[case].settings()) == desks.before[case], case
    lab.clear_faults()
    for result in in_process.tasks(*(desks.task(case) for case in ANSWERS)):
        assert result["changed"], result
    assert not problems, "\n".join(problems)


def test_responses_to_the_login(desks: Desks, in_process: InProcess) -> None:
    """Another service answers the console's login; no session is left open."""
    cases = {case: ANSWERS[case] for case in ("HTML", "moved permanently", "moved", "404", "405", "429", "500")}
    cases["no token"] = ({"json": {"type": "access_token", "user": {"name": "admin"}}}, ["access_token"])
    cases["a list"] = ({"json": []}, [])
    cases["truncated"] = ({"truncate": True}, ["JSON"])
    for case, (fault, _words) in cases.items():
        words = [word for word in cases[case][1] if word not in ("contract", "admin")]
        cases[case] = (fault, words)
        desks.add(case, "POST", "/api/login", **fault)
    desks.add("password", "POST", "/api/never")
    desks.add("port", "POST", "/api/never")
    *results, password, port = in_process.tasks(
        *(desks.task(case, "rustdesk_oidc_provider_info") for case in cases),
        desks.task("password", "rustdesk_oidc_provider_info", password="not~the~password"),
        desks.task("port", "rustdesk_oidc_provider_info", console_url="https://127.0.0.1:9"),
    )
    problems = []
    for (case, (_fault, words)), result in zip(cases.items(), results, strict=True):
        problems += check(case, words, result, desks.consoles[case])
    problems += check("password", ["password", "Wrong credentials"], password, desks.consoles["password"])
    assert "not~the~password" not in str(password)
    assert port["failed"]
    assert "127.0.0.1:9" in port["msg"]
    assert not problems, "\n".join(problems)
    assert [case for case, console in desks.consoles.items() if console.sessions() and case != "truncated"] == []


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_reverse_proxy_that_cannot_reach_the_console(lab: Lab, fleet: Fleet, in_process: InProcess, kind: str) -> None:
    """The console type behind it is unknown, so no further request is sent, and the password is not shown."""
    console = consoles.add(fleet, kind)
    lab.fault(console.name, status=502, html="<h1>502 Bad Gateway</h1>", times=50)
    (result,) = in_process.tasks(module("rustdesk_oidc_provider_info", **fleet.console_options(console.name)))
    assert result["failed"]
    assert "No RustDesk console was found" not in result["msg"]
    assert f"Detecting the type of the console {console.url} failed" in result["msg"]
    assert "502" in result["msg"]
    assert "A reverse proxy cannot reach the console" in result["msg"]
    assert {item["path"] for item in lab.requests(console.name)} == {PATH}
