# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throttling and short outages of Graph and of the token endpoint are waited out; long ones end in a clear message."""

from __future__ import annotations

import time
from typing import Any

import pytest
from faults.steps import accepted, only, own
from integration.entra_app_rows import look, run

from lab.client import Lab
from support.fleet import Fleet

WRITES = {"upsert": ("PATCH", "/applications"), "principal": ("POST", "/servicePrincipals$")}
WRITES["secret"] = ("POST", "/addPassword$")
# The responses of the service, and the writes that get them; all reads do
OUTAGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "429, fraction": ({"throttle": "0.3"}, [*WRITES]),
    "429, bare": ({"throttle": True}, [*WRITES]),
    "503": (
        {"status": 503, "headers": {"Retry-After": "1"}, "json": {"error": {"code": "Unavailable", "message": "x"}}},
        ["upsert", "principal"],
    ),
    "504": ({"status": 504, "html": "<html>Gateway Timeout</html>"}, ["secret"]),
}


def declared(name: str, held: str = "", **options: Any) -> dict[str, Any]:
    """Options that declare an application with a client secret."""
    named = {"unique_name": name, "display_name": name, "client_secrets": [{"name": "desk1", "held": held}]}
    return {"wait_timeout": 2, "timeout": 5, **named, **options}


@pytest.mark.parametrize("name", OUTAGES)
def test_short_outage(name: str, lab: Lab, fleet: Fleet) -> None:
    """One failed response to every type of request, then good ones: done in this run, or in the next one."""
    outage, writes = OUTAGES[name]
    lab.fault("login", "GET", "openid-configuration", **outage)
    lab.fault("login", "POST", "/token", **outage)
    lab.fault("graph", "GET", "/applications", **outage)
    lab.fault("graph", "GET", "/servicePrincipals", **outage)
    for write in writes:
        lab.fault("graph", *WRITES[write], **outage)
    first = run(fleet, **declared("desks"))
    (made,) = first.get("client_secrets") or [{}]
    second = run(fleet, **declared("desks", made.get("secret_text", "")))
    # A 429 was not processed: there is no reason to give up. After a 503 or 504 the result is unknown.
    assert "throttle" not in outage or not first["failed"], first
    assert not second["failed"], second
    application = only(fleet.tenant)
    if not first["failed"]:
        assert not second["changed"]
        assert len(application["passwordCredentials"]) == 1
    entry = (second if second["changed"] else first)["client_secrets"][0]
    assert accepted(fleet, application["appId"], entry["secret_text"])


def test_retry_after_is_respected(lab: Lab, fleet: Fleet) -> None:
    """No request is repeated before the time in Graph's Retry-After."""
    lab.fault("graph", "GET", "/applications", throttle="1.25")
    before = time.monotonic()
    found = look(fleet, unique_name="desks")
    assert found["applications"] == [], found
    assert time.monotonic() - before >= 1.25


def test_long_outage(lab: Lab, fleet: Fleet) -> None:
    """The message names the request and the response. No object is left half created, and the next run creates it."""
    cases = {
        "throttled": {"throttle": "0.2"},
        "unavailable": {"status": 503, "html": "<html>Service Unavailable</html>"},
    }
    for name, outage in cases.items():
        lab.fault("graph", "GET", f"uniqueName='{name}'|uniqueName%3D'{name}'|uniqueName=%27{name}", times=99, **outage)
    throttled, unavailable = (run(fleet, **declared(name, wait_timeout=3)) for name in cases)
    assert throttled["failed"]
    assert "429" in throttled["msg"]
    assert unavailable["failed"]
    assert "503" in unavailable["msg"]
    assert own(fleet.tenant.applications()) == []
    lab.clear_faults()
    for name in cases:
        result = run(fleet, **declared(name))
        assert result["changed"], result
    assert len(own(fleet.tenant.applications())) == 2
