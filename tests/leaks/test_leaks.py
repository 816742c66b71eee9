# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret appears in output, log, files or process arguments, whether runs succeed, correct drift or fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import peers

from support.controller import MODULE_DOOR
from support.length import AT_LENGTH, record

WRONG_PASSWORD = "Wr0ng-Pa55word-of-the-console"
WRONG_CLIENT_SECRET = "xyz8Q~wrong-secret-of-the-automation-000"
# A service token for an access gateway, which consoles ignore
GATEWAY_TOKEN = "g4teway~service-token~0123456789"
SETTINGS = "/api/oidc/settings"
# How the automation signs in, by the names that options and variables share
ENTRA = ("client_id", "client_secret", "authority_host", "graph_endpoint")


def site(fleet: Any, module_door: bool) -> Path | list[dict[str, Any]]:
    """Return the collection's playbook; or its modules as tasks of a play, each in a separate process."""
    if not module_door:
        return fleet.controller.site
    entra = {name: f"{{{{ rustdesk_sso_entra_{name} }}}}" for name in ENTRA}
    console = {name: f"{{{{ rustdesk_sso_console_{name} }}}}" for name in ("username", "password")}
    session = {
        "console_url": "{{ rustdesk_sso_console_url }}",
        "totp_secret": "{{ rustdesk_sso_console_totp_secret | default(omit) }}",
        "ca_path": str(fleet.lab.ca_path),
        "headers": "{{ rustdesk_sso_console_headers }}",
        **console,
    }
    held = "{{ (seen.providers | first | default({})).client_secret | default('') }}"
    secret = f"{{{{ registered.client_secrets[0].secret_text | default({held[3:-3]}) }}}}"
    provider = {
        "client_id": "{{ registered.application.app_id }}",
        "issuer": "{{ registered.issuer }}",
        "callback_url": "{{ rustdesk_sso_public_url }}/api/oidc/callback",
        "client_secret": secret,
    }
    tasks = [
        {
            "deskops.rustdesk_sso.rustdesk_oidc_provider_info": {**session, "name": "azure", "include_secrets": True},
            "register": "seen",
        },
        {
            "deskops.rustdesk_sso.entra_app": {
                **entra,
                "tenant_id": fleet.tenant.tenant_id,
                "ca_path": str(fleet.lab.ca_path),
                "unique_name": "{{ rustdesk_sso_app_unique_name | default('shared') }}",
                "display_name": "RustDesk",
                "web_redirect_uris": {"add": [provider["callback_url"]]},
                "client_secrets": [{"name": "rustdesk-sso {{ inventory_hostname }}", "held": held}],
            },
            "register": "registered",
        },
        {"deskops.rustdesk_sso.rustdesk_oidc_provider": {**session, **provider, "enabled": True}},
        {
            "deskops.rustdesk_sso.rustdesk_sign_in_check": {
                **provider,
                "public_url": "{{ rustdesk_sso_public_url }}",
                "ca_path": str(fleet.lab.ca_path),
            }
        },
    ]
    here = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts = {"hosts": "rustdesk_servers", "gather_facts": False, "connection": "local", "vars": here}
    return [{**hosts, "tasks": [{**task, **MODULE_DOOR} for task in tasks]}]


