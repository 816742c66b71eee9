# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_oidc_provider_info: a console's providers, with client secrets only on request, and never on a screen."""

from __future__ import annotations

from collections.abc import Callable

from faults.steps import module

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet
from support.in_process import InProcess


def test_providers_of_a_console(lab: Lab, make_fleet: Callable[[int], Fleet], in_process: InProcess) -> None:
    """They are in the console's order and without values; nothing is written, and no session is left open."""
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    console, options = fleet.consoles[name], fleet.console_options(name)
    document = console.settings()
    document["callback_url"] = "https://desk.example/api/oidc/callback"
    azure = {
        "name": "azure",
        "order_index": 1,
        "enabled": True,
        "client_id": "b",
        "client_secret": "",
        "issuer": "https://i.example",
    }
    okta = {"name": "okta", "order_index": 2, "enabled": False, "client_id": "a", "client_secret": "okta~secret~value"}
    document["providers"] += [azure, okta]
    console.put_settings(document)
    lab.clear_requests()
    plain, with_secrets, by_name = in_process.tasks(
        module("rustdesk_oidc_provider_info", **options),
        module("rustdesk_oidc_provider_info", **options, include_secrets=True),
        module("rustdesk_oidc_provider_info", **options, name="OKTA"),
    )
    assert plain["console_type"] == "pro", plain
    assert plain["callback_url"] == document["callback_url"]
    assert [(item["name"], item["order"]) for item in plain["providers"]] == [("legacy", 0), ("azure", 1), ("okta", 2)]
    assert [item["client_secret_set"] for item in plain["providers"]] == [True, False, True]
    assert plain["providers"][1]["issuer"] == "https://i.example"
    secrets = {item["name"]: item["client_secret"] for item in document["providers"]}
    assert not [value for value in secrets.values() if value and value in str(plain)]
    assert {item["name"]: item.get("client_secret", "") for item in with_secrets["providers"]} == secrets
    assert [item["name"] for item in by_name["providers"]] == ["okta"]
    assert not any(result["changed"] for result in (plain, with_secrets, by_name))
    assert {item["method"] for item in lab.requests() if "settings" in item["path"]} == {"GET"}
    assert console.sessions() == []
    assert console.settings() == document


def test_secrets_stay_out_of_the_output(make_fleet: Callable[[int], Fleet], quick_controller: Controller) -> None:
    """They are censored at the highest verbosity, as action and as module, and the next task can still use them."""
    fleet = make_fleet(1)
    (name,) = fleet.consoles
    (secret,) = [item["client_secret"] for item in fleet.consoles[name].settings()["providers"]]
    read = {
        **module("rustdesk_oidc_provider_info", **fleet.console_options(name), include_secrets=True),
        "register": "r",
    }
    used = {"ansible.builtin.assert": {"that": f"r.providers[0].client_secret | length == {len(secret)}"}}
    # A session is encrypted, and the next task continues with it
    options = fleet.console_options(name)
    kept = {**module("rustdesk_oidc_provider_info", **options, keep_session=True), "register": "kept"}
    used_on = module("rustdesk_oidc_provider_info", **{**options, "password": "wrong"}, session="{{ kept.session }}")
    handed_on = {"ansible.builtin.debug": {"msg": "KEPT {{ kept.session.token }}"}}
    through_module = {**read, "environment": {"RUSTDESK_SSO_DOOR": "module"}}
    tasks = [read, used, through_module, used, kept, used_on, handed_on]
    run = quick_controller.playbook(
        [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], {"all": {"hosts": {}}}, "-vvvv", "--diff"
    )
    assert run.rc == 0, run.output
    assert run.recap["localhost"]["ok"] == 7
    assert run.output.count("censored") == 2
    assert '"msg": "KEPT sealed:' in run.output
    assert fleet.consoles[name].sessions() == []
    assert secret not in run.output
    assert fleet.consoles[name].password not in run.output
