# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failed logins per address, and the captcha and ban that they lead to [src]."""

from __future__ import annotations

import base64
import secrets
import struct
import uuid
import zlib
from typing import Any

from ..clock import Clock

WINDOW_SECONDS = 600
BAN_SECONDS = 1800
CAPTCHA_SECONDS = 300


class LoginLimiter:
    """After `captcha_threshold` failures (0: always), the next logins from an address need a captcha. After
    `ban_threshold` failures (0: never), the address is banned.

    A captcha's picture is blank here. Its text goes to the mailbox.
    """

    def __init__(self, clock: Clock, mailbox: list[dict[str, str]]) -> None:
        self.captcha_threshold = 3
        self.ban_threshold = 0
        self._clock = clock
        self._mailbox = mailbox
        self._failures: dict[str, list[float]] = {}
        self._banned: dict[str, float] = {}
        self._captchas: dict[str, tuple[str, float]] = {}

    @property
    def _off(self) -> bool:
        return self.captcha_threshold < 0 and self.ban_threshold == 0

    def failed(self, address: str) -> None:
        """Record a failed login."""
        if self._off or self.is_banned(address):
            return
        self._failures[address] = [*self._recent(address), self._clock.time()]
        if 0 < self.ban_threshold <= len(self._failures[address]):
            self._banned[address] = self._clock.time() + BAN_SECONDS
            del self._failures[address]

    def forget(self, address: str) -> None:
        """Forget an address's failures after a login."""
        self._failures.pop(address, None)

    def is_banned(self, address: str) -> bool:
        """Return whether the address is banned."""
        return self._banned.get(address, 0.0) > self._clock.time()

    def needs_captcha(self, address: str) -> bool:
        """Return whether the next login from an address needs a captcha."""
        return not self._off and not self.is_banned(address) and len(self._recent(address)) >= self.captcha_threshold

    def captcha(self) -> dict[str, str]:
        """Create a captcha, and return its ID and picture."""
        key, answer = str(uuid.uuid4()), f"{secrets.randbelow(10_000):04d}"
        self._captchas[key] = (answer, self._clock.time() + CAPTCHA_SECONDS)
        self._mailbox.append({"to": "", "subject": "captcha", "code": answer})
        return {"id": key, "b64": "data:image/png;base64," + base64.b64encode(_blank_png()).decode()}

    def solved(self, body: dict[str, Any]) -> bool:
        """Return whether a login solves a captcha. Every captcha is valid for one attempt."""
        answer, ends = self._captchas.pop(str(body.get("captcha_id", "")), ("", 0.0))
        return bool(answer) and ends > self._clock.time() and body.get("captcha") == answer

    def _recent(self, address: str) -> list[float]:
        horizon = self._clock.time() - WINDOW_SECONDS
        return [moment for moment in self._failures.get(address, []) if moment > horizon]


def _blank_png(width: int = 150, height: int = 50) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\xff" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
