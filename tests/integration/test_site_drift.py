# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drift: a manual change or expiry breaks users' sign-in, check mode detects it, and a run corrects it.

The same test covers client secrets: they are renewed before they expire and retired after the overlap; others' are
never touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.client import SignInFailed
from support import consoles
from support.controller import Run
from support.fleet import Fleet
from support.quick_runs import quick_run
from support.role_in_process import run_role

HOUR = 3600
DAY = 24 * HOUR
FOREIGN_URI = "https://other.example/api/oidc/callback"


class Site:
    """Changes that bypass the automation."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def provider(self, name: str, **members: Any) -> None:
        """Change members of a server's provider."""
        settings = self.fleet.consoles[name].settings()
        next(item for item in settings["providers"] if item["name"] == "azure").update(members)
        self.fleet.consoles[name].put_settings(settings)

    def settings(self, name: str, **members: Any) -> None:
        """Change members of a server's settings."""
        console = self.fleet.consoles[name]
        console.put_settings({**console.settings(), **members})

    def app(self, name: str) -> dict[str, Any]:
        """The application of a server with its own application."""
        return next(item for item in self.fleet.tenant.applications() if item["uniqueName"] == name)

    def graph(self, method: str, path: str, json: Any = None) -> None:
        """Send a request to Graph that must succeed."""
        response = self.fleet.tenant.graph(method, path, json)
        assert response.ok, response.text

    def remove_secret(self, name: str) -> None:
        """Delete a server's client secret in Entra."""
        app = self.app(name)
        (secret,) = app["passwordCredentials"]
        self.graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": secret["keyId"]})

    def remove_redirect_uri(self, name: str) -> None:
        """Replace a server's redirect URI with a foreign one."""
        body = {"web": {"redirectUris": [FOREIGN_URI]}}
        self.graph("PATCH", f"/applications/{self.app(name)['id']}", body)

    def remove_provider(self, name: str) -> None:
        """Delete a server's provider from its console."""
        providers = [item for item in self.fleet.consoles[name].settings()["providers"] if item["name"] != "azure"]
        self.settings(name, providers=providers)

    def keys(self, name: str) -> set[str]:
        """The key IDs of a server's own client secrets."""
        ours = f"rustdesk-sso {name}"
        return {item["keyId"] for item in self.app(name)["passwordCredentials"] if item["displayName"] == ours}

    def add_secret(self, name: str, display_name: str | None) -> str:
        """Add a client secret to a server's application manually; return its key ID."""
        body = {"passwordCredential": {"displayName": display_name}}
        response = self.fleet.tenant.graph("POST", f"/applications/{self.app(name)['id']}/addPassword", body)
        assert response.ok, response.text
        return str(response.json()["keyId"])

    def held(self, name: str) -> str:
        """The client secret of a console's provider."""
        providers = self.fleet.consoles[name].settings()["providers"]
        return str(next(item for item in providers if item["name"] == "azure")["client_secret"])

    def outcome(self, name: str) -> tuple[str, str]:
        """The result of a user's sign-in: the step and the code of its failure, or ``("", "")``."""
        try:
            assert self.fleet.sign_in(name)["access_token"]
        except SignInFailed as failure:
            return failure.step, failure.code
        return "", ""


# Servers that share an application: each change is in their own console
IN_CONSOLE: dict[str, tuple[Callable[[Site, str], None], tuple[str, str]]] = {
    "intact": (lambda site, name: None, ("", "")),
    "disabled": (lambda site, name: site.provider(name, enabled=False), ("login-options", "")),
    "issuer": (
        lambda site, name: site.provider(name, issuer=f"{site.fleet.lab.login_url}/{site.fleet.domain}/v2.0"),
        ("auth", ""),
    ),
    "client-id": (
        lambda site, name: site.provider(name, client_id="typed-by-hand"),
        ("authorize", "AADSTS700016"),
    ),
    "callback": (
        lambda site, name: site.settings(name, callback_url=FOREIGN_URI),
        ("authorize", "AADSTS50011"),
    ),
}
# Servers that have their own application
IN_ENTRA: dict[str, tuple[Callable[[Site, str], None], tuple[str, str]]] = {
    "intact-own": (lambda site, name: None, ("", "")),
    "secret-deleted": (Site.remove_secret, ("callback", "AADSTS7000215")),
    "secret-mistyped": (
        lambda site, name: site.provider(name, client_secret="aQ88Q~mistyped"),
        ("callback", "AADSTS7000215"),
    ),
    "redirect-uri": (Site.remove_redirect_uri, ("authorize", "AADSTS50011")),
    "provider-deleted": (Site.remove_provider, ("login-options", "")),
    "app-deleted": (
        lambda site, name: site.graph("DELETE", f"/applications/{site.app(name)['id']}"),
        ("authorize", "AADSTS700016"),
    ),
    "principal-deleted": (
        lambda site, name: site.graph("DELETE", f"/servicePrincipals(appId='{site.app(name)['appId']}')"),
        ("password", "AADSTS90094"),
    ),
    # These two break as time passes, because of the lifetimes below
    "near-end": (lambda site, name: None, ("", "")),
    "expired": (lambda site, name: None, ("callback", "AADSTS7000222")),
}
LIFETIMES = {
    "near-end": {"rustdesk_sso_secret_lifetime": "20d", "rustdesk_sso_secret_renew_before": "10d"},
    "expired": {"rustdesk_sso_secret_lifetime": "10d", "rustdesk_sso_secret_renew_before": "1d"},
}


