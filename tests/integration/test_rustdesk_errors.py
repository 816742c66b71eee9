# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules for the console meet everything that a console, or what stands before it, can answer.

Every message says what was asked and what came, and nothing is written unless the answer is understood.
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
# What the service answers, and words that the message has to hold
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
# Only a read has a body to be understood
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
    """A console for each case, each with its fault, so that all cases are tasks of one playbook."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.consoles: dict[str, Console] = {}
        self.before: dict[str, str] = {}

    def add(self, case: str, method: str | None, path: str, **fault: Any) -> None:
        """A console whose answer to this request is the fault."""
        console = self._fleet.add_server(f"desk{len(self.consoles)}.{self._fleet.domain}")
        self._fleet.lab.fault(console.name, method, path, **fault)
        self.consoles[case] = console
        self.before[case] = json.dumps(console.settings())

    def task(self, case: str, name: str = "rustdesk_oidc_provider", **options: Any) -> dict[str, Any]:
        """A task at the console of the case."""
        provider = PROVIDER if name == "rustdesk_oidc_provider" else {}
        signed_in = self._fleet.console_options(self.consoles[case].name)
        # Finding out the kind would be a request more to each path
        return module(name, **{**signed_in, **provider, "console_type": "pro", "timeout": 5, **options})


@pytest.fixture
def desks(make_fleet: Callable[[int], Fleet]) -> Desks:
    """No consoles yet."""
    return Desks(make_fleet(0))


def check(case: str, words: list[str], result: dict[str, Any], console: Console) -> list[str]:
    """What is wrong with the message of a failed task."""
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


def test_answers_to_reading(lab: Lab, desks: Desks, in_process: InProcess) -> None:
    """Every answer that is not the settings document stops the task before anything is written."""
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


def test_answers_to_writing(lab: Lab, desks: Desks, in_process: InProcess) -> None:
    """However often: the settings are then as before, and a following run does what this one could not."""
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


def test_answers_to_signing_in(desks: Desks, in_process: InProcess) -> None:
    """The console's login, answered by something else; a session that was opened does not stay open."""
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
def test_a_proxy_that_does_not_reach_the_console(lab: Lab, fleet: Fleet, in_process: InProcess, kind: str) -> None:
    """Whether a console of any type is behind it is not known: nothing else is asked, and the password is not told."""
    console = consoles.add(fleet, kind)
    lab.fault(console.name, status=502, html="<h1>502 Bad Gateway</h1>", times=50)
    (result,) = in_process.tasks(module("rustdesk_oidc_provider_info", **fleet.console_options(console.name)))
    assert result["failed"]
    assert "No RustDesk console was found" not in result["msg"]
    assert f"Detecting the type of the console {console.url} failed" in result["msg"]
    assert "502" in result["msg"]
    assert "A reverse proxy cannot reach the console" in result["msg"]
    assert {item["path"] for item in lab.requests(console.name)} == {PATH}
