# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Dates in the headers of responses; pure."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

# A clock outside these years is wrong, and adding a lifetime to it could exceed the range of datetime.
YEARS = range(2020, 2200)


def parse(text: str | None) -> datetime | None:
    """Parse an HTTP date (RFC 9110) to a time in UTC; None for anything else, such as an impossible year. Never raises.

    The zone -0000 means that the zone is unknown (RFC 5322); it is taken as UTC.
    """
    try:
        found = parsedate_to_datetime(text or "")
        found = found.replace(tzinfo=found.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return found if found.year in YEARS else None


def of_answer(response: object) -> datetime | None:
    """Return the service's clock from the Date header of a ``response`` of requests or httpx; None if unknown."""
    headers = getattr(response, "headers", {})
    return parse(headers.get("Date"))
