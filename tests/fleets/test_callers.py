# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role works in existing plays with any connection, strategy, batches and tags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ansible.release
from faults.steps import only, writes
from fleets.plays import ROLE, found, imported, included, noted, play

from lab.client import Lab
from support.consoles import automation_sessions, entry, put, told
from support.fleet import Fleet

WRONG = "not~the~password"
# Before, a failure that a block rescues stops the other servers only at the end of the block
RESCUED_IS_FATAL = tuple(map(int, ansible.release.__version__.split(".")[:2])) >= (2, 17)


def servers(fleet: Fleet, count: int) -> list[str]:
    """Add this number of servers to the fleet and return their names."""
    names = [f"desk{number}.{fleet.domain}" for number in range(1, count + 1)]
    for name in names:
        fleet.add_server(name)
    return names


def shared(fleet: Fleet, **members: Any) -> dict[str, Any]:
    """Return the application that all servers share: each has its redirect URI and exactly one client secret in it."""
    application = only(fleet.tenant, **members)
    uris = sorted(f"{console.url}/api/oidc/callback" for console in fleet.consoles.values())
    assert sorted(application["web"]["redirectUris"]) == uris
    secrets = sorted(item["displayName"] for item in application["passwordCredentials"])
    assert secrets == sorted(f"rustdesk-sso {name}" for name in fleet.consoles)
    return application


def converged(fleet: Fleet, **members: Any) -> None:
    """All servers share one application, users sign in at each, and no session is left open at a console."""
    shared(fleet, **members)
    for name, console in fleet.consoles.items():
        assert automation_sessions(console) == [], name
        assert fleet.sign_in(name)["access_token"], name


def quiet(fleet: Fleet, *plays: dict[str, Any], **environment: str) -> None:
    """Check that a run of these plays succeeds and changes nothing."""
    run = fleet.controller.playbook(list(plays), fleet.inventory, **environment)
    assert run.rc == 0, run.output[-4000:]
    assert set(run.changed().values()) == {0}, run.output[-4000:]


def test_tags(lab: Lab, fleet: Fleet) -> None:
    names = servers(fleet, 2)
    other = {"name": "Other", "ansible.builtin.debug": {"msg": "another role"}, "tags": "other"}
    plays = [play(other, imported(tags="sso"))]

    def run(*options: str) -> str:
        lab.clear_requests()
        done = fleet.controller.playbook(plays, fleet.inventory, *options)
        assert done.rc == 0, done.output[-4000:]
        assert [item for console in fleet.consoles.values() for item in automation_sessions(console)] == []
        return done.output

    assert "another role" in run("--tags", "other")
    assert lab.requests() == []

    run("--tags", "rustdesk_sso_validate,rustdesk_sso_inspect")
    assert writes(lab) == []
    assert {item["service"] for item in lab.requests()} == set(names)

    unverified = run("--skip-tags", "rustdesk_sso_verify")
    assert "2 servers: 2 not verified" in unverified
    assert not [item for item in lab.requests() if item["path"].startswith("/api/oidc/auth")]

    # Whatever earlier runs skipped, a whole run finds nothing to do
    lab.clear_requests()
    assert "2 servers: 2 verified" in run("--tags", "sso")
    assert writes(lab) == []
    converged(fleet)


def test_two_applications_on_each_server(lab: Lab, fleet: Fleet) -> None:
    names = servers(fleet, 2)
    loop = included(
        loop=["staff", "guests"],
        vars={
            "rustdesk_sso_app_unique_name": "desks-{{ item }}",
            "rustdesk_sso_provider_name": "{{ item }}",
            "rustdesk_sso_provider_beside": ["staff", "guests"],
        },
    )
    done = fleet.controller.playbook([play(loop)], fleet.inventory)
    assert done.rc == 0, done.output[-4000:]
    for item in ("staff", "guests"):
        application = shared(fleet, uniqueName=f"desks-{item}")
        for name in names:
            assert entry(fleet.consoles[name], item)["client_id"] == application["appId"]
            upn = f"alice@{fleet.domain}"
            assert fleet.consoles[name].sign_in(item, upn, fleet.tenant.users[upn])["access_token"]
    quiet(fleet, play(loop))


def test_some_of_the_servers(lab: Lab, fleet: Fleet) -> None:
    first, second = servers(fleet, 2)
    only_first = play(included(when=f"inventory_hostname == '{first}'"))
    done = fleet.controller.playbook([only_first], fleet.inventory)
    assert done.rc == 0, done.output[-4000:]
    assert lab.requests(second) == []
    held = entry(fleet.consoles[first])["client_secret"]

    lab.clear_requests()
    joined = fleet.controller.playbook([play(roles=[ROLE])], fleet.inventory, "--limit", second)
    assert joined.rc == 0, joined.output[-4000:]
    assert lab.requests(first) == []
    assert entry(fleet.consoles[first])["client_secret"] == held
    converged(fleet)
    quiet(fleet, only_first, play(roles=[ROLE]), play(imported(when=f"inventory_hostname == '{second}'")))


