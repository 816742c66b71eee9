# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build an azure-identity credential from a task's options."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _answers, _causes, _http, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds, token_answer, tokens
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import CLOUDS, Cloud
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    InputError,
    MissingLibraryError,
    ServiceError,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waiting, waits

NEEDS = {
    "access_token": ("access_token",),
    "secret": ("client_id", "client_secret"),
    "certificate": ("client_id", "certificate_path"),
    "workload_identity": ("client_id",),
    "managed_identity": (),
    "azure_cli": (),
}
CERTIFICATE_HINT = (
    "Set certificate_path to a PEM or PFX file that contains the private key. If the key is encrypted, set "
    "certificate_password"
)
EXPLICIT = ("access_token", "client_secret", "certificate_path", "federated_token", "federated_token_file")

# How to renew the automation's own certificate or client secret
RENEW = (
    "To renew it, run the playbook deskops.rustdesk_sso.bootstrap_automation with -e bootstrap_renew=true and the "
    "variables of its first run"
)
UNTRUSTED = (
    "Compare issuer, subject and audience of the application's federated credentials, character by character, with"
)
# Next steps for the login endpoint's error codes in the automation's own sign-in (Microsoft's AADSTS error list [doc])
HINTS = {
    "53003": "Exempt the automation from the tenant's Conditional Access policy, or run it from a location that the "
    "policy allows",
    "65001": "Have an administrator grant consent for the automation's permissions",
    "70021": UNTRUSTED,
    "90002": "Check tenant_id, and cloud if the tenant is not in Microsoft's public cloud",
    "500011": "Check cloud and graph_endpoint: Microsoft Graph at this address does not exist in the tenant",
    "700016": "Check client_id, and that tenant_id is the tenant of that application",
    "700021": "Check client_id: the token is for another application, or is not intended for signing in to Entra",
    "700024": "Check the controller's clock. If a federated token is set, fetch a new one",
    "700027": "Upload the certificate in certificate_path to the automation's application. If it was uploaded before, "
    f"it has been removed. {RENEW}",
    # Issuer, audience, subject, and a subject that differs only in case (Azure/login#515 [iss])
    "700211": UNTRUSTED,
    "700212": UNTRUSTED,
    "700213": UNTRUSTED,
    "7002138": UNTRUSTED,
    "7000112": "Enable the automation's service principal: sign-in is disabled for it in this tenant",
    "7000215": "Set client_secret to the secret's value (not its ID), or create a client secret for the automation's "
    "application",
    "7000222": f"The automation's own client secret has expired. {RENEW}",
    "7000229": "Create the automation's service principal in this tenant",
}


# Entra returns 700027 both for an unknown certificate and for an expired one: "[Reason - The key used is
# expired., ..." [iss]
EXPIRED_CERTIFICATE = (
    f"The automation's own certificate has expired. {RENEW}. If the certificate is still valid, check the "
    "controller's clock"
)
NO_TENANT = "00000000-0000-0000-0000-000000000000"


def check(params: t.Mapping[str, t.Any]) -> None:
    """Check the options before the first request; raise InputError or MissingLibraryError if sign-in cannot work."""
    check_input(params)
    sdk.require()
    if source(params) == "certificate":  # only azure-identity can load it
        create(params, clouds.choose(params), NO_TENANT)


