# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of client secrets: renewed before their end, retired after the overlap, healed when expired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lab.client import SignInFailed
from support.controller import Run
from support.fleet import Fleet

HOUR = 3600
DAY = 24 * HOUR
FOREIGN_URI = "https://other.example/api/oidc/callback"


class Secrets:
    """The client secrets of a fleet's one application, and what its consoles hold."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def app(self) -> dict[str, Any]:
        """The application."""
        return next(item for item in self.fleet.tenant.applications() if item["uniqueName"] == "rustdesk-sso")

    def keys(self, name: str) -> set[str]:
        """The key IDs of the client secrets of this display name."""
        return {item["keyId"] for item in self.app()["passwordCredentials"] if item["displayName"] == name}

    def held(self, name: str) -> str:
        """The value that a console has."""
        providers = self.fleet.consoles[name].settings()["providers"]
        return str(next(item for item in providers if item["name"] == "azure")["client_secret"])

    def add(self, display_name: str | None) -> str:
        """Somebody else adds a client secret; gives its key ID."""
        body = {"passwordCredential": {"displayName": display_name}}
        response = self.fleet.tenant.graph("POST", f"/applications/{self.app()['id']}/addPassword", body)
        assert response.ok, response.text
        return str(response.json()["keyId"])


def test_life_of_client_secrets(
    make_fleet: Callable[[int], Fleet], seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    fleet = make_fleet(2)
    lab = fleet.lab
    one, two = fleet.consoles
    nothing = {one: 0, two: 0}
    secrets = Secrets(fleet)

    def run(*options: str) -> Run:
        done = fleet.site(*options)
        assert done.rc == 0, done.output
        return done

    def noticed() -> dict[str, int]:
        """What a check tells; it changes nothing."""
        before = seen(fleet)
        lab.clear_requests()
        told = run("--check", "--diff").changed()
        assert sum(told.values()) > 0
        assert writes() == []
        assert seen(fleet) == before
        return told

    run()
    first = {name: secrets.keys(name) for name in (one, two)}
    # Names that are nearly those of a holder, or none at all, belong to somebody else
    foreign = {secrets.add(name) for name in ("backup job", one.upper(), f"{one} ", one.split(".")[0], None)}
    uris = [*secrets.app()["web"]["redirectUris"], FOREIGN_URI]
    assert fleet.tenant.graph("PATCH", f"/applications/{secrets.app()['id']}", {"web": {"redirectUris": uris}}).ok

    # 31 days before the end: nothing to do
    lab.advance(149 * DAY)
    assert run().changed() == nothing

    # 29 days before the end: sign-in still works, and the secrets are renewed
    lab.advance(2 * DAY)
    assert fleet.sign_in(one)["access_token"]
    earlier = {name: secrets.held(name) for name in (one, two)}
    told = noticed()
    assert run().changed() == told
    for name in (one, two):
        assert secrets.held(name) != earlier[name]
        assert first[name] < secrets.keys(name)
        assert len(secrets.keys(name)) == 2
        assert fleet.sign_in(name)["access_token"]

    # During the overlap the earlier ones stay
    kept = seen(fleet)
    assert run().changed() == nothing
    lab.advance(23 * HOUR)
    assert run().changed() == nothing
    assert seen(fleet) == kept

    # After the overlap they go, and nothing else does
    lab.advance(2 * HOUR)
    renewed = {name: (secrets.held(name), secrets.keys(name) - first[name]) for name in (one, two)}
    told = noticed()
    assert run().changed() == told
    assert {name: (secrets.held(name), secrets.keys(name)) for name in (one, two)} == renewed
    assert run().changed() == nothing

    # Nobody ran anything for half a year: the secrets are expired
    lab.advance(181 * DAY)
    with pytest.raises(SignInFailed) as failure:
        fleet.sign_in(one)
    assert (failure.value.step, failure.value.code) == ("callback", "AADSTS7000222")
    told = noticed()
    assert run().changed() == told
    assert fleet.sign_in(one)["access_token"]
    assert fleet.sign_in(two)["access_token"]
    assert run().changed() == nothing
    lab.advance(25 * HOUR)
    run()
    assert all(len(secrets.keys(name)) == 1 for name in (one, two))
    assert fleet.sign_in(two)["access_token"]

    # What others made is all still there
    assert {item["keyId"] for item in secrets.app()["passwordCredentials"]} >= foreign
    assert FOREIGN_URI in secrets.app()["web"]["redirectUris"]
