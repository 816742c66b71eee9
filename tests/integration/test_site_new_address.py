# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml replaces a callback URL in use only by one that leads to the same console."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from lab.client import Console, SignInFailed
from support import consoles
from support.fleet import Fleet

# rustdesk_api has its address in the server's environment
KINDS = ("pro", "rustdesk_console")


def said(output: str) -> str:
    """The output in one line."""
    return " ".join(output.split())


def move(fleet: Fleet, console: Console, address: str) -> None:
    """Declare another address of a console for its users."""
    fleet.hosts[console.name]["rustdesk_sso_public_url"] = address


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_address_is_refused(fleet: Fleet, seen: Callable[[Fleet], str], kind: str) -> None:
    """In check mode too, before anything is written on either side; without the proof, the console is moved."""
    console, other = consoles.add(fleet, kind), consoles.add(fleet, kind, "other")
    assert fleet.site().rc == 0
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
            run = fleet.site(*options)
            assert run.failed() == {console.name}, run.output
            assert why in said(run.output)
            assert "Set rustdesk_sso_public_url to the address at which users reach this console" in said(run.output)
            assert run.changed() == {console.name: 0, other.name: 0}
        assert seen(fleet) == before
    assert fleet.sign_in(console.name)["user"]["name"] == account

    move(fleet, console, f"https://localhost:{port}")
    assert "localhost" not in console.url
    moved = fleet.site()
    assert moved.rc == 0, moved.output
    assert fleet.sign_in(console.name)["user"]["name"] == account

    move(fleet, console, "https://desk.invalid")
    ahead = fleet.site("--skip-tags", "rustdesk_sso_verify")
    assert ahead.rc == 0, ahead.output
    with pytest.raises(SignInFailed, match=r"desk\.invalid"):
        fleet.sign_in(console.name)


def test_an_address_that_is_not_in_use_is_replaced(make_fleet: Callable[[int], Fleet]) -> None:
    """A console whose provider is off has nobody to lose: the new address need not work before the run."""
    fleet = make_fleet(1)
    (console,) = fleet.consoles.values()
    console.put_settings({**console.settings(), "callback_url": "https://former.invalid/api/oidc/callback"})
    run = fleet.site()
    assert run.rc == 0, run.output
    assert fleet.sign_in(console.name)["access_token"]