def check_input(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError if sign-in cannot work; sends no request and needs no library."""
    chosen = source(params)
    _http.check_ca(params.get("ca_path"))
    if chosen == "certificate":
        _input.readable_file(params["certificate_path"], "certificate_path", CERTIFICATE_HINT)
    option = {"access_token": "access_token", "workload_identity": _workload(params)}.get(chosen)
    if option in ("access_token", "federated_token"):
        tokens.check_form(option, params[option])
    elif option == "federated_token_file":
        tokens.from_file(params[option])


def source(params: t.Mapping[str, t.Any]) -> str:
    """Return the ``auth_source`` in effect: V(auto) selects the first whose option is set, else Azure CLI.

    Raises InputError if an option of the selected source is missing.
    """
    chosen = params["auth_source"]
    if chosen == "auto":
        given = {
            "access_token": params.get("access_token"),
            "secret": params.get("client_secret"),
            "certificate": params.get("certificate_path"),
            "workload_identity": _workload(params),
        }
        chosen = next((name for name, value in given.items() if value), "azure_cli")
    missing = [name for name in NEEDS[chosen] if not params.get(name)]
    if chosen == "workload_identity" and not missing and not _workload(params):
        missing = ["federated_token or federated_token_file"]
    if missing:
        raise InputError(f"auth_source {chosen} needs {' and '.join(missing)}", hint=f"Set {' and '.join(missing)}")
    return str(chosen)


def _workload(params: t.Mapping[str, t.Any]) -> str | None:
    """Return the source of the workload's token: an option, or ``github``, which needs a client_id."""
    option = next((name for name in ("federated_token", "federated_token_file") if params.get(name)), None)
    return option or ("github" if params.get("client_id") and tokens.on_github() else None)


def create(params: t.Mapping[str, t.Any], cloud: Cloud, tenant_id: str) -> t.Any:
    """Return an asynchronous azure-identity credential for ``tenant_id``, a GUID.

    Raises InputError for missing options or an unreadable certificate, and MissingLibraryError.
    """
    sdk.require()
    chosen = source(params)
    if chosen == "access_token":
        return tokens.AccessTokenCredential(params["access_token"], cloud, tenant_id)
    if chosen == "azure_cli":
        return sdk.identity.AzureCliCredential(tenant_id=tenant_id, process_timeout=params["timeout"])
    common: dict[str, t.Any] = {"read_timeout": params["timeout"], "connection_verify": params.get("ca_path") or True}
    # Use requests, which is loaded already, instead of azure-identity's default, aiohttp.
    if chosen == "managed_identity":  # azure-identity sets its own short connection timeout for this local endpoint
        session = _http.session()
        session.hooks["response"].append(_BoundedWaits().check)
    else:
        common["connection_timeout"] = params["timeout"]
        # azure-core's retry policy waits for any Retry-After, however long, and fails on a malformed one [src].
        common["retry_total"] = 0
        session = _http.session(_http.repeats(params["timeout"], _budget(params), waiting.notifier()))
        session.hooks["response"].append(_check_token)
    common["transport"] = sdk.AsyncioRequestsTransport(session=session, **common)
    if chosen == "managed_identity":
        return sdk.identity.ManagedIdentityCredential(client_id=params.get("client_id"), **common)
    authority: dict[str, t.Any] = {"authority": cloud.authority_host}
    if cloud.authority_host not in {known.authority_host for known in CLOUDS.values()}:
        # Otherwise MSAL refuses an authority that Microsoft's instance discovery does not list.
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
                f"Loading the certificate {_input.path_end(params['certificate_path'])} failed",
                answer=f"{type(error).__name__}: {error}",
                hint=CERTIFICATE_HINT,
            ) from error
    return _workload_credential(params, cloud, {**who, **authority, **common})


def _budget(params: t.Mapping[str, t.Any]) -> waits.Budget:
    return waits.USUAL if params.get("wait_timeout") is None else waits.Budget(params["wait_timeout"])


def _check_token(response: t.Any, **_options: t.Any) -> None:
    """Pass only well-formed token responses on to azure-identity; a response hook of requests."""
    try:
        token_answer.check(response)
    except token_answer.MalformedTokenAnswer as error:
        raise _http.requests.RequestException(error, request=response.request) from error


class _BoundedWaits:
    """Limits the waits that the managed identity endpoint requests, because azure-identity honors any of them.

    A wait that is malformed or exceeds the remaining time is removed from the response.
    """

    def __init__(self) -> None:
        self._budget = waits.USUAL

    def check(self, response: t.Any, **_options: t.Any) -> None:
        """Limit the wait that ``response`` requests; a response hook of requests."""
        wanted = waits.retry_after(response.headers)
        seconds = None if wanted is None else self._budget.wait(wanted)
        for name in ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms"):
            response.headers.pop(name, None)
        if seconds:
            self._budget = self._budget.after(seconds)
            response.headers["Retry-After"] = str(seconds)


