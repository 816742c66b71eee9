# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests to every server of the lab, and the responses."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any
from urllib.parse import unquote

# A request with this user agent comes from the lab itself or from its simulated user.
LAB_AGENT = "rustdesk-sso-lab"
# The user agent of a console's own requests to the login endpoints.
CONSOLE_AGENT = "rustdesk-server"
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _asked(method: str, path: str, body: str) -> set[tuple[str, str]]:
    """Return method and path of a request, and of each request in a $batch."""
    asked = {(method, path)}
    if path.endswith("/$batch"):
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            asked |= {(step["method"], step["url"].partition("?")[0]) for step in json.loads(body)["requests"]}
    return {(verb, _ID.sub("{id}", unquote(where))) for verb, where in asked}


class RequestsLog:
    """Requests in the order of their arrival."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        # Service, method and path of every request of the product since the start, without IDs
        self.endpoints: set[tuple[str, str, str]] = set()

    def add(
        self, service: str, method: str, path: str, query: str, headers: dict[str, str], body: str
    ) -> dict[str, Any]:
        """Record a request. The caller sets ``status`` in the returned entry once it is known."""
        agent = {name.lower(): value for name, value in headers.items()}.get("user-agent", "")
        if agent.startswith(LAB_AGENT):
            by = "lab"
        elif agent.startswith(CONSOLE_AGENT):
            by = "console"
        else:
            by = "client"
        entry = {
            "service": service,
            "method": method,
            "path": path,
            "query": query,
            "status": None,
            "body": body,
            "headers": headers,
            "by": by,
        }
        self._entries.append(entry)
        if by == "client":
            self.endpoints |= {(service, *asked) for asked in _asked(method, path, body)}
        return entry

    def entries(self, service: str | None = None) -> list[dict[str, Any]]:
        """Return all entries, or those of one service."""
        return [entry for entry in self._entries if service in (None, entry["service"])]

    def clear(self) -> None:
        """Forget everything recorded."""
        self._entries.clear()
