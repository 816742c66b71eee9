# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_oidc_provider_info with probe: the console's dialect, safe to paste into a bug report."""

from __future__ import annotations

import json

import pytest
from faults.steps import module, writes

from lab.client import Lab
from support.controller import Controller
from support.fleet import Fleet

SHOWN = {
    "pro": ("providers", "client_secret", "max_auth_count"),
    "rustdesk_console": ("data", "total", "clientId"),
    "rustdesk_api": ("list", "client_secret", "oauth_type"),
}


@pytest.mark.parametrize("kind", list(SHOWN))
def test_probe(kind: str, lab: Lab, fleet: Fleet, quick_controller: Controller) -> None:
    """The type and the members of the responses are shown, but no value, host name or secret; nothing is changed."""
    name = f"{kind.replace('_', '-')}.{fleet.domain}"
    console = fleet.add_server(name, kind=kind)
    options = fleet.console_options(name)
    provider = {"name": "okta", "client_id": "client-of-okta", "client_secret": "s3cret-of-okta", "enabled": True}
    issuer = {"issuer": "https://sso.customer.example"}
    made, seen, without = quick_controller.tasks(
        module("rustdesk_oidc_provider", **options, **provider, **issuer),
        module("rustdesk_oidc_provider_info", **options, probe=True),
        module("rustdesk_oidc_provider_info", **{**options, "password": "wrong~password"}, probe=True),
    )
    assert made["changed"], made
    found = seen["probe"]
    assert {"signed_in": kind} in found, found
    text = json.dumps(found)
    assert [member for member in SHOWN[kind] if f'"{member}"' not in text] == []
    values = [
        *lab.secrets(),
        "client-of-okta",
        "s3cret-of-okta",
        "customer.example",
        name,
        "127.0.0.1",
    ]
    assert [value for value in values if f'"{value}' in text or f"/{value}" in text] == []
    assert not seen["changed"]
    assert console.sessions() == []
    # A report can be created without signing in.
    assert [item["signed_in"] for item in without["probe"] if "signed_in" in item] == [False]
    assert writes(lab)
