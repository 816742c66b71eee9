# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The automation's right to change an application that it can read, and the one command that grants it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.ownership import refusal
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.permission_hints import OWNED_BY, Caller
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import record
from support.servers import APP_ID, ready, registration, result, verified

ME = "5b1f0f5e-3f66-4f0a-9f1e-0d9a4a5c7e10"
APP = {"app_id": APP_ID, "display_name": "RustDesk"}
REFUSED = "The application me is not an owner."


def asked(owners: list[str] | None, **claims: Any) -> str:
    """The refusal for a caller with these claims."""
    return refusal(Caller.of({"oid": ME, **claims}), "application me", APP, owners)


def test_an_owner_and_a_caller_that_may_change_all_are_not_refused() -> None:
    assert asked(["other", ME.upper()], roles=[OWNED_BY]) == ""
    assert asked([], roles=["Application.ReadWrite.All"]) == ""


def test_a_caller_that_is_not_an_owner_gets_the_command() -> None:
    said = asked(["other"], roles=[OWNED_BY])
    assert said.endswith(f"az ad app owner add --id {APP_ID} --owner-object-id {ME}")
    assert "consent" not in said
    assert asked([], roles=[OWNED_BY]) == said


def test_a_missing_permission_for_any_change_is_reported_first() -> None:
    said = asked([], roles=["Application.Read.All"])
    assert f"Grant the application me the Microsoft Graph application permission {OWNED_BY}" in said
    assert "az ad" not in said


@pytest.mark.parametrize("roles", [[], [OWNED_BY], ["Application.Read.All"]])
def test_a_directory_role_may_allow_it(roles: list[str]) -> None:
    """Such as Application Administrator or Cloud Application Administrator."""
    own = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
    assert asked([], roles=roles, wids=[own]) == ""
    default = ["0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"]
    assert asked([], roles=roles, wids=default) == asked([], roles=roles, wids="x") == asked([], roles=roles) != ""


@pytest.mark.parametrize("owners", [None, []])
def test_unknown_ownership_is_no_refusal(owners: list[str] | None) -> None:
    assert refusal(Caller.of(None), "application me", APP, owners) == ""
    assert asked(owners, scp="Application.ReadWrite.All") == ""
    assert asked(None, roles=[OWNED_BY]) == ""


def test_a_run_in_check_mode_fails_where_the_change_would() -> None:
    (server,) = verified(ready(), decision="renewed", change_refused=REFUSED)
    made = record.record(server)
    assert made["failed"]
    assert made["message"] == f"Register the applications: {REFUSED}"
    # A report shows the current state of sign-in
    assert not record.record(server, observed=True)["failed"]
    unchanged = replace(server, registration=registration(result(server, change_refused=REFUSED)))
    made = record.record(unchanged)
    assert not made["failed"]
    assert REFUSED in made["message"]
