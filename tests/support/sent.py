# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries on the lab's log of requests."""

from __future__ import annotations

import json
from typing import Any


def only_reads(entry: dict[str, Any]) -> bool:
    """Return True if a logged request cannot change anything: by its method, or as a $batch with only GET."""
    if entry["path"].endswith("/$batch"):
        return {step["method"] for step in json.loads(entry["body"])["requests"]} == {"GET"}
    return entry["method"] in ("GET", "HEAD")
