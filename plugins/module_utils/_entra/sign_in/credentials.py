# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""From options to an azure-identity credential."""

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
CERTIFICATE_HINT = "certificate_path has to be a PEM or PFX file with the private key; see certificate_password"
EXPLICIT = ("access_token", "client_secret", "certificate_path", "federated_token", "federated_token_file")

# How the automation gets a new certificate or client secret of its own
RENEW = (
    "Renew it: run the playbook deskops.rustdesk_sso.bootstrap_automation with -e bootstrap_renew=true and the "
    "variables of its first run"
)
UNTRUSTED = "Compare issuer, subject and audience of the application's federated credentials, letter by letter, with"
# What each answer of the login endpoint means for the automation's own sign-in (Microsoft's AADSTS error list [doc]).
HINTS = {
    "53003": "Exempt the automation from the tenant's Conditional Access policy, or run it from where that allows it",
    "65001": "Let an administrator consent to the automation's permissions",
    "70021": UNTRUSTED,
    "90002": "Check tenant_id, and cloud if the tenant is not in Microsoft's public cloud",
    "500011": "Check cloud and graph_endpoint: the tenant knows no Microsoft Graph of this address",
    "700016": "Check client_id, and that tenant_id is the tenant in which that application lives",
    "700021": "Check client_id: the token is for another application, or was not meant for signing in to Entra",
    "700024": "Check the controller's clock; where a federated token is given, fetch a new one",
    "700027": "Upload the certificate of certificate_path to the automation's application. If it was there before, "
    f"somebody has removed it. {RENEW}",
    # Issuer, audience, subject, and a subject that differs in upper and lower case (Azure/login#515 [iss])
    "700211": UNTRUSTED,
    "700212": UNTRUSTED,
    "700213": UNTRUSTED,
    "7002138": UNTRUSTED,
    "7000112": "Enable the automation's application for sign-in: its service principal is disabled in this tenant",
    "7000215": "Set client_secret to the secret's value (not its ID), or create a new secret for the automation's app",
    "7000222": f"The automation's own client secret has expired. {RENEW}",
    "7000229": "Create the automation's service principal in this tenant",
}


# Entra answers 700027 for a certificate that it does not know as well as for one that has expired: "[Reason - The key
# used is expired., ..." [iss]
EXPIRED_CERTIFICATE = (
    f"The automation's own certificate has expired. {RENEW}. If the certificate is still valid, check the clock"
)
NO_TENANT = "00000000-0000-0000-0000-000000000000"


def check(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError or MissingLibraryError for what would make the sign-in fail, before the first request."""
    check_input(params)
    sdk.require()
    if source(params) == "certificate":  # only its library can tell
        create(params, clouds.choose(params), NO_TENANT)


def check_input(params: t.Mapping[str, t.Any]) -> None:
    """Raise InputError for what would make the sign-in fail; asks nobody and needs no library."""
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
    """Which ``auth_source`` applies; V(auto) takes the first that has its option, else Azure CLI.

    Raises InputError when an option of the chosen source is missing.
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
    """Where the workload's token comes from: the option, or ``github``, which needs a client_id to be for Entra."""
    option = next((name for name in ("federated_token", "federated_token_file") if params.get(name)), None)
    return option or ("github" if params.get("client_id") and tokens.on_github() else None)


def create(params: t.Mapping[str, t.Any], cloud: Cloud, tenant_id: str) -> t.Any:
    """An azure-identity credential (asynchronous) for ``tenant_id``, a GUID.

    Raises InputError for missing options or an unreadable certificate, MissingLibraryError.
    """
    sdk.require()
    chosen = source(params)
    if chosen == "access_token":
        return tokens.AccessTokenCredential(params["access_token"], cloud, tenant_id)
    if chosen == "azure_cli":
        return sdk.identity.AzureCliCredential(tenant_id=tenant_id, process_timeout=params["timeout"])
    common: dict[str, t.Any] = {"read_timeout": params["timeout"], "connection_verify": params.get("ca_path") or True}
    # By requests, which is needed anyway: azure-identity's own choice, aiohttp, is one more library to load.
    if chosen == "managed_identity":  # azure-identity knows how soon that endpoint, which is close by, has to answer
        session = _http.session()
        session.hooks["response"].append(_BoundedWaits().check)
    else:
        common["connection_timeout"] = params["timeout"]
        # Its own policy waits for as long as it is told to, and fails at a Retry-After that it cannot read [src].
        common["retry_total"] = 0
        session = _http.session(_http.repeats(params["timeout"], _budget(params), waiting.teller()))
        session.hooks["response"].append(_check_token)
    common["transport"] = sdk.AsyncioRequestsTransport(session=session, **common)
    if chosen == "managed_identity":
        return sdk.identity.ManagedIdentityCredential(client_id=params.get("client_id"), **common)
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
                f"The certificate {_input.path_end(params['certificate_path'])} cannot be used",
                answer=f"{type(error).__name__}: {error}",
                hint=CERTIFICATE_HINT,
            ) from error
    return _workload_credential(params, cloud, {**who, **authority, **common})


def _budget(params: t.Mapping[str, t.Any]) -> waits.Budget:
    return waits.USUAL if params.get("wait_timeout") is None else waits.Budget(params["wait_timeout"])


