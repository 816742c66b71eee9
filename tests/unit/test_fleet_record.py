# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a server at the end of a run: a fixed shape, on one line, without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import drift, record, removal_message
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import NO_ID, REGISTERS
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Record, blank
from support.servers import (
    APP_ID,
    CANARY,
    EXPIRES,
    OBJECT_ID,
    TENANT,
    TENANT_ID,
    callback,
    console,
    declared_as,
    provider,
    ready,
    refused,
    registered,
    registration,
    removed_from,
    result,
    secrets_diff,
    unread,
    verified,
)

AS_A_WHOLE = {"failed": False, "changed": False, "msg": "No module named msgraph."}
FAILURE = {"phase": "Verify sign-in", "message": "Sign-in would not work."}


def retired(server: Server, *removed: str, **changed: Any) -> Server:
    """Return ``server`` after superseded client secrets were removed."""
    named = declared_as(server, object_id=OBJECT_ID, unique_name=None, display_name=None)
    diff = secrets_diff(server) if removed else {"before": {}, "after": {}}
    told = {"declared": named, "changed": bool(removed), "diff": diff}
    item = {**result(server, secrets={"removed": [*removed]}), **told, **changed}
    return replace(server, retired=registration(item))


def not_retired(server: Server, message: str = "It was throttled.") -> Server:
    """Return ``server`` after that failed."""
    named = declared_as(server, object_id=OBJECT_ID, unique_name=None, display_name=None)
    return replace(server, retired=registration(refused(server, message, declared=named)))


def renewed() -> Server:
    """A server with a new client secret."""
    return verified(ready(), decision="renewed")[0]


def without_entra() -> Server:
    """A server whose application could not be registered, in the state that the role leaves."""
    server = replace(ready(), registration=registration(refused(ready(), "Graph answered 403.")))
    return replace(server, failure={"phase": REGISTERS, "message": "Graph answered 403."})


def new_application() -> Server:
    """A server whose application is predicted by check mode."""
    server = replace(ready(), console=console())
    return registered(server, decision="created", application={"object_id": NO_ID, "app_id": NO_ID})[0]


def taken_out(**changed: Any) -> Server:
    """A server after its removal."""
    server = ready(**changed)
    return replace(server, registration=removed_from(server), configured={"changed": True, "provider": {}})


SERVERS: dict[str, Callable[[], Server]] = {
    "declared": lambda: Server(ready().declaration),
    "unread": unread,
    "inspected": ready,
    "without Entra": without_entra,
    "Entra failed as a whole": lambda: replace(ready(), registration=AS_A_WHOLE),
    "predicted": new_application,
    "registered": lambda: registered(ready(), decision="created")[0],
    "verified": lambda: verified(ready())[0],
    "renewed": renewed,
    "not verified": lambda: replace(renewed(), verified={}, failure=FAILURE),
    "retired": lambda: retired(renewed(), "k1"),
    "not retired": lambda: not_retired(renewed()),
    "retirement failed as a whole": lambda: replace(renewed(), retired=AS_A_WHOLE),
    "removed": taken_out,
    "nothing to remove": lambda: replace(
        ready(), registration=registration(result(ready()) | {"application": None, "client_secrets": []})
    ),
}
MAKERS: dict[str, Callable[[Server], Record]] = {
    "run": record.record,
    "observed": lambda server: record.record(server, observed=True),
    "removed": record.removed,
    "failed": lambda server: record.failed(server.name, {"phase": "Read and check the declaration", "message": "No."}),
}


def shape(value: Any, where: str = "") -> set[str]:
    """Return the keys of a record, nested ones included."""
    if where in (".error", ".checks", ".restrictions", ".drift") or not isinstance(value, dict):
        return {where}
    return {path for key, item in value.items() for path in shape(item, f"{where}.{key}")}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_a_record_is_complete_in_every_state(server: Callable[[], Server], make: Callable[[Server], Record]) -> None:
    made = make(server())
    assert made["server"] == "desk1"
    more = {".removal.kept", ".removal.application_deleted"} if make is record.removed else set()
    assert shape(made) == shape(blank("desk1")) | more
    text = json.dumps(made)
    assert json.loads(text) == made
    assert CANARY not in text
    for path in (("application",), ("client_secret",), ("console",)):
        part = made[path[0]]  # type: ignore[literal-required]
        assert [key for key, value in part.items() if value is None] == []
    assert made["failed"] is bool(made["error"])
    assert made["error"].keys() in ({"phase", "message", "cause"}, set())
    assert made["message"]
    assert "\n" not in made["message"]


