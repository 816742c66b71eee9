# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that keeps its session checks again later whether another process has overwritten the provider."""

from __future__ import annotations

import copy
import time

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ConflictError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import pro
from support.wire import AZURE, OTHER, Wire, declared, document

MINE = "Zx9~mine.mine_0123456789-abcdefghijklmn"
THEIRS = "Qy7~theirs.theirs_0123456789-zyxwvutsr"


@pytest.fixture
def slept(monkeypatch):
    """The seconds spent waiting."""
    waited = []
    monkeypatch.setattr(pro.time, "sleep", waited.append)
    return waited


def written(wire, **options):
    """Return the session that a task keeps after its write."""
    console = pro.Pro(wire, None)
    params = declared(**{"client_secret": MINE, **options})
    todo = provider.plan(params, console.providers("azure"), console.settings())
    console.apply(todo)
    return console.seen()


def look(wire, seen):
    """Continue with the session. Returns the provider at that time."""
    console = pro.Pro(wire, None)
    console.resume("token", seen)
    console.look_again()
    return provider.find(console.providers("azure"), "azure", console.type)


def test_no_change_since(slept):
    """Only the rest of the time is waited for, and not by the task that wrote."""
    seen = written(wire := Wire(document(AZURE, OTHER)))
    assert slept == []
    assert look(wire, seen).client_secret == MINE
    assert 0 <= slept[0] <= pro.SECOND_LOOK


def test_the_time_has_already_elapsed(slept, monkeypatch):
    seen = written(wire := Wire(document(AZURE, OTHER)))
    now = time.time()
    monkeypatch.setattr(pro.time, "time", lambda: now + 60)
    look(wire, seen)
    assert slept == [0.0]


@pytest.mark.parametrize("former", [document(AZURE, OTHER), document(OTHER)], ids=["changed", "added"])
def test_another_run_has_overwritten_it(slept, former):
    """With its own client secret, or with its own provider added to the former state."""
    seen = written(wire := Wire(copy.deepcopy(former)), client_id="id", issuer="https://login.example/v2.0")
    wire.document["providers"] = [
        {**item, "client_secret": THEIRS} if item["name"].lower() == "azure" else item
        for item in wire.document["providers"]
    ]
    with pytest.raises(ConflictError, match="another process"):
        look(wire, seen)
    wire.document = {**former, "providers": [*former["providers"], {**OTHER, "name": "github"}]}
    with pytest.raises(ConflictError, match="another process"):
        look(wire, seen)


def test_a_person_changed_another_setting(slept):
    """The change was not made by a run of this collection: it is kept, and no task fails because of it."""
    seen = written(wire := Wire(document(AZURE, OTHER)))
    wire.document["providers"][1]["enabled"] = True
    wire.document["providers"][0]["client_secret"] = THEIRS
    assert look(wire, seen).client_secret == THEIRS


def test_nothing_was_written(slept):
    """The document that an earlier task has read is read again."""
    wire = Wire(copy.deepcopy(document(AZURE, OTHER)))
    console = pro.Pro(wire, None)
    console.providers("azure")
    wire.document["providers"][0]["client_secret"] = THEIRS
    assert look(wire, console.seen()).client_secret == THEIRS
    assert slept == []
