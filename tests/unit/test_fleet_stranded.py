# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secrets that a failed run removes again, and the message of their server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import NOT_MADE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, stranded
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.retirements import retirements
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import (
    APP_ID,
    CANARY,
    OBJECT_ID,
    console,
    declared_as,
    held,
    holders,
    made,
    provider,
    ready,
    refused,
    registered,
    registration,
    result,
    verified,
)

FAILURE = {"phase": "Configure the provider", "message": "The console answered 500."}
UNREADABLE = {"failed": False, "msg": "The console did not answer."}
KEY = "new key of desk1"


def failed(after: dict[str, Any] | None = None, decision: str = "renewed", **changed: Any) -> Server:
    """Return a server whose client secret was created before it failed. ``after`` is its console, read afterwards."""
    (server,) = registered(ready(), decision=decision)
    return replace(server, failure=FAILURE, console_after=after or {}, **changed)


def taken_back(server: Server, *left: str) -> Server:
    """Return ``server`` after the task that removes secrets, which has left these."""
    found = result(server, secrets={"superseded": [*left]}, declared=declared_as(server, object_id=OBJECT_ID))
    return replace(server, taken_back=registration(found))


@pytest.mark.parametrize(
    ("after", "fate"),
    [
        (console(), "stranded"),
        (console(provider()), "stranded"),
        (console(provider(held())), "stranded"),
        (console(provider(made())), "held"),
        (console(provider(client_secret_set=None)), "unknown"),
        (UNREADABLE, "unknown"),
        ({}, "unknown"),
    ],
)
def test_only_a_read_shows_that_it_did_not_reach_the_console(after: dict[str, Any], fate: str) -> None:
    server = failed(after)
    assert stranded.fate(server) == fate
    assert bool(stranded.entries([server])) is (fate == "stranded")


def test_a_secret_that_was_read_back_and_not_replaced_is_the_consoles() -> None:
    written = {"configured": {"changed": True, "provider": provider()}}
    assert stranded.fate(failed(UNREADABLE, **written)) == "held"
    assert stranded.fate(failed(UNREADABLE, **written, put_back={"provider": provider()})) == "unknown"
    assert stranded.fate(failed(console(provider(held())), **written)) == "stranded"


def test_the_console_is_read_only_if_a_secret_was_created_and_the_server_failed() -> None:
    options = stranded.reading(failed())
    assert (options["name"], options["include_secrets"]) == ("azure", True)
    assert options["console_url"]
    predicted = failed()
    predicted.registration["applications"][0]["client_secrets"][0]["secret_text"] = NOT_MADE
    for server in (ready(), failed(decision="kept"), *registered(ready(), decision="created"), predicted):
        assert stranded.reading(server) == {}


def test_without_a_failure() -> None:
    (server,) = verified(ready(), decision="created")
    assert stranded.fate(server) == "held"
    # The phase was not selected
    assert stranded.fate(replace(server, configured={}, verified={})) == "stranded"
    # Another run has written its own
    assert stranded.fate(replace(server, verified={"verified": True, "holds_client_secret": False})) == "stranded"
    assert stranded.fate(replace(server, verified={"verified": True, "holds_client_secret": None})) == "held"
    assert stranded.fate(*verified(ready())) == ""
    kept = replace(server, configured={**server.configured, "client_secret": f"{CANARY} of another run"})
    assert stranded.fate(kept) == "stranded"
    (entry,) = stranded.entries([kept])
    assert entry["client_secrets"][0]["held"] == f"{CANARY} of another run"


