# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Register the automation's application and store its certificate or client secret in a file."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils import _paths
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation import files, guide, plan, secret_file
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.files import Vault
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.plan import COMPLETE, KEEP, RENEW
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._automation.run import Run

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]


def bootstrap(params: Params, context: Context, loader: t.Any = None, hosts: str = guide.GROUP) -> Result:
    """Register the automation's application and return the task's result. Raise SsoError.

    ``loader`` is Ansible's DataLoader, which has the vault passwords of the run. ``hosts`` is the group or pattern of
    the servers that the automation manages.
    Entra is changed only after the files are known to be writable. The next run completes an interrupted one.
    """
    paths = [_paths.of_user(params[name]) for name in ("certificate_path", "secret_file") if params[name]]
    with files.locked([] if context.check_mode else paths):
        return _bootstrap(params, context, loader, hosts)


def _bootstrap(params: Params, context: Context, loader: t.Any, hosts: str) -> Result:
    run = Run(params, context, Vault(params["vault_password"], loader))
    sdk.require()
    run.decide(run.entra.read(params["unique_name"], deleted=bool(params["restore"])))
    run.prepare()
    registered = run.register()
    if not context.check_mode:
        run.keep(registered)
    changed = run.clean(registered) or registered["changed"]
    principal = registered["service_principal"] or {}
    if params["take_over"]:
        changed = run.entra.own(params["take_over"], principal["object_id"])["changed"] or changed
    _warn(run, registered)
    choices = {slot.path: slot.choice for slot in (run.pem, run.yml) if slot}
    facts = _facts(run, registered, hosts)
    return {
        "changed": changed or set(choices.values()) - {KEEP} != set(),
        "diff": registered["diff"],
        "tenant_id": facts.tenant_id,
        "app_id": registered["application"]["app_id"],
        "service_principal_id": facts.object_id,
        "permissions": run.granted,
        "files": choices,
        "expires": facts.expires.strftime("%Y-%m-%dT%H:%M:%SZ") if facts.expires else None,
        "removed": run.removed,
        "guide": guide.predicted(choices, run.removed) if context.check_mode else guide.lines(facts),
    }


def _warn(run: Run, registered: Result) -> None:
    """Warn of a credential that has expired or is expiring soon, or that Entra does not accept."""
    renew = "To renew it, run the playbook with the variables of this run and -e bootstrap_renew=true."
    for found in registered["client_secrets"]:
        if run.yml and run.yml.choice == KEEP and found["accepted"] is False:
            run.context.warn(f"Entra does not accept the client secret in {run.yml.path}. {renew}")
    expires = run.expires()
    if expires and plan.is_due(expires, run.now) and (run.current_cert is None or run.current_cert.holder):
        word = "has expired" if expires <= run.now else "expires"
        run.context.warn(f"The automation's credential {word} on {expires:%Y-%m-%d}. {renew}")


def _facts(run: Run, registered: Result, hosts: str) -> guide.Facts:
    """Return the facts that the guide reports."""
    params, cert = run.params, run.new_cert or run.current_cert
    variables = {
        secret_file.TENANT: registered["tenant_id"],
        secret_file.CLIENT_ID: registered["application"]["app_id"],
    }
    if run.pem:
        variables["rustdesk_sso_entra_certificate_path"] = run.pem.path
    elif not run.yml:
        variables["rustdesk_sso_entra_auth_source"] = "workload_identity"
    choices = [slot.choice for slot in (run.pem, run.yml) if slot]
    return guide.Facts(
        display_name=params["display_name"],
        tenant_id=registered["tenant_id"],
        object_id=(registered["service_principal"] or {}).get("object_id", ""),
        permissions=run.granted,
        variables=variables,
        certificate_path=run.pem.path if run.pem else "",
        secret_file=run.yml.path if run.yml else "",
        secret_encrypted=run.seals,
        expires=run.expires(),
        has_key=cert.has_key if cert else True,
        own=cert.holder is not None if cert else True,
        renewed=RENEW in choices or COMPLETE in choices,
        revoked=params["revoke_former"],
        hosts=hosts,
        taken_over=params["take_over"],
        removed=run.removed,
    )
