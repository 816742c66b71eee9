# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spellings of one address: the registered redirect URI equals, byte for byte, the one that the console sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from faults.steps import only
from integration.entra_app_rows import NAMED, Seen, make_owned, quietly, run

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, registration, removal
from lab.client import Console, Lab
from support import consoles
from support.fleet import Fleet
from support.phases import call, configure, inspect, server

CALLBACK = "/api/oidc/callback"
PLATFORMS = {"spa": "spa_redirect_uris", "publicClient": "public_client_redirect_uris"}

pytestmark = pytest.mark.usefixtures("unhurried")


def spelt(console: Console) -> str:
    """The console's address in a different spelling."""
    return f"HTTPS://LocalHost:{urlsplit(console.url).port}"


def plain(console: Console) -> str:
    """The same address in its usual spelling."""
    return f"https://localhost:{urlsplit(console.url).port}"


def give(console: Console, address: str) -> None:
    """Make the console send the callback URL of this address."""
    if console.kind == "pro":
        console.put_settings({**console.settings(), "callback_url": address + CALLBACK})
    elif console.kind == "rustdesk_console":
        settings = console.settings()
        settings["general"]["site"]["backendUrl"] = address
        console.put_settings(settings)
    else:
        console.set_switches(api_server=address)


def sent(lab: Lab, console: Console) -> str:
    """The redirect URI that the console sends."""
    answer = lab.http.post(f"{console.url}/api/oidc/auth", json={"op": "azure", "id": "1", "uuid": "u"}, timeout=10)
    return parse_qs(urlsplit(answer.json()["url"]).query)["redirect_uri"][0]


def web(fleet: Fleet) -> list[str]:
    """The registered redirect URIs."""
    return sorted(only(fleet.tenant)["web"]["redirectUris"])


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_the_spelling_the_console_uses_is_registered(kind: str, lab: Lab, fleet: Fleet) -> None:
    """No address for users is declared, and the console uses another spelling of its own: the run still succeeds."""
    console = consoles.add(fleet, kind)
    give(console, spelt(console))
    declared = server(fleet, console.name, public_url=None, console_url=plain(console))
    (first,) = configure(declared)
    if kind == "rustdesk_api":  # it reports its callback URL only when a sign-in starts, which requires a provider
        failed = [item for item in first.verified["checks"] if item["ok"] is False]
        assert [item["name"] for item in failed] == ["redirect_uri_registered"], failed
        assert f"it has {plain(console)}{CALLBACK}, and Entra compares them byte for byte" in failed[0]["detail"]
        (first,) = configure(declared)
    assert first.verified["verified"], first.verified
    assert sent(lab, console) == spelt(console) + CALLBACK == first.callback_url
    assert sent(lab, console) in web(fleet)
    assert fleet.sign_in(console.name)["access_token"]
    (again,) = configure(declared)
    assert again.registration["changed"] is again.configured["changed"] is False
    assert record.record(again, observed=True)["drift"] == []
    assert record.record(again)["callback_url"] == spelt(console) + CALLBACK


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_a_declared_spelling_is_sent_and_registered(kind: str, lab: Lab, fleet: Fleet) -> None:
    """Any spelling can be declared; a console whose address cannot be configured keeps its own."""
    console = consoles.add(fleet, kind)
    give(console, plain(console))
    declared = server(fleet, console.name, public_url=f"{spelt(console)}/")
    (done,) = configure(declared)
    wanted = spelt(console)
    if kind == "rustdesk_api":
        assert done.verified["failed"]
        wanted = plain(console)
        (done,) = configure(declared)
    assert done.verified["verified"], done.verified
    assert sent(lab, console) == wanted + CALLBACK
    assert wanted + CALLBACK in web(fleet)
    assert fleet.sign_in(console.name)["access_token"]


