# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Tokens from other issuers: a Graph access token, and a workload's token to sign in with. No message quotes one."""

from __future__ import annotations

import base64
import json
import os
import time
import typing as t
from contextlib import closing
from datetime import datetime, timezone

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes, _http, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import token_answer
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud

# Microsoft Graph as a token's audience: its application ID, the same in every cloud, or its address [doc]
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# The assumed lifetime of an access token without an expiry time, in seconds
UNKNOWN_LIFETIME = 3600
# GitHub Actions sets both in a job that has the permission ``id-token: write`` [doc]
GITHUB_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


def claims(token: str) -> dict[str, t.Any] | None:
    """Return the unverified claims of a JWT; None for any other text."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def check_form(option: str, token: str) -> None:
    """Raise InputError if ``token``, the value of ``option``, cannot be a token."""
    if not token_answer.BEARER.fullmatch(token.strip()):
        raise InputError(
            f"{option} is not a token",
            answer="it contains characters that are not valid in a token" if token.strip() else "it is empty",
            hint="Set it to the token and nothing else",
        )


def check_received(token: str, attempted: str) -> None:
    """Raise ServiceError, which begins with ``attempted``, if ``token`` from a service cannot be a token."""
    if not token_answer.BEARER.fullmatch(token):
        raise ServiceError(
            attempted,
            answer="the token received contains characters that are not valid in a token",
            hint="Check which service answers at the address that issues tokens",
        )


class AccessTokenCredential:
    """An access token fetched elsewhere, with the interface of an azure-identity credential."""

    def __init__(self, token: str, cloud: Cloud, tenant_id: str) -> None:
        """Raise InputError if ``token`` has expired, or is for another tenant or service."""
        self._token = token.strip()
        payload = claims(self._token) or {}
        self._expires = _expiry(payload)
        tenant = str(payload.get("tid", tenant_id)).lower()
        if tenant != tenant_id.lower():
            raise InputError(
                f"access_token is for the tenant {tenant}",
                answer=f"tenant_id is {tenant_id}",
                hint="Fetch a token for the tenant in tenant_id",
            )
        audience = str(payload.get("aud", cloud.graph_endpoint)).rstrip("/")
        if audience not in (cloud.graph_endpoint, GRAPH_APP_ID):
            raise InputError(
                f"access_token is for {audience}, not for Microsoft Graph",
                hint=f"Fetch a token for {cloud.graph_endpoint}, for example with "
                f"az account get-access-token --resource {cloud.graph_endpoint}",
            )

    async def get_token(self, *scopes: str, **kwargs: t.Any) -> t.Any:
        """Return the token, whatever the scopes."""
        return sdk.AccessToken(self._token, self._expires)

    async def close(self) -> None:
        """Do nothing: no connection is open."""

    async def __aenter__(self) -> AccessTokenCredential:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


def _expiry(payload: t.Mapping[str, t.Any]) -> int:
    """Return a token's expiry time in seconds since 1970; raise InputError if it has passed."""
    expires = payload.get("exp")
    if not isinstance(expires, (int, float)):
        return int(time.time()) + UNKNOWN_LIFETIME
    if expires <= time.time():
        expired = datetime.fromtimestamp(expires, timezone.utc)
        raise InputError(
            f"access_token expired at {expired:%Y-%m-%d %H:%M:%S} UTC",
            hint="Fetch a new token right before you run the playbook. If it is new, check the controller's clock",
        )
    return int(expires)


def from_file(path: str) -> str:
    """Return the workload's token from the file ``path`` (federated_token_file); raise InputError if it has none."""
    token = _content(path).strip()
    check_form(f"The content of federated_token_file {_input.path_end(path)}", token)
    return token


def is_bare(path: str) -> bool:
    """Return True if a federated_token_file has no trailing newline; raise InputError if it has no token."""
    return from_file(path) == _content(path)


def unreadable(path: str) -> str:
    """Return the first part of the error for a federated_token_file that cannot be read."""
    return f"federated_token_file {_input.path_end(path)} cannot be read"


def _content(path: str) -> str:
    try:
        return _input.readable_file(path, "federated_token_file", "Set it to the path of the token file").decode()
    except UnicodeDecodeError as error:
        raise InputError(unreadable(path), answer="it is not text") from error


def on_github() -> bool:
    """Return True in a GitHub Actions job that may request a workload token."""
    return all(os.environ.get(name) for name in GITHUB_VARIABLES)


def from_github(params: t.Mapping[str, t.Any], audience: str) -> str:
    """Return this GitHub Actions job's workload token for ``audience``, by the documented request [doc].

    Raises ServiceError if GitHub issues no token, InputError for an unusable CA file.
    """
    url, bearer = (os.environ[name].strip() for name in GITHUB_VARIABLES)
    check_form(GITHUB_VARIABLES[1], bearer)
    attempted = "Requesting the job's token from GitHub Actions failed"
    query, headers = {"audience": audience}, {"Authorization": f"bearer {bearer}"}
    with closing(_http.Http(params["ca_path"], params["timeout"])) as http:
        try:
            response = http.send("GET", url, params=query, headers=headers)
        except _http.requests.RequestException as error:
            cause = _causes.of_exception(error, _causes.Asked(url, GITHUB_VARIABLES[0], timeout=http.timeout))
            raise ServiceError(attempted, answer=cause.answer, hint=cause.hint) from error
    try:
        token = response.json()["value"]
    except (ValueError, KeyError, TypeError):
        token = None
    if response.status_code != 200 or not isinstance(token, str):
        raise ServiceError(
            attempted,
            answer=f"HTTP {response.status_code}",
            hint="Grant the job the permission id-token: write, and sign in while the job is running",
            status=response.status_code,
        )
    check_received(token, attempted)
    return token


def presented(token: str) -> str:
    """Return the claims of ``token`` that a federated credential has to match; empty if it has none."""
    payload = claims(token) or {}
    named = {"issuer": payload.get("iss"), "subject": payload.get("sub"), "audience": payload.get("aud")}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)
