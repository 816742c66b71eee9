# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repeats recorded requests with `requests` only: ``python bare.py REQUESTS.json``, a file created by recording().

This is the cost without Ansible and without the code that decides which requests to send.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import requests

SENT = ("accept", "authorization", "content-type", "prefer")


def recording(entries: list[dict[str, Any]], urls: dict[str, str], ca_path: str) -> dict[str, Any]:
    """Convert the lab's log ``entries`` for bare.py; ``urls`` are those of the services."""
    return {
        "ca_path": ca_path,
        "requests": [
            {
                "method": entry["method"],
                "url": urls[entry["service"]] + entry["path"] + (f"?{entry['query']}" if entry["query"] else ""),
                "headers": {name.lower(): value for name, value in entry["headers"].items() if name.lower() in SENT},
                "body": entry["body"],
                "status": entry["status"],
            }
            for entry in entries
        ],
    }


def main(path: str) -> None:
    """Send all requests, and raise AssertionError if a response differs from the recorded one."""
    with open(path, encoding="utf-8") as stream:
        recorded = json.load(stream)
    tokens: dict[str, str] = {}  # by the recorded token that it replaces; each is used right after it was issued
    newest = ""
    with requests.Session() as session:
        session.trust_env = False
        for item in recorded["requests"]:
            headers = item["headers"]
            if "authorization" in headers:
                headers["authorization"] = "Bearer " + tokens.setdefault(headers["authorization"], newest)
            answer = session.request(
                item["method"],
                item["url"],
                headers=headers,
                data=item["body"].encode(),
                timeout=30,
                verify=recorded["ca_path"],
            )
            assert answer.status_code == item["status"], f"{item['method']} {item['url']}: {answer.status_code}"
            document = answer.json() if answer.content else {}
            newest = document.get("access_token", newest) if isinstance(document, dict) else newest


if __name__ == "__main__":
    main(sys.argv[1])