def test_trailing_slash_in_the_address_of_a_rustdesk_console_is_removed(lab: Lab, fleet: Fleet) -> None:
    """The console appends the path to the address unchanged, so no sign-in works; it is corrected automatically."""
    console = consoles.add(fleet, "rustdesk_console")
    for public_url in (None, console.url, f"{console.url}/"):
        give(console, f"{console.url}/")
        declared = server(fleet, console.name, public_url=public_url)
        assert inspect(declared).console["callback_url"] == f"{console.url}/{CALLBACK}"
        (done,) = configure(declared)
        assert done.configured["changed"]
        assert done.verified["verified"], done.verified
        assert sent(lab, console) == f"{console.url}{CALLBACK}"
        (again,) = configure(declared)
        assert again.registration["changed"] is again.configured["changed"] is False
    assert fleet.sign_in(console.name)["access_token"]


def test_trailing_slash_in_the_address_of_a_rustdesk_api_is_reported(lab: Lab, fleet: Fleet) -> None:
    """It is part of the server's configuration, and no path with two slashes exists: each run reports it."""
    console = consoles.add(fleet, "rustdesk_api")
    give(console, f"{console.url}/")
    for public_url in (None, console.url):
        (done,) = configure(server(fleet, console.name, public_url=public_url))
        assert sent(lab, console) == f"{console.url}/{CALLBACK}"
        (failed,) = [item for item in done.verified["checks"] if item["name"] == "redirect_uri"]
        assert failed["ok"] is False
        assert failed["hint"].startswith("Remove the slash at the end of the console's address")
        assert "RUSTDESK_API_RUSTDESK_API_SERVER" in failed["hint"]


def test_double_slash_in_the_callback_url_of_pro_is_corrected(lab: Lab, fleet: Fleet) -> None:
    """The console answers no request at such a URL."""
    console = consoles.add(fleet, "pro")
    give(console, f"{console.url}/")
    for public_url in (None, console.url):
        (done,) = configure(server(fleet, console.name, public_url=public_url))
        assert done.verified["verified"], done.verified
        assert sent(lab, console) == f"{console.url}{CALLBACK}"


def test_callback_url_of_the_frontend_is_not_replaced_silently(lab: Lab, fleet: Fleet) -> None:
    """A rustdesk_console without a backend URL sends the callback URL of its frontend."""
    console = consoles.add(fleet, "rustdesk_console")
    settings = console.settings()
    settings["general"]["site"] = {"frontendUrl": "https://front.example", "backendUrl": ""}
    console.put_settings(settings)
    (done,) = configure(server(fleet, console.name, public_url=None))
    assert f"https://front.example{CALLBACK}" in registration.share(done)["error"]["msg"]
    assert not [item for item in fleet.tenant.applications() if item["uniqueName"]]
    # If it is the console's address, nothing changes
    settings["general"]["site"]["frontendUrl"] = console.url
    console.put_settings(settings)
    (done,) = configure(server(fleet, console.name, public_url=None))
    assert done.verified["verified"], done.verified
    assert console.settings()["general"] == settings["general"]


def test_rustdesk_console_without_a_known_address(lab: Lab, fleet: Fleet) -> None:
    """The callback URL that it sends until then is in use only if the console offers a provider."""
    console = consoles.add(fleet, "rustdesk_console")
    undeclared = server(fleet, console.name, public_url=None)
    assert inspect(undeclared).console["callback_url"] is None
    (done,) = configure(undeclared)
    assert done.verified["verified"], done.verified
    settings = console.settings()
    settings["general"]["site"]["backendUrl"] = ""
    console.put_settings(settings)
    assert sent(lab, console) == f"http://localhost:3000{CALLBACK}"
    lab.clear_requests()
    assert inspect(undeclared).console["callback_url"] == f"http://localhost:3000{CALLBACK}"
    assert not [item for item in lab.requests(console.name) if item["path"] == "/api/oidc/auth"]


def test_a_different_address_is_an_obstacle(fleet: Fleet) -> None:
    """Nothing is registered, regardless of the console type."""
    for kind in consoles.KINDS:
        console = consoles.add(fleet, kind)
        give(console, "https://elsewhere.example")
        if kind == "rustdesk_api":  # its provider reveals the address
            consoles_api = server(fleet, console.name)
            configure(consoles_api)
        (done,) = configure(server(fleet, console.name, public_url=None, app_unique_name=f"of {kind}"))
        message = registration.share(done)["error"]["msg"]
        assert f"https://elsewhere.example{CALLBACK}" in message
        assert "rustdesk_sso_public_url" in message
        assert not [item for item in fleet.tenant.applications() if item["uniqueName"] == f"of {kind}"]


