# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the automation itself that a teardown may delete, and its final message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.filter.fleet_teardown import fleet_teardown
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record, teardown
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.removal_message import ACCOUNTS
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RemovalRecord
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.teardown import Automation, Host
from support.servers import (
    APP_ID,
    OBJECT_ID,
    TENANT,
    TENANT_ID,
    callback,
    ready,
    registration,
    removed_from,
    result,
    unread,
)

OWN = "7c1f6a6c-0d58-4a0b-9f1f-64d0d8f2f1aa"
FORMER = "8d2f6a6c-0d58-4a0b-9f1f-64d0d8f2f1bb"
NAME = "rustdesk-sso-automation"
GRAPH = "https://graph.microsoft.com"
FINISHED = "The teardown is finished."


def answer(*applications: dict[str, Any], name: str = NAME, tenant: str = TENANT) -> dict[str, Any]:
    """Return a result of entra_app_info for a name in a tenant."""
    return {"tenant_id": TENANT_ID, "applications": [*applications], "item": {"name": name, "tenant_id": tenant}}


def own(app_id: str = OWN, deleted: str | None = None) -> dict[str, Any]:
    """Return the automation's application as entra_app_info shows it."""
    return {"object_id": f"object of {app_id}", "app_id": app_id, "deleted": deleted}


def asked(*answers: dict[str, Any], **changed: Any) -> Automation:
    """Return an automation whose application is to be deleted."""
    return Automation(**{"names": [NAME], "hosts": hosts("desk1"), "answers": answers, **changed})


def hosts(*names: str, client_id: str = OWN, tenant: str = TENANT) -> list[Host]:
    """Return the servers that the automation signs in for."""
    return [Host(name, tenant, client_id) for name in names]


def removed(name: str = "desk1", left: tuple[str, ...] = ()) -> RemovalRecord:
    """Return the record of a server that was removed with its application, unless redirect URIs are ``left`` in it."""
    server = replace(ready(name, remove_unused_app=True), configured={"changed": True, "provider": {}})
    server = replace(server, registration=removed_from(server, left=left))
    gone = registration(result(server, changed=True) | {"application": None})
    return record.removed(server if left else replace(server, retired=gone))


def failed(name: str = "desk2") -> RemovalRecord:
    """Return the record of a server whose console could not be reached."""
    return record.removed(unread(name))


def told(automation: Automation, *records: RemovalRecord, predicted: bool = False) -> str:
    """Return the closing lines."""
    known = {item["server"]: item for item in records}
    automation = replace(
        automation, hosts=[*automation.hosts, *hosts(*(known.keys() - {host.name for host in automation.hosts}))]
    )
    return "\n".join(teardown.closing(automation, known, predicted=predicted, graph=GRAPH))


@pytest.mark.parametrize(
    ("automation", "why"),
    [
        (Automation(), ""),
        (asked(answer(own()), answer()), ""),
        (asked(answer(), answer(own(deleted="2026-11-01"))), ""),
        # The automation was replaced after it was lost
        (asked(answer(own()), answer(own(FORMER, deleted="2026-11-01"))), ""),
        (asked(answer(own()), names=[NAME, "other"]), "The application other does not exist and was not deleted"),
        (asked(answer(own(), name=OWN), hosts=hosts("desk1", client_id=""), names=[OWN]), ""),
        (asked(answer(own()), hosts=hosts("desk1", client_id="")), "Set teardown_automation to its client ID."),
        (asked(answer(own(APP_ID))), f"has the client ID {APP_ID}, but the automation signs in with {OWN}"),
        (asked(answer(), answer()), "was not deleted in the last 30 days. Correct teardown_automation, or omit it."),
        (asked({"msg": "Please run az login.", "item": {"name": NAME}}), f"{NAME}: Please run az login."),
    ],
)
def test_only_the_automations_own_application_can_be_named(automation: Automation, why: str) -> None:
    said = teardown.problem(automation)
    assert why in said
    assert bool(said) is bool(why)
    if said:
        assert teardown.targets(automation, {}) == []


