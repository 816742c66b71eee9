# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role works in the controller's process, whatever the caller's settings are, and leaves no secret behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from faults.steps import writes
from fleets.plays import found, imported, included, noted, play
from fleets.test_callers import converged, guards, quiet, servers

from lab.client import Lab
from support.consoles import entry
from support.fleet import Fleet

# These override every keyword and every variable of the play
FORCED = {
    "ansible_connection": "ssh",
    "ansible_become": True,
    "ansible_become_user": "postgres",
    "ansible_python_interpreter": "/nonexistent/python",
}


def test_variables_of_the_command_line(fleet: Fleet) -> None:
    servers(fleet, 2)
    environment = guards(fleet.controller.home)

    def run(*entries: str) -> None:
        caller = play(*(included(tasks_from=entry) for entry in entries))
        done = fleet.controller.playbook([caller], fleet.inventory, "-e", json.dumps(FORCED), **environment)
        assert done.rc == 0, done.output[-4000:]
        assert not (fleet.controller.home / "called").exists()

    run("main", "observe")
    converged(fleet)
    run("remove")


def test_connection_that_is_not_installed(fleet: Fleet) -> None:
    (name,) = servers(fleet, 1)
    fleet.hosts[name] |= {"ansible_connection": "example.collection.missing", "ansible_become_method": "missing"}
    run = fleet.site()
    assert run.rc == 0, run.output[-4000:]
    converged(fleet)


def test_variables_of_the_import(fleet: Fleet) -> None:
    """Variables that the caller passes to the role count like those of the inventory, credentials among them."""
    servers(fleet, 2)
    given, fleet.variables = fleet.variables, {}
    caller = play(imported(vars=given))
    run = fleet.controller.playbook([caller], fleet.inventory)
    assert run.rc == 0, run.output[-4000:]
    converged(fleet)
    quiet(fleet, play(included(vars=given), vars={"rustdesk_sso_secret_lifetime": "100d"}))


def test_former_name_of_a_variable(fleet: Fleet) -> None:
    right, wrong = servers(fleet, 2)
    fleet.hosts[right]["rustdesk_sso_console"] = "pro"
    fleet.hosts[wrong]["rustdesk_sso_console"] = "rustdesk_api"
    run = fleet.site()
    assert run.failed() == {wrong}, run.output[-4000:]
    said = " ".join(run.output.split())
    assert "The variable rustdesk_sso_console is deprecated. Use rustdesk_sso_console_type instead" in said


def test_environment_of_the_caller(lab: Lab, fleet: Fleet) -> None:
    """It is used, as by any module; variables that take effect only when a process starts are refused."""
    (name,) = servers(fleet, 1)
    password = fleet.hosts[name].pop("rustdesk_sso_console_password")
    run = fleet.controller.playbook([play(imported(), environment={"RUSTDESK_PASSWORD": password})], fleet.inventory)
    assert run.rc == 0, run.output[-4000:]
    converged(fleet)

    lab.clear_requests()
    late = {"RUSTDESK_PASSWORD": password, "PYTHONPATH": "/opt/lib", "LD_PRELOAD": "x.so"}
    refused = fleet.controller.playbook([play(imported(), environment=late)], fleet.inventory)
    assert refused.failed() == {name}
    assert "LD_PRELOAD, PYTHONPATH takes effect only when a process starts" in refused.output
    assert writes(lab) == []


@pytest.mark.parametrize("keywords", [{"serial": 1}, {"strategy": "free"}], ids=["batches", "free"])
def test_no_secret_stays_in_a_variable(lab: Lab, fleet: Fleet, keywords: dict[str, Any]) -> None:
    """Secrets stay neither on the servers of a batch nor on others of the play, even after a failure."""
    first, *_others = names = servers(fleet, 2)
    given = json.dumps(fleet.inventory)
    show = {
        "name": "Show all variables",
        "ansible.builtin.debug": {
            "msg": "{{ query('ansible.builtin.vars', *query('ansible.builtin.varnames', 'rustdesk'), default='') }}"
        },
        "vars": {"rustdesk_sso_shown": "the variables of {{ inventory_hostname }}"},
    }
    last = play(show)

    def left(caller: dict[str, Any]) -> list[str]:
        """Return the secrets that a run has created, read or sent, and that are in a variable of any host after it."""
        text = fleet.controller.playbook([caller, last], fleet.inventory).output
        assert all(f"the variables of {name}" in text for name in names), text[-4000:]
        held = [entry(fleet.consoles[name])["client_secret"] for name in names]
        made = [secret for secret in {*lab.secrets(), *held} if secret and secret not in given]
        assert made
        return [text[max(0, text.find(secret) - 200) : text.find(secret)] for secret in made if secret in text]

    assert left(play(imported(), **keywords)) == []
    fleet.hosts[first]["rustdesk_sso_public_url"] = "https://127.0.0.1:9"
    renewed = {"rustdesk_sso_secret_renew": True}
    both = (included(tasks_from="observe"), imported(vars=renewed, ignore_errors=True))
    assert left(play(*both, **keywords)) == []


def test_a_host_without_the_role_does_not_affect_others(lab: Lab, fleet: Fleet) -> None:
    """The condition is false at the first server, which would register for all."""
    first, *others = servers(fleet, 3)
    some = imported(when=f"inventory_hostname != '{first}'")
    run = fleet.controller.playbook([play(some, noted())], fleet.inventory)
    assert run.rc == 0, run.output[-4000:]
    assert lab.requests(first) == []
    for name in others:
        assert set(found(run, name)) == set(others)
        assert fleet.sign_in(name)["access_token"]
    quiet(fleet, play(some))


def test_one_registration_for_a_batch(lab: Lab, fleet: Fleet, tmp_path: Path) -> None:
    """Servers in two tenants, each with its own application: one task registers all; a refusal affects no other."""
    first, second = servers(fleet, 2)
    for name in (first, second):
        fleet.hosts[name]["rustdesk_sso_app_unique_name"] = name
    other = Fleet(lab, fleet.controller, 1)
    guest = next(iter(other.hosts))
    fleet.hosts[guest] = {
        **other.variables,
        **other.hosts[guest],
        "rustdesk_sso_entra_client_secret": "wrong~" + "x" * 34,
    }
    run = fleet.site()
    assert run.failed() == {guest}, run.output[-4000:]
    assert run.output.count("TASK [deskops.rustdesk_sso.entra_oidc : Register the applications]") == 1
    assert "AADSTS7000215" in run.output
    for name in (first, second):
        assert fleet.sign_in(name)["access_token"]
    fleet.hosts[guest] |= other.variables
    corrected = fleet.site()
    assert corrected.rc == 0, corrected.output[-4000:]
    assert {name: corrected.changed()[name] for name in (first, second)} == {first: 0, second: 0}, corrected.output[
        -3000:
    ]
    assert other.sign_in(guest)["access_token"]
