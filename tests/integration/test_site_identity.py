# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml gives a console's users no new identity: they keep their accounts unless the user requests otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faults.steps import own

from lab.client import Console
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run


def by_hand(fleet: Fleet, *desks: Console, **values: Any) -> str:
    """Register an application for consoles manually and enter it in their providers; return its client ID."""
    web = {"redirectUris": [f"{console.url}/api/oidc/callback" for console in desks]}
    made = fleet.tenant.graph("POST", "/applications", json={"displayName": "By hand", "web": web}).json()
    assert fleet.tenant.graph("POST", "/servicePrincipals", json={"appId": made["appId"]}).status_code == 201
    for console in desks:
        secret = fleet.tenant.graph("POST", f"/applications/{made['id']}/addPassword", json={}).json()
        consoles.put(console, client_id=made["appId"], client_secret=secret["secretText"], **values)
    return str(made["appId"])


def accounts(fleet: Fleet) -> dict[str, list[str]]:
    """Sign a user in everywhere; return the accounts of each console."""
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]
    return {name: sorted(user["name"] for user in console.users()) for name, console in fleet.consoles.items()}


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def test_manually_created_application(fleet: Fleet, seen: Callable[[Fleet], str]) -> None:
    """At each console type it is refused without any change, then adopted, or replaced on request."""
    fleet.tenant.set_permissions(["Application.ReadWrite.All"])
    desks = consoles.one_of_each(fleet)
    assert quick_run(fleet).rc == 0
    (first,) = own(fleet.tenant.applications())
    fleet.tenant.graph("DELETE", f"/applications/{first['id']}")
    fleet.tenant.graph("DELETE", f"/directory/deletedItems/{first['id']}")
    held = by_hand(fleet, *desks.values())
    known, before = accounts(fleet), seen(fleet)

    for options in (["--check"], []):
        refused = quick_run(fleet, *options)
        assert refused.failed() == set(fleet.consoles), refused.output
        for words in (f"the client ID {held}", "In this tenant, it is By hand", f"rustdesk_sso_app_id to {held}"):
            assert words in said(refused.output)
        assert f"rustdesk_sso_app_replaces to {held}. Nothing was changed." in said(refused.output)
        assert seen(fleet) == before
    assert accounts(fleet) == known

    fleet.variables["rustdesk_sso_app_id"] = held
    adopted = quick_run(fleet)
    assert adopted.rc == 0, adopted.output
    assert [item["appId"] for item in own(fleet.tenant.applications())] == [held]
    assert accounts(fleet) == known

    other = by_hand(fleet, *desks.values())
    fleet.variables["rustdesk_sso_app_replaces"] = "11111111-2222-3333-4444-555555555555"
    assert quick_run(fleet, "--check").failed() == set(fleet.consoles)
    fleet.variables["rustdesk_sso_app_replaces"] = [other, "11111111-2222-3333-4444-555555555555"]
    predicted, replaced = quick_run(fleet, "--check"), quick_run(fleet)
    assert replaced.rc == 0, replaced.output
    for run in (predicted, replaced):
        assert said(run.output).count("accounts: new for all users (client_id)") >= len(desks)
    assert {consoles.entry(console)["client_id"] for console in desks.values()} == {held}


def test_one_refused_console_of_several(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """The others that share the application continue; the refused one adds nothing, although its provider is off."""
    fleet = make_quick_fleet(2)
    one, other = fleet.consoles.values()
    assert quick_run(fleet).rc == 0
    held = by_hand(fleet, one, enabled=False)
    (shared,) = own(fleet.tenant.applications(), uniqueName="rustdesk-sso")
    fleet.tenant.graph("PATCH", f"/applications/{shared['id']}", json={"web": {"redirectUris": []}})
    keys = {item["keyId"] for item in shared["passwordCredentials"]}
    run = quick_run(fleet)
    assert run.failed() == {one.name}, run.output
    assert "it is disabled, but can be enabled for its users again" in said(run.output)
    (after,) = own(fleet.tenant.applications(), uniqueName="rustdesk-sso")
    assert after["web"]["redirectUris"] == [f"{other.url}/api/oidc/callback"]
    assert {item["keyId"] for item in after["passwordCredentials"]} == keys
    assert consoles.entry(one)["client_id"] == held
    assert fleet.sign_in(other.name)["access_token"]


def test_provider_with_another_name_for_the_same_tenant(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """No second one is added next to it, unless both are intended."""
    fleet = make_quick_fleet(1)
    (host,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    fleet.variables["rustdesk_sso_provider_name"] = "entra"
    issuer = consoles.entry(fleet.consoles[host])["issuer"]
    # The tenant by its ID and by its domain; with the same application and with a new one
    for number, spelling in enumerate((issuer, issuer.replace(fleet.tenant.tenant_id, fleet.domain))):
        consoles.put(fleet.consoles[host], issuer=spelling)
        refused = quick_run(fleet, "-e", f"rustdesk_sso_app_unique_name={('rustdesk-sso', 'another')[number]}")
        assert refused.failed() == {host}, refused.output
        assert "Set rustdesk_sso_provider_name to azure" in said(refused.output)
        assert len(own(fleet.tenant.applications())) == 1
    consoles.put(fleet.consoles[host], issuer=issuer)
    fleet.variables["rustdesk_sso_provider_beside"] = ["azure"]
    both = quick_run(fleet)
    assert both.rc == 0, both.output
    assert fleet.sign_in(host)["access_token"]
