# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""adopt.yml: a manual setup becomes variables that site.yml continues with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from faults.steps import own

from ansible_collections.deskops.rustdesk_sso.plugins.filter.entra_oidc_servers import entra_oidc_servers
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.adoption import declare
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import read, specification
from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess
from support.quick_runs import PlaybookRun, QuickRun, quick_playbook, quick_run

ROLE_DEFAULTS = {name: rules["default"] for name, rules in specification().items() if "default" in rules}
NO_TEMPLATES = SimpleNamespace(template=lambda value: value)
GROUP_FILE = "group_vars/rustdesk_servers/rustdesk_sso.yml"


@pytest.fixture
def by_hand(fleet: Fleet, in_process: InProcess) -> Fleet:
    """A tenant in which the automation may take over applications of others, and an inventory without declarations.

    ``in_process`` is for `provider`, without the pauses of the module.
    """
    fleet.tenant.set_permissions(["Application.ReadWrite.All"])
    del fleet.variables["rustdesk_sso_tenant_id"]
    return fleet


def server(fleet: Fleet, name: str, kind: str = "pro") -> Console:
    """A server whose name in the inventory is an alias."""
    console = fleet.add_server(name, kind=kind)
    del fleet.hosts[name]["rustdesk_sso_public_url"]
    if kind == "rustdesk_console":
        console.set_switches(rate_limits=False)
    return console


def application(fleet: Fleet, *servers: Console, **members: Any) -> dict[str, Any]:
    """An application for these servers as RustDesk's guide describes it for the portal."""
    uris = [f"{console.url}/api/oidc/callback" for console in servers]
    web = {"redirectUris": uris, "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    body = {"displayName": "RustDesk", "signInAudience": "AzureADMyOrg", "web": web, **members}
    made = fleet.tenant.graph("POST", "/applications", body).json()
    assert fleet.tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}).status_code == 201
    return made


def secret(fleet: Fleet, made: dict[str, Any], **members: Any) -> str:
    """Add another client secret to an application and return its value."""
    body = {"passwordCredential": {"displayName": "by hand", **members}}
    return str(fleet.tenant.graph("POST", f"/applications/{made['id']}/addPassword", body).json()["secretText"])


def provider(fleet: Fleet, console: Console, client_id: str, value: str, **options: Any) -> None:
    """Add a provider to the console, with the address that the console's page or environment configures."""
    values = {
        "name": "azure",
        "client_id": client_id,
        "client_secret": value,
        "issuer": f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
        **options,
    }
    if console.kind != "rustdesk_api":
        values["callback_url"] = f"{console.url}/api/oidc/callback"
    made = InProcess(fleet.lab).task("rustdesk_oidc_provider", **fleet.console_options(console.name), **values)
    assert made["changed"], made


def adopt(fleet: Fleet, *options: str) -> PlaybookRun:
    """Run the playbook, which writes files below the controller's home."""
    return quick_playbook(fleet, "adopt", "-e", f"adopt_directory={fleet.controller.home}", *options)


def failed(run: PlaybookRun) -> set[str]:
    """The hosts that failed."""
    return {name for name, counts in run.recap.items() if counts["failed"]}


def site(fleet: Fleet, *options: str) -> QuickRun:
    """Run the role with the variables in the files of each server."""
    for name in fleet.hosts:
        fleet.hosts[name] |= variables(fleet, name)
    return quick_run(fleet, *options)


def files(fleet: Fleet) -> dict[str, str]:
    """The variable files next to the inventory."""
    home = fleet.controller.home
    found = [*home.glob("group_vars/**/*.yml"), *home.glob("host_vars/**/*.yml")]
    return {str(path.relative_to(home)): path.read_text() for path in found}


def nameless(sides: str) -> str:
    """The state of both sides without the unique names of applications."""
    return re.sub(r"uniqueName\W+[\w-]+[^\w,]+", "uniqueName", sides)


def variables(fleet: Fleet, name: str) -> dict[str, Any]:
    """The variables that the files set for a server."""
    texts = files(fleet)
    merged = {}
    for path in (GROUP_FILE, f"host_vars/{name}/rustdesk_sso.yml"):
        merged |= yaml.safe_load(texts.get(path, "{}").replace("!unsafe ", ""))
    return merged


