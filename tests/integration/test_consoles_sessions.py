# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detection of the console type, one sign-in per run, and no session left open."""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import module

from lab.client import Console, Lab
from support import consoles
from support.controller import Controller
from support.controller_death import ControllerDied, Crash
from support.fleet import Fleet
from support.in_process import InProcess
from support.role_in_process import run_role

DAY = 86400
# The write with which each console type adds a provider
WRITES = {
    "pro": ("PUT", "/api/oidc/settings"),
    "rustdesk_console": ("POST", "/api/oidc-providers"),
    "rustdesk_api": ("POST", "/api/admin/oauth/create"),
}
PROVIDER = {
    "client_id": "app-1",
    "client_secret": "Zx9~wide.awake_0123456789-abcdefghijklmn",
    "issuer": "https://login.example/11111111-2222-3333-4444-555555555555/v2.0",
}
# Invalid TOTP secrets, and words that the message must contain
SECRETS = {
    "JYSB G4CT HAUS CLZ1": "characters that are not base32",
    "JYSBG4CTHAUSCLZ6J": "not a whole number of bytes",
    "JYSBG4CTHAUSCLZ6=": "padding",
    "JYSBG4CT": "too short",
}
GET = "GET"
AZURE = (GET, "/api/oidc/settings")
NEST = (GET, "/api/oidc-providers")
OPTIONS = (GET, "/api/login-options")
GO = (GET, "/api/admin/oauth/list")


@pytest.mark.parametrize("mode", ["run", "check"])
def test_one_sign_in_for_each_console_and_run(mode: str, lab: Lab, fleet: Fleet) -> None:
    """Regardless of how a run ends for a server, it signed in to the console once and out once."""
    desks = consoles.one_of_each(fleet)
    desks["totp"] = consoles.add(fleet, "pro", "totp", second_factor="totp")
    failing = {f"write fails at {kind}": consoles.add(fleet, kind, f"write-{kind[-3:]}") for kind in consoles.KINDS}
    for (method, path), console in zip(WRITES.values(), failing.values(), strict=True):
        lab.fault(console.name, method, f"^{path}$", status=500, times=9)
    failing["proof fails"] = consoles.add(fleet, "pro", "proof")
    lab.fault(failing["proof fails"].name, "POST", "/api/oidc/auth", html="<html>Gateway</html>", times=9)
    refused = {kind: consoles.add(fleet, kind, f"refused-{kind[-3:]}") for kind in consoles.KINDS}
    for console in refused.values():
        wrong = {"rustdesk_sso_app_unique_name": "another", "rustdesk_sso_entra_client_secret": "xyz8Q~wrong-secret"}
        fleet.hosts[console.name] |= wrong
    refused["unread"] = consoles.add(fleet, "pro", "unread")
    lab.fault(refused["unread"].name, *AZURE, json={"rows": []}, times=99)
    differing = {name: consoles.add(fleet, "pro", name) for name in ("red", "green")}
    for name, console in differing.items():
        own = {"rustdesk_sso_app_unique_name": "third", "rustdesk_sso_app_display_name": name}
        fleet.hosts[console.name] |= own

    run = fleet.site(*(["--check"] if mode == "check" else []))
    unwell = {**refused, **differing, **(failing if mode == "run" else {})}
    assert run.failed() == {console.name for console in unwell.values()}, run.output
    for case, console in {**desks, **failing, **refused, **differing}.items():
        steps = 2 if case == "totp" else 1
        # A client secret that did not reach its console is removed, which requires reading the console again
        again = 1 if mode == "run" and case in failing else 0
        assert consoles.counted(lab, console) == (steps + again, 1 + again), case
        assert console.sessions() == [], case


