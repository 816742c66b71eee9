# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task gives the same result in the controller's process and as a separate module process.

Most cases are compared in the test's process; a few go through ansible-playbook, to show that it supports both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.steps import control, module, predicted

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet
from support.in_process import InProcess

# Values that always differ between two runs
CHANCE = {"object_id", "app_id", "key_id", "created", "expires", "hint", "secret_text", "request_id", "client_secret"}
# Keys that Ansible, not the collection, adds to the results of only one of the two
FRAME = {"ansible_facts", "invocation", "warnings", "deprecations"}


@pytest.fixture
def fleet(lab: Lab, make_fleet: Callable[[int], Fleet]) -> Iterator[Fleet]:
    """A tenant and two servers, one for each way to run, in which changes are replicated immediately."""
    lab.set_lag(0, 0)
    yield make_fleet(2)
    lab.set_lag(0.2, 0.5)


def plain(result: Any, own: dict[str, str]) -> Any:
    """A result without random values, and with the names of one side's objects replaced."""
    if isinstance(result, dict):
        return {
            key: "..." if key in CHANCE and value else plain(value, own)
            for key, value in result.items()
            if key not in FRAME
        }
    if isinstance(result, list):
        return [plain(item, own) for item in result]
    if isinstance(result, str):
        for name, value in own.items():
            result = result.replace(value, name)
    return result


def compare(tasks: list[dict[str, Any]], first: list[Any], second: list[Any], own: list[dict[str, str]]) -> list[str]:
    """The tasks whose results differ, each with both results."""
    differing = []
    for task, one, other in zip(tasks, first, second, strict=True):
        if "ansible.builtin.uri" in task:
            continue
        here, there = plain(one, own[0]), plain(other, own[1])
        if here != there:
            keys = {key: (here.get(key), there.get(key)) for key in here.keys() | there.keys()}
            unequal = {key: pair for key, pair in keys.items() if pair[0] != pair[1]}
            differing.append(f"{next(iter(task))}: {json.dumps(unequal, indent=1)}")
    return differing


