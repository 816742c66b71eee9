# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every secret value that the lab ever created, so that a test can search for leaks."""

from __future__ import annotations

import secrets
import string


class Vault:
    """A store that creates and remembers secret values."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}

    def keep(self, value: str) -> str:
        """Remember a value created elsewhere, and return it."""
        self._values[value] = None
        return value

    def client_secret(self) -> str:
        """Return forty characters in Entra's format: three, one digit, ``Q~``, then letters, digits and ``-._~``."""
        body = string.ascii_letters + string.digits + "-._~"
        head = "".join(secrets.choice(string.ascii_letters + string.digits) for _place in range(3))
        tail = "".join(secrets.choice(body) for _place in range(34))
        return self.keep(f"{head}8Q~{tail}")

    def token(self, size: int = 32) -> str:
        """Return an opaque token."""
        return self.keep(secrets.token_urlsafe(size))

    def all(self) -> list[str]:
        """Return all values, oldest first."""
        return list(self._values)