def test_drift_breaks_sign_in_until_the_next_run(
    fleet: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    site = Site(fleet)
    cases = {**IN_CONSOLE, **IN_ENTRA}
    names = {case: f"{case}.{fleet.domain}" for case in cases}
    for case, name in names.items():
        fleet.add_server(name)
        fleet.hosts[name].update(LIFETIMES.get(case, {}))
        if case in IN_ENTRA:
            fleet.hosts[name]["rustdesk_sso_app_unique_name"] = name
    nothing = dict.fromkeys(fleet.consoles, 0)

    def run(*options: str) -> Run:
        done = quick_run(fleet, *options)
        assert done.rc == 0, done.output
        return done

    def noticed(*options: str) -> dict[str, int]:
        """Run in check mode, which must not change anything; return the predicted changes."""
        before = seen(fleet)
        fleet.lab.clear_requests()
        told = run("--check", "--diff", *options).changed()
        assert writes() == []
        assert seen(fleet) == before
        return told

    run()
    assert {case: site.outcome(names[case]) for case in cases} == dict.fromkeys(cases, ("", ""))
    near = names["near-end"]
    first = site.keys(near)
    # Names similar to the holder's, or no name, belong to other administrators
    foreign = {site.add_secret(near, other) for other in ("backup job", near.upper(), f"{near} ", "near-end", None)}
    uris = [*site.app(near)["web"]["redirectUris"], FOREIGN_URI]
    site.graph("PATCH", f"/applications/{site.app(near)['id']}", {"web": {"redirectUris": uris}})

    # Everything breaks at once, each server differently
    fleet.lab.advance(12 * DAY)
    for case, (spoil, _failure) in cases.items():
        spoil(site, names[case])
    # Otherwise a user's own consent would restore a deleted service principal
    fleet.tenant.set_switches(user_consent=False)
    broken = {case: site.outcome(names[case]) for case in cases}
    assert broken == {case: failure for case, (_spoil, failure) in cases.items()}

    # The users' consent was deleted with the service principal
    fleet.tenant.set_switches(user_consent=True)

    # Check mode reports the servers that need a run, and only these
    told = noticed()
    assert {name for name, count in told.items() if not count} == {names["intact"], names["intact-own"]}

    # The run applies the predicted changes, and users can sign in everywhere again
    held = site.held(near)
    assert run().changed() == told
    assert {case: site.outcome(names[case]) for case in cases} == dict.fromkeys(cases, ("", ""))
    callback = f"{fleet.consoles[names['redirect-uri']].url}/api/oidc/callback"
    assert set(site.app(names["redirect-uri"])["web"]["redirectUris"]) == {FOREIGN_URI, callback}
    # Renewed before expiry; the former one is still accepted
    assert site.held(near) != held
    assert first < site.keys(near)
    assert len(site.keys(near)) == 2

    # The next run changes nothing, and superseded client secrets are kept during the overlap
    fleet.lab.advance(23 * HOUR)
    settled = seen(fleet)
    assert run().changed() == nothing
    assert seen(fleet) == settled

    # After the overlap they are removed, and nothing else
    fleet.lab.advance(2 * HOUR)
    held, successor = site.held(near), site.keys(near) - first
    few = ("--limit", ",".join(names[case] for case in ("near-end", "secret-mistyped", "intact-own")))
    told = noticed(*few)
    assert told[near] > 0
    assert told[names["intact-own"]] == 0
    assert run(*few).changed() == told
    assert (site.held(near), site.keys(near)) == (held, successor)
    assert len(site.keys(names["secret-mistyped"])) == 1
    assert {item["keyId"] for item in site.app(near)["passwordCredentials"]} == foreign | successor
    assert FOREIGN_URI in site.app(near)["web"]["redirectUris"]
    assert site.outcome(near) == ("", "")


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_drift_is_shown_while_a_superseded_client_secret_exists(kind: str, fleet: Fleet) -> None:
    """The session with the console stays open then, but its token censors nothing else in the result."""
    consoles.add(fleet, kind)
    (name,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    assert quick_run(fleet, "-e", "rustdesk_sso_secret_renew=true").rc == 0
    fleet.hosts[name]["rustdesk_sso_provider_name"] = "entra"
    fleet.hosts[name]["rustdesk_sso_provider_beside"] = ["azure"]
    shown = run_role(fleet, check=True).hosts[name].results["Configure the provider"]
    assert shown["session"]["token"].startswith("sealed:")
    assert not shown.get("_ansible_no_log")
    assert shown["diff"]["after"]["name"] == "entra"
