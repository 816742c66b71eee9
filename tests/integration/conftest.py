# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures that the playbook tests share: they read the state of both sides directly, without the product."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lab.client import Lab
from support.consoles import LOGINS, LOGOUTS
from support.fleet import Fleet
from support.sent import only_reads

# Console requests that change at most the caller's session, or start a sign-in that no user completes
HARMLESS = {*LOGINS, *LOGOUTS, "/api/currentUser", "/api/oidc/auth"}


def both_sides(fleet: Fleet) -> str:
    """All applications of the tenant and the settings of all consoles, as text that shows every byte in order."""
    settings = {name: console.settings() for name, console in fleet.consoles.items()}
    applications = fleet.tenant.applications()
    principals = fleet.tenant.graph("GET", "/servicePrincipals").json()["value"]
    # Entra returns lists in any order
    return json.dumps([sorted(_settled(item) for item in [*applications, *principals]), settings], indent=1)


def _settled(item: Any) -> str:
    if isinstance(item, dict):
        return json.dumps({key: _settled(value) for key, value in item.items()}, sort_keys=True)
    if isinstance(item, list):
        return json.dumps(sorted(_settled(entry) for entry in item))
    return json.dumps(item)


@pytest.fixture
def seen() -> Callable[[Fleet], str]:
    """Read both sides of a fleet; equal texts mean that nothing changed."""
    return both_sides


@pytest.fixture
def writes(lab: Lab) -> Callable[[], list[str]]:
    """List the product's write requests to Graph and consoles since the lab's log was cleared."""

    def listed() -> list[str]:
        requests = [entry for entry in lab.requests() if entry["service"] != "login"]
        assert requests, "the product sent no request"
        return [
            f"{entry['service']} {entry['method']} {entry['path']}"
            for entry in requests
            if not only_reads(entry) and entry["path"] not in HARMLESS
        ]

    return listed
