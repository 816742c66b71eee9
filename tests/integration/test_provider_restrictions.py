# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_oidc_provider: restrictions that keep users out of a console whose provider matches its declaration."""

from __future__ import annotations

from typing import Any

import pytest
from integration.test_consoles_quirks import CLIENT, PROVIDER, Desk

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

USERS = "/api/users"


def names(result: dict[str, Any]) -> list[str]:
    """The names of a result's restrictions."""
    assert not result["failed"], result
    return [item["name"] for item in result["restrictions"]]


@pytest.fixture
def desk(fleet: Fleet, in_process: InProcess) -> Desk:
    """A Pro console with a provider, and two users who have signed in with one."""
    made = Desk(fleet, "pro")
    (done,) = in_process.tasks(made.provider(**PROVIDER))
    assert names(done) == []
    for name in ("alice", "bob"):
        made.console.set_user(name, third_auth_type="azure")
    made.console.set_user("second", is_admin=True)
    return made


def predicted_and_done(in_process: InProcess, desk: Desk, **options: Any) -> list[str]:
    """The names of the restrictions after a task, which check mode must predict."""
    check, done = in_process.tasks({**desk.provider(**options), "check_mode": True}, desk.provider(**options))
    assert check["restrictions"] == done["restrictions"]
    return names(done)


def asked(lab: Lab, desk: Desk) -> int:
    """The number of times the users were read since the last call."""
    found = len([item for item in lab.requests(desk.console.name) if item["path"].startswith(USERS)])
    lab.clear_requests()
    return found


def test_the_maximum_is_reached(lab: Lab, desk: Desk, in_process: InProcess) -> None:
    """Only users of providers count, not local ones. The users are read once, and not if nothing changes."""
    lab.clear_requests()
    assert predicted_and_done(in_process, desk, maximum_authorized_users=2) == ["maximum_authorized_users"]
    assert asked(lab, desk) == 2
    (kept,) = in_process.tasks(desk.provider())
    assert names(kept) == []
    assert asked(lab, desk) == 0
    (check,) = in_process.tasks({**desk.provider(), "check_mode": True})
    assert names(check) == ["maximum_authorized_users"]
    assert "2 users have signed in with the console's providers; it allows 2" in check["restrictions"][0]["detail"]
    assert asked(lab, desk) == 1
    assert predicted_and_done(in_process, desk, maximum_authorized_users=3) == []


def test_a_maximum_of_zero(lab: Lab, desk: Desk, in_process: InProcess) -> None:
    """It is detected without reading the users."""
    desk.console.put_settings({**desk.console.settings(), "max_auth_count": 0})
    lab.clear_requests()
    (kept,) = in_process.tasks(desk.provider())
    assert names(kept) == ["maximum_authorized_users"]
    assert asked(lab, desk) == 0
    disabled, gone = in_process.tasks(desk.provider(enabled=False), desk.provider(state="absent"))
    assert names(disabled) == names(gone) == []


@pytest.mark.parametrize("answer", [{"status": 403}, {"json": {"data": "none"}}, {"json": {"data": ["alice"]}}])
def test_unreadable_users_are_unknown(lab: Lab, desk: Desk, in_process: InProcess, answer: dict[str, Any]) -> None:
    lab.fault(desk.console.name, "GET", f"^{USERS}", times=5, **answer)
    (done,) = in_process.tasks(desk.provider(maximum_authorized_users=1))
    assert done["changed"], done
    assert names(done) == []


def test_all_pages_of_users_are_read(desk: Desk, in_process: InProcess) -> None:
    for number in range(120):
        desk.console.set_user(f"user{number}", third_auth_type="azure")
    assert predicted_and_done(in_process, desk, maximum_authorized_users=122) == ["maximum_authorized_users"]
    assert predicted_and_done(in_process, desk, maximum_authorized_users=123) == []


def test_rustdesk_api(fleet: Fleet, in_process: InProcess) -> None:
    """It registers no users if registration is off or was never set, and needs the scope email for their names."""
    desk = Desk(fleet, "rustdesk_api")
    assert predicted_and_done(in_process, desk, **PROVIDER) == []
    for never in (None, False):
        (stored,) = consoles.entries(desk.console)
        desk.console.put_settings([{**stored, "auto_register": never}])
        assert names(*in_process.tasks(desk.provider())) == ["registration"]
    assert predicted_and_done(in_process, desk, auto_register=True) == []
    assert predicted_and_done(in_process, desk, scopes=["openid", "profile"]) == ["email_claim"]
    assert predicted_and_done(in_process, desk, scopes=["openid", "profile", "email"]) == []
    assert predicted_and_done(in_process, desk, name="github", **CLIENT) == []
