# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""remove.yml takes nothing away that another host of the inventory still declares."""

from __future__ import annotations

from collections.abc import Callable

from faults.steps import key_ids, only

from support.fleet import Fleet


def test_a_host_under_a_new_name(make_fleet: Callable[[int], Fleet]) -> None:
    """Its users sign in after the old name was removed; its application stays for whom cannot be read, too."""
    fleet = make_fleet(1)
    (old,) = fleet.hosts
    new, hidden = f"new-{old}", f"hidden-{old}"
    fleet.hosts[new] = {**fleet.hosts[old]}
    fleet.consoles[new] = fleet.consoles[old]
    assert fleet.site().rc == 0
    application = only(fleet.tenant)
    remove = fleet.controller.site.with_name("remove.yml")
    run = fleet.controller.playbook(
        remove, fleet.inventory, "--limit", old, "-e", "rustdesk_sso_remove_unused_app=true"
    )
    assert run.rc == 0, run.output
    said = " ".join(run.output.split())
    for what in ("the redirect URI", "the client secrets", "the provider"):
        assert f"{what} (declared by {new})" in said
    after = only(fleet.tenant)
    assert after["web"]["redirectUris"] == application["web"]["redirectUris"]
    assert key_ids(after, f"rustdesk-sso {new}")
    assert fleet.sign_in(new)["access_token"]

    # A host whose address cannot be read may be any of them
    fleet.hosts[hidden] = {"rustdesk_sso_console_url": "{{ not_defined_anywhere }}"}
    for name in (old, hidden):
        fleet.consoles.pop(name, None)
    del fleet.hosts[old]
    run = fleet.controller.playbook(
        remove, fleet.inventory, "--limit", new, "-e", "rustdesk_sso_remove_unused_app=true"
    )
    assert run.rc == 0, run.output
    assert f"the redirect URI (declared by {hidden})" in " ".join(run.output.split())
    assert only(fleet.tenant)["web"]["redirectUris"] == application["web"]["redirectUris"]
    assert fleet.sign_in(new)["access_token"]
