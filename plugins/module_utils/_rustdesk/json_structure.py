# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The structure of JSON values, with members and types but no values, for messages and reports."""

from __future__ import annotations

import json
import re
import typing as t

# Parts of addresses and member names that do not belong to an API: identifiers, hosts, people
PERSONAL = re.compile(r"^[0-9a-f-]{16,}$|^\d+$|@|\.[a-z]{2,}$", re.IGNORECASE)


def letters(name: str) -> str:
    """Return a member's name without case and separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def is_number(value: t.Any) -> bool:
    """True if a JSON value is a whole number; unlike in Python, a boolean is not one."""
    return isinstance(value, int) and not isinstance(value, bool)


def text(value: t.Any) -> str:
    """Return the structure of a JSON value in one line: member names and types, no values."""
    return json.dumps(skeleton(value), ensure_ascii=False)


def skeleton(value: t.Any) -> t.Any:
    """Return a JSON value with types in place of values."""
    if isinstance(value, dict):
        return {("{key}" if PERSONAL.search(str(key)) else str(key)): skeleton(item) for key, item in value.items()}
    if isinstance(value, list):
        structures: list[t.Any] = []
        for item in value:
            structure = skeleton(item)
            if structure not in structures:
                structures.append(structure)
        return structures
    return "null" if value is None else type(value).__name__