def test_the_servers_of_these_tests_contain_secrets() -> None:
    """Otherwise no record could be shown to reveal one."""
    server = renewed()
    assert CANARY in server.held
    for part in (server.console, server.registration, server.configured, server.declaration["entra"]):
        assert CANARY in json.dumps(dict(part))


def test_a_verified_server() -> None:
    made = record.record(SERVERS["verified"]())
    assert made["application"] == {
        "unique_name": "rustdesk-sso",
        "display_name": "RustDesk",
        "app_id": APP_ID,
        "object_id": OBJECT_ID,
        "foreign_redirect_uris": [callback()],
        "assignment": "",
        "portal_url": "",
    }
    assert made["tenant_id"] == TENANT_ID
    assert made["console"] == {"url": "https://desk1", "type": "pro"}
    assert made["provider"] == {"name": "azure", "present": True, "enabled": True}
    assert (made["verified"], made["changed"], made["failed"], made["error"]) == (True, False, False, {})
    assert [check["name"] for check in made["checks"]] == ["issuer"]
    assert made["message"] == (
        f"{callback()}: sign-in with azure works; client secret kept (its reason), expires {EXPIRES}"
    )


def test_a_run_shows_the_new_client_secret_and_the_report_the_consoles() -> None:
    server = renewed()
    run, observed = record.record(server), record.record(server, observed=True)
    assert (run["client_secret"]["key_id"], run["client_secret"]["hint"]) == ("new key of desk1", "new")
    assert (observed["client_secret"]["key_id"], observed["client_secret"]["hint"]) == ("old key of desk1", "old")
    assert observed["client_secret"]["expires"] == EXPIRES
    for made in (run, observed):
        assert (made["client_secret"]["decision"], made["client_secret"]["reason"]) == ("renewed", "its reason")


def test_the_report_of_a_server_without_a_client_secret() -> None:
    made = record.record(registered(ready(), decision="created")[0], observed=True)
    assert (made["client_secret"]["key_id"], made["client_secret"]["expires"]) == ("", "")


def test_an_application_that_is_only_predicted_does_not_exist() -> None:
    made = record.record(new_application())
    assert (made["application"]["app_id"], made["application"]["object_id"]) == ("", "")
    assert made["application"]["foreign_redirect_uris"] == []
    assert NO_ID not in json.dumps(made)


def test_redirect_uris_before_and_after() -> None:
    before = {"web_redirect_uris": [callback("else")]}
    (server,) = registered(ready(), changed=True, diff={"before": before, "after": {}})
    assert record.record(server)["application"]["foreign_redirect_uris"] == [callback()]
    assert record.record(server, observed=True)["application"]["foreign_redirect_uris"] == [callback("else")]


class TestProvider:
    """Whether the console has the provider, and offers it."""

    @pytest.mark.parametrize(
        ("server", "observed", "present", "enabled"),
        [
            (unread(), True, None, None),
            (unread(), False, None, None),
            (replace(ready(), console=console()), True, False, None),
            (replace(ready(), console=console()), False, False, None),
            (replace(ready(), console=console(provider(enabled=False))), True, True, False),
            # It failed before the provider was configured
            (replace(ready(), console=console(provider(enabled=False))), False, True, False),
            (replace(ready(), console=console(), configured={"provider": provider()}), True, False, None),
            (replace(ready(), console=console(), configured={"provider": provider()}), False, True, True),
            (
                replace(ready(provider_enabled=False), configured={"provider": provider(enabled=False)}),
                False,
                True,
                False,
            ),
        ],
    )
    def test_present_and_offered(
        self, server: Server, observed: bool, present: bool | None, enabled: bool | None
    ) -> None:
        found = record.record(server, observed=observed)["provider"]
        assert (found["present"], found["enabled"]) == (present, enabled)


