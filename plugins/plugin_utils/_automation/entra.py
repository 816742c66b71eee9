# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The modules that bootstrap_automation calls, in this process, and the sign-in as the automation."""

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
# What the login endpoint answers until an application, its service principal and its new credential are known
# everywhere (openshift/openshift-azure#2211, microsoftgraph/microsoft-graph-docs#17966 [iss]; certificates [inf])
NOT_YET = frozenset({"AADSTS700027", "AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS7000229"})
# What hints say of the options of entra_app and of the role, and the variable of the playbook
RESTORE = ("restore to true (in the role: rustdesk_sso_app_restore)", "bootstrap_restore to true")
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Where the automation authenticates, as the administrator does
PLACE = ("cloud", "authority_host", "graph_endpoint", "ca_path", "timeout")


class Entra:
    """The tenant, as the administrator who runs the playbook sees it: ``params`` has the options of the sign-in."""

    def __init__(self, params: Params, context: Context) -> None:
        self._sign_in = {name: params[name] for name in ENTRA_OPTIONS if params.get(name) is not None}
        # The automation's, not that of the administrator
        self._sign_in.pop("certificate_path", None)
        self._patience = float(params["wait_timeout"])
        self._context = context
        self.tenant_id = ""

    def read(self, unique_name: str, *, deleted: bool) -> Result | None:
        """The application with its certificates and client secrets, with ``deleted`` also one that can be restored;
        None if there is none. Then ``tenant_id`` is known. Raises SsoError."""
        for which in (False, True)[: 1 + deleted]:
            options = {**self._sign_in, "unique_name": unique_name, "deleted": which}
            result = entra_app_info.run(_validated(entra_app_info.SPEC, options), self._context)
            self.tenant_id = result["tenant_id"]
            if result["applications"]:
                return dict(result["applications"][0])
        return None

    def converge(self, **options: t.Any) -> Result:
        """The result of entra_app with ``options``, which are not set where None. Raises SsoError."""
        given = {name: value for name, value in options.items() if value is not None}
        params = _validated(entra_app.SPEC, {**self._sign_in, "wait_timeout": self._patience, **given})
        try:
            return entra_app.run(params, self._context)
        except SsoError as error:
            raise error.but(hint=(error.hint or "").replace(*RESTORE)) from error

    def own(self, applications: t.Sequence[str], owner: str) -> Result:
        """Make the service principal ``owner`` an owner of the applications, by unique name or client ID, and of their
        service principals: with Application.ReadWrite.OwnedBy it may change only those that it owns [doc].

        Raises SsoError.
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
                "Making the automation the owner of all applications of bootstrap_take_over failed",
                answer=result.get("msg") or f"the tenant has no application {', '.join(missing)}",
                hint="Correct bootstrap_take_over and run the playbook again",
            )
        return result

    def sign_in(self, tenant_id: str, client_id: str, **credential: t.Any) -> None:
        """Sign in to the tenant, by its ID, as the automation, and wait until Entra accepts its new credential.

        ``credential`` is auth_source with its option. Raises SsoError.
        """
        place = {name: self._sign_in[name] for name in PLACE if name in self._sign_in}
        unset = dict.fromkeys(ENTRA_OPTIONS)
        who = {"tenant_id": tenant_id, "client_id": client_id, **credential}
        params = {**unset, **place, **who, "wait_timeout": self._patience}
        asyncio.run(_accepted(params, self._patience))


async def _accepted(params: Params, patience: float) -> None:
    cloud, tenant_id = clouds.choose(params), str(params["tenant_id"])

    async def attempt() -> None:
        # A new one each time: MSAL keeps an answer that refuses for a while [src]
        credential = credentials.create(params, cloud, tenant_id)
        async with credential:
            try:
                await credential.get_token(cloud.scope)
            except Exception as error:  # whatever the library raises
                raise credentials.refused(error, params, tenant_id, cloud.authority_host) from error

    await replication.persist(attempt, lambda error: error.code in NOT_YET, patience)


def _validated(spec: Params, options: Params) -> Params:
    """``options`` as the module gets them; raises InputError."""
    rules = {key: value for key, value in spec.items() if key != "supports_check_mode"}
    result = ArgumentSpecValidator(**rules).validate(options)
    if result.error_messages:
        raise InputError(result.error_messages[0])
    return t.cast(Params, result.validated_parameters)
