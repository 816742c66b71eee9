# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Access places within a JSON value, named as in the option contract: members joined by dots."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_structure


def dig(value: t.Any, path: str) -> t.Any:
    """Return the value at the dotted ``path`` in ``value``; ``value`` itself for an empty path, None if it is
    missing."""
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def respelt(value: t.Any, path: str) -> bool:
    """True if the member at the dotted ``path`` is missing, but exists in another spelling."""
    parents, _dot, last = path.rpartition(".")
    place = dig(value, parents)
    same = (
        [key for key in place if json_structure.letters(key) == json_structure.letters(last)]
        if isinstance(place, dict)
        else []
    )
    return bool(same) and last not in same


def put(document: dict[str, t.Any], path: str, value: t.Any) -> None:
    """Set the value at the dotted ``path`` in ``document``."""
    *parents, last = path.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value