class TestErrors:
    """The phase in which a server failed, and the reason."""

    def test_its_own_failure_takes_precedence(self) -> None:
        made = record.record(not_retired(replace(renewed(), failure=FAILURE)))
        assert made["error"]["phase"] == FAILURE["phase"]
        assert made["message"].startswith("Verify sign-in: Sign-in would not work.")
        assert made["verified"] is None

    def test_a_failure_in_entra_names_the_task_that_sent_the_requests(self) -> None:
        assert record.record(without_entra())["error"]["phase"] == "Register the applications"
        assert record.record(without_entra(), observed=True)["message"] == (
            "Predict changes to the applications: Graph answered 403."
        )

    def test_client_secrets_that_could_not_be_retired(self) -> None:
        made = record.record(not_retired(renewed()))
        assert made["error"] == {
            "phase": "Retire superseded secrets",
            "message": "It was throttled.",
            "cause": "",
        }
        assert made["message"] == "Retire superseded secrets: It was throttled."
        assert record.record(replace(renewed(), retired=AS_A_WHOLE))["error"]["message"] == AS_A_WHOLE["msg"]

    def test_a_retirement_of_another_application_is_ignored(self) -> None:
        server = renewed()
        other = replace(ready("desk2", app_unique_name="other"))
        named = declared_as(other, object_id="of another application", unique_name=None)
        done = replace(server, retired=registration(refused(other, declared=named)))
        assert record.record(done)["error"] == {}

    def test_a_skipped_retirement_does_not_count(self) -> None:
        skipped = {"skipped": True, "changed": False, "msg": "Conditional result was False"}
        assert record.record(replace(renewed(), retired=skipped))["error"] == {}

    def test_a_multiline_error_is_reported_in_one_line(self) -> None:
        made = record.record(replace(ready(), failure={"phase": "Verify sign-in", "message": "It failed:\n  a\n  b\n"}))
        assert made["message"] == "Verify sign-in: It failed: a b"

    def test_a_server_that_never_reached_the_role(self) -> None:
        made = record.failed("desk1", {})
        assert made["failed"]
        assert made["message"] == made["error"]["message"] == record.NOT_BEGUN

    def test_an_unusable_declaration(self) -> None:
        made = record.failed("desk1", {"phase": "Read and check the declaration", "message": "desk1: x is empty."})
        assert made["message"] == "Read and check the declaration: desk1: x is empty."
        assert made["error"]["cause"] == "variables"

    def test_servers_whose_variables_contradict_each_other(self) -> None:
        failure = {"phase": "Predict changes to the provider", "message": "They differ.", "code": "variables"}
        assert record.record(replace(ready(), failure=failure))["error"]["cause"] == "variables"

    @pytest.mark.parametrize(
        ("message", "code", "status", "cause"),
        [
            ("Signing in to tenant x as client y failed: AADSTS7000222: It.", "AADSTS7000222", 401, "sign_in"),
            ("Signing in to tenant x as client y failed: AADSTS700016: It.", "AADSTS700016", "400", "sign_in"),
            ("Signing in to tenant x as client y failed: AADSTS90033: It.", "AADSTS90033", 503, ""),
            ("Signing in to the console https://x as y failed: the console answered 200: No.", "error", 200, "sign_in"),
            ("Signing in to the console https://x as y failed: it wants a code.", "second_factor", "", "sign_in"),
            ("Signing in to the console https://x as y failed: too many.", "error", 429, ""),
            ("Signing in to the console https://x as y failed: it cannot be reached.", "", "", ""),
            ("Reading the application failed: Insufficient privileges.", "Authorization_RequestDenied", 403, ""),
        ],
    )
    def test_a_refused_sign_in_of_the_automation(self, message: str, code: str, status: Any, cause: str) -> None:
        failure = {"phase": "Any", "message": message, "code": code, "status": status}
        made = record.record(replace(ready(), failure=failure))
        assert made["error"] == {"phase": "Any", "message": message, "cause": cause}


def restriction(name: str) -> dict[str, str]:
    """Return a restriction in the format of the modules."""
    return {"name": name, "detail": f"what {name} means", "hint": f"What to do about {name}"}


class TestMessages:
    """The line for a server."""

    def test_removed_client_secrets_of_both_registrations_are_reported(self) -> None:
        (server,) = verified(ready(), decision="renewed", secrets={"removed": ["k1"]})
        made = record.record(retired(server, "k2", "k3"))
        assert made["client_secret"]["removed"] == ["k1", "k2", "k3"]
        assert made["message"].endswith("; removed: k1, k2, k3")

    def test_a_sign_in_that_was_not_verified(self) -> None:
        (server,) = verified(ready(), decision="created")
        made = record.record(replace(server, verified={}))
        assert "sign-in with azure is not verified; client secret created (its reason)" in made["message"]
        assert made["verified"] is None

    def test_a_sign_in_that_is_not_for_all_users(self) -> None:
        """The application restricts some users, the console others. The report contains both."""
        (server,) = verified(ready(), restrictions=[restriction("assignment")])
        configured = {**server.configured, "restrictions": [restriction("registration")]}
        server = replace(server, configured=configured)
        made = record.record(server)
        assert made["restrictions"] == [restriction("assignment"), restriction("registration")]
        said = "but not for all users: what assignment means; what registration means; client secret kept"
        assert f"sign-in with azure works, {said}" in made["message"]
        assert (made["failed"], made["verified"]) == (False, True)
        assert record.record(server, observed=True)["restrictions"] == made["restrictions"]
        unverified = replace(server, verified={"verified": None})
        assert "is not verified; not for all users: what assignment" in record.record(unverified)["message"]

    def test_a_disabled_provider_blocks_no_user(self) -> None:
        (server,) = verified(ready(provider_enabled=False), restrictions=[restriction("assignment")])
        made = record.record(server)
        assert made["restrictions"] == []
        assert "not for all users" not in made["message"]

    def test_a_run_that_did_nothing_reports_that(self) -> None:
        made = record.record(ready(provider_name="entra"))
        assert made["message"] == "Sign-in with entra was not configured in this run."
        assert (made["verified"], made["changed"]) == (None, False)


