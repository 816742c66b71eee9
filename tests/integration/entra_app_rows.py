# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run entra_app and entra_app_info for tests, and follow one feature from unset through changed to cleared.

The modules' core functions run in the test's own process, as the action plugins run them in Ansible's, so that a
feature takes less than a second. test_entra_app_rows.py declares all properties once more in one run of
ansible-playbook.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest.mock import patch

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from faults.steps import essence, own, writes

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context, outcome
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, entra_app_info
from lab.client import Tenant
from support.fleet import Fleet

NAMED = {"unique_name": "desks", "display_name": "RustDesk"}
OWNED_BY = "Application.ReadWrite.OwnedBy"
READ_USERS, READ_GROUPS = "User.ReadBasic.All", "GroupMember.Read.All"
READ, WRITE, ASSIGN = "Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"
GRANT = "DelegatedPermissionGrant.ReadWrite.All"
NO_ID = "00000000-0000-0000-0000-000000000000"
# Options whose items get an ID from Graph only
GIVEN_IDS = ("assignments", "admin_consent", "federated_credentials")


class Seen:
    """An application as Graph returns it, found by its unique name."""

    def __init__(self, tenant: Tenant, unique_name: str = "desks") -> None:
        self.tenant = tenant
        (self.application,) = own(tenant.applications(), uniqueName=unique_name)
        self.web = self.application["web"]
        self.api = self.application["api"]

    @property
    def principal(self) -> dict[str, Any] | None:
        """The service principal, or None if it does not exist."""
        answer = self.tenant.graph("GET", f"/servicePrincipals(appId='{self.application['appId']}')")
        return answer.json() if answer.status_code == 200 else None

    def of_principal(self, path: str) -> list[dict[str, Any]]:
        """A collection of the service principal."""
        return self._listed(f"/servicePrincipals(appId='{self.application['appId']}')/{path}")

    def of_application(self, path: str) -> list[dict[str, Any]]:
        """A collection of the application."""
        return self._listed(f"/applications/{self.application['id']}/{path}")

    def _listed(self, path: str) -> list[dict[str, Any]]:
        answer = self.tenant.graph("GET", path)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["value"])


@dataclass(frozen=True)
class Row:
    """A feature: successive declarations, each with what Graph shows after it was applied.

    ``shows`` reads that state. ``unset`` means that the last declaration clears the feature, so that Graph shows the
    same as for an application that never had it. ``permissions`` are the automation's permissions in addition to
    OwnedBy, and ``named`` identifies the application.
    """

    shows: Callable[[Seen], Any]
    steps: list[tuple[dict[str, Any], Any]]
    unset: bool = True
    permissions: tuple[str, ...] = ()
    named: dict[str, Any] = field(default_factory=lambda: NAMED)


def perform(
    fleet: Fleet,
    module: ModuleType,
    check: bool = False,
    warnings: list[str] | None = None,
    environment: dict[str, str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """The result of a module as a task gets it, in the environment of the controller's tasks and ``environment``.

    Invalid options return only ``failed`` and ``msg``. The module's warnings are appended to ``warnings``.
    """
    rules = {key: value for key, value in module.SPEC.items() if key != "supports_check_mode"}
    context = Context(check, ([] if warnings is None else warnings).append)
    with patch.dict(os.environ, fleet.controller.environment(**environment or {}), clear=True):
        validated = ArgumentSpecValidator(**rules).validate(options)
        if validated.error_messages:
            result: dict[str, Any] = {"failed": True, "msg": validated.errors.msg}
        else:
            result = {"changed": False, "failed": False, **outcome(module.run, validated.validated_parameters, context)}
    assert "failed unexpectedly" not in result.get("msg", ""), result
    return dict(json.loads(json.dumps(result)))


def run(fleet: Fleet, check: bool = False, warnings: list[str] | None = None, **options: Any) -> dict[str, Any]:
    """Return the result of entra_app with valid options; its warnings are appended to ``warnings``."""
    result = perform(fleet, entra_app, check, warnings, **{**fleet.entra, "wait_timeout": 20, **options})
    assert "changed" in result, result
    return result


def look(fleet: Fleet, **options: Any) -> dict[str, Any]:
    """Return the result of entra_app_info with valid options."""
    result = perform(fleet, entra_app_info, **{**fleet.entra, **options})
    assert "changed" in result, result
    return result


def quietly(fleet: Fleet, check: bool = False, warnings: list[str] | None = None, **options: Any) -> dict[str, Any]:
    """Return the result of a run that must not write anything."""
    fleet.lab.clear_requests()
    result = run(fleet, check, warnings, **options)
    assert writes(fleet.lab) == [], result
    return result


def secrets(*holders: dict[str, Any]) -> dict[str, Any]:
    """Options that declare these client secrets, each valid for 100 days and renewed 10 days before expiry."""
    entries = [{"lifetime": "100d", "renew_before": "10d", "overlap": "2d", **holder} for holder in holders]
    return {**NAMED, "client_secrets": entries}


def masked(result: dict[str, Any], *ids: str) -> Any:
    """Return a result without the values that only Graph assigns; ``ids`` are known IDs that texts may contain."""
    result = copy.deepcopy(result)
    for place in (result, result["diff"]["before"], result["diff"]["after"]):
        for option in GIVEN_IDS:
            for item in place.get(option) or []:
                item["id"] = "..."
    text = json.dumps(essence(result))
    for known in (NO_ID, *ids):
        text = text.replace(known, "...")
    return json.loads(text)


def follow(fleet: Fleet, row: Row) -> None:
    """Run each declaration in check mode, for real, and again: predicted, present in Graph, then no further change."""
    tenant = fleet.tenant
    if row.permissions:
        tenant.set_permissions([OWNED_BY, *row.permissions])
    refused = len(fleet.lab.violations())
    for declaration, shown in row.steps:
        options = {**row.named, **declaration}
        check = quietly(fleet, check=True, **options)
        done = run(fleet, **options)
        assert not done.get("failed"), done
        assert done["changed"], declaration
        ids = [done["application"]["app_id"], done["application"]["object_id"]]
        assert masked(check, *ids) == masked(done, *ids), declaration
        assert row.shows(Seen(tenant)) == shown, declaration
        again = quietly(fleet, **options)
        assert not again.get("failed"), again
        assert not again["changed"], (declaration, again["diff"])
        assert again["diff"] == {"before": {}, "after": {}}
        assert again["application"] == done["application"]
    if row.unset:
        assert row.shows(_untouched(tenant)) == row.steps[-1][1]
    assert fleet.lab.violations()[refused:] == []


def _untouched(tenant: Tenant) -> Seen:
    """An application for which only the name was ever declared."""
    made = tenant.graph("POST", "/applications", json={"displayName": "RustDesk", "uniqueName": "untouched"}).json()
    tenant.graph("POST", "/servicePrincipals", json={"appId": made["appId"]})
    return Seen(tenant, "untouched")


def make_owned(fleet: Fleet, **members: Any) -> dict[str, Any]:
    """An application created manually with these members of Graph's document; the automation is its owner."""
    answer = fleet.tenant.graph("POST", "/applications", json={"displayName": "RustDesk", **members})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    reference = f"{fleet.lab.graph_url}/v1.0/directoryObjects/{fleet.tenant.automation['object_id']}"
    owned = fleet.tenant.graph("POST", f"/applications/{made['id']}/owners/$ref", json={"@odata.id": reference})
    assert owned.status_code == 204, owned.text
    return made


def people(fleet: Fleet) -> tuple[str, str]:
    """The user principal names of the two users of every tenant."""
    return f"alice@{fleet.domain}", f"bob@{fleet.domain}"
