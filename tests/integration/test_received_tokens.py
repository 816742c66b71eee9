# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token with white space or control characters is refused when it is received, and never quoted.

HTTP libraries quote a header that cannot be sent.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from integration.entra_app_rows import OWNED_BY

from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

# The replacement of a token: two lines of text, with a word to search for
SPOILT = {"to": "text"}
QUOTED = "surprise"
NO_TOKEN = "characters that are not valid in a token"


def look_up(in_process: InProcess, fleet: Fleet, **options: Any) -> dict[str, Any]:
    """Return the failure of a task that signs in to Entra."""
    wanted = {**fleet.entra, "unique_name": "rustdesk", **options}
    result = in_process.task("entra_app_info", **{name: value for name, value in wanted.items() if value is not None})
    assert result["failed"], result
    assert QUOTED not in json.dumps(result)
    return result


def test_an_access_token_of_entra(fleet: Fleet, in_process: InProcess) -> None:
    fleet.lab.fault("login", "POST", "/token$", times=9, mutate={"at": ["access_token"], **SPOILT})
    assert NO_TOKEN in look_up(in_process, fleet)["msg"]
    assert fleet.lab.requests("graph") == []


def test_an_access_token_of_a_managed_identity(
    fleet: Fleet, in_process: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fleet.tenant.set_managed_identity([OWNED_BY])["environment"].items():
        monkeypatch.setenv(name, value)
    fleet.lab.clear_requests()
    fleet.lab.fault("identity", times=9, mutate={"at": ["access_token"], **SPOILT})
    options = {"client_id": None, "client_secret": None, "auth_source": "managed_identity"}
    assert NO_TOKEN in look_up(in_process, fleet, **options)["msg"]
    assert fleet.lab.requests("graph") == []


def test_the_token_of_a_job_of_github(fleet: Fleet, in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fleet.lab.start_github_job("contoso/desks")["environment"].items():
        monkeypatch.setenv(name, value)
    fleet.lab.clear_requests()
    fleet.lab.fault("github", times=9, mutate={"at": ["value"], **SPOILT})
    result = look_up(in_process, fleet, client_secret=None, auth_source="workload_identity")
    assert NO_TOKEN in result["msg"]
    assert [item["path"] for item in fleet.lab.requests("login") if item["method"] == "POST"] == []


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_the_token_of_a_console(fleet: Fleet, in_process: InProcess, kind: str) -> None:
    console = consoles.add(fleet, kind)
    at = ["data", "token"] if kind == "rustdesk_api" else ["access_token"]
    fleet.lab.fault(console.name, "POST", "/login$", times=9, mutate={"at": at, **SPOILT})
    result = in_process.task("rustdesk_oidc_provider_info", **fleet.console_options(console.name))
    assert result["failed"]
    assert f"{at[-1]} is not a token" in result["msg"]
    assert QUOTED not in json.dumps(result)
