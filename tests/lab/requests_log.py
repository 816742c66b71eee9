# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every server of the lab was asked and what it answered."""

from __future__ import annotations

from typing import Any

# A request with this user agent comes from the lab itself or from its simulated user.
LAB_AGENT = "rustdesk-sso-lab"
# The user agent of a console's own requests to the login endpoints.
CONSOLE_AGENT = "rustdesk-server"


class RequestsLog:
    """Requests in the order of their arrival."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []

    def add(
        self, service: str, method: str, path: str, query: str, headers: dict[str, str], body: str
    ) -> dict[str, Any]:
        """Record a request; the caller sets ``status`` in the returned entry once it is known."""
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
        return entry

    def entries(self, service: str | None = None) -> list[dict[str, Any]]:
        """All entries, or those of one service."""
        return [entry for entry in self._entries if service in (None, entry["service"])]

    def clear(self) -> None:
        """Forget everything recorded."""
        self._entries.clear()