def test_an_expired_session_is_renewed(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """A session from an earlier task may have expired: the task that continues with it signs in again."""
    desks = list(consoles.one_of_each(fleet).values())
    options = [fleet.console_options(console.name) for console in desks]
    seen = [module("rustdesk_oidc_provider_info", **option, keep_session=True) for option in options]
    sessions = [result["session"] for result in in_process.tasks(*seen)]
    lab.advance(31 * DAY)
    done = [
        module("rustdesk_oidc_provider", **option, **PROVIDER, session=session)
        for option, session in zip(options, sessions, strict=True)
    ]
    for console, result in zip(desks, in_process.tasks(*done), strict=True):
        assert result["changed"], result
        assert consoles.entry(console)["client_id"] == "app-1"
        assert consoles.counted(lab, console) == (2, 1)
        assert console.sessions() == []


def test_a_session_belongs_to_one_run(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """If another run of the same account signs in and out meanwhile, the earlier session keeps working."""
    for desk in consoles.one_of_each(fleet).values():
        options = fleet.console_options(desk.name)
        seen = in_process.task("rustdesk_oidc_provider_info", **options, keep_session=True)
        (other,) = in_process.tasks(module("rustdesk_oidc_provider_info", **options))
        assert not other["failed"], other
        (kept,) = desk.sessions()
        (done,) = in_process.tasks(module("rustdesk_oidc_provider", **options, **PROVIDER, session=seen["session"]))
        assert done["changed"], done
        assert consoles.counted(lab, desk) == (2, 2), desk.kind
        assert desk.sessions() == []
        if desk.kind != "rustdesk_api":  # its administrators sign in without identifying their device
            assert kept["id"].startswith("deskops-rustdesk-sso-")
            assert kept["device"]["name"] == "deskops.rustdesk_sso"


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_a_session_ended_by_another_process_is_renewed(
    lab: Lab, fleet: Fleet, in_process: InProcess, kind: str
) -> None:
    """It is renewed once, even in the task that began it; if that does not help, the password is not blamed."""
    desk = consoles.add(fleet, kind)
    options = fleet.console_options(desk.name)
    seen = in_process.task("rustdesk_oidc_provider_info", **options, keep_session=True)
    desk.end_sessions()
    (handed_over,) = in_process.tasks(module("rustdesk_oidc_provider", **options, **PROVIDER, session=seen["session"]))
    assert handed_over["changed"], handed_over
    method, path = WRITES[kind]
    ended: dict[str, Any] = {"status": 401, "json": {"message": "请先登录", "error": "Unauthorized", "statusCode": 401}}
    if kind == "rustdesk_api":
        ended = {"json": {"code": 403, "message": "Please log in first.", "data": None}}
    lab.fault(desk.name, method, f"^{path}$", **ended)
    again = module("rustdesk_oidc_provider", **options, **PROVIDER | {"name": "contoso"})
    (own,) = in_process.tasks(again)
    assert own["changed"], own
    lab.fault(desk.name, method, f"^{path}$", **ended, times=9)
    (twice,) = in_process.tasks(module("rustdesk_oidc_provider", **options, **PROVIDER | {"name": "fabrikam"}))
    assert twice["failed"], twice
    assert "signs this user out" in twice["msg"], twice["msg"]
    assert "password" not in twice["msg"], twice["msg"]
    # One for the first task, one to renew its session, and two for each of the others
    assert consoles.counted(lab, desk)[0] == 6
    if kind != "rustdesk_api":  # it ends only single tokens, and the refused ones were in fact valid
        assert desk.sessions() == []


@pytest.mark.parametrize("kind", ["pro", "rustdesk_console"])
def test_recently_used_one_time_code(fleet: Fleet, in_process: InProcess, kind: str) -> None:
    """A second run right after the first succeeds, although a code opens only one session."""
    console = consoles.add(fleet, kind, second_factor="totp")
    options = {**fleet.console_options(console.name), "totp_secret": console.totp_secret}
    first, second, wrong = in_process.tasks(
        module("rustdesk_oidc_provider_info", **options),
        module("rustdesk_oidc_provider_info", **options),
        module("rustdesk_oidc_provider_info", **{**options, "totp_secret": "JBSWY3DPEHPK3PXP"}),
    )
    assert not first["failed"], first
    assert second["providers"] == first["providers"], second
    assert wrong["failed"]
    assert "totp_secret" in wrong["msg"]
    assert console.sessions() == []


def test_invalid_totp_secret(fleet: Fleet, in_process: InProcess) -> None:
    """The message states what is wrong with the secret without quoting any of it."""
    console = consoles.add(fleet, "rustdesk_console", second_factor="totp")
    options = fleet.console_options(console.name)
    for secret, wrong in SECRETS.items():
        (result,) = in_process.tasks(module("rustdesk_oidc_provider_info", **{**options, "totp_secret": secret}))
        assert result["failed"], secret
        assert wrong in result["msg"], result["msg"]
        assert not [part for part in (secret, *secret.split()) if part in result["msg"]], result["msg"]


def test_every_console_type_is_detected_without_a_password(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """A few unauthenticated reads identify each type; if no RustDesk server answers, the password is not sent."""
    desks = consoles.one_of_each(fleet)
    expected = {"pro": [AZURE, OPTIONS], "rustdesk_console": [AZURE], "rustdesk_api": [AZURE, NEST, GO]}
    tasks = [module("rustdesk_oidc_provider_info", **fleet.console_options(desk.name)) for desk in desks.values()]
    for (kind, desk), result in zip(desks.items(), in_process.tasks(*tasks), strict=True):
        assert result["console_type"] == kind
        asked = lab.requests(desk.name)
        at = next(index for index, item in enumerate(asked) if item["path"] in consoles.LOGINS)
        assert [(item["method"], item["path"]) for item in asked[:at]] == expected[kind]
        for item in asked[:at]:
            names = {name.lower() for name in item["headers"]}
            assert not names & {"authorization", "api-token", "cookie"}
            assert desk.password not in str(item)

    page = consoles.add(fleet, "pro", "page")
    lab.fault(page.name, html="<html>Gateway</html>", times=99)
    options = fleet.console_options(page.name)
    addresses = [page.url, lab.login_url, lab.graph_url, lab.control_url]
    lab.clear_requests()
    refused = in_process.tasks(
        *(module("rustdesk_oidc_provider_info", **{**options, "console_url": url}) for url in addresses)
    )
    for url, result in zip(addresses, refused, strict=True):
        assert result["failed"], url
        assert url in result["msg"], result["msg"]
        assert "console_url" in result["msg"], result["msg"]
    assert {item["method"] for item in lab.requests()} == {GET}


def check(lab: Lab, fleet: Fleet, console: Console, **options: Any) -> dict[str, Any]:
    """A sign-in check that continues with the session of the previous task, regardless of its findings."""
    return module(
        "rustdesk_sign_in_check",
        **{
            "public_url": console.url,
            "console_url": console.url,
            "issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
            "client_id": "app-1",
            "client_secret": PROVIDER["client_secret"],
            "callback_url": f"{console.url}/api/oidc/callback",
            "ca_path": str(lab.ca_path),
            "must_pass": False,
            **options,
        },
    )


def test_the_check_closes_the_session(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """It reports if the console still has the client secret, and closes the session whatever fails."""
    desks = [*consoles.one_of_each(fleet).values(), consoles.add(fleet, "pro", "overwritten")]
    entra = {"issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"}
    theirs = "Qy7~" + "theirs9" * 4
    changes: list[dict[str, Any]] = [
        {"client_secret": "xyz8Q~" + "another9" * 4},
        {"client_secret": None},
        {"public_url": "nowhere"},
    ]
    for desk in desks:
        options = {**fleet.console_options(desk.name), "keep_session": True}
        made = in_process.task("rustdesk_oidc_provider", **options, **PROVIDER | entra)
        if desk is desks[-1]:
            azure = {**PROVIDER | entra, "name": "azure", "order_index": 1, "enabled": True, "client_secret": theirs}
            desk.put_settings({**desk.settings(), "providers": [*consoles.entries(desk)[:-1], azure]})
        (holds,) = in_process.tasks(check(lab, fleet, desk, session=made["session"]))
        if desk is desks[-1]:
            assert holds["failed"]
            assert "another process changed it at the same time" in holds["msg"], holds
        else:
            assert holds.get("holds_client_secret") is True, holds
        results = []
        for change in changes:
            seen = in_process.task("rustdesk_oidc_provider_info", **options)
            results += in_process.tasks(check(lab, fleet, desk, session=seen["session"], **change))
        other, unasked, refused = results
        assert other["holds_client_secret"] is False, other
        assert unasked["holds_client_secret"] is None, unasked
        assert refused["failed"]
        assert "public_url" in refused["msg"]
        assert desk.sessions() == [], desk.name
        assert consoles.counted(lab, desk) == (4, 4), desk.name


def abandon(fleet: Fleet, in_process: InProcess, desk: Console) -> None:
    """Leave a session open, as a run whose controller died would."""
    options = fleet.console_options(desk.name)
    (seen,) = in_process.tasks(module("rustdesk_oidc_provider_info", **options, keep_session=True))
    assert seen["session"]


def test_sessions_left_open_are_ended(own_lab: Lab, controller: Controller) -> None:
    """The next run ends them once they are a day old, but not those of a person, a user or a concurrent run."""
    fleet, in_process = Fleet(own_lab, controller, 0), InProcess(own_lab)
    desk = consoles.add(fleet, "rustdesk_console")
    options = fleet.console_options(desk.name)
    task = module("rustdesk_oidc_provider", **options, **PROVIDER)
    person = {"username": desk.username, "password": desk.password, "id": "1", "uuid": "1", "type": "account"}
    person["deviceInfo"] = {"os": "linux", "type": "browser", "name": "Mozilla/5.0"}
    own_lab.http.post(f"{desk.url}/api/login", json=person, timeout=20).raise_for_status()
    abandon(fleet, in_process, desk)
    abandon(fleet, in_process, desk)
    in_process.tasks(task)
    assert len(desk.sessions()) == 3
    own_lab.advance(DAY + 60)
    abandon(fleet, in_process, desk)

    (predicted,) = in_process.tasks({**task, "check_mode": True})
    assert not predicted.get("warnings")
    assert len(desk.sessions()) == 4
    (same,) = in_process.tasks(task)
    assert not same["changed"]
    assert not same.get("warnings")
    first, second = desk.sessions()
    assert (first["id"], second["device"]["name"]) == ("1", "deskops.rustdesk_sso")


def test_sessions_that_cannot_be_ended_fail_no_run(own_lab: Lab, controller: Controller) -> None:
    """The list of sessions does not exist, or ending one is refused."""
    fleet, in_process = Fleet(own_lab, controller, 0), InProcess(own_lab)
    desk = consoles.add(fleet, "rustdesk_console")
    task = module("rustdesk_oidc_provider", **fleet.console_options(desk.name), **PROVIDER)
    abandon(fleet, in_process, desk)
    own_lab.advance(DAY + 60)
    own_lab.fault(desk.name, GET, "/api/sessions", status=404, json={"message": "Cannot GET", "statusCode": 404})
    own_lab.fault(desk.name, "DELETE", "/api/sessions/", status=403, json={"message": "no", "statusCode": 403})
    unlisted, refused, done = in_process.tasks(task, task, task)
    for result in (unlisted, refused, done):
        assert not result["failed"], result
    assert not unlisted.get("warnings")
    assert "left open" in " ".join(refused["warnings"])
    assert not done.get("warnings")
    assert desk.sessions() == []


def test_session_of_a_run_whose_controller_died(lab: Lab, fleet: Fleet) -> None:
    """A run on the next day ends it; a run in check mode leaves it."""
    desk = consoles.add(fleet, "rustdesk_console")
    run_role(fleet)
    whole = run_role(fleet).requests
    with pytest.raises(ControllerDied):
        run_role(fleet, crash_at=Crash(whole - 1, done=True))
    assert len(desk.sessions()) == 1
    assert run_role(fleet).failed() == set()
    assert len(desk.sessions()) == 1
    lab.advance(DAY + 60)
    assert run_role(fleet, check=True).failed() == set()
    assert len(desk.sessions()) == 1
    again = run_role(fleet)
    assert again.changed() == {desk.name: 0}, again.messages
    assert desk.sessions() == []
