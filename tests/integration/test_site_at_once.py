# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of several controllers on the same servers at the same moment."""

from __future__ import annotations

import pytest
from integration.test_site_stranded import ADDS, CHANGES, held, key_ids, secrets

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_run
from support.runs_at_once import runs_at_once

MAKES = ("POST", "/addPassword")


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_first_runs(kind: str, lab: Lab, fleet: Fleet) -> None:
    """None fails, all leave the one client secret that the console has, and users can sign in."""
    console = consoles.add(fleet, kind)
    (name,) = fleet.hosts
    done = runs_at_once([fleet] * 4, meet=[MAKES, written(ADDS, kind)])
    assert [item.failed for item in done] == [set()] * 4, [item.output for item in done]
    assert secrets(fleet) == held(fleet, console)
    assert fleet.sign_in(name)["access_token"]


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_renewals(kind: str, lab: Lab, fleet: Fleet) -> None:
    """The former one is superseded once, and a run that was slower keeps what the console got from another one."""
    console = consoles.add(fleet, kind)
    (name,) = fleet.hosts
    assert quick_run(fleet).rc == 0
    former = held(fleet, console)
    done = runs_at_once([fleet] * 4, "-e", "rustdesk_sso_secret_renew=true", meet=[MAKES, written(CHANGES, kind)])
    assert [item.failed for item in done] == [set()] * 4, [item.output for item in done]
    assert key_ids(secrets(fleet)) == key_ids([*former, *held(fleet, console)])
    assert fleet.sign_in(name)["access_token"]
    quiet = quick_run(fleet)
    assert set(quiet.changed().values()) == {0}, quiet.output


def written(requests: dict[str, tuple[str, str]], kind: str) -> tuple[str, str]:
    """Method and path of the request by which the product writes to this console."""
    method, path = requests[kind]
    return method, path.strip("$")
