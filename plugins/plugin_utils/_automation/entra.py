# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Run the Entra modules for bootstrap_automation in process, and sign in as the automation."""

from __future__ import annotations

import asyncio
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, credentials
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._run import Context
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, entra_app_info

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]
# Error codes of the login endpoint until an application, its service principal and its new credential are replicated
# (openshift/openshift-azure#2211, microsoftgraph/microsoft-graph-docs#17966 [iss]; certificates [inf])
NOT_YET = frozenset({"AADSTS700027", "AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS7000229"})
# The option in hints of entra_app, and the playbook's variable that replaces it
RESTORE = ("set restore to true", "set bootstrap_restore to true")
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# The options that the administrator's sign-in and the automation's have in common
PLACE = ("cloud", "authority_host", "graph_endpoint", "ca_path", "timeout")


class Entra:
    """The tenant, accessed as the administrator who runs the playbook. ``params`` has the sign-in options."""

    def __init__(self, params: Params, context: Context) -> None:
        self._sign_in = {name: params[name] for name in ENTRA_OPTIONS if params.get(name) is not None}
        # This is the automation's certificate, not the administrator's
        self._sign_in.pop("certificate_path", None)
        self._patience = float(params["wait_timeout"])
        self._context = context
        self.tenant_id = ""

    def read(self, unique_name: str, *, deleted: bool) -> Result | None:
        """Return the application with its certificates and client secrets, or None. Sets ``tenant_id``.

        With ``deleted``, an application that can be restored is found too. Raise SsoError.
        """
        for which in (False, True)[: 1 + deleted]:
            options = {**self._sign_in, "unique_name": unique_name, "deleted": which}
            result = entra_app_info.run(_validated(entra_app_info.SPEC, options), self._context)
            self.tenant_id = result["tenant_id"]
            if result["applications"]:
                return dict(result["applications"][0])
        return None

    def converge(self, **options: t.Any) -> Result:
        """Return the result of entra_app with those ``options`` that are not None. Raise SsoError."""
        given = {name: value for name, value in options.items() if value is not None}
        params = _validated(entra_app.SPEC, {**self._sign_in, "wait_timeout": self._patience, **given})
        try:
            return entra_app.run(params, self._context)
        except SsoError as error:
            raise error.but(hint=(error.hint or "").replace(*RESTORE)) from error

    def own(self, applications: t.Sequence[str], owner: str) -> Result:
        """Add the service principal ``owner`` as an owner of the applications and of their service principals.

        ``applications`` are unique names or client IDs. With Application.ReadWrite.OwnedBy, the automation can change
        only objects that it owns [doc]. Raise SsoError.
        """
        added = {"owners": {"add": [owner]}}
        entries = [
            {
                "app_id" if GUID.fullmatch(name) else "unique_name": name,
                "create": False,
                "service_principal": added,
                **added,
            }
            for name in applications
        ]
        result = self.converge(applications=entries)
        missing = [
            name
            for name, found in zip(applications, result["applications"], strict=True)
            if not found["failed"] and found["application"] is None
        ]
        if result.get("failed") or missing:
            raise InputError(
                "Adding the automation as an owner of the applications in bootstrap_take_over failed",
                answer=result.get("msg") or f"the tenant has no application {', '.join(missing)}",
                hint="Correct bootstrap_take_over, then run the playbook again",
            )
        return result

    def sign_in(self, tenant_id: str, client_id: str, **credential: t.Any) -> None:
        """Sign in as the automation, and retry until Entra accepts its new credential.

        ``credential`` is auth_source with its option. Raise SsoError.
        """
        place = {name: self._sign_in[name] for name in PLACE if name in self._sign_in}
        unset = dict.fromkeys(ENTRA_OPTIONS)
        who = {"tenant_id": tenant_id, "client_id": client_id, **credential}
        params = {**unset, **place, **who, "wait_timeout": self._patience}
        asyncio.run(_accepted(params, self._patience))


async def _accepted(params: Params, patience: float) -> None:
    cloud, tenant_id = clouds.choose(params), str(params["tenant_id"])

    async def attempt() -> None:
        # A new credential each time, because MSAL caches a refusal for a while [src]
        credential = credentials.create(params, cloud, tenant_id)
        async with credential:
            try:
                await credential.get_token(cloud.scope)
            except Exception as error:  # the library raises various types
                raise credentials.refused(error, params, tenant_id, cloud.authority_host) from error

    await replication.persist(attempt, lambda error: error.code in NOT_YET, patience)


def _validated(spec: Params, options: Params) -> Params:
    """Return ``options`` as validated by the module's argument spec. Raise InputError."""
    rules = {key: value for key, value in spec.items() if key != "supports_check_mode"}
    result = ArgumentSpecValidator(**rules).validate(options)
    if result.error_messages:
        raise InputError(result.error_messages[0])
    return t.cast(Params, result.validated_parameters)
