# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change took effect, and its response cannot be read, or has an invalid date.

The run reads the result. No working client secret has an unknown value, and the next run ends with the declared state.
"""

from __future__ import annotations

from typing import Any

import pytest
from faults.steps import accepted, module, only, own
from faults.test_cut_graph import converge, declared, value
from integration.entra_app_rows import run

from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

CORRUPT: dict[str, dict[str, Any]] = {
    "garbled": {"garble": True},
    "wrong encoding": {"headers": {"Content-Encoding": "gzip"}},
    "large": {"pad": 5 * 1024 * 1024},
    "slow": {"drip": 0.1},
    "half": {"truncate": True},
    "no date": {"headers": {"Date": "yesterday"}},
    "date without a zone": {"headers": {"Date": "Sun, 01 Mar 2026 12:00:00 -0000"}},
    "date beyond dates": {"headers": {"Date": "Fri, 31 Dec 9999 23:59:59 -2300"}},
}
READABLE = {"no date", "date without a zone", "date beyond dates"}


@pytest.mark.parametrize("how", CORRUPT)
def test_a_client_secret_is_never_lost(how: str, lab: Lab, fleet: Fleet) -> None:
    lab.fault("graph", "POST", "/addPassword$", **CORRUPT[how])
    result = run(fleet, **declared(how, timeout=2))
    assert lab.open_faults() == []
    application = only(fleet.tenant, displayName=how)
    held = [item["keyId"] for item in application["passwordCredentials"]]
    if how in READABLE:
        assert not result["failed"], result["msg"]
        assert held == [result["client_secrets"][0]["key_id"]]
        assert accepted(fleet, application["appId"], value(result))
    else:
        assert result["failed"]
        assert held == []
        assert "was found and removed" in result["msg"]
    converge(fleet, how, [result], {})


@pytest.mark.parametrize("how", ["garbled", "wrong encoding", "large", "half"])
def test_an_application_is_created_once(how: str, lab: Lab, fleet: Fleet) -> None:
    lab.fault("graph", "POST", "/applications$", **CORRUPT[how])
    result = run(fleet, **declared(how, unique_name=None))
    assert lab.open_faults() == []
    assert len(own(fleet.tenant.applications(), displayName=how)) == 1
    converge(fleet, how, [result], {"unique_name": None})


@pytest.mark.parametrize("how", [*CORRUPT])
def test_settings_of_a_console(how: str, lab: Lab, fleet: Fleet, in_process: InProcess) -> None:
    """They are read again and match the declaration."""
    console = consoles.add(fleet, "pro")
    task = module(
        "rustdesk_oidc_provider",
        **fleet.console_options(console.name),
        client_id="app-1",
        client_secret="Zx9~wide.awake_0123456789-abcdefghijklmn",
        issuer="https://login.example/11111111-2222-3333-4444-555555555555/v2.0",
        timeout=2,
    )
    lab.fault(console.name, "PUT", "/api/oidc/settings", **CORRUPT[how])
    result, again = in_process.tasks(task, task)
    assert lab.open_faults() == []
    assert not result["failed"], result["msg"]
    assert result["changed"]
    assert not again["failed"], again["msg"]
    assert not again["changed"]