def test_one_entry_for_each_application_with_its_stranded_secrets() -> None:
    desks = registered(ready("desk1"), ready("desk2"), ready("desk3"), decision="renewed")
    servers = [
        replace(desks[0], failure=FAILURE, console_after=console(provider(held("desk1")))),
        replace(desks[1], failure=FAILURE, console_after=console(provider(made("desk2")))),
        replace(desks[2], failure=FAILURE, console_after=console()),
    ]
    (entry,) = stranded.entries(servers)
    assert entry["object_id"] == OBJECT_ID
    assert holders(entry) == ["rustdesk-sso desk1", "rustdesk-sso desk3"]
    first, last = entry["client_secrets"]
    assert (first["state"], first["stray_key_ids"], first["held"]) == ("retire", [KEY], held("desk1"))
    assert (last["stray_key_ids"], last["held"]) == (["new key of desk3"], "")
    assert entry["retire_superseded"] is False
    assert stranded.may_be_due(servers[0].registration)
    assert not stranded.may_be_due(registration(result(*desks)))


def test_the_message() -> None:
    server = failed(console(provider(held())))
    gone, stays = taken_back(server), taken_back(server, KEY)
    name = f"The new client secret rustdesk-sso desk1 (key ID {KEY}, expires 2027-09-01T00:00:00Z)"
    assert stranded.report(gone) == f"{name} did not reach the console and was removed again."
    assert stranded.report(stays).startswith(f"{name} did not reach the console and could not be removed again")
    declared = declared_as(server, object_id=OBJECT_ID)
    refusal = replace(server, taken_back=registration(refused(server, declared=declared)))
    assert stranded.report(refusal).endswith("could not be removed again: Graph answered 403.")
    assert stranded.report(failed(UNREADABLE)) == (
        f"{name} was kept, because it is unknown whether the console has it: The console did not answer."
    )
    assert stranded.report(failed(console(provider(made())))) == ""


def test_the_record_names_the_consoles_client_secret() -> None:
    found = record.record(taken_back(failed(console(provider(held())))))
    assert found["client_secret"]["key_id"] == "old key of desk1"
    assert found["message"].startswith("Configure the provider: The console answered 500. The new client secret")
    assert CANARY not in str(found)


def test_the_message_of_a_server_with_the_secret_of_another_run() -> None:
    (server,) = verified(ready(), decision="renewed")
    kept = replace(server, configured={**server.configured, "client_secret": f"{CANARY} of another run"})
    found = record.record(taken_back(kept))
    assert "the new one was removed again, because another run wrote its own at the same time" in found["message"]
    assert not found["failed"]
    assert CANARY not in str(found)
    left = record.record(taken_back(kept, KEY))
    assert f"(key ID {KEY}, expires 2027-09-01T00:00:00Z)" in left["message"]
    assert "could not be removed again" in left["message"]


@pytest.mark.parametrize(
    ("seen", "none"),
    [
        (console(), True),
        (console(provider()), True),
        (console(provider("short")), True),
        (console(provider(held())), False),
        (console(provider(client_secret_set=None)), False),
        ({}, False),
        ({"failed": True, "msg": "It did not answer."}, False),
        ({**console(), "other_providers": [{"name": "entra", "client_id": APP_ID, "client_secret_set": None}]}, False),
        ({**console(), "other_providers": [{"name": "entra", "client_id": APP_ID, "client_secret_set": False}]}, True),
        (
            {**console(), "other_providers": [{"name": "github", "client_id": "0a1b", "client_secret_set": True}]},
            True,
        ),
    ],
)
def test_having_no_secret_differs_from_an_unknown_secret(seen: dict[str, Any], none: bool) -> None:
    assert replace(ready(), console=seen).holds_none is none


def test_earlier_orphans_are_retired_with_the_superseded_secrets() -> None:
    """Their key IDs are passed to entra_app, which need not wait for the overlap."""
    (entry,) = retirements(verified(ready(), decision="created", secrets={"strays": ["k0"]}), predicted=False)
    assert entry["client_secrets"][0]["stray_key_ids"] == ["k0"]


def test_a_secret_that_another_run_may_still_write_is_kept() -> None:
    """The console of a kept client secret still has the state that the other run expects."""
    seen = verified(ready(), decision="kept", secrets={"strays": ["k0"], "superseded": ["k0"]})
    (entry,) = retirements(seen, predicted=False)
    assert entry["client_secrets"][0]["stray_key_ids"] == []
