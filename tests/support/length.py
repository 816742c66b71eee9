# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of the tests under fire: run all cases or a share of them, and where ``make fire`` collects the results."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

Case = TypeVar("Case")

# The file that `make fire` reads
_RESULTS = os.environ.get("RUSTDESK_SSO_FIRE", "")
AT_LENGTH = bool(_RESULTS)
# One of this many cases runs
_SHARE = int(os.environ.get("RUSTDESK_SSO_SHARE", "1"))


def share(cases: Iterable[Case]) -> list[Case]:
    """The cases to run: all, or every n-th one; n is odd, because cases may alternate."""
    found, step = list(cases), _SHARE | 1
    return found[min(step, len(found)) // 2 :: step]


def record(section: str, row: str, column: str, case: str, broken: list[str], seconds: float) -> None:
    """Record one case of a ``section``, in the ``row`` and ``column`` of its table."""
    if not _RESULTS:
        return
    line = {"section": section, "row": row, "column": column, "case": case, "broken": broken, "seconds": seconds}
    line["share"] = _SHARE | 1
    with Path(_RESULTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
