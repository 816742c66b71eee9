# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The holder of a client secret is a console: one that was restored from another server's backup gets its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.steps import key_ids, only

from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_console_restored_from_another_servers_backup(make_quick_fleet: Callable[[int], Fleet], kind: str) -> None:
    """Whether one or both servers are in the run, the other keeps its client secret; retiring it does no harm."""
    fleet = make_quick_fleet(0)
    one, two = (consoles.add(fleet, kind, name).name for name in ("one", "two"))
    assert quick_run(fleet).rc == 0
    theirs = consoles.entry(fleet.consoles[one])["client_secret"]
    for limit in ([], ["--limit", two]):
        consoles.put(fleet.consoles[two], client_secret=theirs)
        run = quick_run(fleet, *limit)
        assert run.rc == 0, run.output
        assert f"the console's client secret belongs to rustdesk-sso {one}" in " ".join(run.output.split())
        assert consoles.entry(fleet.consoles[two])["client_secret"] != theirs
    assert consoles.entry(fleet.consoles[one])["client_secret"] == theirs
    assert quick_run(fleet).changed() == {one: 0, two: 0}
    # The other server's client secret can be retired without affecting this one
    application = only(fleet.tenant)
    for key in key_ids(application, f"rustdesk-sso {one}"):
        path = f"/applications/{application['id']}/removePassword"
        assert fleet.tenant.graph("POST", path, json={"keyId": key}).status_code == 204
    assert fleet.sign_in(two)["access_token"]


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_client_secret_under_a_former_name_is_removed_with_its_console(
    make_quick_fleet: Callable[[int], Fleet], kind: str
) -> None:
    """After a host is renamed, its console keeps its client secret; a manually created one is kept and reported."""
    fleet = make_quick_fleet(0)
    one, by_hand = (consoles.add(fleet, kind, name).name for name in ("one", "by-hand"))
    assert quick_run(fleet).rc == 0
    application = only(fleet.tenant)
    (kept,) = key_ids(application, f"rustdesk-sso {one}")
    new = f"new-{one}"
    fleet.hosts[new], fleet.consoles[new] = fleet.hosts.pop(one), fleet.consoles.pop(one)
    path = f"/applications/{application['id']}/addPassword"
    made = fleet.tenant.graph("POST", path, json={"passwordCredential": {"displayName": "by hand"}}).json()
    consoles.put(fleet.consoles[by_hand], client_secret=made["secretText"])
    assert quick_run(fleet).rc == 0
    assert key_ids(only(fleet.tenant), f"rustdesk-sso {one}") == {kept}
    assert key_ids(only(fleet.tenant), f"rustdesk-sso {new}") == set()
    run = quick_run(fleet, entry="remove")
    assert run.rc == 0, run.output
    left = only(fleet.tenant)["passwordCredentials"]
    assert [item["keyId"] for item in left] == [made["keyId"]]
    assert f"the client secret by hand (key ID {made['keyId']})" in " ".join(run.output.split())
