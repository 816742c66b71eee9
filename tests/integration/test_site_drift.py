# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drift: what somebody changed on either side breaks users' sign-in, is noticed by a check and healed by a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.client import SignInFailed
from support.fleet import Fleet


class Site:
    """Edits behind the automation's back."""

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
        """The application of a server that has its own."""
        return next(item for item in self.fleet.tenant.applications() if item["uniqueName"] == name)

    def graph(self, method: str, path: str, json: Any = None) -> None:
        """A request to Graph that succeeds."""
        response = self.fleet.tenant.graph(method, path, json)
        assert response.ok, response.text

    def remove_secret(self, name: str) -> None:
        """Delete a server's client secret in Entra."""
        app = self.app(name)
        (secret,) = app["passwordCredentials"]
        self.graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": secret["keyId"]})

    def remove_redirect_uri(self, name: str) -> None:
        """Replace a server's redirect URI by a foreign one."""
        body = {"web": {"redirectUris": ["https://other.example/api/oidc/callback"]}}
        self.graph("PATCH", f"/applications/{self.app(name)['id']}", body)

    def remove_provider(self, name: str) -> None:
        """Delete a server's provider in its console."""
        providers = [item for item in self.fleet.consoles[name].settings()["providers"] if item["name"] != "azure"]
        self.settings(name, providers=providers)

    def outcome(self, name: str) -> tuple[str, str]:
        """How a user's sign-in ends: the step and the code of its failure, or ``("", "")``."""
        try:
            assert self.fleet.sign_in(name)["access_token"]
        except SignInFailed as failure:
            return failure.step, failure.code
        return "", ""


# Servers that share an application, so that a change in their console alone shows up as theirs
IN_CONSOLE: dict[str, tuple[Callable[[Site, str], None], tuple[str, str]]] = {
    "intact": (lambda site, name: None, ("", "")),
    "disabled": (lambda site, name: site.provider(name, enabled=False), ("login-options", "")),
    "issuer": (
        lambda site, name: site.provider(name, issuer=f"{site.fleet.lab.login_url}/{site.fleet.domain}/v2.0"),
        ("auth", ""),
    ),
    "client-id": (
        lambda site, name: site.provider(name, client_id="00000000-0000-0000-0000-00000000abcd"),
        ("authorize", "AADSTS700016"),
    ),
    "callback": (
        lambda site, name: site.settings(name, callback_url="https://other.example/api/oidc/callback"),
        ("authorize", "AADSTS50011"),
    ),
}
# Servers with an application of their own
IN_ENTRA: dict[str, tuple[Callable[[Site, str], None], tuple[str, str]]] = {
    "intact-own": (lambda site, name: None, ("", "")),
    "secret-deleted": (Site.remove_secret, ("callback", "AADSTS7000215")),
    "secret-mistyped": (
        lambda site, name: site.provider(name, client_secret="mistyped"),
        ("callback", "AADSTS7000215"),
    ),
    "redirect-uri": (Site.remove_redirect_uri, ("authorize", "AADSTS50011")),
    "provider-deleted": (Site.remove_provider, ("login-options", "")),
    "app-deleted": (
        lambda site, name: site.graph("DELETE", f"/applications/{site.app(name)['id']}"),
        ("authorize", "AADSTS700016"),
    ),
}


def test_drift_breaks_sign_in_until_the_next_run(
    make_fleet: Callable[[int], Fleet], seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    fleet = make_fleet(0)
    site = Site(fleet)
    cases = {**IN_CONSOLE, **IN_ENTRA}
    # Short names are enough inside one test, and application and server of a case have the same
    names = {case: f"{case}.{fleet.domain}" for case in cases}
    for case, name in names.items():
        fleet.add_server(name)
        if case in IN_ENTRA:
            fleet.hosts[name]["rustdesk_sso_app_unique_name"] = name
    done = fleet.site()
    assert done.rc == 0, done.output
    converged = seen(fleet)

    for case, (spoil, _failure) in cases.items():
        spoil(site, names[case])
    broken = {case: site.outcome(names[case]) for case in cases}
    assert broken == {case: failure for case, (_spoil, failure) in cases.items()}
    spoilt = seen(fleet)
    assert spoilt != converged

    fleet.lab.clear_requests()
    noticed = fleet.site("--check", "--diff")
    assert noticed.rc == 0, noticed.output
    intact = {names["intact"], names["intact-own"]}
    assert {name for name, count in noticed.changed().items() if not count} == intact, noticed.output
    assert writes() == []
    assert seen(fleet) == spoilt

    healed = fleet.site()
    assert healed.rc == 0, healed.output
    assert healed.changed() == noticed.changed()
    assert {case: site.outcome(names[case]) for case in cases} == dict.fromkeys(cases, ("", ""))
    foreign = "https://other.example/api/oidc/callback"
    own = f"{fleet.consoles[names['redirect-uri']].url}/api/oidc/callback"
    assert set(site.app(names["redirect-uri"])["web"]["redirectUris"]) == {foreign, own}

    settled = seen(fleet)
    again = fleet.site()
    assert again.changed() == dict.fromkeys(fleet.consoles, 0), again.output
    assert seen(fleet) == settled
