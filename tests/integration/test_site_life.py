# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lifecycle of a fleet: prediction, runs, users' sign-in, one more server, and other forms of a tenant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lab.client import Console, Lab
from support.fleet import Fleet
from support.quick_runs import quick_run

NO_ENDPOINTS = dict.fromkeys(("authorization_endpoint", "token_endpoint", "userinfo_endpoint"), "")
OWN_APP = "rustdesk-sso-own"
# Manual settings in a console: another provider, and members unknown to the collection
FOREIGN_PROVIDER: dict[str, Any] = {
    "zz_first": {"b": [3, 1, 2], "a": None},
    "name": "GitHub",
    "enabled": True,
    "order_index": 7,
    "client_id": "Iv1.0123456789abcdef",
    "client_secret": "",
    "issuer": "",
    "authorization_endpoint": "https://github.example/login/oauth/authorize",
    "token_endpoint": "https://github.example/login/oauth/access_token",
    "userinfo_endpoint": "https://api.github.example/user",
    "label": 'Mit GitHub \u2013 "Gr\u00fc\u00dfe" \\ \U0001f511',
    "weight": 1.0,
    "quota": 9007199254740993,
}


def foreign(console: Console) -> str:
    """The settings without our provider and the callback URL, in their stored order."""
    settings = console.settings()
    settings["providers"] = [item for item in settings["providers"] if item["name"] != "azure"]
    settings["callback_url"] = None
    return json.dumps(settings)


def provider(console: Console) -> dict[str, Any]:
    """Our provider as stored."""
    return next(item for item in console.settings()["providers"] if item["name"] == "azure")


def ours(fleet: Fleet) -> dict[str, dict[str, Any]]:
    """The tenant's applications that users sign in to, by unique name."""
    return {item["uniqueName"]: item for item in fleet.tenant.applications() if item["displayName"] != "automation"}


def test_fleet_lifecycle(lab: Lab, fleet: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]) -> None:
    first, second, third = (fleet.add_server(f"desk{number}.{fleet.domain}") for number in (1, 2, 3))
    fleet.hosts[third.name]["rustdesk_sso_app_unique_name"] = OWN_APP
    document = second.settings()
    document["providers"].insert(0, FOREIGN_PROVIDER)
    second.put_settings({"unknown": [1, {"deep": True}], **document})
    others = {console.name: foreign(console) for console in (first, second, third)}
    untouched = seen(fleet)

    # Check mode predicts the changes and changes nothing
    predicted = fleet.site("--check", "--diff")
    assert predicted.rc == 0, predicted.output
    assert writes() == []
    assert seen(fleet) == untouched
    assert ours(fleet) == {}
    assert all(count > 0 for count in predicted.changed().values()), predicted.output
    for uri in (f"{console.url}/api/oidc/callback" for console in (first, second, third)):
        assert re.search(rf'^\+ +"{re.escape(uri)}"', predicted.output, re.MULTILINE), predicted.output

    # The first run applies the prediction, host by host
    done = fleet.site("--diff")
    assert done.rc == 0, done.output
    assert done.changed() == predicted.changed()
    apps = ours(fleet)
    assert set(apps) == {"rustdesk-sso", OWN_APP}
    callbacks = {console.name: f"{console.url}/api/oidc/callback" for console in (first, second, third)}
    shared, own = apps["rustdesk-sso"], apps[OWN_APP]
    assert sorted(shared["web"]["redirectUris"]) == sorted([callbacks[first.name], callbacks[second.name]])
    assert own["web"]["redirectUris"] == [callbacks[third.name]]
    assert sorted(item["displayName"] for item in shared["passwordCredentials"]) == sorted(
        f"rustdesk-sso {console.name}" for console in (first, second)
    )
    assert [item["displayName"] for item in own["passwordCredentials"]] == [f"rustdesk-sso {third.name}"]
    for console, app in ((first, shared), (second, shared), (third, own)):
        entry = provider(console)
        assert entry["client_id"] == app["appId"]
        assert entry["issuer"] == f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        assert console.settings()["callback_url"] == callbacks[console.name]
        assert foreign(console) == others[console.name], f"{console.name}: something foreign was changed"
        assert console.sessions() == [], f"{console.name}: sessions of the automation stay open"
    held = [provider(console)["client_secret"] for console in (first, second, third)]
    assert len(set(held)) == 3

    # Users can sign in to each server
    for name in fleet.consoles:
        assert fleet.sign_in(name)["user"]["name"] == "alice"

    # Converged: the second run changes nothing
    converged = seen(fleet)
    lab.clear_requests()
    again = quick_run(fleet)
    assert again.rc == 0, again.output
    assert again.changed() == dict.fromkeys(fleet.consoles, 0), again.output
    assert writes() == []
    assert seen(fleet) == converged

    # One more server joins the shared application; the others are unchanged
    fourth = fleet.add_server(f"desk4.{fleet.domain}")
    joined = quick_run(fleet)
    assert joined.rc == 0, joined.output
    assert joined.changed()[second.name] == joined.changed()[third.name] == 0
    assert set(ours(fleet)["rustdesk-sso"]["web"]["redirectUris"]) == {
        callbacks[first.name],
        callbacks[second.name],
        f"{fourth.url}/api/oidc/callback",
    }
    assert [provider(console)["client_secret"] for console in (first, second, third)] == held
    assert fleet.sign_in(fourth.name)["access_token"]
    assert fleet.sign_in(first.name)["access_token"]


