# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Dates in the headers of answers; pure."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

# A clock outside these years is wrong: adding a lifetime to it could leave what a datetime can hold.
YEARS = range(2020, 2200)


def parse(text: str | None) -> datetime | None:
    """An HTTP date (RFC 9110) as a time in UTC; None for anything else, such as a year that cannot be. Never raises.

    The zone -0000 says that none is known (RFC 5322), and is taken as UTC.
    """
    try:
        found = parsedate_to_datetime(text or "")
        found = found.replace(tzinfo=found.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return found if found.year in YEARS else None


def of_answer(response: object) -> datetime | None:
    """The service's clock, from the Date header of a ``response`` of requests or httpx; None if it is unknown."""
    headers = getattr(response, "headers", {})
    return parse(headers.get("Date"))
