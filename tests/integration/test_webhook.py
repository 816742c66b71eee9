# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The webhook never fails a run, whatever its address and its response; the address is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import blank
from lab.client import Lab
from support.in_process import InProcess

TOKEN = "s3cr3t-path-of-the-webhook"
FAILED: dict[str, Any] = {"desk1": {**blank("desk1"), "failed": True, "message": "Sign-in at desk1 would not work."}}
ADDRESSES = (
    f"https://127.0.0.1:1/{TOKEN}",
    f"https://127.0.0.1:99999/{TOKEN}",
    f"https://[/{TOKEN}",
    f"https://{TOKEN}\u00ad..example/",
    f"https://{'a' * 70}.example/{TOKEN}",
    f"https:///{TOKEN}",
    f"ftp://host/{TOKEN}",
    f"https://host/{TOKEN}\n",
    f"https://host\x00/{TOKEN}",
    f"https://host/{TOKEN}\ud800",
    TOKEN,
)
ANSWERS: dict[str, dict[str, Any]] = {
    "an error": {"status": 500, "body": TOKEN},
    "a redirect": {"redirect": f"https://elsewhere.example/{TOKEN}"},
    "a wrong encoding": {"headers": {"Content-Encoding": "gzip"}, "body": TOKEN},
    "nothing": {"cut": "before"},
    "nothing any more": {"cut": "after"},
    "a strange redirect": {"redirect": "https://[", "status": 302},
}


def send(in_process: InProcess, url: str, **options: Any) -> dict[str, Any]:
    """Send the summary of a run, and search the result for the address."""
    servers = {"servers": FAILED, "notify_when": "always"}
    result = in_process.task("entra_oidc_summary", **servers, notify_url=url, **options)
    assert TOKEN not in json.dumps({**result, "ansible_stats": None})
    path = url.rpartition("/")[2]
    assert not path or path not in json.dumps(result.get("warnings") or [])
    return result


@pytest.mark.parametrize("url", ADDRESSES, ids=range(len(ADDRESSES)))
def test_invalid_address(in_process: InProcess, url: str) -> None:
    result = send(in_process, url)
    assert not result["failed"], result
    assert not result["sent"]
    assert len(result["warnings"]) == 1
    assert "rustdesk_sso_notify_url" in result["warnings"][0]


@pytest.mark.parametrize("answer", ANSWERS)
def test_invalid_response(lab: Lab, in_process: InProcess, answer: str) -> None:
    hook = lab.add_webhook("json")
    lab.fault("webhook", times=9, **ANSWERS[answer])
    result = send(in_process, hook.url, ca_path=str(lab.ca_path))
    assert not result["failed"], result
    assert not result["sent"]
    assert len(result["warnings"]) == 1