def test_the_automation_is_deleted_after_all_servers() -> None:
    automation = asked(answer(own()), answer())
    ids = {"tenant_id": TENANT_ID, "object_id": f"object of {OWN}", "app_id": OWN}
    assert teardown.targets(automation, {"desk1": removed()}) == [ids]
    both = replace(automation, hosts=hosts("desk1", "desk2"))
    assert teardown.targets(both, {"desk1": removed(), "desk2": failed()}) == []
    assert teardown.targets(both, {"desk1": removed()}) == []
    assert teardown.targets(automation, {}) == []
    assert not automation.finished
    assert asked(answer(), answer(own(deleted="2026-11-01"))).finished
    assert teardown.targets(asked(answer(), answer(own(deleted="2026-11-01"))), {}) == []


def test_removed_and_kept_parts() -> None:
    said = told(asked(answer(own())), removed())
    assert said.startswith(FINISHED)
    assert f"Applications deleted:\n  - rustdesk-sso (client ID {APP_ID}, object ID {OBJECT_ID})" in said
    assert f"its own application {NAME} (client ID {OWN}, object ID object of {OWN}) was deleted" in said
    assert ACCOUNTS in said
    assert f"--method DELETE --url {GRAPH}/v1.0/directory/deletedItems/" in said
    assert "Kept:" not in said
    kept = told(Automation(hosts=hosts("desk1")), removed(left=(callback("erp"),)))
    assert f"Kept:\n  - desk1: the application rustdesk-sso (it has the redirect URI {callback('erp')})" in kept
    assert (
        f"its own application (client ID {OWN}) is kept. To delete it, sign in as an administrator with az login"
        in kept
    )


def test_check_mode_uses_the_conditional() -> None:
    said = told(asked(answer(own())), removed(), predicted=True)
    assert said.startswith("Check mode: nothing was changed.")
    for heading in ("Servers that would be removed:", "Applications that would be deleted:", ") would be deleted"):
        assert heading in said
    assert "was deleted" not in said


def test_an_unfinished_teardown_names_the_next_step() -> None:
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


def test_each_tenant_has_its_own_result() -> None:
    """After one automation was deleted, its servers can no longer sign in. The others continue."""
    automation = asked(
        answer(tenant="a.example"),
        answer(own(FORMER, deleted="2026-11-01"), tenant="a.example"),
        answer(own(), name="b", tenant="b.example"),
        names=[NAME, "b"],
        hosts=[*hosts("desk1", client_id=FORMER, tenant="a.example"), *hosts("desk2", tenant="b.example")],
    )
    assert teardown.problem(automation) == ""
    assert automation.done == ["desk1"]
    assert not automation.finished
    assert [item["app_id"] for item in teardown.targets(automation, {"desk2": removed("desk2")})] == [OWN]
    said = "\n".join(teardown.closing(automation, {"desk2": removed("desk2")}, predicted=False, graph=GRAPH))
    assert said.startswith(FINISHED)
    assert "Servers removed by an earlier teardown:\n  - desk1" in said
    # Regardless of the servers' credential, if that is unknown
    unknown = [replace(host, client_id="") for host in automation.hosts]
    assert replace(automation, hosts=unknown).done == ["desk1"]


def test_each_name_is_looked_up_in_each_tenant() -> None:
    automation = Automation(names=[NAME, OWN], hosts=[*hosts("desk1", "desk2"), *hosts("desk3", tenant="b.example")])
    found = teardown.lookups(automation)
    assert len(found) == 8
    assert found[0] == {"name": NAME, "tenant_id": "b.example", "unique_name": NAME, "deleted": False}
    assert found[-1] == {"name": OWN, "tenant_id": TENANT, "app_id": OWN, "deleted": True}


