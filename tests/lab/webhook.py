# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Incoming webhooks of chat services. The request log holds the posted messages, and faults change the responses.

They refuse what the real ones refuse, as far as that is documented: a message without text or with too much in a block
[doc: Slack's "Sending messages using incoming webhooks", "Section block"], and one that is too large or has no adaptive
card [doc: Teams' "Create Incoming Webhooks"]. The wording of Teams' refusals is [inf].
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from .faults import Fault
from .vault import Vault

SLACK_BLOCKS = 50
SLACK_TEXT = 3000
TEAMS_BYTES = 28 * 1024
KINDS = ("slack", "teams", "json")
CARD = "application/vnd.microsoft.card.adaptive"


class Webhooks:
    """The webhooks of one lab. Their paths are secrets, as with the real ones."""

    name = "webhook"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._takes: dict[str, str] = {}
        self.url = ""

    def add(self, takes: str) -> str:
        """Add a webhook that takes ``slack``, ``teams`` or any ``json``, and return its URL."""
        if takes not in KINDS:
            raise ValueError(f"unknown type of webhook {takes}")
        path = f"/{self._vault.token()}"
        self._takes[path] = takes
        return self.url + path

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        takes = self._takes.get(request.path)
        if takes is None or request.method != "POST":
            return web.Response(status=404, text="no_service")
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        reason = refused(takes, body, len(raw))
        if reason:
            return web.Response(status=400, text=reason)
        return web.Response(status=202) if takes == "teams" else web.Response(text="ok")

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        return web.Response(status=429 if fault.throttle is not None else 403, headers=fault.retry_after)


def refused(takes: str, body: Any, size: int) -> str | None:
    """Return why a webhook that takes ``slack``, ``teams`` or ``json`` refuses a body of this size, or None."""
    return {"slack": _slack, "teams": _teams, "json": _json}[takes](body, size)


def _json(_body: Any, _size: int) -> str | None:
    return None


def _slack(body: Any, _size: int) -> str | None:
    """Return why Slack refuses the message, or None."""
    blocks = body.get("blocks", [])
    if not body.get("text"):
        return "no_text"
    if len(blocks) > SLACK_BLOCKS or not all(0 < len(block["text"]["text"]) <= SLACK_TEXT for block in blocks):
        return "invalid_blocks"
    return None


def _teams(body: Any, size: int) -> str | None:
    """Return why Teams refuses the message, or None."""
    if size > TEAMS_BYTES:
        return "the message is too large"
    attachments = body.get("attachments", []) if body.get("type") == "message" else []
    cards = [item["content"] for item in attachments if item["contentType"] == CARD]
    return None if len(cards) == 1 and cards[0]["type"] == "AdaptiveCard" and cards[0]["body"] else "no adaptive card"
