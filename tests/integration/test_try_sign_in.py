# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user signs in at the authorization URL that a run shows; the run reports the account and ends the session."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.action import entra_oidc_try_sign_in as plugin
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import user_sign_in
from lab.client import Console, Lab, SignInFailed
from lab.user import Person
from support import consoles, phases
from support.controller import Controller
from support.fleet import USER, Fleet
from support.in_process import InProcess

AUTH_QUERY = r"^/api/oidc/auth-query"
# The account that each console type creates for the user principal name
ACCOUNTS = {"pro": "{user}", "rustdesk_console": "{user}@{domain}", "rustdesk_api": "{user}@{domain}"}


def nobody(_url: str) -> None:
    """Do not sign in."""


@dataclass
class Stage:
    """A server of each type at which users can sign in, and a screen on which runs show their URL."""

    lab: Lab
    fleet: Fleet
    in_process: InProcess
    desks: dict[str, Console]
    shown: list[str] = field(default_factory=list)
    person: Callable[[str], None] = nobody

    def see(self, text: str, **_options: Any) -> None:
        """Record the text on the screen and let the person open the URL immediately."""
        self.shown.append(text)
        self.person(next(line for line in text.splitlines() if line.startswith(self.lab.login_url)))

    def user(self, name: str = USER) -> Callable[[str], None]:
        """Return a user of the tenant who signs in at a URL."""
        upn = f"{name}@{self.fleet.domain}"
        return lambda url: Person(self.lab.ca_path).finish(url, upn, self.fleet.tenant.users[upn])

    def account(self, kind: str, name: str = USER) -> str:
        """The name of a user's account."""
        return ACCOUNTS[kind].format(user=name, domain=self.fleet.domain)

    def run(self, kind: str, person: Callable[[str], None], check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """The result of an attempt, which changes nothing and reveals nothing that gives access to the session."""
        desk = self.desks[kind]
        given = {**self.fleet.console_options(desk.name), "public_url": desk.url, "wait_timeout": 0.2}
        given |= {"authority_host": self.lab.login_url, **options}
        self.person, self.shown = person, []
        self.lab.clear_requests()
        task = {"deskops.rustdesk_sso.entra_oidc_try_sign_in": given, "check_mode": check_mode}
        (result,) = self.in_process.tasks(task)
        assert result["changed"] is False
        text = json.dumps(result) + "".join(self.shown)
        assert not consoles.told(self.lab, text, *self.clients(kind))
        assert consoles.automation_sessions(desk) == []
        return result

    def clients(self, kind: str) -> list[str]:
        """The IDs and UUIDs with which the run requested its session."""
        asked = [item for item in self.lab.requests(self.desks[kind].name) if item["path"] == "/api/oidc/auth-query"]
        queries = [parse_qs(item["query"]) for item in asked]
        return [value for query in queries for name in ("id", "uuid") for value in query[name]]


@pytest.fixture
def stage(lab: Lab, fleet: Fleet, in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Users can sign in to a console of each type."""
    desks = consoles.one_of_each(fleet)
    for one in phases.configure(*(phases.server(fleet, desk.name) for desk in desks.values())):
        assert one.verified["verified"], one.verified
    made = Stage(lab, fleet, in_process, desks)
    monkeypatch.setattr(plugin, "display", SimpleNamespace(display=made.see))
    monkeypatch.setattr(user_sign_in, "PAUSE", 0.05)
    return made


def test_account(stage: Stage) -> None:
    """At each type: a new account, then the same one, then as an administrator; no session remains."""
    for kind, desk in stage.desks.items():
        name = stage.account(kind)
        new = stage.run(kind, stage.user())
        assert new["account"] == {"name": name, "new": True, "administrator": False}, new
        assert name in new["msg"]
        assert "is new and is not an administrator" in new["msg"]
        first = stage.clients(kind)
        desk.set_user(name, is_admin=True)
        again = stage.run(kind, stage.user())
        assert again["account"] == {"name": name, "new": False, "administrator": True}, again
        assert "existed before and is an administrator" in again["msg"]
        assert not set(first) & set(stage.clients(kind)), "a client of its own for each attempt"
        assert desk.sessions() == []


def test_only_the_client_that_began_can_collect_the_session(stage: Stage) -> None:
    """Anyone with the URL may try first. rustdesk_api gives the session to any client, and the run warns of it."""
    for kind, desk in stage.desks.items():

        def thief(url: str, desk: Console = desk) -> None:
            stage.user()(url)
            query = {"code": parse_qs(urlsplit(url).query)["state"][0], "id": "1", "uuid": "u"}
            stage.lab.http.get(f"{desk.url}/api/oidc/auth-query", params=query, timeout=10)

        result = stage.run(kind, thief)
        assert ("Keep this URL to yourself" in stage.shown[0]) == (kind == "rustdesk_api")
        if kind == "rustdesk_api":
            assert result["failed"]
            assert "another client has collected its session" in result["msg"], result
            assert [item["user"] for item in desk.sessions()] == [stage.account(kind)]
        else:
            assert result["account"]["name"] == stage.account(kind), result
            assert desk.sessions() == []


def test_foreign_authorization_url(stage: Stage) -> None:
    """Users are not sent to a host outside the tenant's cloud."""
    for kind, desk in stage.desks.items():
        url = "https://login.microsoftonline.com.example/authorize?client_id=a&state=s"
        stage.lab.fault(desk.name, "POST", "^/api/oidc/auth$", json={"code": "c", "url": url})
        result = stage.run(kind, nobody)
        assert result["failed"]
        assert "is at login.microsoftonline.com.example, which is not a host of this cloud" in result["msg"]
        assert stage.shown == []
    # Another cloud's host is foreign, too
    result = stage.run("pro", nobody, authority_host="https://login.microsoftonline.us")
    assert result["failed"]
    assert "which is not a host of this cloud" in result["msg"]


def test_unfinished_sign_in(stage: Stage) -> None:
    """The error explains the codes that a person may have seen."""
    for kind, desk in stage.desks.items():
        result = stage.run(kind, nobody)
        assert result["failed"]
        assert f"Trying a sign-in to {desk.url} failed: no user finished signing in within 0.2 seconds" in result["msg"]
        assert ("auto_register" in result["msg"]) == (kind == "rustdesk_api")
        for code in ("50105", "65001", "90094", "50020", "50011", "53003"):
            assert f"AADSTS{code}" in result["msg"]

    principals = "/servicePrincipals"
    (principal,) = [
        item
        for item in stage.fleet.tenant.graph("GET", principals).json()["value"]
        if item["displayName"] == "RustDesk"
    ]
    stage.fleet.tenant.graph("PATCH", f"{principals}/{principal['id']}", {"appRoleAssignmentRequired": True})

    def unassigned(url: str) -> None:
        with pytest.raises(SignInFailed, match="AADSTS50105"):
            stage.user()(url)

    assert "no user finished" in stage.run("pro", unassigned)["msg"]


def test_time_limit_of_the_console(stage: Stage) -> None:
    """The invitation shows the time that is really available."""
    assert "within 3 minutes:" in (stage.run("rustdesk_console", stage.user(), wait_timeout=300.0), stage.shown[0])[1]
    assert "within 5 minutes:" in (stage.run("rustdesk_api", stage.user(), wait_timeout=3600.0), stage.shown[0])[1]
    assert "within 1 minute:" in (stage.run("pro", stage.user(), wait_timeout=60.0), stage.shown[0])[1]


def test_refusal_by_the_console(stage: Stage) -> None:
    """The error shows the console's words; temporary failures are waited out."""
    desk = stage.desks["pro"]

    def broken(*answers: dict[str, Any], then: Callable[[str], None] = nobody) -> Callable[[str], None]:
        def visit(url: str) -> None:
            for answer in answers:
                stage.lab.fault(desk.name, "GET", AUTH_QUERY, **answer)
            then(url)

        return visit

    refused = stage.run("pro", broken({"json": {"error": "User is disabled"}}))
    assert "the console answered 200: User is disabled." in refused["msg"], refused
    verification = stage.run("pro", broken({"json": {"type": "email_check", "tfa_type": "email_check"}}))
    assert "returned no session (type email_check)" in verification["msg"], verification
    consumed = stage.run("pro", broken({"status": 401, "json": {"error": "Authorization already consumed"}}))
    assert "another client has collected" in consumed["msg"], consumed

    passing = [{"status": 502}, {"html": "<html>Restarting</html>"}, {"cut": "before"}, {"throttle": "0"}]
    worked = stage.run("pro", broken(*passing, then=stage.user()), wait_timeout=20.0)
    assert worked["account"]["name"] == stage.account("pro"), worked
    away = stage.run("pro", broken({"status": 502, "times": 99}))
    assert "no user finished" in away["msg"]
    assert "the last request failed: GET /api/oidc/auth-query" in away["msg"], away
    stage.lab.clear_faults()

    # The lost response contained the session
    lost = stage.run("pro", broken({"cut": "after"}, then=stage.user()))
    assert "A response was lost" in lost["msg"], lost
    assert [item["user"] for item in desk.sessions()] == [stage.account("pro")]


def test_failures_before_the_sign_in(stage: Stage) -> None:
    """A provider that is not offered, a console that begins no sign-in, and check mode: no URL is shown."""
    desk = stage.desks["pro"]
    absent = stage.run("pro", nobody, name="okta")
    assert "the console does not offer okta: it offers" in absent["msg"], absent
    stage.lab.fault(desk.name, "POST", "/api/oidc/auth", json={"error": "Failed to discover OpenID Provider"})
    assert "Failed to discover OpenID Provider" in stage.run("pro", nobody)["msg"]
    keeps = stage.desks["rustdesk_console"]
    failed = {"status": 500, "json": {"statusCode": 500, "message": "Internal"}, "times": 3}
    stage.lab.fault(keeps.name, "POST", "/api/oidc/auth", **failed)
    assert "Run the playbook site, which resets the failed discovery" in stage.run("rustdesk_console", nobody)["msg"]
    assert "wait_timeout must be a number of seconds" in stage.run("pro", nobody, wait_timeout=float("nan"))["msg"]
    predicted = stage.run("pro", nobody, check_mode=True)
    assert not predicted["failed"]
    assert "check mode" in predicted["msg"]
    assert stage.lab.requests(desk.name) == []
    assert stage.shown == []


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/authorize",
        "javascript:alert(1)",
        "https://login.example@elsewhere.example/",
        "https://login.example/\x1b[2J",
        "https://login.example/\nhttps://elsewhere.example/",
        "https://[",
        "https://login.example/" + "x" * 10_000,
    ],
)
def test_unsafe_url(stage: Stage, url: str) -> None:
    """It is neither shown nor quoted."""
    desk = stage.desks["pro"]
    stage.lab.fault(desk.name, "POST", "/api/oidc/auth$", json={"url": url, "code": "code"})
    result = stage.run("pro", nobody)
    assert result["failed"]
    assert "is not an https URL" in result["msg"]
    assert stage.shown == []
    assert url not in json.dumps(result)


