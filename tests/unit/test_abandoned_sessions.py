# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions that a run may end: those that its own collection left open more than a day before it began."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.abandoned_sessions import (
    OpenSession,
    abandoned,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_console_members import (
    sessions,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import CLIENT_PREFIX, DEVICE_NAME

NOW = datetime(2026, 11, 28, 16, 0, tzinfo=timezone.utc)
MINE = CLIENT_PREFIX + "mine"


def session(identifier, hours, client=CLIENT_PREFIX + "other", device_name=DEVICE_NAME):
    return OpenSession(identifier, client, device_name, NOW - timedelta(hours=hours))


OWN = session("own", 0, MINE)


def test_age():
    listed = [OWN, session("at the same time", 0), session("a day", 24), session("older", 24.01)]
    assert abandoned(listed, MINE) == ["older"]


def test_own_session_renewed():
    """The latest one counts, and an earlier session of the same client may be ended."""
    assert abandoned([OWN, session("before", 30, MINE)], MINE) == ["before"]


def test_sessions_of_people_and_of_others():
    listed = [
        OWN,
        session("browser", 99, "abc", "Firefox"),
        session("same name", 99, "abc"),
        session("x", 99, device_name="y"),
    ]
    assert abandoned(listed, MINE) == []


@pytest.mark.parametrize("client", [MINE, "", None])
def test_own_session_is_not_listed(client):
    """The age of the others is unknown then."""
    assert abandoned([session("older", 99)], client) == []


ENTRY = {"jti": "5f0c-1", "deviceId": MINE, "deviceName": DEVICE_NAME, "createdAt": "2026-11-28T16:00:00.000Z"}


def test_listed():
    assert sessions([ENTRY]) == [OpenSession("5f0c-1", MINE, DEVICE_NAME, NOW)]
    assert sessions([{**ENTRY, "createdAt": "2026-11-28T16:00:00"}])[0].begun == NOW


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        "text",
        {"data": [ENTRY]},
        [None, 1, "x", []],
        [{**ENTRY, "jti": "../users/1"}],
        [{**ENTRY, "jti": 5}],
        [{**ENTRY, "createdAt": "yesterday"}],
        [{**ENTRY, "createdAt": None}],
        [{"jti": "1"}],
    ],
    ids=str,
)
def test_other_shapes(answer):
    """They are ignored."""
    assert sessions(answer) == []