def test_only_an_unreachable_console_may_be_decommissioned() -> None:
    """Not one whose variables or credentials are refused, or whose application cannot be read."""
    refused = record.not_removed("desk3", {"phase": record.READS_VARIABLES, "message": "No."})
    entra = record.not_removed("desk4", {"phase": "Remove the provider from the console", "message": "No."})
    failure = {"phase": teardown.ASKS_CONSOLE, "message": "Signing in to https://x failed.", "code": "x", "status": 401}
    login = record.not_removed("desk5", failure)
    said = told(asked(answer(own())), removed(), failed(), refused, entra, login)
    assert said.endswith("and reports")
    assert "add -e teardown_gone_consoles=desk2\n" in said
    assert "teardown_gone_consoles" not in told(asked(answer(own())), refused)
    assert told(asked(answer(own())), refused, predicted=True).startswith("Check mode: nothing was changed.")


def test_a_server_without_a_record_has_failed() -> None:
    automation = asked(answer(own()), hosts=hosts("desk1", "desk2"))
    for records in ({}, {"desk1": removed()}, {"desk1": removed(), "desk2": record.failed("desk2", {})}):
        assert teardown.complete(automation, records)["desk2"]["failed"]  # type: ignore[arg-type]
        assert teardown.targets(automation, records) == []  # type: ignore[arg-type]


def test_a_teardown_is_for_all_servers_of_the_automation() -> None:
    """Regardless of the given pattern."""
    servers = {"groups": {"rustdesk_servers": ["desk1", "desk2"]}, "rustdesk_sso_tenant_id": TENANT}
    hostvars = {name: {**servers, "rustdesk_sso_entra_client_id": OWN} for name in ("desk1", "desk2", "db")}

    def refused(**given: Any) -> str:
        return str(fleet_teardown(hostvars, ["desk1"], {"confirm": TENANT.upper(), **given})["refused"])

    assert "this one leaves out desk2 with the same client ID" in refused()
    assert "this one leaves out desk2, db with the same client ID" in refused(automation=NAME)
    hostvars["desk2"]["rustdesk_sso_entra_client_id"] = FORMER
    assert refused() == ""
    assert "this one leaves out db with" in refused(automation=NAME)
    hostvars["db"] = {}
    assert refused(automation=NAME) == ""
    assert refused(confirm="").endswith(f"-e teardown_confirm={TENANT}")
    assert "Omit --limit" in refused(partial="true")
    for confirm in ("other.example", "other.example,third.example"):
        told = refused(confirm=confirm)
        given = confirm.replace(",", " and ")
        assert told.startswith(f"teardown_confirm is {given}, but the tenant of the inventory is {TENANT}. ")
        assert told.endswith(f"-e teardown_confirm={TENANT}")
    automation = teardown.Automation(hosts=[teardown.Host(name, f"{name}.example") for name in "cab"])
    told = teardown.refusal(automation, confirmed=["a.example"])
    assert "is a.example, but the tenants of the inventory are a.example, b.example and c.example. To run" in told


@pytest.mark.parametrize(
    ("environment", "given", "address"),
    [
        ({}, {}, GRAPH),
        ({"AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment"}, {}, "https://graph.microsoft.us"),
        ({"AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment"}, {"cloud": "public"}, GRAPH),
        ({"AZURE_CLOUD_ENVIRONMENT": "unheard of"}, {}, GRAPH),
        ({"ENTRA_GRAPH_ENDPOINT": "https://graph.example"}, {}, "https://graph.example"),
        ({"ENTRA_GRAPH_ENDPOINT": "https://graph.example"}, {"graph": "https://own.example"}, "https://own.example"),
    ],
)
def test_the_commands_address_the_cloud_of_the_environment(
    environment: dict[str, str], given: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_CLOUD_ENVIRONMENT", "ENTRA_GRAPH_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = fleet_teardown({"desk1": {"rustdesk_sso_tenant_id": TENANT}}, ["desk1"], given, check_mode=True)
    assert f"--url {address}/v1.0/directory/deletedItems" in "\n".join(found["lines"])