def sabotage(fleet: Any, names: dict[str, str]) -> None:
    """Prepare the next run: two servers to correct, and failures at others, whose services return secrets in their
    responses.
    """
    (app,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    for secret in app["passwordCredentials"]:
        if secret["displayName"] == f"rustdesk-sso {names.get('secret-deleted')}":
            path = f"/applications/{app['id']}/removePassword"
            assert fleet.tenant.graph("POST", path, {"keyId": secret["keyId"]}).ok
    for case in names.keys() & {"disabled", "totp", "echo-on-write"}:
        document = fleet.consoles[names[case]].settings()
        for provider in document["providers"]:
            provider["enabled"] = False
        fleet.consoles[names[case]].put_settings(document)

    def fault(case: str, method: str, **answer: Any) -> None:
        fleet.lab.fault(names[case], method=method, path_regex=SETTINGS, times=100, **answer)

    def document(case: str) -> Any:
        return fleet.consoles[names[case]].settings()

    fleet.hosts[names["wrong-password"]]["rustdesk_sso_console_password"] = WRONG_PASSWORD
    fleet.hosts[names["wrong-automation"]].update(
        rustdesk_sso_entra_client_secret=WRONG_CLIENT_SECRET, rustdesk_sso_app_unique_name="another"
    )
    # Unknown formats: secrets in the text of an error and in members of other names, wrapped, a list, cut off
    held = " ".join(provider["client_secret"] for provider in document("echo-on-write")["providers"])
    fault("echo-on-write", "PUT", json={"error": f"invalid value: {held} {GATEWAY_TOKEN}"})
    if "renamed" in names:
        providers = {provider["name"]: provider["client_secret"] for provider in document("renamed")["providers"]}
        fault("renamed", "GET", json={**document("renamed"), "providers": providers})
        fault("wrapped", "GET", json={"code": 0, "data": document("wrapped")})
        fault("list", "GET", json=document("list")["providers"])
        fault("truncated", "GET", truncate=True)


CORRECTED = ("totp", "secret-deleted", "disabled")
# The first three are also tested as modules
FAILING = ("wrong-password", "wrong-automation", "echo-on-write", "renamed", "wrapped", "list", "truncated")


@pytest.mark.parametrize("module_door", [False, True], ids=["in process", "as module"])
def test_no_secret_is_visible(make_traces: Callable[[], Any], module_door: bool) -> None:
    traces = make_traces()
    fleet = traces.fleet
    fleet.variables["rustdesk_sso_console_headers"] = {"X-Gateway-Token": GATEWAY_TOKEN}
    # Each task and server starts a Python: fewer servers are enough to verify that modules mask as the action plugins
    # do
    failing = FAILING[:3] if module_door else FAILING
    names = {case: f"{case}.{fleet.domain}" for case in (*(CORRECTED[:1] if module_door else CORRECTED), *failing)}
    for case, name in names.items():
        console = fleet.add_server(name, **({"second_factor": "totp"} if case == "totp" else {}))
        if case == "totp" and module_door:  # each of its tasks signs in, and a code opens one session
            console.set_switches(totp_once=False)

    first = traces.run(site(fleet, module_door))
    assert first.rc == 0, first.output
    sabotage(fleet, names)
    second = traces.run(site(fleet, module_door))
    assert second.failed() == {names[case] for case in failing}, second.output
    assert second.changed()[names["totp"]] > 0

    # The search covered a real run: verbose, with a log and with the expected processes
    assert "task path:" in traces.output
    assert (traces.home / "ansible.log").stat().st_size > 10_000
    assert any("ansible-playbook" in line for line in traces.processes)
    assert list((traces.home / "junit").iterdir())
    assert list((traces.home / "tree").iterdir())
    assert (traces.home / "events").stat().st_size > 10_000
    modules = [line for line in traces.processes if "AnsiballZ_entra_app" in line and str(traces.home) in line]
    assert bool(modules) is module_door
    assert GATEWAY_TOKEN in str(fleet.lab.requests(names["totp"]))
    leaks = traces.leaks(WRONG_PASSWORD, WRONG_CLIENT_SECRET, GATEWAY_TOKEN)
    assert not leaks, "\n\n".join(leaks)


# How output is written; the test above uses the default
CALLBACKS = {
    "default, YAML": {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
    **{
        name: {"ANSIBLE_STDOUT_CALLBACK": name}
        for name in ("minimal", "oneline", "ansible.posix.debug", "ansible.posix.json", "ansible.posix.jsonl")
    },
}
MORE_REPORTS = "junit,tree,events,ansible.posix.profile_tasks,ansible.posix.profile_roles,ansible.posix.timer"


@pytest.mark.skipif(not AT_LENGTH, reason="by make fire")
@pytest.mark.parametrize("callback", CALLBACKS)
def test_each_callback(make_traces: Callable[[], Any], callback: str) -> None:
    """A first run, and one that corrects a server and fails at another, which returns its secrets."""
    began = time.monotonic()
    traces = make_traces()
    fleet = traces.fleet
    names = {case: f"{case}.{fleet.domain}" for case in ("secret-deleted", "echo-on-write", "wrong-password")}
    names["wrong-automation"] = f"wrong-automation.{fleet.domain}"
    for name in names.values():
        fleet.add_server(name)
    found = os.pathsep.join([str(fleet.controller.collections), str(peers.fetch())])
    chosen = {"ANSIBLE_COLLECTIONS_PATH": found, "ANSIBLE_CALLBACKS_ENABLED": MORE_REPORTS, **CALLBACKS[callback]}
    assert traces.run(fleet.controller.site, **chosen).rc == 0, traces.output
    sabotage(fleet, names)
    assert traces.run(fleet.controller.site, **chosen).rc == 2, traces.output
    leaks = traces.leaks(WRONG_PASSWORD, WRONG_CLIENT_SECRET)
    record(
        "Secrets",
        callback,
        "all types of traces",
        callback,
        ["a secret is visible"] * len(leaks),
        time.monotonic() - began,
    )
    assert not leaks, "\n\n".join(leaks)
