# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mistake in one server's variables fails only that server, before any request is sent for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run

# By variable. The second server never registers for all; the first one does.
MISTAKES: dict[str, Any] = {
    "secret_lifetime": "6 months",
    "secret_overlap": "1s\n",
    "public_url": "https://desk.example.com/?",
    "provider_name": "azure\x00",
    "timeout": True,
    "wait_timeout": 1e308,
    "ca_path": "/dev/zero",
    "app_service_principal": {"app_role_assignment": True},
    "app_owners": ["alice"],
    "app_tags": ["a", {"b": "c"}],
    "app_logo": "/proc",
    "entra_certificate_path": "/nowhere\x00",
    "entra_authority_host": "https://login.example/tenant",
    "entra_auth_source": "certificate",
    "console_totp_secret": "not base32!",
    "console_contract": {"settings_path": "api"},
    "console_headers": {"Host": "x"},
    "console_proxy": "socks5://127.0.0.1",
    "console_password": "a\nb",
    "notify_url": "hooks.example/secret",
}


def requests(lab: Lab, name: str) -> list[str]:
    """The product's requests to a console."""
    return [f"{entry['method']} {entry['path']}" for entry in lab.requests() if entry["service"] == name]


@pytest.mark.parametrize("place", [0, 1], ids=["first server", "second server"])
def test_each_mistake_fails_only_its_server(lab: Lab, make_quick_fleet: Callable[[int], Fleet], place: int) -> None:
    """All in one run, next to a healthy server that shares the application."""
    fleet = make_quick_fleet(0)
    names: dict[str, str] = {}
    if place:
        fleet.add_server(f"well.{fleet.domain}")
    for number, variable in enumerate(MISTAKES):
        name = f"bad{number}.{fleet.domain}"
        fleet.add_server(name)
        fleet.hosts[name][f"rustdesk_sso_{variable}"] = MISTAKES[variable]
        names[variable] = name
    if not place:
        fleet.add_server(f"well.{fleet.domain}")
    lab.clear_requests()
    run = quick_run(fleet)
    assert run.failed() == set(names.values()), run.output
    assert "unexpectedly" not in run.output
    for variable, name in names.items():
        record = run.of.hosts[name].run[name]
        assert record["error"]["phase"] == "Read and check the declaration", record
        said = record["error"]["message"]
        assert f"rustdesk_sso_{variable}" in said, said
        assert said.startswith(name)
        assert len(said) < 600
        assert requests(lab, name) == []
    assert fleet.sign_in(f"well.{fleet.domain}")["access_token"]
    (application,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    assert application["web"]["redirectUris"] == [f"{fleet.consoles[f'well.{fleet.domain}'].url}/api/oidc/callback"]
    assert [item["displayName"] for item in application["passwordCredentials"]] == [f"rustdesk-sso well.{fleet.domain}"]


CREDENTIALS = ("username", "password")


@pytest.mark.parametrize("entry", ["main", "observe", "remove", "adopt"])
def test_missing_credentials(lab: Lab, make_quick_fleet: Callable[[int], Fleet], entry: str) -> None:
    """The first task names each server's variable and remedy, before any request is sent for it."""
    fleet = make_quick_fleet(2)
    for name, option in zip(fleet.hosts, CREDENTIALS, strict=True):
        del fleet.hosts[name][f"rustdesk_sso_console_{option}"]
    lab.clear_requests()
    run = quick_run(fleet, entry=entry)
    said = " ".join([*run.of.messages, str(run.observed)])
    for name, option in zip(fleet.hosts, CREDENTIALS, strict=True):
        variable = f"rustdesk_sso_console_{option}"
        assert f"{name}: {variable} is not set, nor is the environment variable RUSTDESK_{option.upper()}. Set" in said
    assert lab.requests() == []


def test_credentials_from_the_environment(
    lab: Lab, make_quick_fleet: Callable[[int], Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = make_quick_fleet(1)
    (name,) = fleet.hosts
    for option in CREDENTIALS:
        monkeypatch.setenv(f"RUSTDESK_{option.upper()}", fleet.hosts[name].pop(f"rustdesk_sso_console_{option}"))
    assert quick_run(fleet).rc == 0


@pytest.mark.parametrize(
    ("entry", "options"),
    [("remove", ("-e", "rustdesk_sso_remove_console=false")), ("main", ("--tags", "rustdesk_sso_validate"))],
)
def test_unneeded_credentials(make_quick_fleet: Callable[[int], Fleet], entry: str, options: Any) -> None:
    """For a console that no longer exists, and in a run that sends no request to it."""
    fleet = make_quick_fleet(1)
    (name,) = fleet.hosts
    for option in CREDENTIALS:
        del fleet.hosts[name][f"rustdesk_sso_console_{option}"]
    run = quick_run(fleet, *options, entry=entry)
    assert run.rc == 0, run.output


def test_mistake_at_removal(lab: Lab, make_quick_fleet: Callable[[int], Fleet]) -> None:
    """Removal also validates the options of its sign-in."""
    fleet = make_quick_fleet(1)
    (name,) = fleet.hosts
    fleet.hosts[name]["rustdesk_sso_console_headers"] = {"Host": "x"}
    lab.clear_requests()
    run = quick_run(fleet, entry="remove")
    assert run.failed() == {name}
    assert f"{name}: rustdesk_sso_console_headers" in run.output
    assert lab.requests() == []


def test_refused_server_keeps_its_settings(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """It still declares what it shares with others, even while another server renews or is removed."""
    fleet = make_quick_fleet(3)
    first, second, third = fleet.hosts
    assert quick_run(fleet).rc == 0
    fleet.hosts[second]["rustdesk_sso_secret_lifetime"] = "6 months"
    assert quick_run(fleet, "-e", "rustdesk_sso_secret_renew=true rustdesk_sso_secret_overlap=0").failed() == {second}
    assert quick_run(fleet).failed() == {second}
    for name in (first, second, third):
        assert fleet.sign_in(name)["access_token"]
    run = quick_run(fleet, "--limit", f"{first},{second}", "-e", "rustdesk_sso_remove_unused_app=true", entry="remove")
    assert run.failed() == {second}, run.output
    for name in (second, third):
        assert fleet.sign_in(name)["access_token"]


@pytest.mark.parametrize("entry", ["main", "remove"])
def test_client_secret_of_a_refused_server_stays_its_own(make_quick_fleet: Callable[[int], Fleet], entry: str) -> None:
    """Another server restored from its backup gets its own client secret, or is removed without deleting this one."""
    fleet = make_quick_fleet(2)
    refused, other = fleet.hosts
    assert quick_run(fleet).rc == 0
    theirs = consoles.entry(fleet.consoles[refused])["client_secret"]
    consoles.put(fleet.consoles[other], client_secret=theirs)
    fleet.hosts[refused]["rustdesk_sso_secret_lifetime"] = "6 months"
    assert quick_run(fleet, entry=entry).failed() == {refused}
    assert fleet.sign_in(refused)["access_token"]
    if entry == "main":
        assert consoles.entry(fleet.consoles[other])["client_secret"] != theirs
        assert fleet.sign_in(other)["access_token"]


def test_no_mistake_fails_a_task_that_runs_once(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """In Ansible's own play: the first server's mistakes include variables that the summary uses."""
    fleet = make_quick_fleet(2)
    first, second = fleet.hosts
    fleet.hosts[first] |= {
        "rustdesk_sso_timeout": "soon",
        "rustdesk_sso_notify_url": "hooks.example/secret",
        "rustdesk_sso_notify_format": "xml",
        "rustdesk_sso_secret_lifetime": "6 months",
    }
    run = fleet.site()
    assert run.failed() == {first}, run.output
    assert "rustdesk_sso_timeout must be a number of seconds from 0.1 to 86400" in run.output
    assert f"{first}: rustdesk_sso_" in run.output
    assert "The summary was not sent" in run.output
    assert fleet.sign_in(second)["access_token"]
