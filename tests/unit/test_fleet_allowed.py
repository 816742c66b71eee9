# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of users and groups that may sign in, as options of entra_app."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import allowed
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import declare
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.registration import contradictions
from support.servers import declared, ready, values

FALSE = {"app_role_assignment_required": False}


def application(**changed: Any) -> dict[str, Any]:
    """Return the application that a server declares with these variables."""
    return declared("desk1", **changed)["application"]


def test_both_lists_are_complete_and_require_assignment() -> None:
    found = application(app_allowed_users=["bob", "alice", "bob"], app_allowed_groups=["Desk"])
    assert found["assignments"] == {"set": [{"group": "Desk"}, {"user": "alice"}, {"user": "bob"}]}
    assert found["service_principal"] == {"app_role_assignment_required": True}
    other = application(app_allowed_users=[], app_allowed_groups=["Desk"], app_service_principal={"notes": "a"})
    assert other["assignments"] == {"set": [{"group": "Desk"}]}
    assert other["service_principal"] == {"notes": "a", "app_role_assignment_required": True}


def test_nothing_is_managed_if_neither_variable_is_set() -> None:
    assert not {"assignments", "service_principal"} & set(application())


def test_all_may_sign_in_if_both_variables_allow_it() -> None:
    found = application(app_allowed_groups=[], app_service_principal=FALSE)
    assert (found["assignments"], found["service_principal"]) == ({"set": []}, FALSE)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"app_allowed_groups": []}, "rustdesk_sso_app_allowed_groups is empty, so no user could sign in."),
        ({"app_allowed_groups": [], "app_allowed_users": []}, "allowed_users are empty, so no user could sign in."),
        ({"app_allowed_users": [], "app_service_principal": {"notes": "a"}}, "allowed_users is empty, so no user"),
        ({"app_allowed_users": ["alice", " "]}, "rustdesk_sso_app_allowed_users contains an empty entry. Remove it."),
        (
            {"app_allowed_users": ["alice"], "app_service_principal": FALSE},
            "allowed_users cannot restrict sign-in while",
        ),
        (
            {"app_allowed_users": ["alice"], "app_assignments": {"add": []}},
            "cannot be combined with rustdesk_sso_app_assignments",
        ),
    ],
)
def test_a_contradiction_or_a_lock_out_is_refused(changed: dict[str, Any], said: str) -> None:
    found, (sentence,) = declare(values(**changed), "desk1")
    assert found is None
    assert said in sentence


def test_servers_that_differ_are_reported_by_these_variable_names() -> None:
    one = ready("desk1", app_allowed_groups=["a"], app_tags=["a"])
    other = ready("desk2", app_allowed_groups=["b"])
    assert contradictions([one, other]) == [allowed.GROUPS, allowed.USERS, "rustdesk_sso_app_tags"]
    same = ready("desk2", app_allowed_groups=["a", "a"], app_tags=["a"])
    assert contradictions([one, same]) == []
