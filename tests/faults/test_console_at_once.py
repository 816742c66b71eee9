# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""rustdesk_oidc_provider: several tasks write to one console at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import pro
from lab.client import Lab
from support import consoles
from support.fleet import Fleet
from support.in_process import InProcess

TASKS = 8


def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first document that a task writes waits for those of all others: each was built without the others."""
    send, barrier, written = HTTPAdapter.send, threading.Barrier(TASKS, timeout=60), threading.local()

    def sent(adapter: HTTPAdapter, request: Any, *more: Any, **named: Any) -> Any:
        if request.method == "PUT" and not getattr(written, "once", False):
            written.once = True
            barrier.wait()
        return send(adapter, request, *more, **named)

    monkeypatch.setattr(HTTPAdapter, "send", sent)


def test_providers_of_one_settings_document(
    in_process: InProcess, lab: Lab, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No provider is lost, although the console stores all of them as a whole."""
    monkeypatch.setattr(pro, "SECOND_LOOK", 0.5)
    console = consoles.add(fleet, "pro")
    (name,) = fleet.hosts
    names = [f"oidc{number}" for number in range(TASKS)]

    def write(provider: str) -> dict[str, Any]:
        options = {"client_id": f"of-{provider}", "client_secret": f"the~secret~of~{provider}~0123456789"}
        issuer = f"{lab.login_url}/{fleet.tenant.tenant_id}/v2.0"
        named = {"name": provider, "type": "oidc", "issuer": issuer}
        return in_process.task("rustdesk_oidc_provider", **fleet.console_options(name), **named, **options)

    with monkeypatch.context() as patch, ThreadPoolExecutor(TASKS) as pool:
        together(patch)
        results = list(pool.map(write, names))
    assert [result.get("msg") for result in results if result["failed"]] == []
    assert {item["name"] for item in consoles.entries(console)} >= {*names}
