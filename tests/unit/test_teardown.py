# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a teardown may delete of the automation itself, and what it says at its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, teardown
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.removal_message import ACCOUNTS
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RemovalRecord
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.teardown import Automation
from support.servers import APP_ID, OBJECT_ID, TENANT_ID, callback, ready, registration, removed_from, result, unread

OWN = "7c1f6a6c-0d58-4a0b-9f1f-64d0d8f2f1aa"
NAME = "rustdesk-sso-automation"
GRAPH = "https://graph.microsoft.com"
FINISHED = "The teardown is finished."


def answer(*applications: dict[str, Any]) -> dict[str, Any]:
    """A result of entra_app_info."""
    return {"tenant_id": TENANT_ID, "applications": [*applications]}


def own(app_id: str = OWN, deleted: str | None = None) -> dict[str, Any]:
    """The automation's application as entra_app_info shows it."""
    return {"object_id": f"object of {app_id}", "app_id": app_id, "deleted": deleted}


def asked(*answers: dict[str, Any], **changed: Any) -> Automation:
    """An automation whose application is to be deleted."""
    return Automation(**{"name": NAME, "client_ids": [OWN.upper()], "answers": answers, **changed})


def removed(name: str = "desk1", left: tuple[str, ...] = ()) -> RemovalRecord:
    """The record of a server that was removed with its application, unless redirect URIs are ``left`` in it."""
    server = replace(ready(name, remove_unused_app=True), configured={"changed": True, "provider": {}})
    server = replace(server, registration=removed_from(server, left=left))
    gone = registration(result(server, changed=True) | {"application": None})
    return record.removed(server if left else replace(server, retired=gone))


def failed(name: str = "desk2") -> RemovalRecord:
    """The record of a server whose console could not be reached."""
    return record.removed(unread(name))


def told(automation: Automation, *records: RemovalRecord, predicted: bool = False) -> str:
    """The closing lines."""
    known = {item["server"]: item for item in records}
    return "\n".join(teardown.closing(automation, known, predicted=predicted, graph=GRAPH))


@pytest.mark.parametrize(
    ("automation", "why"),
    [
        (Automation(), ""),
        (asked(answer(own()), answer()), ""),
        (asked(answer(), answer(own(deleted="2026-11-01"))), ""),
        (asked(answer(own()), client_ids=[], name=OWN), ""),
        (asked(answer(own()), client_ids=[]), "Set teardown_automation to its client ID."),
        (asked(answer(own(APP_ID))), f"has the client ID {APP_ID}, but the automation signs in with {OWN}"),
        (asked(answer(), answer()), "nor was one deleted within 30 days. Correct teardown_automation, or omit it."),
        (asked({"msg": "Please run az login."}), f"{NAME}: Please run az login."),
    ],
)
def test_only_the_automations_own_application_can_be_named(automation: Automation, why: str) -> None:
    said = teardown.problem(automation)
    assert why in said
    assert bool(said) is bool(why)
    if said:
        assert teardown.targets(automation, {}) == []


def test_the_automation_goes_after_all_servers() -> None:
    automation = asked(answer(own()), answer())
    ids = {"tenant_id": TENANT_ID, "object_id": f"object of {OWN}", "app_id": OWN}
    assert teardown.targets(automation, {"desk1": removed()}) == [ids]
    assert teardown.targets(automation, {"desk1": removed(), "desk2": failed()}) == []
    assert not automation.finished
    assert asked(answer(), answer(own(deleted="2026-11-01"))).finished
    assert teardown.targets(asked(answer(), answer(own(deleted="2026-11-01"))), {}) == []


def test_what_goes_and_what_stays() -> None:
    said = told(asked(answer(own())), removed())
    assert said.startswith(FINISHED)
    assert f"Applications deleted:\n  - rustdesk-sso (client ID {APP_ID}, object ID {OBJECT_ID})" in said
    assert f"its own application {NAME} (client ID {OWN}, object ID object of {OWN}) is deleted" in said
    assert ACCOUNTS in said
    assert f"--method DELETE --url {GRAPH}/v1.0/directory/deletedItems/" in said
    assert "Kept:" not in said
    kept = told(Automation(client_ids=[OWN]), removed(left=(callback("erp"),)))
    assert f"Kept:\n  - the application rustdesk-sso (it has the redirect URI {callback('erp')}), of desk1" in kept
    assert f"its own application (client ID {OWN}) is kept. To delete it, sign in with az login" in kept


def test_check_mode_uses_the_conditional() -> None:
    said = told(asked(answer(own())), removed(), predicted=True)
    assert said.startswith("Check mode: nothing was changed.")
    for heading in ("Servers that would be removed:", "Applications that would be deleted:", ") would be deleted"):
        assert heading in said
    assert "is deleted" not in said


def test_a_teardown_that_is_not_finished_says_how_to_go_on() -> None:
    said = told(asked(answer(own())), removed(), failed())
    assert said.startswith("The teardown is not finished: 1 of 2 servers failed.")
    assert "  - desk2: Inspect the console: " in said
    assert "-e teardown_gone_consoles=desk2" in said
    assert f"its own application {NAME} is kept, because a server failed" in said
    item = {"object_id": f"object of {OWN}"}
    refused = told(asked(answer(own()), deleted=[{"item": item, "msg": "Graph answered 403."}]), removed())
    assert refused.startswith("The teardown is not finished: the automation's application could not be deleted.")
    assert "could not be deleted: Graph answered 403." in refused
    done = told(asked(answer(own()), deleted=[{"item": item, "application": None}]), removed())
    assert done.startswith(FINISHED)
