# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message about a wait that a service requests."""

from __future__ import annotations

import pytest
from urllib3 import HTTPResponse
from urllib3.exceptions import MaxRetryError
from urllib3.util import retry as urllib3_retry

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waits
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import _Retry


@pytest.mark.parametrize(
    ("wanted", "told", "waited"),
    [
        ("60", "429: retrying in 60 s", 60.0),
        ("3.128", "429: retrying in 4 s", 3.128),
        ("3600", f"429: retrying in {waits.LONGEST:.0f} s", waits.LONGEST),
        ("2.9", None, 2.9),
        ("soon", None, waits.pause(1)),
        ("1e400", f"429: retrying in {waits.LONGEST:.0f} s", waits.LONGEST),
        (None, None, waits.pause(1)),
    ],
)
def test_waits(monkeypatch: pytest.MonkeyPatch, wanted: str | None, told: str | None, waited: float) -> None:
    """Without the request's query, which may contain a sign-in code, and without waits too short to notice."""
    slept: list[float] = []
    monkeypatch.setattr(urllib3_retry.time, "sleep", slept.append)
    said: list[str] = []
    response = HTTPResponse(status=429, headers={"Retry-After": wanted} if wanted else {})
    budget = waits.Budget(100)
    first = _Retry(total=4, status_forcelist=(429,), allowed_methods=None, notify=said.append, budget=budget)
    second = first.increment("GET", "/api/oidc/auth-query?code=secret", response=response)
    second.sleep(response)
    assert said == ([f"GET /api/oidc/auth-query was answered {told}"] if told else [])
    assert slept == [waited]
    if waited > 50:
        with pytest.raises(MaxRetryError):  # urllib3 stops the retries on this exception
            second.increment("POST", "/api/login", response=response)
        return
    third = second.increment("POST", "/api/login", response=response)
    third.sleep(response)
    assert len(said) == (2 if told else 0)
