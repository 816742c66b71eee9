# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Examine Entra and the controller, and combine their findings with those of all servers."""

from __future__ import annotations

import json
import typing as t
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _sealed
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import (
    console,
    controller,
    entra,
    machine,
    tenant,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    from_results,
    not_checked,
    refused,
    renamed,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.report import OfTenant, Report
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import options
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import PREFIX
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role import sign_in

# The variables that replace the names of module options in messages
ENTRA_OPTIONS = {
    **{option: PREFIX + name for name, option in options.ENTRA.items()},
    "tenant_id": f"{PREFIX}tenant_id",
}
# The number of tenants to examine at the same time
AT_ONCE = 16


def report(examined: t.Mapping[str, t.Mapping[str, t.Any]]) -> Report:
    """Return the report on all servers, from the results of their examinations. Queries Entra once per automation."""
    declared: dict[str, tenant.Declared] = {}
    for name, result in examined.items():
        if result.get("entra"):
            declared[name] = json.loads(_sealed.unseal(result["entra"])["declared"])
    tenants = tenant.grouped(declared)
    with ThreadPoolExecutor(min(AT_ONCE, len(tenants)) or 1) as pool:
        list(pool.map(tenant.examine, tenants))
    ahead = next((item.ahead for item in tenants if item.ahead is not None), None)
    return Report(
        datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        controller.findings(machine.facts(ahead)),
        [_of_tenant(item) for item in tenants],
        {name: _of_server(result, ahead) for name, result in examined.items()},
    )


def _of_tenant(item: tenant.Tenant) -> OfTenant:
    first = item.declared[0]
    options = first["options"]
    failed = [refused(entra.LOGIN, item.failure)] if item.failure else []
    seen = entra.findings(item.facts) if item.facts else failed
    named = renamed(seen, lambda text: sign_in.named(text, ENTRA_OPTIONS))
    found = [finding.result() for finding in named]
    secrets = {str(options[name]) for name in tenant.SECRETS if options.get(name)}
    shown = t.cast("list[dict[str, str]]", remove_values(found, secrets))
    return OfTenant(first["tenant_id"], str(options.get("client_id") or ""), item.servers, from_results(shown))


def _of_server(result: t.Mapping[str, t.Any], ahead: float | None) -> list[Finding]:
    if "findings" not in result:
        return [not_checked("server", "the server was not examined")]
    found = from_results(result["findings"])
    if not any(finding.name == console.REACHABLE for finding in found):
        return found
    return [*found, console.clock(result["ahead"], ahead)]
