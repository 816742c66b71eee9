# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GitHub Actions endpoint that issues a token to a running job [doc: "OpenID Connect reference"]."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .faults import Fault
from .vault import Vault

ISSUER = "https://token.actions.githubusercontent.com"


@dataclass
class Job:
    """A running job, by the token that authorizes its requests."""

    repository: str
    ref: str
    bearer: str

    @property
    def subject(self) -> str:
        """The subject of the job's tokens."""
        return f"repo:{self.repository}:ref:{self.ref}"


class GitHub:
    """The jobs' endpoints. `sign` creates a workload's token from issuer, subject and audience."""

    name = "github"

    def __init__(self, vault: Vault, sign: Callable[[str, str, str], str]) -> None:
        self._vault = vault
        self._sign = sign
        self._jobs: dict[str, Job] = {}
        self.url = ""

    def start_job(self, repository: str, ref: str) -> dict[str, Any]:
        """Start a job with the permission ``id-token: write``. Returns its issuer, subject and environment."""
        key = str(uuid.uuid4())
        job = self._jobs[f"/{key}/idtoken"] = Job(repository, ref, self._vault.token())
        return {
            "issuer": ISSUER,
            "subject": job.subject,
            "environment": {
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/{key}/idtoken?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": job.bearer,
            },
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        job = self._jobs.get(request.path)
        if job is None or request.method != "GET" or "api-version" not in request.query:
            return web.Response(status=404)
        scheme, _space, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or sent != job.bearer:
            return web.Response(status=401)
        # The default audience is the owner of the repository.
        audience = request.query.get("audience") or f"https://github.com/{job.repository.split('/')[0]}"
        token = self._sign(ISSUER, job.subject, audience)
        return web.json_response({"count": len(token), "value": token})

    def refusal(self, fault: Fault) -> web.Response:
        """Build the response to a request that a fault throttles or denies."""
        return web.Response(status=429 if fault.throttle is not None else 403, headers=fault.retry_after)
