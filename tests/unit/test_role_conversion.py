# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mistake in a list or a dictionary of the role is named by its path. Lists may be text."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import conversion, variables

GRAPH = {"resource": "Microsoft Graph"}


class Templar:
    """A templar that returns values unchanged."""

    def template(self, value: Any) -> Any:
        """Return the value unchanged."""
        return value


def read(name: str, value: Any) -> tuple[Any, list[str]]:
    """Return the value that a variable is read as, and its problems."""
    found, problems = variables.read({PREFIX + name: value}, Templar())
    return found.get(PREFIX + name), problems


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "app_assignments",
            {"add": [{"user": "a"}, {"grop": "b"}]},
            ".add[2].grop is unknown. Use app_role, group, user.",
        ),
        ("app_assignments", {"ad": []}, ".ad is unknown. Use add, remove, set."),
        (
            "app_assignments",
            [{"group": "x"}],
            " must be a dictionary: it is a list. Write {add: [{group: RustDesk users}]}.",
        ),
        (
            "app_assignments",
            "alice",
            " must be a dictionary: it is the text 'alice'. Write {add: [{group: RustDesk users}]}.",
        ),
        (
            "app_assignments",
            {"add": "alice,bob"},
            ".add must be a list of dictionaries: it is the text 'alice,bob'. Write",
        ),
        ("app_assignments", {"set": ["alice"]}, ".set[1] must be a dictionary: it is the text 'alice'. Write {add:"),
        ("app_assignments", {"add": [{"group": ["x"]}]}, ".add[1].group must be text: it is a list. Write"),
        ("app_assignments", '{"add": [{"grop": "x"}]}', ".add[1].grop is unknown."),
        (
            "app_service_principal",
            {"notes": "a", "enabled": True},
            ".enabled is unknown. Use account_enabled, app_role",
        ),
        (
            "app_service_principal",
            {"visible_to_users": "maybe"},
            ".visible_to_users must be true or false: it is 'maybe'.",
        ),
        ("app_service_principal", {"state": "gone"}, ".state must be one of present, absent: it is 'gone'."),
        ("app_service_principal", {"owners": {"ad": []}}, ".owners.ad is unknown. Use add, remove, set."),
        ("app_owners", ["alice"], " must be a dictionary: it is a list. Write {add: [alice@example.com]}."),
        (
            "app_optional_claims",
            {"id_token": ["email"]},
            ".id_token[1] must be a dictionary: it is the text 'email'. Write",
        ),
        (
            "app_optional_claims",
            {"id_token": [{"source": "user"}]},
            ".id_token[1].name is not set. Write {id_token: [{name:",
        ),
        (
            "app_admin_consent",
            [GRAPH, {**GRAPH, "scope": ["openid"]}],
            "[2].scope is unknown. Use app_roles, resource, scopes.",
        ),
        (
            "app_admin_consent",
            GRAPH,
            " must be a list of dictionaries: it is a dictionary. Write [{resource: Microsoft",
        ),
        (
            "app_admin_consent",
            "Microsoft Graph",
            " must be a list of dictionaries: it is the text 'Microsoft Graph'. Write",
        ),
        (
            "app_group_membership_claims",
            "All,Everybody",
            "[2] must be one of All, SecurityGroup, DirectoryRole, Appli",
        ),
        ("app_tags", {"a": 1}, " must be a list: it is a dictionary. Write [first, second]."),
        (
            "app_tags",
            "[a, b]",
            """ must be a list: it is the text '[a, b]'. Write first,second or ["first", "second"].""",
        ),
        ("console_contract", {"settings": "/a"}, ".settings is unknown. Use callback_path, callback_url, document,"),
        ("provider_enabled", "perhaps", " must be true or false: it is 'perhaps'."),
        ("console_type", "other", " must be one of auto, pro, rustdesk_console, rustdesk_api: it is 'other'."),
    ],
)
def test_a_mistake_is_named_by_its_path(name: str, value: Any, said: str) -> None:
    found, problems = read(name, value)
    assert len(problems) == 1
    assert problems[0].startswith(f"{PREFIX}{name}{said}"), problems
    assert found is None


@pytest.mark.parametrize("text", ["a, b", "a,b", " a ,b, ", '["a", "b"]'])
@pytest.mark.parametrize("name", ["app_tags", "provider_beside", "app_replaces", "remove_redirect_uris"])
def test_a_list_may_be_text(name: str, text: str) -> None:
    assert read(name, text) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("app_owners", {"add": "alice, bob"}, {"add": ["alice", "bob"]}),
        ("app_admin_consent", [{**GRAPH, "scopes": "openid, email"}], [{**GRAPH, "scopes": ["openid", "email"]}]),
        ("app_service_principal", "app_role_assignment_required=true", {"app_role_assignment_required": True}),
        ("app_assignments", '{"set": []}', {"set": []}),
        ("app_assignments", {"add": None}, {"add": None}),
    ],
)
def test_nested_lists_may_be_text(name: str, value: Any, typed: Any) -> None:
    assert read(name, value) == (typed, [])


@pytest.mark.parametrize("name", conversion.SAMPLES)
def test_the_examples_are_valid(name: str) -> None:
    example = yaml.safe_load(conversion.SAMPLES[name])
    assert read(name, example)[1] == []
    assert example