def values(outcome: dict[str, Any]) -> dict[str, Any]:
    """The variables in the files of a server's result."""
    texts = [yaml.safe_load(text.replace("!unsafe ", "")) for text in outcome["files"].values()]
    return {name: value for text in texts for name, value in text.items()}


def outcome_of(fleet: Fleet, in_process: InProcess) -> dict[str, dict[str, Any]]:
    """The playbook's results for each server, from its modules and decisions without running the playbook."""
    hostvars: dict[str, dict[str, Any]] = {}
    for name, variables in fleet.hosts.items():
        given, problems = read({**ROLE_DEFAULTS, **fleet.variables, **variables}, NO_TEMPLATES)
        declaration, more = declare(given, name)
        assert [*problems, *more] == []
        options = fleet.console_options(name)
        seen = in_process.task("rustdesk_oidc_provider_info", **options, include_secrets=True)
        assert not seen["failed"], seen
        kept = {"round": "one", "lockstep": True, **(declaration or {})}
        hostvars[name] = {"__rustdesk_sso_declaration": kept, "__rustdesk_sso_console": seen}
    names = list(hostvars)
    for name in names:
        answers = [
            {"item": item, **in_process.task("entra_app_info", **{**fleet.entra, **item}, gather=[])}
            for item in entra_oidc_servers(hostvars, "lookups", name, [])
        ]
        hostvars[name]["__rustdesk_sso_registration"] = {"results": answers}
    return dict(entra_oidc_servers(hostvars, "adopted", names[0], names))


