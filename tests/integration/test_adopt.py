# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""adopt.yml: what people set up by hand becomes variables, with which site.yml goes on from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from faults.steps import own

from lab.client import Console, Lab
from support import consoles
from support.controller import Run
from support.fleet import Fleet

GROUP_FILE = "group_vars/rustdesk_servers/rustdesk_sso.yml"


@pytest.fixture
def by_hand(fleet: Fleet) -> Fleet:
    """A tenant in which the automation may take over what others made, and an inventory without any declaration."""
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
    """An application as RustDesk's guide has it made in the portal, for these servers."""
    uris = [f"{console.url}/api/oidc/callback" for console in servers]
    web = {"redirectUris": uris, "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    body = {"displayName": "RustDesk", "signInAudience": "AzureADMyOrg", "web": web, **members}
    made = fleet.tenant.graph("POST", "/applications", body).json()
    assert fleet.tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}).status_code == 201
    return made


def secret(fleet: Fleet, made: dict[str, Any], **members: Any) -> str:
    """Another client secret of an application."""
    body = {"passwordCredential": {"displayName": "by hand", **members}}
    return str(fleet.tenant.graph("POST", f"/applications/{made['id']}/addPassword", body).json()["secretText"])


def provider(fleet: Fleet, console: Console, client_id: str, value: str, **options: Any) -> None:
    """A provider in the console, and what the console's page or its environment says of where it is."""
    values = {
        "name": "azure",
        "client_id": client_id,
        "client_secret": value,
        "issuer": f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
        **options,
    }
    if console.kind != "rustdesk_api":
        values["callback_url"] = f"{console.url}/api/oidc/callback"
    made = fleet.controller.task("rustdesk_oidc_provider", **fleet.console_options(console.name), **values)
    assert made["changed"], made


def adopt(fleet: Fleet, *options: str) -> Run:
    """Run the playbook."""
    return fleet.controller.playbook(fleet.controller.site.with_name("adopt.yml"), fleet.inventory, *options)


def said(run: Run) -> str:
    """What was printed, without line breaks."""
    return " ".join(run.output.split())


def files(fleet: Fleet) -> dict[str, str]:
    """The variables' files next to the inventory."""
    home = fleet.controller.home
    found = [*home.glob("group_vars/**/*.yml"), *home.glob("host_vars/**/*.yml")]
    return {str(path.relative_to(home)): path.read_text() for path in found}


def nameless(sides: str) -> str:
    """What was seen of both sides, without the unique names of applications."""
    return re.sub(r"uniqueName\W+[\w-]+[^\w,]+", "uniqueName", sides)


def variables(fleet: Fleet, name: str) -> dict[str, Any]:
    """What the files say of a server."""
    texts = files(fleet)
    merged = {}
    for path in (GROUP_FILE, f"host_vars/{name}/rustdesk_sso.yml"):
        merged |= yaml.safe_load(texts.get(path, "{}").replace("!unsafe ", ""))
    return merged


