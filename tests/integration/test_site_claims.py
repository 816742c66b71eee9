# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""remove.yml removes nothing that another host of the inventory still declares."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.steps import key_ids, only

from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_renamed_host(make_quick_fleet: Callable[[int], Fleet], kind: str) -> None:
    """Its users can sign in after the old name was removed; a host with unreadable variables keeps the application."""
    fleet = make_quick_fleet(0)
    old = consoles.add(fleet, kind).name
    new, hidden = f"new-{old}", f"hidden-{old}"
    fleet.hosts[new] = {**fleet.hosts[old]}
    fleet.consoles[new] = fleet.consoles[old]
    assert quick_run(fleet).rc == 0
    application = only(fleet.tenant)
    run = quick_run(fleet, "--limit", old, "-e", "rustdesk_sso_remove_unused_app=true", entry="remove")
    assert run.rc == 0, run.output
    said = " ".join(run.output.split())
    for what in ("the redirect URI", "the client secrets", "the provider"):
        assert f"{what} (declared by {new})" in said
    after = only(fleet.tenant)
    assert after["web"]["redirectUris"] == application["web"]["redirectUris"]
    # Both names refer to one console, which has a client secret of one of them
    assert key_ids(after, f"rustdesk-sso {new}") | key_ids(after, f"rustdesk-sso {old}")
    assert fleet.sign_in(new)["access_token"]

    # A host with an unreadable address may declare any of these objects
    fleet.hosts[hidden] = {"rustdesk_sso_console_url": "{{ not_defined_anywhere }}"}
    for name in (old, hidden):
        fleet.consoles.pop(name, None)
    del fleet.hosts[old]
    run = quick_run(fleet, "--limit", new, "-e", "rustdesk_sso_remove_unused_app=true", entry="remove")
    assert run.rc == 0, run.output
    assert f"the redirect URI (declared by {hidden})" in " ".join(run.output.split())
    assert only(fleet.tenant)["web"]["redirectUris"] == application["web"]["redirectUris"]
    assert fleet.sign_in(new)["access_token"]
