# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Places within a JSON value, as the option contract names them: members joined by dots."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import json_structure


def dig(value: t.Any, path: str) -> t.Any:
    """What is at the dotted ``path`` in ``value``; ``value`` itself for an empty path, None where there is nothing."""
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def respelt(value: t.Any, path: str) -> bool:
    """Whether the member at the dotted ``path`` is missing, while one of the same letters is there."""
    parents, _dot, last = path.rpartition(".")
    place = dig(value, parents)
    same = (
        [key for key in place if json_structure.letters(key) == json_structure.letters(last)]
        if isinstance(place, dict)
        else []
    )
    return bool(same) and last not in same


def put(document: dict[str, t.Any], path: str, value: t.Any) -> None:
    """Set what is at the dotted ``path`` in ``document``."""
    *parents, last = path.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value
