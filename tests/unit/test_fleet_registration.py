# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers that share an application, and each server's part of its registration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import applications as entra_app
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import registration as decisions
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.claims import Other
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import (
    NO_ID,
    NOT_REGISTERED,
    applications,
    share,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from support.servers import (
    APP_ID,
    EXPIRES,
    ISSUER,
    SIGN_IN,
    TENANT,
    callback,
    console,
    declared,
    held,
    holders,
    made,
    provider,
    ready,
    refused,
    registered,
    registration,
    result,
    unread,
)


class TestApplications:
    """The declaration of each application."""

    def test_servers_share_one_with_a_redirect_uri_and_a_client_secret_each(self) -> None:
        (entry,) = applications([ready("desk1"), ready("desk2")])
        assert entry["unique_name"] == "rustdesk-sso"
        assert entry["web_redirect_uris"] == {"add": [callback("desk1"), callback("desk2")]}
        assert [(item["name"], item["held"]) for item in entry["client_secrets"]] == [
            ("rustdesk-sso desk1", held("desk1")),
            ("rustdesk-sso desk2", held("desk2")),
        ]
        assert entry["retire_superseded"] is False
        assert entry.items() >= {**SIGN_IN, "tenant_id": TENANT, "wait_timeout": 300.0}.items()

    def test_the_case_of_a_tenant_is_ignored(self) -> None:
        (entry,) = applications([ready("desk1", tenant_id="Contoso.Example"), ready("desk2")])
        assert holders(entry) == ["rustdesk-sso desk1", "rustdesk-sso desk2"]

    @pytest.mark.parametrize("changed", [{"tenant_id": "fabrikam.example"}, {"app_unique_name": "other"}])
    def test_another_tenant_or_unique_name_is_another_application(self, changed: dict[str, Any]) -> None:
        entries = applications([ready("desk1"), ready("desk2", **changed)])
        assert [holders(entry) for entry in entries] == [["rustdesk-sso desk1"], ["rustdesk-sso desk2"]]

    @pytest.mark.parametrize("other", [unread("desk2"), Server(declared("desk2"))])
    def test_a_console_that_was_not_inspected_changes_nothing(self, other: Server) -> None:
        assert applications([ready("desk1"), other]) == applications([ready("desk1")])
        assert applications([other]) == []

    def test_a_server_that_failed_after_its_inspection_is_left_out(self) -> None:
        failed = replace(ready("desk2"), failure={"phase": "Any", "message": "It failed."})
        assert applications([ready("desk1"), failed]) == applications([ready("desk1")])

    def test_a_shared_callback_url_is_declared_once(self) -> None:
        (entry,) = applications([ready(name, public_url="https://both") for name in ("desk1", "desk2")])
        assert entry["web_redirect_uris"] == {"add": ["https://both/api/oidc/callback"]}
        assert len(entry["client_secrets"]) == 2

    @pytest.mark.parametrize("holds", ["", None, "short", "*****"])
    def test_a_placeholder_is_not_taken_for_a_client_secret(self, holds: str | None) -> None:
        (entry,) = applications([replace(ready(), console=console(provider(holds, client_secret_set=True)))])
        assert entry["client_secrets"][0]["held"] == ""

    def test_a_console_without_a_provider_has_no_client_secret(self) -> None:
        (entry,) = applications([replace(ready(), console=console())])
        assert (entry["client_secrets"][0]["held"], entry["relying_parties"][0]["client_id"]) == ("", None)

    def test_entra_app_gets_the_current_state_of_each_console(self) -> None:
        others = [{"name": "old", "enabled": True, "client_id": "1"}, {"name": "both", "enabled": True}]
        inspected = {
            **console(provider(enabled=False)),
            "other_providers": [*others, {"name": "off", "enabled": False}],
        }
        server = replace(ready(app_replaces=["2"], provider_beside=["both"]), console=inspected)
        ((party,),) = (entry["relying_parties"] for entry in applications([server]))
        assert (party["name"], party["web_redirect_uris"]) == ("rustdesk-sso desk1", [callback("desk1")])
        assert (party["client_id"], party["issuer"], party["enabled"]) == (APP_ID, ISSUER, False)
        assert (party["replaces"], [item["name"] for item in party["other_providers"]]) == (["2"], ["old"])

    def test_the_uri_of_a_relying_party_is_the_one_to_be_registered(self) -> None:
        spelt = "https://DESK1/api/oidc/callback"
        server = replace(ready(), console=console(provider(), callback_url=spelt))
        (entry,) = applications([server])
        assert entry["web_redirect_uris"] == {"add": [spelt]}
        assert entry["relying_parties"][0]["web_redirect_uris"] == [spelt]

    def test_a_console_with_the_client_secret_of_another_one(self) -> None:
        same = console(provider(held("desk1")))
        servers = [ready("desk1"), replace(ready("desk2"), console=same), ready("desk3")]
        (entry,) = applications(servers)
        others = {item["name"]: item["other_holders"] for item in entry["client_secrets"]}
        assert others == {
            "rustdesk-sso desk1": ["rustdesk-sso desk2"],
            "rustdesk-sso desk2": ["rustdesk-sso desk1"],
            "rustdesk-sso desk3": [],
        }

    def test_hosts_outside_the_run_that_declare_another_console(self) -> None:
        elsewhere = Other("desk2", {"console_url": "https://desk2"})
        named = Other("desk3", {"console_url": "https://desk3", "secret_name": "third"})
        unread = Other("desk4", {"console_url": "https://desk4"}, ("secret_name",))
        others = [elsewhere, named, unread, Other("old name", {"console_url": "https://desk1"}), Other("unknown", {})]
        (entry,) = applications([ready("desk1")], others)
        assert entry["client_secrets"][0]["other_holders"] == ["rustdesk-sso desk2", "third"]

    def test_the_declaration_of_the_application_is_passed_on(self) -> None:
        (entry,) = applications([ready(app_tags=[], app_adopt=True, app_notes=None)])
        assert (entry["tags"], entry["adopt"]) == ([], True)
        assert "notes" not in entry

    def test_servers_that_contradict_each_other_have_no_entry(self) -> None:
        servers = [ready("desk1"), ready("desk2", app_notes="x"), ready("desk3", app_unique_name="other")]
        assert [holders(entry) for entry in applications(servers)] == [["rustdesk-sso desk3"]]

    @pytest.mark.parametrize("other", ["unread", "obstacle"])
    def test_a_server_that_is_left_out_contradicts_no_other(self, other: str) -> None:
        left_out = unread("desk2", app_notes="x")
        if other == "obstacle":
            left_out = replace(ready("desk2", app_notes="x"), console=console(callback_url="https://else/callback"))
        assert applications([ready("desk1"), left_out]) == applications([ready("desk1")])


class TestContradictions:
    """The variables that differ."""

    @pytest.mark.parametrize(
        ("one", "other", "named"),
        [
            ({}, {}, []),
            ({"app_notes": "a"}, {"app_notes": "b"}, ["rustdesk_sso_app_notes"]),
            ({"app_notes": "a"}, {}, ["rustdesk_sso_app_notes"]),
            ({"app_tags": []}, {}, ["rustdesk_sso_app_tags"]),
            ({"app_id": "a"}, {}, ["rustdesk_sso_app_id"]),
            ({"app_restore": False}, {"app_restore": True}, ["rustdesk_sso_app_restore"]),
            (
                {"app_tags": ["a"], "app_display_name": "A"},
                {"app_tags": ["b"]},
                ["rustdesk_sso_app_display_name", "rustdesk_sso_app_tags"],
            ),
            # Each server has its own
            ({"secret_lifetime": "60d", "provider_name": "a", "public_url": "https://a"}, {"wait_timeout": 5.0}, []),
        ],
    )
    def test_exactly_the_variables_that_differ_are_named(
        self, one: dict[str, Any], other: dict[str, Any], named: list[str]
    ) -> None:
        for pair in ((one, other), (other, one)):
            servers = [ready(f"desk{place}", **changed) for place, changed in enumerate(pair)]
            assert decisions.contradictions(servers) == named

    def test_one_that_differs_among_many_is_enough(self) -> None:
        servers = [ready("desk1"), ready("desk2"), ready("desk3", app_notes="x")]
        assert decisions.contradictions(servers) == ["rustdesk_sso_app_notes"]


class TestObstacles:
    """Settings in a console that conflict with the declaration."""

    def test_another_callback_url_that_would_be_replaced(self) -> None:
        (sentence,) = decisions.obstacles(declared("desk1"), console(callback_url=callback("else")))
        assert callback("else") in sentence
        assert callback("desk1") in sentence
        assert "Set rustdesk_sso_public_url" in sentence

    @pytest.mark.parametrize("present", ["", callback("desk1")])
    def test_a_missing_or_equal_callback_url_is_no_conflict(self, present: str) -> None:
        assert decisions.obstacles(declared("desk1"), console(callback_url=present)) == []

    def test_another_callback_url_is_no_conflict_if_the_address_is_declared(self) -> None:
        own = declared("desk1", public_url="https://desk1")
        assert decisions.obstacles(own, console(callback_url=callback("else"))) == []

    def test_a_client_secret_that_the_console_does_not_return(self) -> None:
        (sentence,) = decisions.obstacles(declared(), console(provider(client_secret_set=None)))
        assert "does not return its client secret" in sentence

    def test_a_name_that_differs_by_case(self) -> None:
        found = {**console(), "other_providers": [provider(name="contoso"), provider(name="Azure", enabled=False)]}
        (sentence,) = decisions.obstacles(declared(), found)
        assert "Set rustdesk_sso_provider_name to Azure" in sentence
        assert decisions.obstacles(declared(), {**found, **console(provider())}) == []

    def test_an_oauth2_provider_that_may_work(self) -> None:
        """An incomplete one without all endpoints is corrected."""
        endpoints = {f"{part}_endpoint": f"https://sso/{part}" for part in ("authorization", "token", "userinfo")}
        (sentence,) = decisions.obstacles(declared(), console(provider(type="oauth2", **endpoints)))
        assert "Change its type to oidc" in sentence
        for found in ({"type": "oidc", **endpoints}, {"type": "oauth2", **endpoints, "token_endpoint": None}):
            assert decisions.obstacles(declared(), console(provider(**found))) == []

    def test_a_console_without_a_client_secret_is_no_conflict(self) -> None:
        assert decisions.obstacles(declared(), console(provider(client_secret_set=False))) == []


class TestShare:
    """One server's part of the registration."""

    def test_a_kept_client_secret_is_the_consoles(self) -> None:
        one, two = registered(ready("desk1"), ready("desk2"))
        for server in (one, two):
            found = share(server)
            assert found["error"] == {}
            assert (found["app_id"], found["issuer"]) == (APP_ID, ISSUER)
            assert (found["client_secret"], found["expires"]) == (held(server.name), EXPIRES)
            assert found["redirect_uris"] == [callback("desk1"), callback("desk2")]
            assert found["unverifiable"] == ""

    @pytest.mark.parametrize("decision", ["created", "renewed"])
    def test_a_server_gets_only_its_own_new_client_secret(self, decision: str) -> None:
        for server in registered(ready("desk1"), ready("desk2"), decision=decision):
            found = share(server)
            assert found["client_secret"] == made(server.name)
            assert found["expires"] == "2027-09-01T00:00:00Z"
            # The discovery document was read when Entra accepted it
            assert (found["accepted"], found["discovery"]) == (True, None)

    def test_a_client_secret_that_was_not_tried_is_verified_later(self) -> None:
        (server,) = registered(ready(), secrets={"accepted": None})
        found = share(server)
        assert found["accepted"] is False
        assert found["discovery"]

    def test_observed_is_the_servers_current_state(self) -> None:
        before = {"web_redirect_uris": [callback("else")]}
        (server,) = registered(ready(), decision="renewed", diff={"before": before, "after": {}})
        found = share(server, observed=True)
        assert (found["client_secret"], found["expires"]) == (held(), EXPIRES)
        assert found["redirect_uris"] == [callback("else")]
        assert found["accepted"] is False
        assert found["discovery"]

    def test_observed_without_a_client_secret(self) -> None:
        (server,) = registered(replace(ready(), console=console()), decision="created")
        found = share(server, observed=True)
        assert (found["client_secret"], found["expires"]) == ("", "")

    def test_a_result_of_another_tenant_with_the_same_unique_name_is_ignored(self) -> None:
        own, other = ready("desk1"), ready("desk2", tenant_id="fabrikam.example")
        both = registration(result(other, issuer="https://other"), result(own))
        assert share(replace(own, registration=both))["issuer"] == ISSUER
        assert share(replace(own, registration=registration(result(other))))["error"] == {"msg": NOT_REGISTERED}

    def test_its_result_is_found_regardless_of_the_spelling_of_the_tenant(self) -> None:
        own = ready("desk1")
        both = registration(result(ready("desk2", tenant_id="CONTOSO.example"), own))
        assert share(replace(own, registration=both))["client_secret"] == held("desk1")

    def test_only_its_own_applications_failure_is_its_error(self) -> None:
        own, other = ready("desk1"), ready("desk2", app_unique_name="other")
        both = registration(refused(own), result(other))
        assert share(replace(own, registration=both))["error"] == {
            "msg": "Graph answered 403.",
            "phase": "Register the applications",
            "error": {"attempted": "Graph answered 403.", "status": 403},
        }
        assert share(replace(other, registration=both))["error"] == {}

    def test_a_task_that_failed_as_a_whole_is_an_error_of_all_servers(self) -> None:
        server = replace(ready(), registration={"failed": False, "changed": False, "msg": "No module named msgraph."})
        assert share(server)["error"] == {"msg": "No module named msgraph.", "phase": "Register the applications"}

    @pytest.mark.parametrize(
        "nothing",
        [{}, {"skipped": True, "msg": "Conditional result was False"}, {"skipped": True}, {"applications": []}],
    )
    def test_without_a_registration_the_earlier_phases_must_be_selected(self, nothing: dict[str, Any]) -> None:
        assert share(replace(ready(), registration=nothing))["error"] == {"msg": NOT_REGISTERED}

    def test_a_contradiction_names_servers_application_and_variables(self) -> None:
        servers = [ready("desk1"), ready("desk2", app_notes="x"), ready("desk3", app_unique_name="other", app_tags=[])]
        both = registration(result(servers[2]))
        failure = share(replace(servers[0], registration=both), others=lambda: servers)["error"]
        message = failure["msg"]
        assert failure["error"] == {"code": "variables"}
        assert "desk1, desk2 share the application rustdesk-sso and differ in rustdesk_sso_app_notes." in message
        assert "desk3" not in message
        assert "rustdesk_sso_app_tags" not in message

    @pytest.mark.parametrize(
        ("audience", "limit"),
        [({}, 256), ({"app_sign_in_audience": "PersonalMicrosoftAccount"}, 100)],
        ids=["organization", "personal"],
    )
    def test_more_servers_than_an_application_has_redirect_uris(self, audience: dict[str, str], limit: int) -> None:
        """All servers that share it are refused with the remedy. Servers of other applications are not."""
        sharing = [ready(f"desk{number}", **audience) for number in range(limit + 1)]
        other = ready("other", app_unique_name="other", **audience)
        assert [len(holders(entry)) for entry in applications([*sharing[:limit], other])] == [limit, 1]
        assert [holders(entry) for entry in applications([*sharing, other])] == [["rustdesk-sso other"]]
        both = registration(result(other))
        message = share(replace(sharing[0], registration=both), others=lambda: [*sharing, other])["error"]["msg"]
        assert f"{limit + 1} servers share the application rustdesk-sso: {limit + 1} redirect URIs" in message
        assert f"exceed the {limit} that" in message
        assert "Set rustdesk_sso_app_unique_name to a different name for each group of servers" in message
        assert message.endswith("Nothing was changed.")

    def test_servers_behind_one_address_need_one_redirect_uri(self) -> None:
        sharing = [ready(f"desk{number}", public_url="https://all") for number in range(257)]
        assert len(applications(sharing)) == 1

    def test_other_servers_are_consulted_only_without_a_result(self) -> None:
        def never() -> list[Server]:
            raise AssertionError

        (server,) = registered(ready())
        assert share(server, others=never)["error"] == {}

    def test_an_obstacle_takes_precedence_over_a_result(self) -> None:
        (server,) = registered(replace(ready(), console=console(callback_url=callback("else"))))
        assert "Nothing was changed." in share(server)["error"]["msg"]

    @pytest.mark.parametrize("nothing", [{}, {"error": {}}])
    def test_an_error_is_returned_alone(self, nothing: dict[str, Any]) -> None:
        found = share(replace(ready(), registration=registration(refused(ready(), **nothing))))
        assert {key: value for key, value in found.items() if value and key != "error"} == {}
        assert found["error"]["msg"]
        assert found.keys() == share(registered(ready())[0]).keys()


class TestUnverifiable:
    """Reasons that prevent the verification of a sign-in."""

    def test_a_disabled_provider(self) -> None:
        (server,) = registered(ready(provider_enabled=False))
        for how in ({}, {"observed": True}, {"check_mode": True}):
            assert "disabled" in share(server, **how)["unverifiable"]

    @pytest.mark.parametrize(("check_mode", "told"), [(True, True), (False, False)])
    def test_a_change_that_is_only_predicted(self, check_mode: bool, told: bool) -> None:
        (server,) = registered(ready(), decision="renewed")
        assert bool(share(server, check_mode=check_mode)["unverifiable"]) is told
        (server,) = registered(replace(ready(), configured={"changed": True}))
        assert bool(share(server, check_mode=check_mode)["unverifiable"]) is told

    def test_check_mode_without_a_change_verifies(self) -> None:
        (server,) = registered(replace(ready(), configured={"changed": False}))
        assert share(server, check_mode=True)["unverifiable"] == ""

    def test_observed_without_an_application(self) -> None:
        (server,) = registered(ready(), decision="created", application={"object_id": NO_ID, "app_id": NO_ID})
        assert "does not exist" in share(server, observed=True)["unverifiable"]
        (server,) = registered(ready(), decision="renewed")
        assert share(server, observed=True)["unverifiable"] == ""


STATES = st.sampled_from(["ready", "unread", "not inspected", "other callback URL", "unreadable secret"])
CHANGES = st.fixed_dictionaries(
    {"tenant_id": st.sampled_from(["contoso.example", "CONTOSO.example", "fabrikam.example"])},
    optional={
        "app_unique_name": st.sampled_from(["rustdesk-sso", "other"]),
        "app_tags": st.sampled_from([[], ["a"]]),
        "public_url": st.sampled_from(["https://both", "https://own"]),
    },
)


def in_state(name: str, state: str, changed: dict[str, Any]) -> Server:
    """Return a server that is ready, or a reason why it is not."""
    if state == "unread":
        return unread(name, **changed)
    seen = {
        "ready": console(provider(held(name))),
        "not inspected": {},
        "other callback URL": console(callback_url=callback("else")),
        "unreadable secret": console(provider(client_secret_set=None)),
    }
    return replace(ready(name, **changed), console=seen[state])


@given(st.lists(st.tuples(STATES, CHANGES), max_size=6))
def test_every_server_is_in_one_entry_or_has_a_reason(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    servers = [in_state(f"desk{place}", *item) for place, item in enumerate(drawn)]
    entries = applications(servers)
    names = [name for entry in entries for name in holders(entry)]
    assert len(names) == len(set(names))
    keys = [(entry["tenant_id"].lower(), entry["unique_name"]) for entry in entries]
    assert len(keys) == len(set(keys))
    for server in servers:
        own = server.declaration["client_secret"]["name"]
        home = [entry for entry in entries if own in holders(entry)]
        error = share(server, others=lambda: servers)["error"].get("msg", "")
        if home:
            assert server.declaration["callback_url"] in home[0]["web_redirect_uris"]["add"]
            assert home[0]["tenant_id"].lower() == server.declaration["tenant_id"].lower()
            assert error == NOT_REGISTERED  # Entra has not been queried yet
        else:
            unfit = server.failure or not server.console
            assert unfit or "Nothing was changed." in error
    declared_uris = {server.declaration["callback_url"] for server in servers}
    assert {uri for entry in entries for uri in entry["web_redirect_uris"]["add"]} <= declared_uris


def test_the_results_of_entra_app_are_found_again() -> None:
    """The module names each application as the role looks it up."""
    server = ready(tenant_id="CONTOSO.example")
    entries = applications([server, ready("desk2", app_unique_name="other")])
    told = entra_app.result(entries, [InputError("Its own error"), InputError("Another error")])
    assert share(replace(server, registration=told))["error"]["msg"] == "Its own error."