def test_unreadable_users(stage: Stage) -> None:
    """Without the names of the former users the attempt continues, but it is unknown if the account is new."""
    for kind, path in (
        ("pro", "/api/users"),
        ("rustdesk_console", "/api/admin/users"),
        ("rustdesk_api", "/api/admin/user/list"),
    ):
        stage.lab.fault(stage.desks[kind].name, "GET", f"^{path}", status=403, times=9)
        result = stage.run(kind, stage.user())
        assert result["account"] == {"name": stage.account(kind), "new": None, "administrator": False}, result
        assert "It is unknown whether the account is new" in result["msg"]
        (warning,) = result["warnings"]
        assert "403" in warning
    wrong = stage.run("pro", stage.user(), password="wrong")
    assert wrong["account"]["new"] is None, wrong
    assert "Check username and password" in wrong["warnings"][0]


def test_session_that_cannot_be_ended(stage: Stage) -> None:
    """The run fails and names the user, even if the console confirms a logout without effect."""

    def keeps(desk: Console, answer: dict[str, Any], url: str) -> None:
        stage.lab.fault(desk.name, "POST", "^/api/logout", **answer)
        stage.user()(url)

    for kind, desk in stage.desks.items():
        answers: list[dict[str, Any]] = [{"status": 500, "times": waits.ATTEMPTS_AT_500}, {"json": {"message": "ok"}}]
        for answer in answers:
            result = stage.run(kind, partial(keeps, desk, answer))
            assert result["failed"], result
            assert f"the session of {stage.account(kind)} was not ended" in result["msg"], result
            assert f"End the sessions of {stage.account(kind)} in the console" in result["msg"], result
        assert len(desk.sessions()) == len(answers)


