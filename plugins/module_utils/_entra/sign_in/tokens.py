# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Tokens that others made: a Graph access token, and a workload's token to sign in with. None is ever quoted."""

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

# Microsoft Graph as the audience of a token: in every cloud its application ID or its address [doc].
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# How long an access token that does not tell is taken to last, in seconds.
UNKNOWN_LIFETIME = 3600
# GitHub Actions gives both to a job with the permission ``id-token: write`` [doc].
GITHUB_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")


def claims(token: str) -> dict[str, t.Any] | None:
    """The claims of a JWT, which are not verified; None for any other text."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def check_form(option: str, token: str) -> None:
    """Raise InputError when ``token``, the value of ``option``, cannot be one."""
    if not token_answer.BEARER.fullmatch(token.strip()):
        raise InputError(
            f"{option} is not a token",
            answer="it has characters that no token has" if token.strip() else "it is empty",
            hint="Set it to the token alone",
        )


def check_received(token: str, attempted: str) -> None:
    """Raise ServiceError, which begins with ``attempted``, when a ``token`` that a service gave cannot be one."""
    if not token_answer.BEARER.fullmatch(token):
        raise ServiceError(
            attempted,
            answer="the token that was received has characters that no token has",
            hint="Check what answers at the address that gives tokens",
        )


class AccessTokenCredential:
    """An access token that somebody else fetched, as a credential such as those of azure-identity."""

    def __init__(self, token: str, cloud: Cloud, tenant_id: str) -> None:
        """Raises InputError when ``token`` says that it has expired, or is for another tenant or service."""
        self._token = token.strip()
        told = claims(self._token) or {}
        self._expires = _expiry(told)
        tenant = str(told.get("tid", tenant_id)).lower()
        if tenant != tenant_id.lower():
            raise InputError(
                f"access_token is for the tenant {tenant}",
                answer=f"tenant_id is {tenant_id}",
                hint="Fetch the token in the tenant of tenant_id",
            )
        audience = str(told.get("aud", cloud.graph_endpoint)).rstrip("/")
        if audience not in (cloud.graph_endpoint, GRAPH_APP_ID):
            raise InputError(
                f"access_token is for {audience}, not for Microsoft Graph",
                hint=f"Fetch a token for {cloud.graph_endpoint}, such as by "
                f"az account get-access-token --resource {cloud.graph_endpoint}",
            )

    async def get_token(self, *scopes: str, **kwargs: t.Any) -> t.Any:
        """The token, whatever is asked for."""
        return sdk.AccessToken(self._token, self._expires)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> AccessTokenCredential:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


def _expiry(told: t.Mapping[str, t.Any]) -> int:
    """When a token expires, in seconds since 1970; raises InputError when that is past."""
    expires = told.get("exp")
    if not isinstance(expires, (int, float)):
        return int(time.time()) + UNKNOWN_LIFETIME
    if expires <= time.time():
        expired = datetime.fromtimestamp(expires, timezone.utc)
        raise InputError(
            f"access_token expired at {expired:%Y-%m-%d %H:%M:%S} UTC",
            hint="Fetch a new one right before the playbook runs; if it is new, check the controller's clock",
        )
    return int(expires)


def from_file(path: str) -> str:
    """The workload's token in the file ``path`` (federated_token_file); raises InputError where there is none."""
    token = _content(path).strip()
    check_form(f"The content of federated_token_file {_input.path_end(path)}", token)
    return token


def is_bare(path: str) -> bool:
    """Whether a federated_token_file holds its token without a line end; raises InputError where there is none."""
    return from_file(path) == _content(path)


def unreadable(path: str) -> str:
    """What was attempted, where a federated_token_file cannot be read."""
    return f"federated_token_file {_input.path_end(path)} cannot be read"


def _content(path: str) -> str:
    try:
        return _input.readable_file(path, "federated_token_file", "Set it to the path of the token's file").decode()
    except UnicodeDecodeError as error:
        raise InputError(unreadable(path), answer="it is not text") from error


def on_github() -> bool:
    """Whether this is a job of GitHub Actions that may ask for a workload's token."""
    return all(os.environ.get(name) for name in GITHUB_VARIABLES)


def from_github(params: t.Mapping[str, t.Any], audience: str) -> str:
    """The workload's token of this job of GitHub Actions, made for ``audience``.

    The request and its answer are as GitHub documents them [doc]. Raises ServiceError when GitHub gives none,
    InputError for an unusable CA file.
    """
    url, bearer = (os.environ[name].strip() for name in GITHUB_VARIABLES)
    check_form(GITHUB_VARIABLES[1], bearer)
    attempted = "Asking GitHub Actions for the job's token failed"
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
            hint="Give the job the permission id-token: write, and sign in while the job runs",
            status=response.status_code,
        )
    check_received(token, attempted)
    return token


def presented(token: str) -> str:
    """What a federated credential has to name to trust a workload's token; empty where it does not tell."""
    told = claims(token) or {}
    named = {"issuer": told.get("iss"), "subject": told.get("sub"), "audience": told.get("aud")}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value)
