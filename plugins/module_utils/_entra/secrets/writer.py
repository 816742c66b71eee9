# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Make and remove client secrets in Graph, so that none is lost and none is made twice.

A secret that nobody could be given is removed again before the error is raised, so that none is left behind whose
value no one knows.
"""

from __future__ import annotations

import asyncio
import secrets
import typing as t
from contextlib import suppress
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    Credential,
    Decision,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import token_endpoint
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError, ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import (
        TokenEndpoint,
    )

Document = dict[str, t.Any]
# Seconds within which a credential that is there is listed and can be removed; afterwards it counts as gone.
LISTED_WITHIN = 20.0


class SecretWriter:
    """Makes and removes client secrets of one application.

    ``app`` is the application as Graph has it.
    """

    def __init__(self, graph: Graph, endpoint: TokenEndpoint, app: Document) -> None:
        self._graph = graph
        self._endpoint = endpoint
        self._app = app

    async def apply(self, decisions: t.Sequence[Decision]) -> list[str]:
        """Carry out ``decisions``: remove, make, and wait until Entra accepts what was made.

        Sets ``holds`` and ``secret_text`` of the decisions that make one. Gives warnings. When any cannot be made or
        is not accepted in time, all that this call made are removed again and ServiceError is raised.
        """
        for decision in decisions:
            for credential in decision.remove:
                await self.remove(credential)
        making = [decision for decision in decisions if decision.makes]
        made: list[Credential] = []
        try:
            for decision in making:  # one after the other: concurrent credential edits of one app fail [iss]
                decision.holds, decision.secret_text = await self._make(decision)
                made.append(decision.holds)
            verdicts = await asyncio.gather(*(self._accepted(decision) for decision in making))
            if made:
                await self._listed(made)
        except BaseException:
            await self._take_back(made)
            raise
        return [warning for warning in verdicts if warning]

    async def _listed(self, made: list[Credential]) -> None:
        """Wait until all that were made are listed; one that never is was removed by somebody meanwhile."""
        _found, settled = await replication.settle(
            self._credentials,
            lambda found: {c.key_id for c in made} <= {c.key_id for c in found},
            self._graph.patience,
        )
        if not settled:
            raise ServiceError(
                f"A new client secret of {application.label(self._app)} is not listed",
                answer="it was accepted, but somebody may have removed it since",
                hint="Run again; raise wait_timeout if the tenant is slow",
            )

    async def _take_back(self, made: list[Credential]) -> None:
        """Remove what was just made and reached nobody, each whatever becomes of the others; the first error counts."""
        for credential in made:
            with suppress(ServiceError):
                await self.remove(credential)

    async def remove(self, credential: Credential) -> None:
        """Remove a client secret; one that is gone already is no error.

        Graph answers the same for a key that is gone and for one that is not replicated yet [iss], so the answer is
        believed only after reads agree.
        """
        attempted = f"Removing the client secret {credential.name} ({credential.describe()}) failed"
        address = self._graph.client.applications.by_application_id(self._app["id"]).remove_password
        request = self._graph.request("POST", address, {"keyId": credential.key_id})
        try:
            await replication.persist(
                lambda: self._graph.send(request, attempted, repeatable=True),
                _unknown_key,
                min(self._graph.patience, LISTED_WITHIN),
            )
        except ServiceError as error:
            if not _unknown_key(error):
                raise
        await replication.settle(
            self._credentials, lambda found: credential.key_id not in {c.key_id for c in found}, self._graph.patience
        )

    async def _make(self, decision: Decision) -> tuple[Credential, str]:
        name = decision.wanted.name
        attempted = f"Making a client secret for {name} on {application.label(self._app)} failed"
        # The microseconds are ours: they tell what this request made from what anybody else made [rec: kept as sent].
        # A second less, so that a policy which allows just this lifetime is kept.
        last = self._graph.now + decision.wanted.lifetime - timedelta(seconds=1)
        expires = last.replace(microsecond=1 + secrets.randbelow(999_999))
        address = self._graph.client.applications.by_application_id(self._app["id"]).add_password
        wanted = {"displayName": name, "endDateTime": expires.isoformat().replace("+00:00", "Z")}
        request = self._graph.request("POST", address, {"passwordCredential": wanted})
        try:
            answer = await replication.persist(
                lambda: self._graph.send(request, attempted), replication.not_replicated, self._graph.patience
            )
        except AmbiguousError as error:
            await self._undo_unknown(name, expires)
            raise error.but(
                answer=f"{error.answer}; what it may have made was looked for and removed", hint="Run again"
            ) from error
        made = answer or {}
        if not made.get("keyId") or not made.get("secretText"):
            await self._undo_unknown(name, expires)
            raise ServiceError(attempted, answer="the answer has no client secret", hint="Run again")
        return Credential.parse(made), str(made["secretText"])

    async def _undo_unknown(self, name: str, expires: datetime) -> None:
        """Remove what a request with a lost answer made: its value is unknown, so nobody can ever use it."""

        def stray(found: list[Credential]) -> list[Credential]:
            return [c for c in found if c.name == name and abs(c.expires - expires) < timedelta(microseconds=2)]

        found, _settled = await replication.settle(
            self._credentials, lambda c: bool(stray(c)), min(self._graph.patience, LISTED_WITHIN), agreeing=1
        )
        for credential in stray(found):
            await self.remove(credential)

    async def _accepted(self, decision: Decision) -> str | None:
        """Wait until the token endpoint accepts the new secret; gives a warning where it cannot tell."""
        name, secret = decision.wanted.name, decision.secret_text or ""

        def settled(verdict: token_endpoint.Verdict) -> bool:
            cannot_tell = verdict.accepted is None and verdict.code not in (None, *token_endpoint.NOT_THERE)
            return bool(verdict.accepted) or cannot_tell

        verdict, done = await replication.settle(
            lambda: self._endpoint.ask(secret), settled, self._graph.patience, agreeing=2
        )
        decision.accepted = verdict.accepted
        if not done:
            raise ServiceError(
                f"The new client secret for {name} was not accepted within {self._graph.patience:.0f} seconds",
                answer=f"the token endpoint last said: {verdict.answer}; the secret was removed again",
                hint="Run again; raise wait_timeout if the tenant is slow",
                code=f"AADSTS{verdict.code}" if verdict.code else None,
            )
        if not verdict.accepted:
            return f"Whether Entra accepts the new client secret for {name} could not be tried: {verdict.answer}"
        return None

    async def _credentials(self) -> list[Credential]:
        found = await application.read(self._graph, "object_id", self._app["id"])
        return [Credential.parse(item) for item in (found or {}).get("passwordCredentials") or []]


def _unknown_key(error: ServiceError) -> bool:
    return error.status == 400 and "No password credential found" in (error.answer or "")