def test_headers_of_a_gateway(stage: Stage) -> None:
    """Each request to the console has them, like those of the verification."""
    secret = {"CF-Access-Client-Secret": "gateway-secret-0123456789"}
    result = stage.run("pro", stage.user(), headers=secret)
    assert result["account"]["name"] == stage.account("pro"), result
    assert secret["CF-Access-Client-Secret"] not in json.dumps(result)
    assert all(item["headers"].get("CF-Access-Client-Secret") for item in stage.lab.requests(stage.desks["pro"].name))


def test_the_playbook(make_fleet: Callable[[int], Fleet], quick_controller: Controller) -> None:
    """A user signs in while the run waits; nothing changes, and not even the URL is in the run's log."""
    fleet = make_fleet(2)
    host, other = fleet.hosts
    (one,) = phases.configure(phases.server(fleet, host))
    assert one.verified["verified"]
    controller, upn = fleet.controller, f"{USER}@{fleet.domain}"
    playbook = controller.site.with_name("try_sign_in.yml")
    urls = []

    def read(line: str) -> None:
        if line.startswith(f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/"):
            urls.append(line)
            Person(fleet.lab.ca_path).finish(line, upn, fleet.tenant.users[upn])

    log = controller.home / "ansible.log"
    before = fleet.consoles[host].settings()
    options = ["--limit", host, "-vvv", "-e", "rustdesk_sso_try_sign_in_timeout=60"]
    run = controller.playbook(playbook, fleet.inventory, *options, on_line=read, ANSIBLE_LOG_PATH=str(log))
    assert run.rc == 0, run.output
    assert run.changed() == {host: 0}
    assert len(urls) == 1
    assert f"Sign-in to {fleet.consoles[host].url} works. The user has the account {USER}, which is new" in run.output
    assert not consoles.told(fleet.lab, run.output + log.read_text("utf-8"))
    assert urls[0] not in log.read_text("utf-8")
    assert fleet.consoles[host].sessions() == []
    assert fleet.consoles[host].settings() == before
    assert fleet.lab.requests(other) == []

    failed = quick_controller.playbook(
        playbook, fleet.inventory, "--limit", host, "-e", "rustdesk_sso_try_sign_in_timeout=0.1"
    )
    assert failed.failed() == {host}, failed.output
    assert "AADSTS50105" in failed.output
    assert not consoles.told(fleet.lab, failed.output)
