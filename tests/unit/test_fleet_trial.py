# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of an application that are tried on one server first, and the consequences for the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, trial
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import CANARY, TENANT, callback, console, held, provider, ready, registered

AUDIENCE = {"before": {"sign_in_audience": "AzureADMyOrg"}, "after": {"sign_in_audience": "AzureADMultipleOrgs"}}
KEY = [TENANT, "rustdesk-sso"]


def changed(**sides: Any) -> dict[str, Any]:
    """Return a result of entra_app with this diff."""
    return {"changed": True, "diff": {"before": {}, "after": {}, **sides}}


@pytest.mark.parametrize(
    ("sides", "found"),
    [
        (AUDIENCE, ["sign_in_audience"]),
        ({"before": {"enabled": True}, "after": {"enabled": False}}, ["enabled"]),
        (
            {
                "before": {"service_principal": {"app_role_assignment_required": False, "notes": None}},
                "after": {"service_principal": {"app_role_assignment_required": True, "notes": "x"}},
            },
            ["service_principal.app_role_assignment_required"],
        ),
        ({"before": {"service_principal": {"notes": ""}}, "after": {"service_principal": {"notes": "x"}}}, []),
        # A missing service principal already blocks all users
        ({"before": {"service_principal": "absent"}, "after": {"service_principal": {"account_enabled": True}}}, []),
        ({"before": {"web_redirect_uris": ["a", "b"]}, "after": {"web_redirect_uris": ["a", "c"]}}, [trial.REMOVED]),
        ({"before": {"web_redirect_uris": ["a"]}, "after": {"web_redirect_uris": ["a", "b"]}}, []),
        ({"before": {"tags": []}, "after": {"tags": ["x"]}}, []),
        ({"before": {"display_name": None, **AUDIENCE["before"]}, "after": AUDIENCE["after"]}, []),
    ],
)
def test_changes_for_all_users(sides: dict[str, Any], found: list[str]) -> None:
    assert trial.changes_for_all(changed(**sides)) == found
    assert trial.may_be_due({"applications": [changed(), changed(**sides)]}) is bool(found)
    assert trial.changes_for_all({**changed(**sides), "changed": False}) == []


def shared(*names: str, decision: str = "renewed", **how: Any) -> list[Server]:
    """Servers that share an application with a change for all users."""
    servers = [
        replace(ready(name), console=console(provider(held(name)), callback_url=callback(name))) for name in names
    ]
    return registered(*servers, decision=decision, **{"diff": AUDIENCE, "changed": True, **how})


def test_the_first_server_is_tried() -> None:
    assert trial.trials(shared("desk1", "desk2", "desk3")) == [{"server": "desk1", "application": KEY}]
    broken, *others = shared("desk1", "desk2", "desk3")
    failed = replace(broken, failure={"phase": "Inspect the console", "message": "Not reached."})
    assert trial.trials([failed, *others]) == [{"server": "desk2", "application": KEY}]


def test_nothing_is_tried_if_no_provider_of_another_server_changes() -> None:
    assert trial.trials(shared("desk1")) == []
    assert trial.trials(shared("desk1", "desk2", decision="kept")) == []
    assert trial.trials(shared("desk1", "desk2", diff={"before": {}, "after": {"tags": []}})) == []


def of_trial(**verification: Any) -> dict[str, Any]:
    """Return the result of the verification of the server that was tried."""
    entry = {"server": "desk1", "application": KEY}
    return {"results": [{"item": entry, "checks": [], **verification}]}


def test_the_others_wait_for_its_verification() -> None:
    check = {"name": "client_id", "ok": False, "detail": "the console sends another", "hint": None}
    first, other = (
        replace(server, trials=of_trial(verified=False, checks=[check])) for server in shared("desk1", "desk2")
    )
    said = trial.refusal(other)
    for words in ("(sign_in_audience)", "tried on desk1 first", "client_id: the console sends another"):
        assert words in said
    assert trial.refusal(first) == ""
    assert "could not be verified" in trial.refusal(replace(other, trials=of_trial()))
    assert trial.refusal(replace(other, trials=of_trial(verified=True))) == ""
    elsewhere = replace(other, declaration={**other.declaration, "tenant_id": "fabrikam.example"})
    assert trial.refusal(elsewhere) == ""
    assert trial.refusal(replace(other, trials={})) == ""


def test_changes_during_the_trial_belong_to_its_server() -> None:
    (server,) = shared("desk1")
    tried = {
        "changed": True,
        "worked_before": True,
        "diff": AUDIENCE,
        "provider": provider(),
        "session": {"token": CANARY},
    }
    assert trial.taken(server, {}) == server
    assert trial.taken(server, {"changed": False, "msg": "The console refused."}) == server
    before = trial.taken(server, tried)
    assert before.console["session"] == tried["session"]
    after = trial.taken(replace(server, configured={"changed": False, "worked_before": None, "diff": {}}), tried)
    assert after.configured == {"changed": True, "worked_before": True, "diff": AUDIENCE}
    kept = trial.taken(replace(server, configured={"changed": False, "diff": {}}), {**tried, "changed": False})
    assert kept.configured == {"changed": False, "diff": {}}


def test_the_options_of_a_trial() -> None:
    (server,) = shared("desk1")
    assert trial.provider(server)["keep_session"]
    asked = trial.check(server)
    assert (asked["session"], asked["look_again"], asked["must_pass"]) == (None, False, False)


def test_a_sign_in_that_did_not_work_before_is_reported() -> None:
    (server,) = shared("desk1", diff={"before": {}, "after": {}})
    for worked, said in ((False, True), (True, False), (None, False)):
        configured = {"changed": True, "worked_before": worked, "provider": provider()}
        message = record.record(replace(server, configured=configured))["message"]
        assert message.endswith("; sign-in did not work before") is said


def test_the_number_of_servers_is_reported() -> None:
    (server,) = shared("desk1")
    message = record.record(server, sharing=12)["message"]
    assert message.endswith("; changes for all users of 12 servers: sign_in_audience")
    assert "all users" not in record.record(server)["message"]