class TestChanged:
    """Whether the run changed something."""

    @pytest.mark.parametrize("decision", ["created", "renewed"])
    def test_changed_by_the_registration(self, decision: str) -> None:
        assert record.record(registered(ready(), decision=decision)[0])["changed"]
        assert not record.record(registered(ready())[0])["changed"]

    def test_changed_by_the_provider(self) -> None:
        assert record.record(replace(ready(), configured={"changed": True, "provider": provider()}))["changed"]

    def test_changed_by_the_retirement(self) -> None:
        (server,) = verified(ready())
        assert record.record(retired(server, "k1"))["changed"]
        assert not record.record(retired(server))["changed"]

    def test_not_changed_by_other_servers_of_a_shared_application(self) -> None:
        sides = {"before": {"notes": "a"}, "after": {"notes": "b"}}
        done = registration(result(ready("desk2"), decision="renewed", diff=sides))
        made = record.record(replace(unread("desk1"), registration=done))
        assert (made["changed"], made["drift"]) == (False, [])

    def test_not_changed_by_another_application(self) -> None:
        own, other = ready(), ready("desk2", app_unique_name="other")
        both = registration(result(own), result(other, decision="renewed"))
        assert both["changed"]
        assert not record.record(replace(own, registration=both))["changed"]


class TestRemoved:
    """The record of a removed server."""

    def test_the_record_after_a_removal(self) -> None:
        made = record.removed(taken_out())
        assert made["provider"] == {"name": "azure", "present": False, "enabled": None}
        assert made["client_secret"]["removed"] == ["k1"]
        assert (made["tenant_id"], made["callback_url"]) == (TENANT, callback())
        assert (made["changed"], made["failed"], made["verified"]) == (True, False, None)
        assert made["application"]["unique_name"] == "rustdesk-sso"
        assert made["removal"] == {"kept": [*removal_message.kept(taken_out())], "application_deleted": False}

    def test_the_provider_of_a_decommissioned_console_is_unknown(self) -> None:
        made = record.removed(replace(taken_out(remove_console=False), configured={"skipped": True, "changed": False}))
        assert made["provider"]["present"] is None
        assert made["changed"]

    def test_an_application_that_was_deleted_is_a_change(self) -> None:
        server = ready(remove_unused_app=True)
        before = registration(result(server, client_secrets=[], application={"web_redirect_uris": []}))
        deleted = registration(result(server, changed=True) | {"application": None, "client_secrets": []})
        assert not record.removed(replace(server, registration=before))["changed"]
        assert record.removed(replace(server, registration=before, retired=deleted))["changed"]

    def test_a_failure(self) -> None:
        server = ready()
        made = record.removed(replace(server, registration=registration(refused(server))))
        message = "Graph answered 403."
        assert made["error"] == {"phase": "Remove from the applications", "message": message, "cause": ""}
        assert made["removal"]["kept"] == []
        made = record.removed(unread())
        assert made["error"]["phase"] == "Inspect the console"
        assert made["provider"]["present"] is None


def drifts(server: Server) -> list[dict[str, str]]:
    """The drift of a server's record."""
    return record.record(server)["drift"]


