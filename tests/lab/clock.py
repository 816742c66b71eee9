# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's movable clock and the time formats of the imitated services."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone


class Clock:
    """Wall-clock time plus an offset that only grows."""

    def __init__(self) -> None:
        self._offset = 0.0

    def time(self) -> float:
        """Return the lab's time in seconds since the epoch."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """Return the lab's time in UTC, with a time zone."""
        return datetime.fromtimestamp(self.time(), timezone.utc)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offset += seconds


def stamp(moment: datetime, digits: int = 0) -> str:
    """Format an instant as Graph does: UTC with ``Z`` and `digits` (0 to 7) fractional digits."""
    moment = moment.astimezone(timezone.utc)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{moment.microsecond:06d}1"[: digits + 1] if digits else ""
    return f"{text}{fraction}Z"


_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:\d\d)")


def parse(text: str) -> datetime:
    """Parse an Edm.DateTimeOffset. Raises ValueError if it is invalid."""
    match = _TIMESTAMP.fullmatch(text)
    if not match:
        raise ValueError(f"not a date and time with offset: {text}")
    whole, fraction, zone = match.groups()
    moment = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone))
    return moment + timedelta(microseconds=int((fraction or ".0")[1:7].ljust(6, "0")))


def in_utc(text: str) -> str:
    """Return the same instant with ``Z``, in the precision it was sent with [rec]."""
    fraction = _TIMESTAMP.fullmatch(text)
    digits = fraction.group(2) or "" if fraction else ""
    return stamp(parse(text))[:-1] + digits + "Z"


def http_date(moment: datetime) -> str:
    """Format an instant as the HTTP ``Date`` header does."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def two_years_after(moment: datetime) -> datetime:
    """Return the default expiry of a client secret [rec]."""
    try:
        return moment.replace(year=moment.year + 2)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + 2, day=28)