def guards(home: Path) -> dict[str, str]:
    """Return the environment of a machine on which calls of ssh and sudo are recorded in ``home/called``."""
    commands = home / "bin"
    commands.mkdir()
    for name in ("ssh", "sshpass", "sudo", "su"):
        command = commands / name
        command.write_text(f"#!/bin/sh\necho {name} >>'{home}/called'\nexit 1\n")
        command.chmod(0o755)
    return {"PATH": f"{commands}:/usr/bin:/bin", "ANSIBLE_HOST_KEY_CHECKING": "false"}


def test_nothing_is_done_on_the_servers(lab: Lab, fleet: Fleet) -> None:
    """Neither the servers nor a host to which the caller delegates must exist, and no task becomes another user."""
    servers(fleet, 2)
    home = fleet.controller.home
    environment = guards(home)
    fleet.variables |= {"ansible_host": "192.0.2.1", "ansible_user": "deploy", "ansible_connection": "ssh"}
    remote = {"connection": "ssh", "become": True, "become_user": "postgres"}
    done = fleet.controller.playbook([play(imported(), **remote)], fleet.inventory, **environment)
    assert done.rc == 0, done.output[-4000:]
    elsewhere = {"delegate_to": "jump.example.com", "become": True}
    quiet(
        fleet,
        play(imported(**elsewhere), **remote),
        play(included(apply=elsewhere), **remote),
        **environment,
    )
    assert not (home / "called").exists(), (home / "called").read_text()
    converged(fleet)

    # The caller's own tasks do use them
    assert fleet.controller.playbook(
        [play({"name": "Ping", "ansible.builtin.ping": {}}, **remote)], fleet.inventory, **environment
    ).failed()
    assert (home / "called").exists()


def test_cached_facts(lab: Lab, fleet: Fleet) -> None:
    first, second = servers(fleet, 2)
    cache = fleet.controller.home / "facts"
    environment = {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(cache),
        "ANSIBLE_GATHERING": "smart",
    }
    fleet.variables["ansible_python_interpreter"] = "{{ ansible_playbook_python }}"
    caller = play(imported(), gather_facts=True, gather_subset=["!all", "min"])
    done = fleet.controller.playbook([caller], fleet.inventory, **environment)
    assert done.rc == 0, done.output[-4000:]
    # Cached results of an earlier run do not replace the current state
    put(fleet.consoles[first], enabled=False)
    corrected = fleet.controller.playbook([caller], fleet.inventory, **environment)
    assert corrected.changed() == {first: 2, second: 0}, corrected.output[-4000:]
    converged(fleet)

    files = [path for path in cache.rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert told(lab, "\n".join(path.read_text() for path in files)) == []


def test_servers_that_do_not_wait_for_each_other(make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(2)
    done = fleet.controller.playbook([play(imported(), strategy="free")], fleet.inventory)
    assert done.rc == 0, done.output[-4000:]
    converged(fleet)
    quiet(fleet, play(imported(), strategy="host_pinned"))


def test_batches(fleet: Fleet) -> None:
    servers(fleet, 3)
    done = fleet.controller.playbook([play(imported(), serial=[1, 2])], fleet.inventory)
    assert done.rc == 0, done.output[-4000:]
    converged(fleet)


def test_caller_that_stops_at_failures(lab: Lab, fleet: Fleet) -> None:
    first, second, third = servers(fleet, 3)
    fleet.hosts[second]["rustdesk_sso_console_password"] = WRONG
    after = {"name": "After", "ansible.builtin.debug": {"msg": "after the role"}}

    # All or nothing: one console refuses the automation, and nothing is changed anywhere
    stopped = fleet.controller.playbook([play(imported(), after, any_errors_fatal=True)], fleet.inventory)
    assert stopped.rc != 0
    assert "after the role" not in stopped.output
    if RESCUED_IS_FATAL:
        assert writes(lab) == []
    assert [item for console in fleet.consoles.values() for item in automation_sessions(console)] == []

    # No further batch and no task of the caller runs after more failures than the caller allows
    caller = play(imported(), after, serial=[2, 1], max_fail_percentage=0)
    batches = fleet.controller.playbook([caller], fleet.inventory)
    assert batches.rc != 0
    assert "after the role" not in batches.output
    assert third not in batches.recap
    assert fleet.sign_in(first)["access_token"]

    # As many as the caller allows: the other servers continue
    borne = fleet.controller.playbook([play(imported(), after, max_fail_percentage=50)], fleet.inventory)
    assert borne.failed() == {second}
    assert borne.output.count("after the role") == 2
    assert fleet.sign_in(third)["access_token"]


def test_caller_that_ignores_errors(lab: Lab, fleet: Fleet) -> None:
    """The caller's next tasks run on all servers, but no phase runs on a server where an earlier one failed."""
    first, second = servers(fleet, 2)
    fleet.hosts[first]["rustdesk_sso_console_password"] = WRONG
    caller = play(imported(ignore_errors=True), noted())
    run = fleet.controller.playbook([caller], fleet.inventory)
    assert run.rc == 0, run.output[-4000:]
    records = [found(run, name)[name] for name in (first, second)]
    assert [(item["failed"], item["changed"]) for item in records] == [(True, False), (False, True)]
    application = only(fleet.tenant)
    assert application["web"]["redirectUris"] == [f"{fleet.consoles[second].url}/api/oidc/callback"]
    assert [item["displayName"] for item in application["passwordCredentials"]] == [f"rustdesk-sso {second}"]
