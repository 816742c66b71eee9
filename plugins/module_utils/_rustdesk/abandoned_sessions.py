# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find sessions that a run left open because its controller crashed; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import CLIENT_PREFIX, DEVICE_NAME

# Longer than any run
ABANDONED_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class OpenSession:
    """One session of the account: its ``identifier``, its client's ID and device name, and its start."""

    identifier: str
    client: str
    device_name: str
    begun: datetime


def abandoned(sessions: t.Sequence[OpenSession], client: str | None) -> list[str]:
    """Return the identifiers of this collection's sessions that are a day older than the session of ``client``, which
    belongs to this run; none if the console does not list that session.

    Both times are the console's own, so other clocks and time zones do not matter.
    """
    own = [item.begun for item in sessions if client and item.client == client]
    if not own:
        return []
    return [
        item.identifier
        for item in sessions
        if item.device_name == DEVICE_NAME
        and item.client.startswith(CLIENT_PREFIX)
        and max(own) - item.begun > ABANDONED_AFTER
    ]
