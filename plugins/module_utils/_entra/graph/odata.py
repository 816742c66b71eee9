# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Text literals of OData, as Microsoft Graph's conditions and keys have them."""

from __future__ import annotations


def escaped(text: str) -> str:
    """``text`` as the inside of a literal, for where the quotes around it are there already."""
    return text.replace("'", "''")


def literal(text: str) -> str:
    """``text`` as a literal with its quotes."""
    return f"'{escaped(text)}'"