def _check_token(response: t.Any, **_options: t.Any) -> None:
    """A hook of requests that lets only well-formed answers reach azure-identity."""
    try:
        token_answer.check(response)
    except token_answer.MalformedTokenAnswer as error:
        raise _http.requests.RequestException(error, request=response.request) from error


class _BoundedWaits:
    """Bounds the waits that the endpoint of managed identities asks for, which azure-identity repeats by its own rules:
    what cannot be read, or is more than is left, is not asked for."""

    def __init__(self) -> None:
        self._budget = waits.USUAL

    def check(self, response: t.Any, **_options: t.Any) -> None:
        """A hook of requests."""
        wanted = waits.retry_after(response.headers)
        seconds = None if wanted is None else self._budget.wait(wanted)
        for name in ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms"):
            response.headers.pop(name, None)
        if seconds:
            self._budget = self._budget.after(seconds)
            response.headers["Retry-After"] = str(seconds)


def _workload_credential(params: t.Mapping[str, t.Any], cloud: Cloud, options: dict[str, t.Any]) -> t.Any:
    """Asks for the workload's token at each sign-in, as it lasts for minutes only and its file is renewed.

    azure-identity reads a file that holds nothing but the token, again once that is older than ten minutes [src]. It
    would send a line end with the token, which Entra does not take [inf].
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
    except TypeError as error:  # before 1.17 it handed its own options on to a base class that takes none [src]
        raise MissingLibraryError("azure-identity>=1.17") from error


def refused(error: Exception, params: t.Mapping[str, t.Any], tenant_id: str, authority: str) -> ServiceError:
    """The automation's failed sign-in at ``authority`` as an error for the user."""
    chosen = source(params)
    # The library's, reading a file that was there when it was checked
    if isinstance(error, OSError) and params.get("federated_token_file"):
        return ServiceError(tokens.unreadable(params["federated_token_file"]), answer=type(error).__name__)
    who = f"with {chosen}"
    if params.get("client_id") and chosen != "azure_cli":
        who = f"as client {params['client_id']}"
    attempted = f"Signing in to tenant {tenant_id} {who} failed"
    malformed = _causes.find(error, token_answer.MalformedTokenAnswer)
    if malformed or not isinstance(error, sdk.AzureError):
        found = f"it answered {malformed}" if malformed else f"its answer cannot be read ({type(error).__name__})"
        place = "the endpoint of managed identities" if chosen == "managed_identity" else authority
        return ServiceError(
            attempted,
            answer=f"{place} gave no usable token: {found}",
            hint="Run the playbook again later; check authority_host, and the proxies on the way",
        )
    text = str(getattr(error, "message", None) or error)
    said = re.search(r"AADSTS\d+:.*?(?= Trace ID:|[\r\n]|$)", text)
    found_code = re.search(r"AADSTS(\d+)", text)
    code = found_code.group(1) if found_code else None
    request = re.search(r"Trace ID: ([0-9a-f-]{36})", text)
    response = getattr(error, "response", None)
    if response is None and not said and chosen not in ("azure_cli", "managed_identity"):
        cause = _causes.of_exception(error, _causes.Asked(authority, "authority_host", timeout=params.get("timeout")))
        if cause.name != _causes.UNKNOWN:
            return ServiceError(attempted, answer=cause.answer, hint=cause.hint)
    asks = waits.wish(response) if response is not None else ""
    return ServiceError(
        attempted,
        answer=(said.group(0) if said else (text.splitlines() or [type(error).__name__])[0]).strip() + asks,
        hint=EXPIRED_CERTIFICATE if _is_expired(code, text) else _advice(chosen, code or "", params, tenant_id),
        status=getattr(response, "status_code", None),
        code=f"AADSTS{code}" if code else None,
        request_id=request.group(1) if request else (_answers.request_id(response) if response is not None else None),
    )


def _is_expired(code: str | None, text: str) -> bool:
    """Whether the certificate with which the automation has signed in has expired."""
    return code == "700027" and "expired" in text.lower()


def _advice(chosen: str, code: str, params: t.Mapping[str, t.Any], tenant_id: str) -> str:
    if chosen == "azure_cli":  # whatever is wrong is wrong with a session that these options did not make
        login = f"Install Azure CLI and run az login --tenant {tenant_id} as the user and where the task runs"
        if params["auth_source"] != "auto":
            return login
        return f"{login}, or give one of {', '.join(EXPLICIT)}, none of which is set"
    if HINTS.get(code) == UNTRUSTED:
        return f"{UNTRUSTED} {_presented(params) or 'those of the token'}"
    if chosen == "managed_identity":
        return HINTS.get(code) or (
            "Run the task on an Azure resource that has this managed identity; client_id, also from AZURE_CLIENT_ID, "
            "names a user-assigned one and has to be absent for the system-assigned one"
        )
    return HINTS.get(code) or "Check tenant_id, client_id and the options of auth_source"


def _presented(params: t.Mapping[str, t.Any]) -> str:
    """What the token says that was presented; empty for GitHub's, which is gone."""
    if _workload(params) == "federated_token_file":
        return tokens.presented(tokens.from_file(params["federated_token_file"]))
    return tokens.presented((params.get("federated_token") or "").strip())