def test_tenant_by_domain_and_prepared_consoles(fleet: Fleet, lab: Lab) -> None:
    """A second factor with TOTP, a placeholder instead of a client secret, and the free strategy."""
    totp = fleet.add_server(f"totp.{fleet.domain}", second_factor="totp")
    prepared = fleet.add_server(f"prepared.{fleet.domain}")
    fleet.variables["rustdesk_sso_tenant_id"] = fleet.domain
    # The console was prepared with a word as client secret, which is a part of the server's name
    placeholder = {"enabled": False, "client_id": "to be done", "client_secret": "prepared", "issuer": ""}
    settings = prepared.settings()
    settings["providers"].append({"name": "azure", "order_index": 1, **placeholder, **NO_ENDPOINTS})
    prepared.put_settings(settings)
    # Servers that share an application still wait for each other
    done = fleet.site(ANSIBLE_STRATEGY="free")
    assert done.rc == 0, done.output
    for console in (totp, prepared):
        # The issuer contains the tenant ID, as in Entra's tokens
        assert provider(console)["issuer"] == f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        assert fleet.sign_in(console.name)["user"]["name"] == "alice"


def test_manually_created_application_is_adopted(
    fleet: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]], lab: Lab
) -> None:
    """The application follows RustDesk's guide: the run adopts what works and adds what is missing."""
    fleet.tenant.set_permissions(["Application.ReadWrite.All"])
    name = f"desk.{fleet.domain}"
    console = fleet.add_server(name)
    elsewhere = "https://other.example/api/oidc/callback"
    callback = f"{console.url}/api/oidc/callback"
    body = {
        "displayName": "RustDesk",
        "web": {"redirectUris": [callback, elsewhere], "implicitGrantSettings": {"enableIdTokenIssuance": True}},
    }
    made = fleet.tenant.graph("POST", "/applications", body).json()
    assert fleet.tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}).status_code == 201
    path = f"/applications/{made['id']}/addPassword"
    secret = fleet.tenant.graph("POST", path, {"passwordCredential": {"displayName": "by hand"}}).json()
    settings = console.settings()
    settings["callback_url"] = callback
    settings["providers"].append(
        {
            "name": "azure",
            "enabled": True,
            "order_index": 1,
            "client_id": made["appId"],
            "client_secret": secret["secretText"],
            "issuer": f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0",
            **NO_ENDPOINTS,
        }
    )
    console.put_settings(settings)
    before = seen(fleet)

    refused = quick_run(fleet)
    assert refused.failed() == {name}
    assert made["appId"] in refused.output
    assert "adopt" in refused.output
    assert seen(fleet) == before
    fleet.variables["rustdesk_sso_app_adopt"] = True
    predicted = quick_run(fleet, "--check", "--diff")
    assert predicted.rc == 0, predicted.output
    assert writes() == []
    assert seen(fleet) == before
    done = quick_run(fleet, "--diff")
    assert done.rc == 0, done.output
    assert done.changed() == predicted.changed()
    (registered,) = done.of.hosts[name].results["Register the applications"]["applications"]
    assert registered["adopted"]
    # Still one application, with its redirect URIs; the console keeps its working client secret
    (app,) = ours(fleet).values()
    assert (app["appId"], app["uniqueName"]) == (made["appId"], "rustdesk-sso")
    assert set(app["web"]["redirectUris"]) == {callback, elsewhere}
    assert provider(console)["client_secret"] == secret["secretText"]
    assert [item["keyId"] for item in app["passwordCredentials"]] == [secret["keyId"]]
    assert fleet.sign_in(name)["access_token"]
    again = quick_run(fleet)
    assert again.changed() == {name: 0}, again.output