def _workload_credential(params: t.Mapping[str, t.Any], cloud: Cloud, options: dict[str, t.Any]) -> t.Any:
    """Return a credential that fetches the workload's token at each sign-in: it lives for minutes, its file is renewed.

    azure-identity rereads a token file after ten minutes [src]. It would send a trailing newline with the token, which
    Entra rejects [inf], so it only reads files without one.
    """
    chosen, path = _workload(params), params.get("federated_token_file")
    if chosen == "federated_token_file" and tokens.is_bare(params["federated_token_file"]):
        return sdk.identity.WorkloadIdentityCredential(token_file_path=path, **options)

    def assertion() -> str:
        if chosen == "federated_token":
            return str(params["federated_token"]).strip()
        return tokens.from_file(path) if path else tokens.from_github(params, cloud.token_exchange_audience)

    try:
        return sdk.identity.ClientAssertionCredential(func=assertion, **options)
    except TypeError as error:  # before 1.17 it passed its options to a base class that accepts none [src]
        raise MissingLibraryError("azure-identity>=1.17") from error


def refused(error: Exception, params: t.Mapping[str, t.Any], tenant_id: str, authority: str) -> ServiceError:
    """Return the automation's failed sign-in at ``authority`` as an error for the user."""
    chosen = source(params)
    # azure-identity reads the file again after it was checked
    if isinstance(error, OSError) and params.get("federated_token_file"):
        return ServiceError(tokens.unreadable(params["federated_token_file"]), answer=type(error).__name__)
    who = f"with {chosen}"
    if params.get("client_id") and chosen != "azure_cli":
        who = f"as client {params['client_id']}"
    attempted = f"Signing in to tenant {tenant_id} {who} failed"
    malformed = _causes.find(error, token_answer.MalformedTokenAnswer)
    if malformed or not isinstance(error, sdk.AzureError):
        found = f"it returned {malformed}" if malformed else f"its response is malformed ({type(error).__name__})"
        place = "the managed identity endpoint" if chosen == "managed_identity" else authority
        return ServiceError(
            attempted,
            answer=f"{place} returned no usable token: {found}",
            hint="Check authority_host and any proxy in between, and run the playbook again later",
        )
    text = str(getattr(error, "message", None) or error)
    aadsts = re.search(r"AADSTS\d+:.*?(?= Trace ID:|[\r\n]|$)", text)
    found_code = re.search(r"AADSTS(\d+)", text)
    code = found_code.group(1) if found_code else None
    request = re.search(r"Trace ID: ([0-9a-f-]{36})", text)
    response = getattr(error, "response", None)
    if response is None and not aadsts and chosen not in ("azure_cli", "managed_identity"):
        cause = _causes.of_exception(error, _causes.Asked(authority, "authority_host", timeout=params.get("timeout")))
        if cause.name != _causes.UNKNOWN:
            return ServiceError(attempted, answer=cause.answer, hint=cause.hint)
    wish = waits.wish(response) if response is not None else ""
    return ServiceError(
        attempted,
        answer=(aadsts.group(0) if aadsts else (text.splitlines() or [type(error).__name__])[0]).strip() + wish,
        hint=EXPIRED_CERTIFICATE if _is_expired(code, text) else _advice(chosen, code or "", params, tenant_id),
        status=getattr(response, "status_code", None),
        code=f"AADSTS{code}" if code else None,
        request_id=request.group(1) if request else (_answers.request_id(response) if response is not None else None),
    )


def _is_expired(code: str | None, text: str) -> bool:
    """Return True if the automation's certificate has expired."""
    return code == "700027" and "expired" in text.lower()


def _advice(chosen: str, code: str, params: t.Mapping[str, t.Any], tenant_id: str) -> str:
    if chosen == "azure_cli":  # these options do not affect Azure CLI's session
        login = f"Install Azure CLI and run az login --tenant {tenant_id} on the host and as the user that run the task"
        if params["auth_source"] != "auto":
            return login
        return f"{login}, or set one of {', '.join(EXPLICIT)}"
    if HINTS.get(code) == UNTRUSTED:
        return f"{UNTRUSTED} {_presented(params) or 'the claims of the token'}"
    if chosen == "managed_identity":
        return HINTS.get(code) or (
            "Run the task on an Azure resource that has this managed identity. Set client_id (or AZURE_CLIENT_ID) only "
            "for a user-assigned identity"
        )
    return HINTS.get(code) or "Check tenant_id, client_id and the options that auth_source uses"


def _presented(params: t.Mapping[str, t.Any]) -> str:
    """Return the claims of the token that was sent; empty for GitHub's, which is not kept."""
    if _workload(params) == "federated_token_file":
        return tokens.presented(tokens.from_file(params["federated_token_file"]))
    return tokens.presented((params.get("federated_token") or "").strip())
