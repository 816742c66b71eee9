# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Parse time spans and dates as users write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

# Digits; 99999 days are 273 years, the limit of Entra's dates.
LONGEST = 5
# A client secret with a shorter lifetime could expire before the run that creates it ends, or before the next one.
LEAST_LIFETIME = "1h"
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse(text: str, option: str, least: str = "0") -> timedelta:
    """Parse a time span such as ``180d``, ``36h``, ``90m``, ``30s`` or ``0``.

    Raises InputError naming ``option`` if ``text`` is not a time span or is shorter than ``least``.
    """
    found = _parsed(text)
    if found is not None and found >= (_parsed(least) or timedelta(0)):
        return found
    if found is not None:
        raise InputError(f"{option} is too short: {text}", hint=f"Set it to {least} or longer")
    raise InputError(
        f"{option} is not a time span: {_input.quoted(text)}",
        hint="Use a number followed by d, h, m or s, such as 180d or 36h",
    )


def expiry(value: str, option: str) -> str:
    """Convert a date, or a date and time, to a timestamp in UTC; raises InputError for anything else.

    A date alone means its first instant, so that an expiry date is never taken to be later than it is. YAML turns an
    unquoted date into a Python date, which is written with a space before the time.
    """
    _input.text(value, option)
    written = value.strip().replace(" ", "T", 1)
    hint = "Use a date such as 2027-03-01, or a time such as 2027-03-01T12:00:00Z"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        written += "T00:00:00Z"
    try:
        _input.moment(written, option)
        zone = re.search(r"[+-][0-9]{2}:[0-9]{2}$", written)
        found = datetime.fromisoformat(written[:19] + (zone.group() if zone else "+00:00"))
        return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (InputError, ValueError) as error:
        raise InputError(f"{option} is neither a date nor a time: {_input.quoted(value)}", hint=hint) from error


def _parsed(text: str) -> timedelta | None:
    match = re.fullmatch(rf"([0-9]{{1,{LONGEST}}})([dhms])", text)
    if match:
        return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    return timedelta(0) if text == "0" else None