def test_removing_a_server_removes_every_spelling_of_its_callback_url(fleet: Fleet) -> None:
    """The redirect URI of the neighboring server is kept."""
    near, console = consoles.add(fleet, "pro", "near"), consoles.add(fleet, "pro", "far")
    give(console, spelt(console))
    stays = server(fleet, near.name)
    leaves = server(fleet, console.name, public_url=None, console_url=plain(console))
    configure(stays, leaves)
    assert f"{spelt(console)}{CALLBACK}" in web(fleet)
    claims = {"application": near.name, "redirect_uri": "", "client_secret": "", "provider": ""}
    leaves = replace(leaves, declaration={**leaves.declaration, "claims": claims, "other_holders": []})
    gone = call(entra_app, applications=removal.removals([replace(leaves, configured={"provider": {}})]))
    assert not gone.get("failed"), gone
    assert web(fleet) == [f"{near.url}{CALLBACK}"]
    told = record.removed(replace(leaves, registration=gone))
    assert (told["changed"], told["failed"]) == (True, False)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_callback_url_under_another_platform_is_reported_and_moved(platform: str, lab: Lab, fleet: Fleet) -> None:
    """It is reported before anything is written; the role moves it with one request if it is configured to."""
    console = consoles.add(fleet, "pro")
    uri = f"{console.url}{CALLBACK}"
    others = ["https://app.example/"]
    made = make_owned(fleet, uniqueName="rustdesk-sso", **{platform: {"redirectUris": [uri, *others]}})
    fleet.tenant.graph("POST", "/servicePrincipals", json={"appId": made["appId"]})
    lab.clear_requests()
    (done,) = configure(server(fleet, console.name))
    message = registration.share(done)["error"]["msg"]
    for words in (uri, PLATFORMS[platform], "platform", "rustdesk_sso_app_move_redirect_uris"):
        assert words in message
    assert [item for item in lab.requests("graph") if item["method"] != "GET"] == []
    (done,) = configure(server(fleet, console.name, app_move_redirect_uris=True))
    assert done.verified["verified"], done.verified
    application = only(fleet.tenant)
    assert (application["web"]["redirectUris"], application[platform]["redirectUris"]) == ([uri], others)
    moving = [item for item in lab.requests("graph") if item["method"] == "PATCH" and uri in item["body"]]
    assert len(moving) == 1
    assert fleet.sign_in(console.name)["access_token"]
    (again,) = configure(server(fleet, console.name, app_move_redirect_uris=True))
    assert again.registration["changed"] is False


def test_one_uri_on_two_platforms_is_refused_or_moved(fleet: Fleet) -> None:
    """entra_app names both options, or the platform that has the URI; removing it there moves it either way."""
    uri = "https://desk.example/callback"
    error = quietly(fleet, **NAMED, web_redirect_uris={"add": [uri]}, spa_redirect_uris={"set": [uri]})
    assert error["failed"]
    assert "web_redirect_uris and spa_redirect_uris both contain" in error["msg"]
    run(fleet, **NAMED, web_redirect_uris={"add": [uri]})
    wanted: dict[str, Any] = {"spa_redirect_uris": {"add": [uri]}}
    for check in (True, False):
        error = quietly(fleet, check=check, **NAMED, **wanted)
        assert error["failed"]
        assert f"{uri} cannot be added to spa_redirect_uris" in error["msg"]
        assert "under the platform Web (web_redirect_uris)" in error["msg"]
        assert "rustdesk_sso_" not in error["msg"]
    moved = run(fleet, **NAMED, **wanted, web_redirect_uris={"remove": [uri.replace("desk", "DESK")]})
    assert not moved.get("failed"), moved
    seen = Seen(fleet.tenant)
    assert (seen.web["redirectUris"], seen.application["spa"]["redirectUris"]) == ([], [uri])