def test_manual_setups_become_variables(
    lab: Lab, by_hand: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    """Two applications of one name and a console of each type are adopted unchanged; nothing is duplicated."""
    fleet = by_hand
    first, second = server(fleet, "berlin"), server(fleet, "bern", "rustdesk_console")
    third = server(fleet, "wien", "rustdesk_api")
    shared, alone = application(fleet, first, second), application(fleet, third)
    held = secret(fleet, shared)
    secret(fleet, alone, displayName="forgotten")
    provider(fleet, first, shared["appId"], held)
    provider(fleet, second, shared["appId"], held)
    provider(fleet, third, alone["appId"], secret(fleet, alone), name="Microsoft")
    gateway = server(fleet, "graz")
    lab.fault("graz", times=1000, html="<html>Gateway</html>")
    before = seen(fleet)
    lab.clear_requests()

    predicted = adopt(fleet, "--check")
    assert failed(predicted) == {"graz"}, predicted.output
    assert files(fleet) == {}
    run = adopt(fleet)
    assert failed(run) == {"graz"}, run.output
    assert run.changed() == predicted.changed()
    assert writes() == []
    assert seen(fleet) == before
    assert consoles.told(lab, run.output + predicted.output + "".join(files(fleet).values())) == []
    assert gateway.url in run.output
    # A server about which nothing is known gets none of the others' settings
    assert set(files(fleet)) == {f"host_vars/{name}/rustdesk_sso.yml" for name in ("berlin", "bern", "wien")}
    assert variables(fleet, "wien") == {
        "rustdesk_sso_tenant_id": fleet.tenant.tenant_id,
        "rustdesk_sso_app_id": alone["appId"],
        "rustdesk_sso_app_adopt": True,
        "rustdesk_sso_app_unique_name": "rustdesk-sso-wien",
        "rustdesk_sso_app_display_name": "RustDesk",
        "rustdesk_sso_app_sign_in_audience": "AzureADMyOrg",
        "rustdesk_sso_app_id_token_issuance_enabled": True,
        "rustdesk_sso_provider_name": "Microsoft",
        "rustdesk_sso_provider_enabled": True,
        "rustdesk_sso_public_url": third.url,
    }
    # The default name is that of a server without variables
    assert variables(fleet, "bern")["rustdesk_sso_app_unique_name"] == "rustdesk-sso-berlin"
    assert variables(fleet, "bern")["rustdesk_sso_public_url"] == second.url
    assert "It shares the application with bern" in run.output
    assert "The console has no client secret" not in run.output

    # The files match reality: only the unique name is missing
    del fleet.hosts["graz"], fleet.consoles["graz"]
    before = seen(fleet)
    done = site(fleet)
    assert done.rc == 0, done.output
    named = {shared["appId"]: "rustdesk-sso-berlin", alone["appId"]: "rustdesk-sso-wien"}
    assert {item["appId"]: item["uniqueName"] for item in own(fleet.tenant.applications())} == named
    assert nameless(seen(fleet)) == nameless(before)
    upn, password = next(iter(fleet.tenant.users.items()))
    for console, name in ((first, "azure"), (second, "azure"), (third, "Microsoft")):
        assert console.sign_in(name, upn=upn, password=password)["access_token"]


def test_common_values_go_to_the_group_file(by_hand: Fleet) -> None:
    """Each server's file holds its own values; existing files are kept unless they are to be replaced."""
    fleet = by_hand
    first, second = server(fleet, "desk1"), server(fleet, "desk2")
    name = 'Desk {{ lookup("pipe", "touch owned") }}: "Büro" \U0001f511'
    made = application(fleet, first, second, displayName=name)
    for console in (first, second):
        provider(fleet, console, made["appId"], secret(fleet, made))
    run = adopt(fleet)
    assert run.rc == 0, run.output
    assert set(files(fleet)) == {GROUP_FILE, "host_vars/desk1/rustdesk_sso.yml", "host_vars/desk2/rustdesk_sso.yml"}
    assert yaml.safe_load(files(fleet)["host_vars/desk1/rustdesk_sso.yml"]) == {"rustdesk_sso_public_url": first.url}

    # A third server is inspected later: it gets a complete file, and a file written by a user in the meantime is kept
    third = server(fleet, "desk3")
    provider(fleet, third, made["appId"], secret(fleet, made), name="azure", enabled=False)
    notes = fleet.controller.home / "host_vars/desk1/rustdesk_sso.yml"
    notes.write_text(notes.read_text() + "# mine\n")
    before = files(fleet)
    later = adopt(fleet)
    assert later.rc == 0, later.output
    assert "adopt_overwrite" in later.output
    assert "redirect URIs: site.yml adds it" in later.output
    texts = files(fleet)
    assert {path: texts[path] for path in before} == before
    assert variables(fleet, "desk3")["rustdesk_sso_provider_enabled"] is False
    replaced = adopt(fleet, "-e", "adopt_overwrite=true")
    assert replaced.rc == 0, replaced.output
    assert "# mine" not in notes.read_text()
    assert yaml.safe_load(files(fleet)["host_vars/desk2/rustdesk_sso.yml"]) == {
        "rustdesk_sso_provider_enabled": True,
        "rustdesk_sso_public_url": second.url,
    }

    # Ansible, which reads the files itself, does not treat the name as a template
    done = fleet.site()
    assert done.rc == 0, done.output
    (app,) = own(fleet.tenant.applications())
    assert app["displayName"] == name
    assert not list(Path(fleet.controller.home).glob("**/owned"))


def test_faults_of_manual_setups_are_reported(by_hand: Fleet, lab: Lab, in_process: InProcess) -> None:
    """Each server has a different fault: those that site.yml corrects, and those that the user has to decide."""
    fleet = by_hand
    login, tenant = lab.login_url, fleet.tenant.tenant_id
    names = ["common", "v1", "ended", "foreign", "tokens", "several", "none", "unknown", "elsewhere", "proxied", "name"]
    desks = {name: server(fleet, name, "rustdesk_api" if name == "proxied" else "pro") for name in names}
    made = application(fleet, *desks.values())
    good = secret(fleet, made)
    web = {"redirectUris": [], "implicitGrantSettings": {"enableIdTokenIssuance": False}}
    plain = application(fleet, displayName="No ID tokens", web=web)
    proxied = application(fleet, web={"redirectUris": ["https://desk.example/api/oidc/callback"]})
    now = parsedate_to_datetime(lab.http.get(f"{login}/{tenant}/v2.0/.well-known/openid-configuration").headers["Date"])
    end = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    ended = secret(fleet, made, endDateTime=end)
    lab.advance(2 * 24 * 3600)
    other = lab.add_tenant("other.example")
    missing = "11111111-2222-3333-4444-555555555555"

    provider(fleet, desks["common"], made["appId"], good, issuer=f"{login}/common/v2.0")
    provider(fleet, desks["v1"], made["appId"], good, issuer=f"https://sts.windows.net/{tenant}/")
    provider(fleet, desks["ended"], made["appId"], ended)
    provider(fleet, desks["foreign"], made["appId"], "Not~one.of_its-client-secrets-at-all")
    provider(fleet, desks["tokens"], plain["appId"], secret(fleet, plain))
    provider(fleet, desks["several"], made["appId"], good)
    provider(fleet, desks["several"], plain["appId"], good, name="second")
    provider(
        fleet, desks["none"], "a-word", "Okta~secret.of_somebody-else", name="okta", issuer="https://id.example/oauth2"
    )
    provider(fleet, desks["unknown"], missing, good)
    provider(fleet, desks["elsewhere"], made["appId"], good, issuer=f"{login}/{other.tenant_id}/v2.0")
    provider(fleet, desks["proxied"], proxied["appId"], secret(fleet, proxied))
    provider(fleet, desks["name"], "RustDesk", good)

    outcomes = outcome_of(fleet, in_process)
    text = str([item["message"] for item in outcomes.values()])
    undecided = {name for name, item in outcomes.items() if item["state"] == "undecided"}
    assert undecided == {"common", "several", "unknown", "elsewhere", "name"}, text
    for name in ("v1", "ended", "foreign", "tokens", "proxied"):
        assert values(outcomes[name])["rustdesk_sso_tenant_id"] == tenant
    for expected in (
        "Set rustdesk_sso_tenant_id to the tenant of its application",
        "it belongs to version 1 of Microsoft's endpoints",
        f"expired on {end[:10]}. Sign-in does not work",
        "does not belong to the application: site.yml creates a new one",
        "ID tokens are not enabled",
        f"several providers for Microsoft Entra ID: azure (application {made['appId']}), second",
        "The console has no provider for Microsoft Entra ID",
        f"does not exist in tenant {tenant}",
        f"in tenant {other.tenant_id}, which could not be read",
        "https://desk.example is taken",
        "which is not an application (client) ID",
    ):
        assert expected in text, expected
    assert values(outcomes["proxied"])["rustdesk_sso_public_url"] == "https://desk.example"
    assert values(outcomes["tokens"])["rustdesk_sso_app_id_token_issuance_enabled"] is False
    assert consoles.told(lab, str(outcomes)) == []

    # With the requested settings, these are decided
    fleet.hosts["common"]["rustdesk_sso_tenant_id"] = fleet.domain
    fleet.hosts["several"]["rustdesk_sso_provider_name"] = "second"
    outcomes = outcome_of(fleet, in_process)
    undecided = {name for name, item in outcomes.items() if item["state"] == "undecided"}
    assert undecided == {"unknown", "elsewhere", "name"}
    assert "it names no tenant, so no token matches it: site.yml corrects it" in outcomes["common"]["message"]
    assert values(outcomes["common"])["rustdesk_sso_app_id"] == made["appId"]
    assert values(outcomes["common"])["rustdesk_sso_tenant_id"] == tenant
    assert values(outcomes["several"])["rustdesk_sso_app_id"] == plain["appId"]


def test_missing_permission_is_reported(by_hand: Fleet) -> None:
    """Nothing is written for an application that cannot be read."""
    fleet = by_hand
    console = server(fleet, "desk")
    made = application(fleet, console)
    provider(fleet, console, made["appId"], secret(fleet, made))
    fleet.tenant.set_permissions([])
    run = adopt(fleet)
    assert failed(run) == {"desk"}, run.output
    assert "Grant the application" in run.output
    assert "Application.ReadWrite.OwnedBy, with admin consent" in run.output
    assert files(fleet) == {}
