# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents as JSON has them."""

from __future__ import annotations

from typing import Any


def copied(document: Any) -> Any:
    """A copy of a document, in a fraction of the time that ``copy.deepcopy`` takes: its parts are of few types."""
    if isinstance(document, dict):
        return {name: copied(value) for name, value in document.items()}
    if isinstance(document, list):
        return [copied(value) for value in document]
    return document
