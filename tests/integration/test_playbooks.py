# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rotate.yml and remove.yml: all client secrets are renewed without an interruption, and servers are removed."""

from __future__ import annotations

import pytest
from faults.steps import key_ids, own
from fleets.test_callers import servers

from lab.client import Lab, SignInFailed
from support.fleet import Fleet
from support.quick_runs import quick_playbook, quick_run


def secrets(fleet: Fleet) -> dict[str, set[str]]:
    """The key IDs of each server's client secrets."""
    (application,) = own(fleet.tenant.applications())
    return {host: key_ids(application, f"rustdesk-sso {host}") for host in fleet.hosts}


def test_rotate(lab: Lab, fleet: Fleet) -> None:
    """Each server gets a new client secret, the former ones are kept for the overlap; check mode changes nothing."""
    first, *others = servers(fleet, 3)
    rotate = fleet.controller.site.with_name("rotate.yml")
    assert quick_run(fleet).rc == 0
    before = secrets(fleet)
    predicted = fleet.controller.playbook(rotate, fleet.inventory, "--check")
    assert predicted.rc == 0, predicted.output
    assert secrets(fleet) == before

    # It stops at the first server that fails; the others keep their client secrets
    lab.fault(first, "POST", "/api/oidc/auth", json={"error": "Failed to discover OpenID Provider"}, times=9)
    stopped = fleet.controller.playbook(rotate, fleet.inventory)
    assert stopped.rc != 0
    assert stopped.failed() == {first}, stopped.output
    assert {host: secrets(fleet)[host] for host in others} == {host: before[host] for host in others}
    for host in others:
        assert fleet.sign_in(host)["access_token"]

    lab.clear_faults()
    before = secrets(fleet)
    run = fleet.controller.playbook(rotate, fleet.inventory)
    assert run.rc == 0, run.output
    after = secrets(fleet)
    assert {host: len(after[host] - keys) for host, keys in before.items()} == dict.fromkeys(fleet.hosts, 1)
    assert all(before[host] < after[host] for host in others)
    # The client secret superseded before the first server failed has been removed
    assert len(after[first]) == 2
    for host in fleet.hosts:
        assert fleet.sign_in(host)["access_token"]


def test_remove(fleet: Fleet) -> None:
    """The other server keeps working; on request, the removal of the last one deletes the application."""
    gone, stays = servers(fleet, 2)
    assert quick_run(fleet).rc == 0
    everything = quick_playbook(fleet, "remove")
    assert {name for name, counts in everything.recap.items() if counts["failed"]} == set(fleet.hosts)
    assert "remove_all" in everything.output
    predicted = quick_playbook(fleet, "remove", "--limit", gone, "--check")
    assert "provider azure would be removed; redirect URI would be removed" in predicted.output
    assert fleet.sign_in(gone)["access_token"]
    run = quick_playbook(fleet, "remove", "--limit", gone)
    assert run.rc == 0, run.output
    assert run.changed() == predicted.changed()
    assert f"kept: the application rustdesk-sso (it has the redirect URI {fleet.consoles[stays].url}" in run.output
    assert f"remove {gone} from the inventory, or the next run of site.yml" in run.output
    (application,) = own(fleet.tenant.applications())
    assert application["web"]["redirectUris"] == [f"{fleet.consoles[stays].url}/api/oidc/callback"]
    assert secrets(fleet)[gone] == set()
    assert fleet.sign_in(stays)["access_token"]
    with pytest.raises(SignInFailed):
        fleet.sign_in(gone)
    again = quick_run(fleet, "--limit", gone, entry="remove")
    assert again.changed() == {gone: 0}, again.output

    # The last server no longer exists, so its console is unreachable; the inventory no longer has the other one.
    del fleet.hosts[gone]
    fleet.hosts[stays] |= {"rustdesk_sso_remove_console": False, "rustdesk_sso_console_url": "https://127.0.0.1:9"}
    last = quick_run(fleet, "--limit", stays, "-e", '{"rustdesk_sso_remove_unused_app": true}', entry="remove")
    assert last.rc == 0, last.output
    assert own(fleet.tenant.applications()) == []
    nothing = quick_run(fleet, "--limit", stays, entry="remove")
    assert nothing.changed() == {stays: 0}, nothing.output
