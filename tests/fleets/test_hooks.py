# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of a run for others: facts for later tasks, statistics for the caller, messages for a webhook."""

from __future__ import annotations

import json
from typing import Any

from fleets.plays import found, imported, included, noted, play, rescued

from lab.client import Lab, Webhook
from support.consoles import told
from support.controller import Run
from support.fleet import Fleet

# No server listens there; its path is the secret
DEAD = "https://127.0.0.1:9/T00000000/B00000000/dead-webhook-secret"
WRONG_PASSWORD = "Wr0ng-Pa55word-of-the-console"


def notifying(hook: Webhook, fleet: Fleet, **more: Any) -> dict[str, Any]:
    """Variables for notifications to a webhook of the lab; ``more`` without the prefix rustdesk_sso_notify_."""
    values = {"url": hook.url, "ca_path": str(fleet.lab.ca_path), **more}
    return {f"rustdesk_sso_notify_{name}": value for name, value in values.items()}


def stats(run: Run) -> Any:
    """Return the statistics that the run passes to its caller."""
    (line,) = [line for line in run.output.splitlines() if line.startswith("\tRUN: ")]
    return json.loads(line.removeprefix("\tRUN: "))["rustdesk_sso"]["servers"]


def harmless(lab: Lab, *texts: Any) -> None:
    """Check that these texts contain no secret of the lab or of these tests."""
    leaks = told(lab, json.dumps(texts), WRONG_PASSWORD, "dead-webhook-secret")
    assert not leaks, leaks


def test_results_of_a_run(lab: Lab, fleet: Fleet) -> None:
    first, second = names = [f"desk{number}.{fleet.domain}" for number in (1, 2)]
    for name in names:
        fleet.add_server(name)
    controller = fleet.controller
    hook, slack, teams = (lab.add_webhook(takes) for takes in ("json", "slack", "teams"))
    fleet.variables |= notifying(hook, fleet)
    caller = play(imported(), noted())

    predicted = controller.playbook([caller], fleet.inventory, "--check")
    assert predicted.rc == 0, predicted.output
    assert any(predicted.changed().values())
    assert hook.posted() == []

    done = controller.playbook([caller], fleet.inventory, ANSIBLE_SHOW_CUSTOM_STATS="true")
    assert done.rc == 0, done.output
    (message,) = hook.posted()
    assert message["title"] == "RustDesk sign-in, 2 servers: 2 verified, 2 changed"
    (application,) = [item for item in fleet.tenant.applications() if item["displayName"] == "RustDesk"]
    for name in names:
        record = found(done, name)[name]
        (held,) = [item for item in application["passwordCredentials"] if item["displayName"].endswith(name)]
        secret = record["client_secret"]
        assert (secret["key_id"], secret["decision"], secret["removed"]) == (held["keyId"], "created", [])
        assert secret["expires"][:16] == held["endDateTime"][:16]
        assert record["tenant_id"] == fleet.tenant.tenant_id
        assert record["application"]["app_id"] == application["appId"]
        assert record["callback_url"] == f"{fleet.consoles[name].url}/api/oidc/callback"
        assert [record[key] for key in ("verified", "changed", "failed")] == [True, True, False]
        assert message["servers"][name] == record
    # Each server has the results of all
    assert found(done, first) == found(done, second) == stats(done) == message["servers"]

    # Nothing to report, unless it is requested; with serial each batch reports its own servers
    lab.clear_requests()
    again = controller.playbook(
        [
            play(imported()),
            play(imported(), vars={"rustdesk_sso_notify_when": "failures"}),
            play(imported(), vars=notifying(slack, fleet, format="slack", when="always")),
            play(imported(), vars=notifying(teams, fleet, format="teams", when="always"), serial=1),
        ],
        fleet.inventory,
        ANSIBLE_SHOW_CUSTOM_STATS="true",
    )
    assert again.changed() == dict.fromkeys(names, 0), again.output
    assert hook.posted() == []
    (said,) = slack.posted()
    assert said["text"] == "RustDesk sign-in, 2 servers: 2 verified"
    cards = [item["attachments"][0]["content"]["body"][0]["text"] for item in teams.posted()]
    assert cards == ["RustDesk sign-in, 1 server: 1 verified"] * 2
    assert {entry["status"] for entry in lab.requests("webhook")} == {200, 202}
    assert set(stats(again)) == set(names)
    harmless(lab, message, slack.posted(), teams.posted(), again.output)


