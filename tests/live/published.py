# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that Microsoft publishes for Graph."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "lab" / "recorded"
# In recorded responses of v1.0, but not in its published types
RECORDED_ALSO = {"servicePrincipal": frozenset({"createdDateTime"})}


@cache
def members(kind: str) -> frozenset[str]:
    """The members of a published type of Graph."""
    types = json.loads((RECORDED / "graph-v1.0-schemas.json").read_text("utf-8"))["$defs"]
    return frozenset(types[kind]["properties"]) | RECORDED_ALSO.get(kind, frozenset())
