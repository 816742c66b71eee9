# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A setting is kept when its variable is removed, and the value in the role's README clears it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import (
    APPLICATION,
    PREFIX,
    declare,
    variable,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import defaults, read, specification
from support.fleet import Fleet
from support.quick_runs import quick_run
from support.servers import values

README = Path(
    os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections/deskops/rustdesk_sso/roles/entra_oidc/README.md"
)
ROW = re.compile(r"\| `(?P<name>rustdesk_sso_\w+)` \| (?P<value>.*?) \| ")
# These select an application or control a run; they leave no setting
NO_PROPERTY = {"app_id", "restore", "adopt", "unique_name"}
MANAGED: dict[str, Any] = {
    "service_principal": {
        "app_role_assignment_required": True,
        "visible_to_users": False,
        "notification_email_addresses": ["sso@example.com"],
        "notes": "Principal",
        "preferred_single_sign_on_mode": "oidc",
    },
    "group_membership_claims": ["ApplicationGroup"],
    "optional_claims": {"id_token": [{"name": "email"}], "access_token": [{"name": "upn"}]},
    "admin_consent": [{"resource": "Microsoft Graph", "scopes": ["openid", "profile", "email"]}],
    "home_page_url": "https://example.com/home",
    "support_url": "https://example.com/support",
    "privacy_statement_url": "https://example.com/privacy",
    "terms_of_service_url": "https://example.com/terms",
    "notes": "Application",
    "tags": ["desk"],
}


def table() -> dict[str, dict[str, Any]]:
    """Return each variable of the table with the variables that clear its setting; none if it cannot be cleared."""
    text = README.read_text("utf-8")
    between = text.partition("<!-- removed variables: begin -->")[2].partition("<!-- removed variables: end -->")[0]
    rows: dict[str, dict[str, Any]] = {}
    for line in between.splitlines():
        row = ROW.match(line)
        if not row:
            continue
        rows[row["name"]] = found = {}
        for written in re.findall(r"`([^`]+)`", row["value"]):
            value = yaml.safe_load(written)
            named = isinstance(value, dict) and any(key.startswith(PREFIX) for key in value)
            found |= value if named else {row["name"]: value}
    return rows


def test_table_has_each_variable_that_manages_a_setting() -> None:
    """Only variables without a default are listed: the others return to their default."""
    properties = {variable(option) for option in APPLICATION if option not in NO_PROPERTY}
    managing = {*properties, f"{PREFIX}app_allowed_groups", f"{PREFIX}app_allowed_users", f"{PREFIX}public_url"}
    assert set(table()) == managing - set(defaults())
    assert managing <= set(specification())
    for clearing in table().values():
        found, problems = read({**values("desk1"), **clearing}, Templar(DataLoader()))
        assert [*problems, *declare(found, "desk1")[1]] == []


def looks(fleet: Fleet) -> dict[str, Any]:
    """The application as Entra returns it, without values that differ in each tenant."""
    (application,) = (item for item in fleet.tenant.applications() if item["uniqueName"])
    principals = fleet.tenant.graph("GET", "/servicePrincipals").json()["value"]
    (principal,) = (item for item in principals if item["appId"] == application["appId"])
    grants = fleet.tenant.graph("GET", f"/servicePrincipals/{principal['id']}/oauth2PermissionGrants").json()["value"]
    return {
        **{name: application[name] for name in ("groupMembershipClaims", "optionalClaims", "info", "notes", "tags")},
        "web": application["web"]["homePageUrl"],
        "principal": {
            name: principal[name]
            for name in ("appRoleAssignmentRequired", "tags", "notes", "notificationEmailAddresses")
        },
        "mode": principal["preferredSingleSignOnMode"],
        "grants": [item["scope"] for item in grants],
    }


def test_setting_is_kept_until_the_value_of_the_table_clears_it(make_quick_fleet: Callable[[int], Fleet]) -> None:
    fleet = make_quick_fleet(1)
    (host,) = fleet.hosts
    fleet.tenant.set_permissions(
        [
            "Application.ReadWrite.OwnedBy",
            "AppRoleAssignment.ReadWrite.All",
            "Application.Read.All",
            "DelegatedPermissionGrant.ReadWrite.All",
        ]
    )

    def run(variables: dict[str, Any]) -> int:
        before = dict(fleet.variables)
        fleet.variables |= variables
        done = quick_run(fleet)
        fleet.variables = before
        assert done.rc == 0, done.output
        return done.changed()[host]

    run({})
    new = looks(fleet)
    run({variable(option): value for option, value in MANAGED.items()})
    managed = looks(fleet)
    assert not [name for name in new if new[name] == managed[name]]
    assert run({}) == 0
    assert looks(fleet) == managed

    rows = table()
    clearing: dict[str, Any] = {}
    for option in MANAGED:
        for name, value in rows[variable(option)].items():
            clearing[name] = [*clearing.get(name, []), *value] if name == f"{PREFIX}app_clear" else value
    run(clearing)
    assert _settled(looks(fleet)) == _settled(new)
    assert run(clearing) == 0


def _settled(value: Any) -> Any:
    """Treat an empty list or text as missing."""
    if isinstance(value, dict):
        return {name: found for name, item in value.items() if (found := _settled(item))}
    return [item for item in value if item] if isinstance(value, list) else value