def test_failures_are_reported(lab: Lab, fleet: Fleet) -> None:
    names = [f"desk{number}.{fleet.domain}" for number in (1, 2)]
    for name in names:
        fleet.add_server(name)
    hook = lab.add_webhook()
    fleet.variables |= notifying(hook, fleet, when="failures")
    posted: list[Any] = []

    def failed(*servers: str) -> dict[str, Any]:
        """Run the playbook; return the records of its one message, in which these servers have failed."""
        lab.clear_requests()
        run = fleet.site()
        assert run.failed() == set(servers), run.output
        (message,) = hook.posted()
        posted.append(message)
        assert set(message["servers"]) == set(names)
        assert {name for name, item in message["servers"].items() if item["failed"]} == set(servers)
        assert f"{len(servers)} failed" in message["title"]
        return dict(message["servers"])

    # The automation is refused, which affects all of them
    fleet.tenant.set_permissions([])
    for item in failed(*names).values():
        assert item["error"]["phase"] == "Register the applications"
        assert "Application.ReadWrite.OwnedBy" in item["message"]
        assert not item["changed"]
    fleet.tenant.set_permissions(["Application.ReadWrite.OwnedBy"])

    # The first server, which would report on the others, fails itself
    working = dict(fleet.hosts[names[0]])
    fleet.hosts[names[0]]["rustdesk_sso_console_password"] = WRONG_PASSWORD
    item = failed(names[0])[names[0]]
    assert item["error"]["phase"] == "Inspect the console"
    assert (item["changed"], item["verified"]) == (False, None)
    assert "Wrong credentials" in item["message"]
    fleet.hosts[names[0]] = working

    # A failed sign-in, which nothing else shows
    lab.fault(names[1], path_regex="/api/oidc/auth", status=500, times=100)
    item = failed(names[1])[names[1]]
    assert item["error"]["phase"] == "Verify sign-in"
    assert "500" in item["message"]
    lab.clear_faults()

    # The declaration is invalid or missing
    del fleet.hosts[names[0]]["rustdesk_sso_console_url"]
    fleet.hosts[names[1]]["rustdesk_sso_public_url"] = "http://desk.example.com"
    records = failed(*names)
    assert {record["error"]["phase"] for record in records.values()} == {"Read and check the declaration"}
    assert "rustdesk_sso_console_url" in records[names[0]]["message"]
    harmless(lab, posted)


def test_an_earlier_failure_is_not_reported_again(lab: Lab, fleet: Fleet) -> None:
    """A caller that continues after a failure and applies the role again gets only the later result."""
    name = f"desk1.{fleet.domain}"
    fleet.add_server(name)
    controller = fleet.controller
    hook = lab.add_webhook()
    fleet.variables |= notifying(hook, fleet)
    wrong = {"rustdesk_sso_console_password": WRONG_PASSWORD}
    caller = play(
        rescued(included(vars=wrong)),
        noted("failed"),
        included(),
        noted("done"),
        rescued(included(vars=wrong)),
        noted("failed again"),
    )
    run = controller.playbook([caller], fleet.inventory)
    assert run.rc == 0, run.output
    records = [found(run, name, under)[name] for under in ("failed", "done", "failed again")]
    assert [(item["failed"], item["changed"]) for item in records] == [(True, False), (False, True), (True, False)]
    assert [message["servers"][name] for message in hook.posted()] == records
    assert fleet.sign_in(name)["access_token"]


def test_a_failing_webhook_fails_no_server(lab: Lab, fleet: Fleet) -> None:
    fleet.add_server(f"desk1.{fleet.domain}")
    hook = lab.add_webhook()
    hook.answer(500)
    refused = notifying(hook, fleet, when="always")
    plays = {
        "it answered 500": refused,
        "it answered 404": refused | {"rustdesk_sso_notify_url": f"{hook.url}-of-nobody"},
        "it did not answer": refused | {"rustdesk_sso_notify_url": DEAD},
    }
    run = fleet.controller.playbook(
        [play(imported(), vars=variables) for variables in plays.values()], fleet.inventory, "-vvvv", "--diff"
    )
    assert run.rc == 0, run.output[-4000:]
    said = " ".join(run.output.split())  # ansible-core 2.16 wraps warnings
    for outcome in plays:
        assert outcome in said
    assert len(hook.posted()) == 1
    harmless(lab, run.output)
