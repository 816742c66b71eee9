# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service provider's fleet: it converges and stays so. Servers that are down and tenants that refuse the automation
affect no others.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.client import Lab
from support.controller import Controller
from support.fixtures import LAG
from support.provider import ServiceProvider

# More servers than forks, and tenants with different faults
TENANTS, SERVERS, FORKS = 4, 3, 5
# No server listens there
DOWN = "https://127.0.0.1:9"


@pytest.fixture
def provider(lab: Lab, controller: Controller) -> Iterator[ServiceProvider]:
    """Tenants with several servers each, of three console types."""
    lab.set_lag(0.1, 0.2)
    yield ServiceProvider(lab, controller, TENANTS, SERVERS)
    lab.set_lag(*LAG)


def test_servers_of_several_tenants(provider: ServiceProvider, quick_controller: Controller) -> None:
    servers = provider.fleet_of
    done = provider.site("--forks", str(FORKS))
    assert done.rc == 0, done.output[-4000:]
    for name, fleet in servers.items():
        assert fleet.sign_in(name)["access_token"], name
    for fleet in provider.fleets:
        (application,) = [item for item in fleet.tenant.applications() if item["displayName"] == "RustDesk"]
        uris = {f"{console.url}/api/oidc/callback" for console in fleet.consoles.values()}
        assert set(application["web"]["redirectUris"]) == uris
        holders = sorted(item["displayName"] for item in application["passwordCredentials"])
        assert holders == sorted(f"rustdesk-sso {name}" for name in fleet.hosts)

    # The first run covered concurrent processes
    provider.controller = quick_controller

    # Three servers are down, a tenant refuses the automation, and one server joins each of two other tenants
    refusing = {provider.fleets[3].domain}
    others = [fleet for fleet in provider.fleets if fleet.domain not in refusing]
    down = [name for fleet in others[:3] for name in list(fleet.hosts)[:1]]
    working = {name: dict(servers[name].hosts[name]) for name in down}
    for name in down:
        servers[name].hosts[name]["rustdesk_sso_console_url"] = DOWN
    for fleet in provider.fleets:
        if fleet.domain in refusing:
            fleet.tenant.set_permissions([])
    joined = {f"new.{fleet.domain}": fleet for fleet in others[:2]}
    for name, fleet in joined.items():
        fleet.add_server(name)
    hit = {*down, *(name for fleet in provider.fleets if fleet.domain in refusing for name in fleet.hosts)}
    survived = provider.site("--forks", str(FORKS))
    assert survived.failed() == hit
    assert {name for name, count in survived.changed().items() if count and name not in hit} <= {
        name for fleet in others[:2] for name in fleet.hosts
    }
    # Servers that were down keep their redirect URIs and sign-in
    for name in [*down, *joined]:
        assert provider.fleet_of[name].sign_in(name)["access_token"], name

    for name in down:
        servers[name].hosts[name] = working[name]
    for fleet in provider.fleets:
        if fleet.domain in refusing:
            fleet.tenant.set_permissions(["Application.ReadWrite.OwnedBy"])
    corrected = provider.site("--forks", str(FORKS))
    assert corrected.rc == 0, corrected.output[-4000:]
    assert corrected.changed() == dict.fromkeys(provider.fleet_of, 0)
