# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid JSON responses that the service would not send: one member is replaced by a value of another type."""

from __future__ import annotations

import copy
import json
from typing import Any

from aiohttp import web

LONG = 100_000
# The values that replace a member. ``missing`` removes it.
VALUES: dict[str, Any] = {
    "null": None,
    "number": 7,
    "fraction": -0.5,
    "true": True,
    "text": "surprise\x1b[31m\nin two lines",
    "empty": "",
    "list": ["surprise"],
    "nested": [[]],
    "object": {"surprise": 1},
    "long": "x" * LONG,
    "missing": None,
}
Path = list[str | int]


def members(document: Any) -> list[Path]:
    """Return the place of each member of a JSON document, the whole first. In a list, one entry represents similar
    ones.
    """
    found: list[Path] = [[]]
    if isinstance(document, dict):
        found += [[name, *path] for name, value in document.items() for path in members(value)]
    elif isinstance(document, list):
        kinds: dict[str, list[Path]] = {}
        for index, value in enumerate(document):
            inner = members(value)
            kinds.setdefault(json.dumps(inner), [[index, *path] for path in inner])
        found += [path for paths in kinds.values() for path in paths]
    return found


def mutated(document: Any, path: Path, value: str) -> Any:
    """Return the document with another value at ``path``, unchanged if it has no such place."""
    if not path:
        return VALUES[value]
    document = copy.deepcopy(document)
    inner = document
    for step in path[:-1]:
        if not _has(inner, step):
            return document
        inner = inner[step]
    if not _has(inner, path[-1]):
        return document
    if value == "missing":
        del inner[path[-1]]
    else:
        inner[path[-1]] = VALUES[value]
    return document


def apply(response: web.Response, order: dict[str, Any], entry: dict[str, Any]) -> None:
    """Change a JSON ``response`` as a fault orders: ``at`` is the place of the member, ``to`` a name of VALUES.

    Without ``at`` it is unchanged. The request's ``entry`` in the log gets the places of its members, and whether it
    was changed.
    """
    try:
        document = json.loads(response.body) if isinstance(response.body, bytes) else None
    except ValueError:
        document = None
    if document is None:
        return
    entry["members"] = members(document)
    if "at" in order:
        changed = mutated(document, order["at"], order["to"])
        entry["mutated"] = changed != document
        response.body = json.dumps(changed).encode()


def _has(value: Any, step: str | int) -> bool:
    return step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
