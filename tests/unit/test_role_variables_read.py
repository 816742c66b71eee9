# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables as Ansible provides them, and the role's queries about the hosts of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX, declare
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.server import Server
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._in_process import ERROR
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import application, questions, variables
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import servers as glue
from support.servers import (
    CANARY,
    TENANT,
    callback,
    declared,
    held,
    holders,
    hostvars,
    ready,
    registered,
    registration,
    result,
    unread,
    values,
    verified,
)

OMIT = "__omit_place_holder__0123456789"


class Templar:
    """A templar that returns values unchanged. An exception represents a template that fails."""

    def template(self, value: Any) -> Any:
        """Return the value, or raise it."""
        if isinstance(value, Exception):
            raise value
        return value


class Omit:
    """A stand-in for ansible-core's type of ``omit``, since 2.19."""


def read(**given: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the variables that are set, by short names, and the problems."""
    found, problems = variables.read({PREFIX + name: value for name, value in given.items()}, Templar())
    return {name.removeprefix(PREFIX): value for name, value in found.items()}, problems


class TestRead:
    """Variables of one host."""

    @pytest.mark.parametrize("value", [date(2027, 3, 1), datetime(2027, 3, 1, tzinfo=timezone.utc), "2027-03-01"])
    def test_a_yaml_date_needs_no_quotation_marks(self, value: Any) -> None:
        found, problems = read(entra_client_secret_expires=value)
        assert problems == []
        assert _durations.expiry(found["entra_client_secret_expires"], "it") == "2027-03-01T00:00:00Z"

    @pytest.mark.parametrize("unset", [None, "", OMIT, Omit()], ids=["null", "empty", "omit", "omit of 2.19"])
    @pytest.mark.parametrize("name", variables.specification())
    def test_null_empty_and_omitted_have_the_default(self, name: str, unset: Any) -> None:
        default = variables.defaults().get(name)
        if isinstance(default, int) and not isinstance(default, bool):
            default = float(default)
        if isinstance(default, str) and variables.specification()[name]["type"] == "path":
            default = str(Path.cwd() / default)
        expected = {} if default is None else {name: default}
        assert variables.read({name: unset}, Templar()) == (expected, [])

    @pytest.mark.parametrize(
        ("name", "value"),
        [("app_tags", []), ("app_adopt", False), ("app_owners", {}), ("provider_name", " ")],
    )
    def test_empty_lists_and_false_are_values(self, name: str, value: Any) -> None:
        assert read(**{name: value}) == ({name: value}, [])

    def test_relative_paths_are_relative_to_the_users_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", "/home/alice")
        given = {"entra_certificate_path": "keys/a.pem", "app_logo": "~/logo.png", "adopt_directory": "."}
        expected = {
            "entra_certificate_path": f"{tmp_path}/keys/a.pem",
            "app_logo": "/home/alice/logo.png",
            "adopt_directory": str(tmp_path),
        }
        assert read(**given) == (expected, [])

    @pytest.mark.parametrize(
        ("name", "given", "typed"),
        [
            ("timeout", 30, 30.0),
            ("timeout", "2.5", 2.5),
            ("provider_enabled", "no", False),
            ("secret_renew", "true", True),
            ("app_tags", "a,b", ["a", "b"]),
            ("app_notes", 5, "5"),
        ],
    )
    def test_values_have_the_types_of_the_specification(self, name: str, given: Any, typed: Any) -> None:
        found, problems = read(**{name: given})
        assert (found, problems) == ({name: typed}, [])
        assert type(found[name]) is type(typed)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("timeout", "soon"),
            ("provider_enabled", "perhaps"),
            ("app_owners", "alice"),
            ("app_sign_in_audience", "Everybody"),
            ("entra_cloud", "germany"),
            ("console_type", "other"),
            ("notify_format", "irc"),
        ],
    )
    def test_a_value_of_another_type_or_choice_is_named_with_its_variable(self, name: str, value: str) -> None:
        _found, problems = read(**{name: value})
        (sentence,) = problems
        assert PREFIX + name in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence

    def test_a_template_that_fails_is_named_and_the_others_are_read(self) -> None:
        found, problems = read(app_notes=ValueError("'nowhere' is undefined.\n"), timeout=5)
        assert problems == ["rustdesk_sso_app_notes cannot be evaluated: 'nowhere' is undefined."]
        assert found == {"timeout": 5.0}

    def test_a_long_error_is_truncated(self) -> None:
        _found, (sentence,) = read(app_notes=ValueError("word " * 500))
        assert len(sentence) < 400
        assert "..." in sentence

    @pytest.mark.parametrize("value", [ValueError(CANARY), [CANARY], {"a": CANARY}, 5])
    @pytest.mark.parametrize("name", ["entra_client_secret", "console_password", "console_proxy", "notify_url"])
    def test_a_secret_is_never_quoted(self, name: str, value: Any) -> None:
        found, problems = read(**{name: value})
        (sentence,) = problems
        assert PREFIX + name in sentence
        assert CANARY not in sentence
        assert found == {}

    def test_a_secret_is_kept_if_another_variable_is_wrong(self) -> None:
        found, problems = read(console_password=CANARY, timeout="soon")
        assert found["console_password"] == CANARY
        assert CANARY not in " ".join(problems)

    def test_all_mistakes_are_reported_together(self) -> None:
        _found, problems = read(timeout="soon", entra_cloud="germany", console_password=[], app_notes=ValueError("a"))
        told = " ".join(problems)
        assert len(problems) == 4
        for name in ("timeout", "entra_cloud", "console_password", "app_notes"):
            assert PREFIX + name in told

    def test_variables_of_others_are_ignored(self) -> None:
        given = {"ansible_host": ValueError(), f"{PREFIX}console": ValueError(), f"__{PREFIX}share": ValueError()}
        assert variables.read(given, Templar()) == ({}, [])

    def test_a_declaration_can_be_built_from_the_variables(self) -> None:
        found, problems = variables.read(values("desk1", timeout=30, wait_timeout="300"), Templar())
        assert problems == []
        assert declare(found, "desk1")[1] == []


class TestFormerName:
    """A variable with its former name."""

    @pytest.mark.parametrize("present", ["auto", "", None])
    def test_it_counts_if_the_present_name_is_not_set(self, present: Any) -> None:
        given = {f"{PREFIX}console": "pro", f"{PREFIX}console_type": present}
        assert variables.renamed(given)[f"{PREFIX}console_type"] == "pro"

    @pytest.mark.parametrize("former", ["", None])
    def test_an_empty_former_name_is_not_set(self, former: Any) -> None:
        given = variables.renamed({f"{PREFIX}console": former, f"{PREFIX}console_type": "auto"})
        assert variables.read(given, Templar())[0] == {f"{PREFIX}console_type": "auto"}

    def test_the_present_name_takes_precedence(self) -> None:
        given = {f"{PREFIX}console": "pro", f"{PREFIX}console_type": "rustdesk_api"}
        assert variables.renamed(given) == given


class TestApplication:
    """Values that entra_app would refuse."""

    @pytest.mark.parametrize(
        ("changed", "named"),
        [
            ({}, ""),
            ({"app_id": "rustdesk-sso"}, "rustdesk_sso_app_id"),
            ({"app_assignments": {"add": [{"group": ""}]}}, "rustdesk_sso_app_assignments"),
            ({"app_owners": {"set": ["a"], "add": ["b"]}}, "rustdesk_sso_app_owners"),
            ({"app_group_membership_claims": ["Everybody"]}, "rustdesk_sso_app_group_membership_claims"),
            ({"app_assignments": {"append": []}}, "rustdesk_sso_app_assignments"),
            ({"app_assignments": {"add": [{}]}}, "rustdesk_sso_app_assignments"),
            ({"app_owners": {"add": {"a": 1}}}, "rustdesk_sso_app_owners"),
            ({"app_tags": [{"a": 1}]}, "rustdesk_sso_app_tags"),
            ({"app_optional_claims": {"id_token": [{}]}}, "rustdesk_sso_app_optional_claims"),
            ({"app_admin_consent": [{"scopes": ["a"]}]}, "rustdesk_sso_app_admin_consent"),
            ({"app_home_page_url": "home"}, "rustdesk_sso_app_home_page_url"),
            ({"app_service_principal": {"state": "absent"}}, "rustdesk_sso_app_service_principal"),
        ],
    )
    def test_they_are_reported_by_the_names_of_the_roles_variables(self, changed: dict[str, Any], named: str) -> None:
        told = application.problems(declared("desk1", **changed))
        assert bool(told) is bool(named)
        assert named in " ".join(told)
        assert all(sentence.endswith((".", ")")) for sentence in told)


def ask(question: str, host: str, found: dict[str, Any], hosts: list[str] | None = None, **how: Any) -> Any:
    """Return the result of the query for ``host`` in a play of ``hosts``, which is valid JSON."""
    answer = questions.QUESTIONS[question](found, host, hosts or [*found], questions.How(**{"active": [*found], **how}))
    assert json.loads(json.dumps(answer)) == answer
    return answer


def provider_options(server: Server, found: dict[str, Any], hosts: list[str]) -> dict[str, Any]:
    """Return the options with which the role configures the provider of ``server``."""
    how = {"observed": False, "check_mode": False}
    return questions.options_of("rustdesk_oidc_provider", server, found, hosts, **how)


def names(entries: list[dict[str, Any]]) -> list[str]:
    """Return the client secrets of all entries."""
    return [name for entry in entries for name in holders(entry)]


def of_round(server: Server, **changed: Any) -> Server:
    """Return ``server`` with another round of the run."""
    return Server({**server.declaration, **changed}, console=server.console)  # type: ignore[typeddict-item]


class TestQuestions:
    """The hosts that run the role together."""

    def test_hosts_of_the_play_share_the_application(self) -> None:
        found = hostvars(ready("desk1"), ready("desk2"))
        for host in found:
            (entry,) = ask("applications", host, found)
            assert entry["web_redirect_uris"]["add"] == [callback("desk1"), callback("desk2")]
            assert (entry["client_id"], entry["timeout"]) == ("automation", 30.0)
            assert [item["held"] for item in entry["client_secrets"]] == [held("desk1"), held("desk2")]

    def test_a_host_of_another_round_is_ignored(self) -> None:
        found = hostvars(ready("desk1"), of_round(ready("desk2"), round="second"), ready("desk3"))
        assert names(ask("applications", "desk1", found)) == ["rustdesk-sso desk1", "rustdesk-sso desk3"]
        assert names(ask("applications", "desk2", found)) == ["rustdesk-sso desk2"]
        assert [*ask("run", "desk1", found)] == ["desk1", "desk3"]

    def test_a_host_of_another_batch_is_ignored(self) -> None:
        found = hostvars(ready("desk1"), ready("desk2"))
        assert names(ask("applications", "desk1", found, ["desk1"])) == ["rustdesk-sso desk1"]

    def test_a_host_that_has_not_reached_the_role_yet_is_ignored(self) -> None:
        found = hostvars(ready("desk1"))
        found["later"] = {}
        assert names(ask("applications", "desk1", found)) == ["rustdesk-sso desk1"]
        assert [*ask("run", "desk1", found)] == ["desk1"]

    def test_without_lockstep_each_host_is_alone(self) -> None:
        found = hostvars(*(of_round(ready(f"desk{place}"), lockstep=False) for place in (1, 2)))
        for host in found:
            assert names(ask("applications", host, found)) == [f"rustdesk-sso {host}"]
            assert [*ask("run", host, found)] == [host]

    def test_a_host_with_an_unusable_declaration_is_reported_but_left_out(self) -> None:
        found = hostvars(ready("desk1"), ready("desk2"))
        found["desk2"][f"__{PREFIX}declaration"] = {"failed": True, "round": "first", "lockstep": True}
        found["desk2"][f"__{PREFIX}failure"] = {"phase": "Read and check the declaration", "message": "x is empty."}
        assert names(ask("applications", "desk1", found)) == ["rustdesk-sso desk1"]
        for question in ("run", "observed", "removed"):
            told = ask(question, "desk1", found)
            assert [*told] == ["desk1", "desk2"]
            assert told["desk2"]["message"] == "Read and check the declaration: x is empty."

    def test_a_host_that_failed_before_the_role_is_reported(self) -> None:
        found = hostvars(ready("desk1"))
        found["lost"] = {}
        told = ask("run", "desk1", found, active=["desk1"])
        assert told["lost"]["failed"]
        assert [*told] == ["desk1", "lost"]

    def test_a_host_of_an_earlier_batch_is_not_part_of_this_one(self) -> None:
        found = hostvars(ready("desk1"), ready("desk2"))
        found["desk2"] = {f"__{PREFIX}declaration": ask("round", "desk2", found)}
        assert names(ask("applications", "desk1", found)) == ["rustdesk-sso desk1"]
        assert [*ask("run", "desk1", found)] == ["desk1"]

    def test_a_host_that_failed_in_another_round_is_reported_there(self) -> None:
        found = hostvars(ready("desk1"), of_round(unread("desk2"), round="second"))
        assert [*ask("run", "desk1", found, active=["desk1"])] == ["desk1"]

    def test_a_run_shows_the_new_client_secret_and_the_report_the_former_one(self) -> None:
        found = hostvars(*verified(ready("desk1"), decision="renewed"))
        assert ask("run", "desk1", found)["desk1"]["client_secret"]["hint"] == "new"
        assert ask("observed", "desk1", found)["desk1"]["client_secret"]["hint"] == "old"

    def test_no_record_contains_a_secret(self) -> None:
        found = hostvars(*verified(ready("desk1"), ready("desk2"), decision="renewed"))
        for question in ("run", "observed", "removed"):
            assert CANARY not in json.dumps(ask(question, "desk1", found))

    def test_retirements_in_a_run_and_in_check_mode(self) -> None:
        (server,) = verified(ready(), decision="renewed")
        found = hostvars(server)
        assert names(ask("retirements", "desk1", found)) == ["rustdesk-sso desk1"]
        found["desk1"][f"__{PREFIX}verified"] = {"verified": None}
        assert names(ask("retirements", "desk1", found)) == []
        assert names(ask("retirements", "desk1", found, check_mode=True)) == ["rustdesk-sso desk1"]

    def test_nothing_is_retired_without_a_registration(self) -> None:
        found = hostvars(ready())
        assert ask("retirements", "desk1", found) == []
        assert ask("retirements", "desk1", hostvars(*verified(ready()))) == []

    def test_servers_to_remove(self) -> None:
        taken_out = replace(ready("desk1"), configured={"changed": True, "provider": {}})
        (entry,) = ask("removals", "desk1", hostvars(taken_out, unread("desk2")))
        assert entry["web_redirect_uris"] == {"remove": [callback("desk1")]}
        server = replace(ready("desk1", remove_unused_app=True), configured=taken_out.configured)
        left = registration(result(server, application={"web_redirect_uris": []}))
        found = hostvars(server, __rustdesk_sso_registration=left)
        assert [entry["state"] for entry in ask("deletions", "desk1", found)] == ["absent"]

    def test_the_share_of_a_server(self) -> None:
        (server,) = registered(ready())
        assert provider_options(server, hostvars(server), ["desk1"])["client_secret"] == held()

    def test_the_share_reports_a_contradiction_with_servers_of_its_round(self) -> None:
        one, two = ready("desk1"), ready("desk2", app_notes="x")
        found = hostvars(one, two)
        assert "rustdesk_sso_app_notes" in provider_options(one, found, ["desk1", "desk2"])[ERROR]["msg"]
        found = hostvars(one, of_round(two, round="second"))
        assert "rustdesk_sso_app_notes" not in provider_options(one, found, ["desk1", "desk2"])[ERROR]["msg"]


class TestServers:
    """Queries about one host from Ansible's hostvars."""

    def test_results_of_skipped_tasks_are_empty(self) -> None:
        found = glue.server({f"__{PREFIX}declaration": declared(), f"__{PREFIX}console": None})
        assert found is not None
        assert (found.name, found.declaration["tenant_id"]) == ("desk1", TENANT)
        assert (found.console, found.registration, found.failure) == ({}, {}, {})

    @pytest.mark.parametrize("declaration", [None, {}, {"failed": True, "msg": "x is empty."}])
    def test_without_a_declaration_there_is_no_server(self, declaration: Any) -> None:
        assert glue.server({f"__{PREFIX}declaration": declaration}) is None
