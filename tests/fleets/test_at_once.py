# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at the same time: neither loses a change by the other one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from faults.steps import own

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, rustdesk_oidc_provider
from support.consoles import KINDS, add
from support.controller import Controller
from support.fleet import Fleet

WRITERS = 5
SECRET = "a.Client~Secret_as_Entra_makes_it.40chars"


def results(module: Any, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results of the module's core for the tasks, all of which start at the same time."""

    def result(options: dict[str, Any]) -> dict[str, Any]:
        spec = {key: value for key, value in module.SPEC.items() if key != "supports_check_mode"}
        validated = ArgumentSpecValidator(**spec).validate(options)
        assert not validated.error_messages, validated.error_messages
        context = Context(check_mode=False, warn=lambda _text: None)
        return outcome(module.run, validated.validated_parameters, context)

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(result, tasks))


def test_redirect_uris_added_at_once(make_fleet: Callable[[int], Fleet]) -> None:
    """Graph replaces the whole list and has no versions: a run whose entries were overwritten writes again."""
    fleet = make_fleet(0)
    named = {**fleet.entra, "unique_name": "desks", "display_name": "RustDesk", "wait_timeout": 60}
    assert not results(entra_app, [named])[0].get("failed")
    uris = [f"https://desk{number}.example.com/api/oidc/callback" for number in range(WRITERS)]
    done = results(entra_app, [{**named, "web_redirect_uris": {"add": [uri]}} for uri in uris])
    assert [result.get("msg") for result in done] == [None] * WRITERS
    (application,) = own(fleet.tenant.applications())
    assert sorted(application["web"]["redirectUris"]) == sorted(uris)


def test_concurrent_runs_create_one_application(make_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_fleet(0)
    named = {**fleet.entra, "unique_name": "desks", "display_name": "RustDesk", "wait_timeout": 60}
    uris = [f"https://desk{number}.example.com/api/oidc/callback" for number in range(3)]
    done = results(entra_app, [{**named, "web_redirect_uris": {"add": [uri]}} for uri in uris])
    assert [result.get("msg") for result in done] == [None] * 3
    (application,) = own(fleet.tenant.applications())
    assert sorted(application["web"]["redirectUris"]) == sorted(uris)
    assert len({result["service_principal"]["object_id"] for result in done}) == 1


def test_providers_of_one_console_written_at_once(make_fleet: Callable[[int], Fleet]) -> None:
    """The settings of RustDesk Server Pro are one document, which is written as a whole."""
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    console = fleet.consoles[name]
    shared = {
        **fleet.console_options(name),
        "console_type": "pro",
        "client_secret": SECRET,
        "issuer": "https://login.example/v2.0",
        "callback_url": f"{console.url}/api/oidc/callback",
    }
    names = [f"tenant{number}" for number in range(WRITERS)]
    done = results(rustdesk_oidc_provider, [{**shared, "name": each, "client_id": each} for each in names])
    assert [result.get("msg") for result in done] == [None] * WRITERS
    assert {item["name"] for item in console.settings()["providers"]} >= set(names)


def test_two_runs_on_overlapping_hosts(
    make_fleet: Callable[[int], Fleet], tmp_path: Path, quick_controller: Controller
) -> None:
    """Two jobs, such as slices with changed limits, start at the same time; two of five servers are in both."""
    fleet = make_fleet(0)
    for number, kind in enumerate((*KINDS, "pro", "pro")):
        add(fleet, kind, f"desk{number}")
    names = list(fleet.hosts)

    def run(home: str, hosts: list[str]) -> Any:
        folder = tmp_path / home
        folder.mkdir()
        inventory = {"hosts": {name: fleet.hosts[name] for name in hosts}, "vars": fleet.variables}
        return Controller(folder, quick_controller.collections).playbook(
            quick_controller.site, {"rustdesk_servers": inventory}
        )

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, ("one", "two"), (names[:4], names[1:]))
    assert (first.rc, second.rc) == (0, 0), first.output + second.output
    (application,) = own(fleet.tenant.applications())
    uris = {f"{console.url}/api/oidc/callback" for console in fleet.consoles.values()}
    assert set(application["web"]["redirectUris"]) == uris
    for name in names:
        assert fleet.sign_in(name)["access_token"]
    later = quick_controller.playbook(quick_controller.site, fleet.inventory)
    assert later.changed() == dict.fromkeys(names, 0), later.output
