# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""OData string literals for Microsoft Graph's filters and keys."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Escape ``text`` for use inside the quotes of a literal."""
    return text.replace("'", "''")


def literal(text: str) -> str:
    """Return ``text`` as a quoted literal."""
    return f"'{escaped(text)}'"