def test_set_up_by_hand_becomes_variables(
    lab: Lab, by_hand: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    """Two applications of one name and a console of each kind: taken over as they are, and nothing is made twice."""
    fleet = by_hand
    first, second = server(fleet, "berlin"), server(fleet, "bern", "rustdesk_console")
    third = server(fleet, "wien", "rustdesk_api")
    shared, alone = application(fleet, first, second), application(fleet, third)
    held = secret(fleet, shared)
    secret(fleet, alone, displayName="forgotten")
    provider(fleet, first, shared["appId"], held)
    provider(fleet, second, shared["appId"], held)
    provider(fleet, third, alone["appId"], secret(fleet, alone), name="Microsoft")
    server(fleet, "graz")
    fleet.hosts["graz"]["rustdesk_sso_console_url"] = "https://127.0.0.1:9"
    before = seen(fleet)
    lab.clear_requests()

    predicted = adopt(fleet, "--check", "--diff")
    assert predicted.failed() == {"graz"}, predicted.output
    assert files(fleet) == {}
    run = adopt(fleet, "-vvv")
    assert run.failed() == {"graz"}, run.output
    assert run.changed() == predicted.changed()
    assert writes() == []
    assert seen(fleet) == before
    assert consoles.told(lab, run.output + predicted.output + "".join(files(fleet).values())) == []
    assert "https://127.0.0.1:9" in said(run)
    # A server of which nothing is known gets no part of what the others have
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
    assert variables(fleet, "bern")["rustdesk_sso_app_unique_name"] == "rustdesk-sso"
    assert variables(fleet, "bern")["rustdesk_sso_public_url"] == second.url
    assert "It shares the application with bern" in said(run)
    assert "The console holds no client secret" not in said(run)

    # What the files say is the truth: only the unique name is missing
    del fleet.hosts["graz"], fleet.consoles["graz"]
    before = seen(fleet)
    checked = fleet.site("--check", "--diff")
    assert checked.rc == 0, checked.output
    done = fleet.site("--diff")
    assert done.rc == 0, done.output
    assert done.changed() == checked.changed()
    named = {shared["appId"]: "rustdesk-sso", alone["appId"]: "rustdesk-sso-wien"}
    assert {item["appId"]: item["uniqueName"] for item in own(fleet.tenant.applications())} == named
    assert nameless(seen(fleet)) == nameless(before)
    upn, password = next(iter(fleet.tenant.users.items()))
    for console, name in ((first, "azure"), (second, "azure"), (third, "Microsoft")):
        assert console.sign_in(name, upn=upn, password=password)["access_token"]
    again = fleet.site()
    assert again.changed() == dict.fromkeys(fleet.hosts, 0), again.output


def test_what_all_have_in_common_is_of_the_group(by_hand: Fleet) -> None:
    """Each server's file holds what is its own; files that are there stay, unless they are to be replaced."""
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

    # A third server is looked at later: it gets all of its own, and what somebody has written by now stays
    third = server(fleet, "desk3")
    provider(fleet, third, made["appId"], secret(fleet, made), name="azure", enabled=False)
    notes = fleet.controller.home / "host_vars/desk1/rustdesk_sso.yml"
    notes.write_text(notes.read_text() + "# mine\n")
    before = files(fleet)
    later = adopt(fleet)
    assert later.rc == 0, later.output
    assert "adopt_overwrite" in later.output
    assert "redirect URIs: site.yml adds it" in said(later)
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

    # The name is no template
    done = fleet.site()
    assert done.rc == 0, done.output
    (app,) = own(fleet.tenant.applications())
    assert app["displayName"] == name
    assert not list(Path(fleet.controller.home).glob("**/owned"))


def test_what_is_not_as_it_should_be_is_told(by_hand: Fleet, lab: Lab) -> None:
    """Each server with a fault of its own: what site.yml mends, and what somebody has to decide."""
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

    run = adopt(fleet)
    text = said(run)
    assert run.failed() == {"common", "several", "unknown", "elsewhere", "name"}, run.output
    for name in ("v1", "ended", "foreign", "tokens", "proxied"):
        assert variables(fleet, name)["rustdesk_sso_tenant_id"] == tenant
    for expected in (
        "Set rustdesk_sso_tenant_id to the tenant of its application",
        "it belongs to version 1 of Microsoft's endpoints",
        f"expired on {end[:10]}: sign-in does not work",
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
    assert variables(fleet, "proxied")["rustdesk_sso_public_url"] == "https://desk.example"
    assert variables(fleet, "tokens")["rustdesk_sso_app_id_token_issuance_enabled"] is False
    assert consoles.told(lab, run.output + "".join(files(fleet).values())) == []

    # With what was asked for, these are decided as well
    fleet.hosts["common"]["rustdesk_sso_tenant_id"] = fleet.domain
    fleet.hosts["several"]["rustdesk_sso_provider_name"] = "second"
    run = adopt(fleet)
    assert run.failed() == {"unknown", "elsewhere", "name"}, run.output
    assert "it names no tenant, so no token matches it: site.yml corrects it" in said(run)
    assert variables(fleet, "common")["rustdesk_sso_app_id"] == made["appId"]
    assert variables(fleet, "common")["rustdesk_sso_tenant_id"] == tenant
    assert variables(fleet, "several")["rustdesk_sso_app_id"] == plain["appId"]


def test_permission_that_is_missing_is_told(by_hand: Fleet) -> None:
    """Nothing is written of an application that cannot be read."""
    fleet = by_hand
    console = server(fleet, "desk")
    made = application(fleet, console)
    provider(fleet, console, made["appId"], secret(fleet, made))
    fleet.tenant.set_permissions([])
    run = adopt(fleet)
    assert run.failed() == {"desk"}, run.output
    assert "Application.ReadWrite.All" in run.output
    assert files(fleet) == {}
