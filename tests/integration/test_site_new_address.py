# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml replaces a callback URL in use only with one that leads to the same console."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from faults.steps import only

from lab.client import Console, SignInFailed
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_report, quick_run

# The address of rustdesk_api is in the server's environment
KINDS = ("pro", "rustdesk_console")


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def move(fleet: Fleet, console: Console, address: str) -> None:
    """Declare a different address of a console for its users."""
    fleet.hosts[console.name]["rustdesk_sso_public_url"] = address


def fleet_callback(fleet: Fleet, console: Console) -> str:
    """The declared callback URL of a console."""
    return f"{fleet.hosts[console.name]['rustdesk_sso_public_url']}/api/oidc/callback"


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_address_is_refused(fleet: Fleet, seen: Callable[[Fleet], str], kind: str) -> None:
    """It is refused before any change, in check mode and in a real run; without verification it is accepted."""
    console, other = consoles.add(fleet, kind), consoles.add(fleet, kind, "other")
    assert quick_run(fleet).rc == 0
    account = fleet.sign_in(console.name)["user"]["name"]
    before = seen(fleet)
    port = urlsplit(console.url).port
    for address, why in (
        (f"{console.url}/_admin", "begins no sign-in: "),
        ("https://desk.invalid", "begins no sign-in: "),
        (other.url, f"another console answers at {other.url}"),
    ):
        move(fleet, console, address)
        for options in (["--check"], []):
            run = quick_run(fleet, *options)
            assert run.failed() == {console.name}, run.output
            assert why in said(run.output)
            assert "Set rustdesk_sso_public_url to the address at which users reach this console" in said(run.output)
            assert run.changed() == {console.name: 0, other.name: 0}
        assert seen(fleet) == before
    assert fleet.sign_in(console.name)["user"]["name"] == account

    move(fleet, console, f"https://localhost:{port}")
    assert "localhost" not in console.url
    moved = quick_run(fleet)
    assert moved.rc == 0, moved.output
    assert fleet.sign_in(console.name)["user"]["name"] == account

    move(fleet, console, "https://desk.invalid")
    ahead = quick_run(fleet, "--skip-tags", "rustdesk_sso_verify")
    assert ahead.rc == 0, ahead.output
    with pytest.raises(SignInFailed, match=r"desk\.invalid"):
        fleet.sign_in(console.name)


@pytest.mark.parametrize("kind", KINDS)
def test_console_without_a_working_sign_in_is_not_moved(fleet: Fleet, seen: Callable[[Fleet], str], kind: str) -> None:
    """Its address cannot be compared, and users would lose access once sign-ins work again."""
    console, other = consoles.add(fleet, kind), consoles.add(fleet, kind, "other")
    assert quick_run(fleet).rc == 0
    account = fleet.sign_in(console.name)["user"]["name"]
    before = seen(fleet)
    move(fleet, console, other.url)
    for server in (console, other):
        fleet.lab.fault(server.name, "POST", "/api/oidc/auth$", status=500, times=50)
    run = quick_run(fleet)
    fleet.lab.clear_faults()
    assert console.name in run.failed()
    assert "the console begins no sign-in at the moment" in said(run.output)
    assert seen(fleet) == before
    assert fleet.sign_in(console.name)["user"]["name"] == account


def test_unused_address_is_replaced(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """No user signs in to a console whose provider is disabled: the new address need not work before the run."""
    fleet = make_quick_fleet(1)
    (console,) = fleet.consoles.values()
    console.put_settings({**console.settings(), "callback_url": "https://former.invalid/api/oidc/callback"})
    run = quick_run(fleet)
    assert run.rc == 0, run.output
    assert fleet.sign_in(console.name)["access_token"]


def test_redirect_uri_of_a_former_address(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """It is kept and reported; it is removed only if it is named and no server declares it."""
    fleet = make_quick_fleet(2)
    console, other = fleet.consoles.values()
    assert quick_run(fleet).rc == 0
    former = f"{console.url}/api/oidc/callback"
    move(fleet, console, f"https://localhost:{urlsplit(console.url).port}")
    moved = quick_run(fleet)
    assert moved.rc == 0, moved.output
    assert f"the redirect URI of the former address is kept: {former}" in said(moved.output)
    (application,) = quick_report(fleet)["applications"]
    assert (application["former_redirect_uris"], application["foreign_redirect_uris"]) == ([former], [])

    before = only(fleet.tenant)
    for uri, owner in ((f"{other.url}/api/oidc/callback", other.name), (fleet_callback(fleet, console), console.name)):
        wrong = json.dumps({"rustdesk_sso_remove_redirect_uris": [uri]})
        refused = quick_run(fleet, "--limit", console.name, "-e", wrong, entry="remove")
        assert refused.failed() == {console.name}, refused.output
        assert f"{uri}, which {owner} declares" in said(refused.output)
    assert only(fleet.tenant) == before
    named = json.dumps({"rustdesk_sso_remove_redirect_uris": [former]})
    gone = quick_run(fleet, "--limit", console.name, "-e", named, entry="remove")
    assert gone.rc == 0, gone.output
    after = only(fleet.tenant)
    assert sorted(after["web"]["redirectUris"]) == sorted(
        [fleet_callback(fleet, console), f"{other.url}/api/oidc/callback"]
    )
    assert len(after["passwordCredentials"]) == len(before["passwordCredentials"])
    for name in fleet.consoles:
        assert fleet.sign_in(name)["access_token"]
