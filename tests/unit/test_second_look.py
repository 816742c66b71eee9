# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who keeps a session looks again later: a provider that another process has overwritten since is noticed."""

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
    """The seconds that were waited."""
    waited = []
    monkeypatch.setattr(pro.time, "sleep", waited.append)
    return waited


def written(wire, **options):
    """What a task that keeps its session hands over after it has written."""
    console = pro.Pro(wire, None)
    params = declared(**{"client_secret": MINE, **options})
    todo = provider.plan(params, console.providers("azure"), console.settings())
    console.apply(todo)
    return console.seen()


def look(wire, seen):
    """Go on with the session; gives the provider as it is then."""
    console = pro.Pro(wire, None)
    console.resume("token", seen)
    console.look_again()
    return provider.find(console.providers("azure"), "azure", console.type)


def test_nothing_happened(slept):
    """The wait is for the rest of the time alone, and nothing is waited for by the task that wrote."""
    seen = written(wire := Wire(document(AZURE, OTHER)))
    assert slept == []
    assert look(wire, seen).client_secret == MINE
    assert 0 <= slept[0] <= pro.SECOND_LOOK


def test_time_went_by(slept, monkeypatch):
    seen = written(wire := Wire(document(AZURE, OTHER)))
    now = time.time()
    monkeypatch.setattr(pro.time, "time", lambda: now + 60)
    look(wire, seen)
    assert slept == [0.0]


@pytest.mark.parametrize("former", [document(AZURE, OTHER), document(OTHER)], ids=["changed", "added"])
def test_another_run_wrote_over_it(slept, former):
    """Its client secret instead of ours, or its own provider beside what there was before ours."""
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


def test_a_person_changed_something_else(slept):
    """That is no run of this collection: it stays, and no task fails for it."""
    seen = written(wire := Wire(document(AZURE, OTHER)))
    wire.document["providers"][1]["enabled"] = True
    wire.document["providers"][0]["client_secret"] = THEIRS
    assert look(wire, seen).client_secret == THEIRS


def test_nothing_was_written(slept):
    """What an earlier task has read is read anew."""
    wire = Wire(copy.deepcopy(document(AZURE, OTHER)))
    console = pro.Pro(wire, None)
    console.providers("azure")
    wire.document["providers"][0]["client_secret"] = THEIRS
    assert look(wire, console.seen()).client_secret == THEIRS
    assert slept == []
