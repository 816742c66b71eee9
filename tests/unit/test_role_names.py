# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misspelled names of the role's variables."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.action import entra_oidc_declaration
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import examination
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import names
from support.servers import values

MISSPELLED = "rustdesk_sso_app_alowed_groups"
SENTENCE = f"{MISSPELLED} is not a variable of the role. Did you mean rustdesk_sso_app_allowed_groups?"


class Templar:
    """A templar that returns values unchanged."""

    def template(self, value: Any) -> Any:
        """Return the value."""
        return value


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("app_alowed_groups", "app_allowed_groups"),
        ("app_allowed_group", "app_allowed_groups"),
        ("allowed_groups", "app_allowed_groups"),
        ("app_assignment", "app_assignments"),
        ("consol_url", "console_url"),
        ("console_pasword", "console_password"),
        ("entra_certificat_path", "entra_certificate_path"),
        ("timeot", "timeout"),
        ("host", "hosts"),
    ],
)
def test_a_misspelled_name_is_found(name: str, meant: str) -> None:
    assert names.meant(PREFIX + name) == PREFIX + meant


@pytest.mark.parametrize(
    "name",
    [
        "awx_plan",
        "awx_nodes",
        "alert_token",
        "verify",
        "site",
        "console_password_old",
        "vault_console_password",
        "my_own",
    ],
)
def test_a_users_own_name_is_allowed(name: str) -> None:
    assert names.meant(PREFIX + name) == ""


def test_known_names_are_allowed() -> None:
    assert names.problems(names.known()) == []
    assert names.problems(["rustdesk_sso_console", "rustdesk_sso_run", "app_alowed_groups", f"_{MISSPELLED}"]) == []


def test_the_first_task_refuses_a_misspelled_name() -> None:
    given = {**values("desk1"), "inventory_hostname": "desk1"}
    _found, declared, problems = entra_oidc_declaration.read(given, Templar())
    assert declared
    assert problems == []
    _found, declared, problems = entra_oidc_declaration.read({**given, MISSPELLED: ["Help desk"]}, Templar())
    assert declared is None
    assert problems == [SENTENCE]


def test_the_doctor_reports_a_misspelled_name() -> None:
    _found, declared, mistakes = examination.read({**values("desk1"), MISSPELLED: []}, Templar(), "desk1")
    assert declared
    assert SENTENCE in mistakes
