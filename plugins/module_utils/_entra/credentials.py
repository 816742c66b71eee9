# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""From options to an azure-identity credential."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.clouds import CLOUDS, Cloud
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

NEEDS = {
    "secret": ("client_id", "client_secret"),
    "certificate": ("client_id", "certificate_path"),
    "workload_identity": ("client_id", "federated_token_file"),
    "managed_identity": (),
    "azure_cli": (),
}

# What each answer of the login endpoint means for the automation's own sign-in (Microsoft's AADSTS error list [doc]).
HINTS = {
    "7000215": "Set client_secret to the secret's value (not its ID), or create a new secret for the automation's app",
    "7000222": "The automation's own client secret has expired: create a new one and set client_secret",
    "700016": "Check client_id, and that tenant_id is the tenant in which that application lives",
    "90002": "Check tenant_id, and cloud if the tenant is not in Microsoft's public cloud",
    "700027": "Upload the certificate of certificate_path to the automation's application",
    "7000229": "Create the automation's service principal in this tenant",
}


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError or MissingLibraryError for what would make the sign-in fail, before the first request."""
    source(params)
    sdk.require()


def source(params: t.Mapping[str, t.Any]) -> str:
    """Which ``auth_source`` applies; V(auto) takes the first that has all its options, else Azure CLI.

    Raises InputError when an option of the chosen source is missing.
    """
    chosen = params["auth_source"]
    if chosen == "auto":
        explicit = (name for name in ("secret", "certificate", "workload_identity") if params.get(NEEDS[name][-1]))
        chosen = next(explicit, "azure_cli")
    missing = [name for name in NEEDS[chosen] if not params.get(name)]
    if missing:
        raise InputError(f"auth_source {chosen} needs {' and '.join(missing)}", hint=f"Set {' and '.join(missing)}")
    return str(chosen)


def create(params: t.Mapping[str, t.Any], cloud: Cloud, tenant_id: str) -> t.Any:
    """An azure-identity credential (asynchronous) for ``tenant_id``, a GUID.

    Raises InputError for missing options or an unreadable certificate, MissingLibraryError.
    """
    sdk.require()
    chosen = source(params)
    common: dict[str, t.Any] = {"connection_timeout": params["timeout"], "read_timeout": params["timeout"]}
    if params.get("ca_path"):
        common["connection_verify"] = params["ca_path"]
    authority: dict[str, t.Any] = {"authority": cloud.authority_host}
    if cloud.authority_host not in {known.authority_host for known in CLOUDS.values()}:
        # An authority that Microsoft's instance discovery does not know would be refused before the first request.
        authority["disable_instance_discovery"] = True
    who: dict[str, t.Any] = {"tenant_id": tenant_id, "client_id": params.get("client_id")}
    if chosen == "secret":
        return sdk.identity.ClientSecretCredential(client_secret=params["client_secret"], **who, **authority, **common)
    if chosen == "certificate":
        password = params.get("certificate_password")
        try:
            return sdk.identity.CertificateCredential(
                certificate_path=params["certificate_path"], password=password, **who, **authority, **common
            )
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"The certificate {params['certificate_path']} cannot be used",
                answer=f"{type(error).__name__}: {error}",
                hint="certificate_path has to be a PEM or PFX file with the private key; see certificate_password",
            ) from error
    if chosen == "workload_identity":
        if not os.access(params["federated_token_file"], os.R_OK):
            raise InputError(f"federated_token_file {params['federated_token_file']} cannot be read")
        return sdk.identity.WorkloadIdentityCredential(
            token_file_path=params["federated_token_file"], **who, **authority, **common
        )
    if chosen == "managed_identity":
        return sdk.identity.ManagedIdentityCredential(client_id=params.get("client_id"), **common)
    return sdk.identity.AzureCliCredential(tenant_id=tenant_id)


def refused(error: Exception, params: t.Mapping[str, t.Any], tenant_id: str) -> ServiceError:
    """The automation's failed sign-in as an error for the user."""
    text = str(getattr(error, "message", None) or error)
    said = re.search(r"AADSTS\d+:[^\r\n]*", text)
    found = re.search(r"AADSTS(\d+)", text)
    code = found.group(1) if found else None
    request = re.search(r"Trace ID: ([0-9a-f-]{36})", text)
    who = f"as client {params['client_id']}" if params.get("client_id") else f"with {source(params)}"
    return ServiceError(
        f"Signing in to tenant {tenant_id} {who} failed",
        answer=(said.group(0) if said else text.splitlines()[0]).strip(),
        hint=HINTS.get(code or "", "Check tenant_id, client_id and the options of auth_source"),
        status=getattr(getattr(error, "response", None), "status_code", None),
        code=f"AADSTS{code}" if code else None,
        request_id=request.group(1) if request else None,
    )
