# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users that an application blocks from signing in, as far as its state is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.restrictions import (
    Facts,
    covers,
    restrictions,
    users_may_consent,
)

MINE = "AzureADMyOrg"
KNOWN = st.sampled_from([True, False, None])


def names(*facts: Any, **more: Any) -> list[str]:
    """Return the names of the restrictions."""
    return [item.name for item in restrictions(Facts(*facts, **more))]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"assigned": False}, []),
        ({"assigned": False, "consented": False, "users_may_consent": True}, []),
        ({"consented": False}, []),
        ({"users_may_consent": False}, []),
        ({"users_may_consent": False, "consented": True}, []),
        ({"users_may_consent": False, "consented": False}, ["consent"]),
    ],
)
def test_all_users_may_sign_in(facts: dict[str, bool], expected: list[str]) -> None:
    assert names(MINE, assignment_required=False, **facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"assigned": True, "consented": True}, []),
        ({"assigned": False}, ["assignment"]),
        ({"assigned": True, "consented": False}, ["consent"]),
        # Regardless of the tenant's settings
        ({"assigned": True, "consented": False, "users_may_consent": True}, ["consent"]),
        ({"assigned": False, "consented": False}, ["assignment", "consent"]),
    ],
)
def test_assignment_is_required(facts: dict[str, bool], expected: list[str]) -> None:
    assert names(MINE, assignment_required=True, **facts) == expected


@pytest.mark.parametrize(
    ("audience", "whom"),
    [
        ("AzureADMultipleOrgs", "admits users of other tenants, but"),
        ("AzureADandPersonalMicrosoftAccount", "users of other tenants and personal Microsoft accounts"),
        ("PersonalMicrosoftAccount", "admits personal Microsoft accounts, but"),
    ],
)
def test_an_audience_wider_than_the_tenant(audience: str, whom: str) -> None:
    (found,) = restrictions(Facts(audience, assignment_required=False))
    assert found.name == "sign_in_audience"
    assert audience in found.detail
    assert whom in found.detail
    assert "AADSTS50020" in found.detail


@given(
    audience=st.sampled_from([MINE, "AzureADMultipleOrgs", None, "of a future release"]),
    required=st.booleans(),
    facts=st.fixed_dictionaries(dict.fromkeys(("assigned", "users_may_consent", "consented"), KNOWN)),
)
def test_unknown_facts_restrict_no_user(audience: str, required: bool, facts: dict[str, bool | None]) -> None:
    """Later facts only add restrictions. Each is a sentence with a next step."""
    found = names(audience, required, **facts)
    assert len(set(found)) == len(found)
    for fact in facts:
        assert set(names(audience, required, **{**facts, fact: None})) <= set(found)
    for item in restrictions(Facts(audience, required, **facts)):
        assert item.result().keys() == {"name", "detail", "hint"}
        assert "AADSTS" in item.detail
        assert item.hint
        assert not item.detail.endswith(".")
        assert not item.hint.endswith(".")


OWNED = "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        (["ManagePermissionGrantsForSelf.microsoft-user-default-legacy", OWNED], True),
        (["managePermissionGrantsForSelf.microsoft-user-default-low"], True),
        ([OWNED, "ManagePermissionGrantsForSelf.our-own-policy"], True),
        ([OWNED], False),
        ([], False),
        (None, None),
        ("something else", None),
    ],
)
def test_users_who_may_consent_themselves(assigned: Any, expected: bool | None) -> None:
    policy = {"id": "authorizationPolicy", "defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": assigned}}
    assert users_may_consent(policy) is expected
    assert users_may_consent({}) is users_may_consent({"defaultUserRolePermissions": None}) is None


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ([], False),
        ([["openid", "profile", "email", "User.Read"]], True),
        ([["openid", "profile"]], False),
        ([["openid", "profile"], ["email"]], False),
        ([["User.Read"], ["email", "openid", "profile"]], True),
    ],
)
def test_grants_that_cover_a_sign_in(scopes: list[list[str]], expected: bool) -> None:
    role = {"resource_id": "r", "app_role_id": "x"}
    assert covers([role, *({"resource_id": "r", "scopes": item} for item in scopes)]) is expected
