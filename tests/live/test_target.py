# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A live run begins only with LIVE=1 and a confirmed tenant or console; each refusal names the setting."""

from __future__ import annotations

import pytest
from live import target

TENANT = "1b2c3d4e-0000-4000-8000-00000000abcd"
ENTRA = {
    "LIVE": "1",
    "LIVE_TENANT": TENANT,
    "AZURE_TENANT_ID": TENANT.upper(),
    "AZURE_CLIENT_ID": "2b2c3d4e-0000-4000-8000-00000000abcd",
    "AZURE_CLIENT_SECRET": "s3cret-of-the-automation",
}
CONSOLE = {
    "LIVE": "1",
    "LIVE_CONSOLE": "desk1.example.com",
    "LIVE_CONSOLE_TYPE": "pro",
    "RUSTDESK_URL": "https://desk1.example.com/",
    "RUSTDESK_USERNAME": "admin",
    "RUSTDESK_PASSWORD": "s3cret-of-the-console",
}


@pytest.mark.parametrize(
    ("environment", "stated"),
    [
        ({}, "LIVE=1"),
        ({**ENTRA, "LIVE": "yes"}, "LIVE=1"),
        ({name: value for name, value in ENTRA.items() if name != "LIVE"}, "LIVE=1"),
        ({"LIVE": "1", "AZURE_TENANT_ID": TENANT}, "LIVE_TENANT"),
        ({**ENTRA, "LIVE_TENANT": TENANT.replace("1b", "9b")}, "different tenants"),
        ({**ENTRA, "AZURE_CLIENT_SECRET": " "}, "AZURE_CLIENT_SECRET"),
        ({**ENTRA, "AZURE_TENANT_ID": "contoso.com", "LIVE_TENANT": "contoso.com"}, "not a tenant ID"),
        ({**ENTRA, "ENTRA_GRAPH_ENDPOINT": "http://graph.example"}, "ENTRA_GRAPH_ENDPOINT"),
        ({**ENTRA, "LIVE_REQUESTS": "many"}, "LIVE_REQUESTS"),
        ({**ENTRA, "LIVE_LEFTOVERS": "all"}, "LIVE_LEFTOVERS"),
        ({**CONSOLE, "LIVE_CONSOLE": "desk2.example.com"}, "different hosts"),
        ({**CONSOLE, "LIVE_CONSOLE_TYPE": "other"}, "LIVE_CONSOLE_TYPE"),
        ({**CONSOLE, "RUSTDESK_URL": "http://desk1.example.com"}, "RUSTDESK_URL"),
        ({**CONSOLE, "RUSTDESK_PASSWORD": ""}, "RUSTDESK_PASSWORD"),
    ],
)
def test_refused_with_a_sentence(environment: dict[str, str], stated: str) -> None:
    with pytest.raises(target.RefusedError) as refused:
        target.read(environment)
    sentence = str(refused.value)
    assert stated in sentence
    assert sentence.endswith(target.NOTHING_SENT)
    assert "s3cret" not in sentence


def test_either_is_sufficient_and_the_plan_shows_no_secret() -> None:
    tenant, console = target.read(ENTRA), target.read(CONSOLE)
    both = target.read({**CONSOLE, **ENTRA})
    assert (tenant.console, console.tenant) == (None, None)
    assert (both.tenant, both.console) == (tenant.tenant, console.console)
    plan = "\n".join(target.plan(both))
    for named in (TENANT, "2b2c3d4e", "desk1.example.com", "admin", "rustdesk-sso-live-", "400 requests"):
        assert named in plan
    assert "s3cret" not in plan


def test_console_cases_never_use_the_issuer_of_the_tenant() -> None:
    both = target.read({**CONSOLE, **ENTRA})
    assert both.console
    assert TENANT not in both.console.issuer.lower()