class TestDrift:
    """The part of a change that concerns one server."""

    BEFORE: ClassVar[dict[str, Any]] = {
        "notes": "a",
        "web_redirect_uris": ["https://else"],
        "client_secrets": {"rustdesk-sso desk2": ["k0"]},
    }
    AFTER: ClassVar[dict[str, Any]] = {
        "notes": "b",
        "web_redirect_uris": ["https://else", callback("desk2")],
        "client_secrets": {"rustdesk-sso desk2": ["k0", "new"]},
    }

    def test_changes_of_another_server_are_left_out(self) -> None:
        (item,) = drift.of_server(self.BEFORE, self.AFTER, "application A", "rustdesk-sso desk1", callback("desk1"))
        assert item == {"object": "application A", "before": "notes: a\n", "after": "notes: b\n"}

    def test_its_own_redirect_uri_and_client_secret_are_reported(self) -> None:
        (item,) = drift.of_server(self.BEFORE, self.AFTER, "application A", "rustdesk-sso desk2", callback("desk2"))
        assert callback("desk2") in item["after"]
        assert callback("desk2") not in item["before"]
        assert "new" in item["after"]

    def test_a_removed_redirect_uri_is_reported_to_all(self) -> None:
        (item,) = drift.of_server(
            {"web_redirect_uris": ["https://a", "https://b"]},
            {"web_redirect_uris": ["https://a"]},
            "application A",
            "rustdesk-sso desk1",
            callback("desk1"),
        )
        assert "https://b" in item["before"]

    def test_nothing_if_only_others_are_concerned(self) -> None:
        before, after = ({key: side[key] for key in side if key != "notes"} for side in (self.BEFORE, self.AFTER))
        assert drift.of_server(before, after, "application A", "rustdesk-sso desk1", callback("desk1")) == []
        assert drift.of_server({}, {}, "application A", "", callback("desk1")) == []

    def test_the_input_is_not_modified(self) -> None:
        before, after = json.loads(json.dumps(self.BEFORE)), json.loads(json.dumps(self.AFTER))
        drift.of_server(before, after, "application A", "rustdesk-sso desk2", callback("desk2"))
        assert (before, after) == (self.BEFORE, self.AFTER)

    def test_a_due_renewal_is_not_drift(self) -> None:
        name = "rustdesk-sso desk1"
        sides = {"before": {"client_secrets": {name: ["k0"]}}, "after": {"client_secrets": {name: ["k0", "new"]}}}
        assert drifts(registered(ready(), decision="renewed", diff=sides)[0]) == []
        assert drifts(registered(ready(), decision="created", diff=sides)[0]) != []

    def test_a_provider_disabled_by_hand(self) -> None:
        sides = {"before": {"enabled": False}, "after": {"enabled": True}}
        (item,) = drifts(replace(ready(), configured={"changed": True, "provider": provider(), "diff": sides}))
        assert item == {"object": "provider azure", "before": "enabled: false\n", "after": "enabled: true\n"}

    def test_no_drift_without_a_change(self) -> None:
        sides = {"before": {"notes": "a"}, "after": {"notes": "b"}}
        assert drifts(registered(ready(), changed=False, diff=sides)[0]) == []


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("verified", "verified"),
        ("not verified", "failed"),
        ("registered", "not verified"),
        ("inspected", "not configured"),
        ("retirement failed as a whole", "failed"),
    ],
)
def test_the_outcome_matches_the_summary(name: str, outcome: str) -> None:
    assert record.record(SERVERS[name]())["outcome"] == outcome


def test_check_mode_uses_the_conditional() -> None:
    server = SERVERS["predicted"]()
    made = record.record(server, predicted=True)
    assert (made["outcome"], record.record(server)["outcome"]) == ("would be verified", "not verified")
    assert "sign-in with azure would be verified; client secret would be created" in made["message"]
    assert ", would expire 20" in made["message"]
    assert "client secret would be created" in record.record(server, observed=True)["message"]
    kept = record.record(SERVERS["verified"](), predicted=True)
    assert kept["outcome"] == "verified"
    assert "sign-in with azure works" in kept["message"]


def test_a_removal_is_predicted() -> None:
    made = record.removed(taken_out(), predicted=True)
    assert (made["outcome"], record.removed(taken_out())["outcome"]) == ("would be removed", "removed")
    assert "provider azure would be removed; redirect URI would be removed from rustdesk-sso" in made["message"]
    former = taken_out(remove_redirect_uris=["https://old.example/api/oidc/callback"])
    assert record.removed(former)["outcome"] == "kept"


def test_a_tenant_is_named_by_its_id_if_any_server_knows_it() -> None:
    known, lost, elsewhere = (
        verified(ready("desk1"))[0],
        unread("desk2", tenant_id=TENANT.upper()),
        unread("desk3", tenant_id="x.example"),
    )
    servers = [known, lost, elsewhere]
    records = {server.name: record.record(server) for server in servers}
    assert records["desk2"]["tenant_id"] == TENANT.upper()
    record.name_tenants_by_id(servers, records)
    assert [item["tenant_id"] for item in records.values()] == [TENANT_ID, TENANT_ID, "x.example"]
