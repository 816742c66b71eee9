# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each request that the collection sends in a server's lifecycle has a live case, and each expectation is used by one.

The tests of crashes (each flow) and of generated declarations check the same for their requests.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from crash.flows import FLOWS
from crash.grounds import MakeGround
from crash.harness import play
from live.complete import SERVICES, missing

from support.consoles import KINDS

HERE = Path(__file__).parent


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_of_a_first_run_has_a_case(make_ground: MakeGround, kind: str) -> None:
    ground = make_ground(kind, FLOWS["first run"])
    for call in ground.flow.calls:
        play(ground, call)
    endpoints = ground.lab.endpoints()
    assert {kind, "graph", "login"} <= {service for service, _method, _path in endpoints}
    assert missing(endpoints) == []


def test_requests_in_a_batch_and_names_in_paths_are_recognized() -> None:
    asked = [
        ("graph", "GET", "/applications/{id}/owners"),
        ("graph", "GET", "/v1.0/applications(uniqueName='x')"),
        ("graph", "GET", "/v1.0/applications/{id}/synchronization"),
        ("login", "POST", "/{id}/oauth2/v2.0/devicecode"),
        ("pro", "DELETE", "/api/users"),
        ("webhook", "POST", "/other"),
    ]
    assert missing(asked) == [
        "graph GET /applications/{id}/synchronization",
        "login POST /{tenant}/oauth2/v2.0/devicecode",
        "pro DELETE /api/users",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_each_expectation_is_used_by_a_case(service: str) -> None:
    sources = "".join((HERE / name).read_text("utf-8") for name in ("test_entra.py", "test_consoles.py", "run.py"))
    assert [case for case in SERVICES[service] if f'"{case}"' not in sources] == []
