# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Distinguish the value of a client secret from a placeholder."""

from __future__ import annotations

# Entra's values have 40 characters [rec]. A shorter one is a leftover, a mask or a placeholder, and masking it would
# hide parts of unrelated output.
SHORTEST = 16


def usable_secret(value: str | None) -> str | None:
    """Return ``value`` if it can be that of a client secret, else None."""
    return value if value and len(value) >= SHORTEST else None
