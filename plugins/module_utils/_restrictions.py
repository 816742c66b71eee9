# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Restrictions that keep some or all users from signing in although every technical check passes."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Restriction:
    """One restriction: its ``name``, its effect on users (``detail``), and how to lift it (``hint``)."""

    name: str
    detail: str
    hint: str

    def result(self) -> dict[str, t.Any]:
        """Return it as in the task's result: the shape of a check without ``ok``."""
        return asdict(self)