def test_entra(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """Success, change, check mode, invalid input, and failures of the service."""
    tenants = [fleet.tenant, lab.add_tenant(f"second.{fleet.domain}")]
    runs, own, tasks = [], [], []
    for tenant, as_module in zip(tenants, (False, True), strict=True):
        entra = {
            **fleet.entra,
            "tenant_id": tenant.tenant_id,
            "client_id": tenant.automation["client_id"],
            "client_secret": tenant.automation["client_secret"],
        }
        app = {
            **entra,
            "unique_name": "desks",
            "display_name": "RustDesk",
            "web_redirect_uris": {"set": ["https://desk.example/api/oidc/callback"]},
            "wait_timeout": 20,
        }
        with_secret = {**app, "client_secrets": [{"name": "desk1"}]}
        order = {"service": "graph", "method": "GET", "path_regex": "broken", "times": 20}
        first = [predicted(module("entra_app", **with_secret)), module("entra_app", **with_secret)]
        results = in_process.tasks(*first, module_door=as_module)
        held = results[1]["client_secrets"][0]["secret_text"]
        tasks = [
            module("entra_app", **{**app, "client_secrets": [{"name": "desk1", "held": held}]}),
            predicted(module("entra_app", **app, id_token_issuance_enabled=False)),
            module("entra_app", **app, id_token_issuance_enabled=False),
            module("entra_app", **{**app, "web_redirect_uris": {"remove": ["https://desk.example/api/oidc/callback"]}}),
            module("entra_app", **app, bogus=1),
            module("entra_app", **{**app, "client_secrets": "desk1"}),
            module("entra_app", **{**app, "client_secrets": [{"lifetime": "9d"}]}),
            module("entra_app", **{**app, "client_secrets": [{"name": "desk1", "lifetime": "x"}]}),
            module("entra_app", **{**app, "timeout": "soon"}),
            module("entra_app", **{**app, "state": "gone"}),
            module("entra_app", **entra),
            module("entra_app", display_name="RustDesk"),
            module("entra_app", **{**app, "client_secret": "wrong~0123456789~0123456789~0123456789~1"}),
            control(lab, "POST", "/faults", **order, json={"error": {"code": "Nonsense", "message": "no"}}, status=400),
            module("entra_app", **{**app, "unique_name": "broken"}),
            control(lab, "DELETE", "/faults"),
            module("entra_app_info", **entra, unique_name="desks"),
            module("entra_app_info", **entra, unique_name="none"),
            predicted(module("entra_app", **app, state="absent")),
            module("entra_app", **app, state="absent"),
            module("entra_app", **app, state="absent"),
        ]
        results += in_process.tasks(*tasks, module_door=as_module)
        tasks = [*first, *tasks]
        runs.append(results)
        made = results[1]["application"]
        secret = results[1]["client_secrets"][0]
        own.append(
            {
                "TENANT": tenant.tenant_id,
                "CLIENT": tenant.automation["client_id"],
                "DOMAIN": tenant.domain.split(".")[0].capitalize(),
                "APP": made["app_id"],
                "OBJECT": made["object_id"],
                "PRINCIPAL": results[1]["service_principal"]["object_id"],
                "KEY": secret["key_id"],
                "MADE": made["created"],
                "ENDS": secret["expires"],
                "ENDED": secret["expires"][:16].replace("T", " "),
                **{
                    f"REQUEST{index}": result["error"]["request_id"]
                    for index, result in enumerate(results)
                    if result.get("error", {}).get("request_id")
                },
            }
        )
    assert [result["failed"] for result in runs[0]].count(True) == 10, runs[0]
    differing = compare(tasks, *runs, own=own)
    assert not differing, "\n".join(differing)


def test_rustdesk(lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """The same for the console modules and the sign-in check."""
    runs, own, tasks = [], [], []
    for (name, console), as_module in zip(fleet.consoles.items(), (False, True), strict=True):
        options = fleet.console_options(name)
        issuer = f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        provider = {**options, "client_id": "a", "client_secret": "Zx9~wide.awake_0123456789", "issuer": issuer}
        check = {
            "public_url": console.url,
            "issuer": issuer,
            "client_id": "a",
            "callback_url": f"{console.url}/api/oidc/callback",
            "registered_redirect_uris": [],
            "ca_path": str(lab.ca_path),
        }
        order = {"service": name, "method": "GET", "path_regex": "/api/oidc/settings", "times": 1}
        tasks = [
            predicted(module("rustdesk_oidc_provider", **provider)),
            module("rustdesk_oidc_provider", **provider),
            module("rustdesk_oidc_provider", **provider),
            # A secret among the options is masked wherever the result repeats it
            predicted(module("rustdesk_oidc_provider", **{**provider, "client_id": provider["client_secret"]})),
            module("rustdesk_oidc_provider", **options, enabled=False),
            module("rustdesk_oidc_provider", **options, bogus=1),
            module("rustdesk_oidc_provider", **options, contract="perhaps"),
            module("rustdesk_oidc_provider", console_url=console.url),
            module("rustdesk_oidc_provider", **options, name="okta"),
            module("rustdesk_oidc_provider", **{**options, "password": "wrong~password"}, client_id="b"),
            control(lab, "POST", "/faults", **order, html="<html>gateway</html>"),
            module("rustdesk_oidc_provider", **options, console_type="pro", client_id="b"),
            module("rustdesk_oidc_provider_info", **options),
            module("rustdesk_oidc_provider_info", **options, include_secrets=True),
            module("rustdesk_oidc_provider_info", **options, session={"console": "pro", "token": "x"}),
            module("rustdesk_sign_in_check", **check),
            module("rustdesk_sign_in_check", **check, must_pass=False),
            module("rustdesk_sign_in_check", **{**check, "registered_redirect_uris": "x"}, timeout=[]),
            module("rustdesk_oidc_provider", **options, state="absent"),
        ]
        runs.append(in_process.tasks(*tasks, module_door=as_module))
        own.append({"CONSOLE": console.url, "NAME": name})
    assert [result["failed"] for result in runs[0]].count(True) == 9, runs[0]
    differing = compare(tasks, *runs, own=own)
    assert not differing, "\n".join(differing)


def test_ansible_supports_both(lab: Lab, fleet: Fleet, controller: Controller) -> None:
    """Every module in a playbook: with a change, in check mode, with a secret in the result, and with a failure."""
    runs, own, tasks = [], [], []
    for (name, console), as_module in zip(fleet.consoles.items(), (False, True), strict=True):
        options = fleet.console_options(name)
        callback = f"{console.url}/api/oidc/callback"
        app = {**fleet.entra, "unique_name": name, "display_name": "RustDesk", "wait_timeout": 20}
        provider = {
            **options,
            "client_id": "{{ result_0.application.app_id }}",
            "client_secret": "{{ result_0.client_secrets[0].secret_text }}",
            "issuer": "{{ result_0.issuer }}",
            "callback_url": callback,
        }
        check = {"public_url": console.url, "ca_path": str(lab.ca_path)}
        check |= {option: provider[option] for option in ("client_id", "client_secret", "issuer", "callback_url")}
        tasks = [
            module("entra_app", **app, web_redirect_uris={"set": [callback]}, client_secrets=[{"name": "desk"}]),
            module("entra_app_info", **fleet.entra, unique_name=name),
            predicted(module("rustdesk_oidc_provider", **provider)),
            module("rustdesk_oidc_provider", **provider),
            module("rustdesk_oidc_provider_info", **options, include_secrets=True),
            module("rustdesk_sign_in_check", **check, registered_redirect_uris=[]),
        ]
        runs.append(controller.tasks(*tasks, module_door=as_module))
        results = runs[-1]
        made, secret = results[0]["application"], results[0]["client_secrets"][0]
        own.append(
            {
                "CONSOLE": console.url,
                "NAME": name,
                "APP": made["app_id"],
                "OBJECT": made["object_id"],
                "PRINCIPAL": results[0]["service_principal"]["object_id"],
                "KEY": secret["key_id"],
                "MADE": made["created"],
                "ENDS": secret["expires"],
            }
        )
        assert [result["failed"] for result in results] == [False] * 5 + [True], results
    differing = compare(tasks, *runs, own=own)
    assert not differing, "\n".join(differing)


def test_former_names_of_options(fleet: Fleet, quick_controller: Controller) -> None:
    """They are accepted and reported as deprecated, with the release that removes them."""
    name = next(iter(fleet.consoles))
    options = {**fleet.console_options(name), "console": "pro"}
    tasks = [
        module("rustdesk_oidc_provider_info", **options),
        module("rustdesk_oidc_provider_info", **options, console_type="auto"),
        predicted(module("rustdesk_oidc_provider", **options, name="github", kind="github", client_id="a")),
        module("rustdesk_oidc_provider", **options, kind="nonsense"),
    ]
    here, apart = (quick_controller.tasks(*tasks, module_door=as_module) for as_module in (False, True))
    for one, other in zip(here, apart, strict=True):
        assert one["deprecations"] == other["deprecations"]
        assert one.get("warnings", []) == other.get("warnings", [])
    for result in here[:2]:
        assert result["console_type"] == "pro"
    assert "Both option console_type and its alias console are set" in str(here[1]["warnings"])
    for result, formers in zip(here, (["console"], ["console"], *[["console", "kind"]] * 2), strict=True):
        told = result["deprecations"]
        assert [item["msg"].split("'")[1] for item in told] == formers
        assert {item["version"] for item in told} == {"2.0.0"}
        assert "deskops.rustdesk_sso" in json.dumps(told)
