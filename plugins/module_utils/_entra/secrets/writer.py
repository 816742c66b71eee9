# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Create and remove client secrets in Graph, so that none is lost and none is created twice.

A client secret that cannot be returned is removed before the error is raised, because its value would be lost. If the
removal fails, the error names it.
"""

from __future__ import annotations

import asyncio
import secrets
import typing as t
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import orphans
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    UNREADABLE,
    Credential,
    Decision,
    format_time,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import token_endpoint
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ConflictError,
    ServiceError,
    SsoError,
    counted,
    unforeseen,
)

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import (
        TokenEndpoint,
    )

Document = dict[str, t.Any]
# Seconds within which an existing credential is listed and can be removed; after that, it counts as removed.
LISTED_WITHIN = 20.0
# Seconds within which other active runs have written their client secrets to the holder, or removed them
OTHERS_WITHIN = 60.0


class SecretWriter:
    """Creates and removes client secrets of one application; ``app`` is the application as Graph returns it."""

    def __init__(self, graph: Graph, endpoint: TokenEndpoint, app: Document) -> None:
        self._graph = graph
        self._endpoint = endpoint
        self._app = app

    async def apply(self, decisions: t.Sequence[Decision]) -> list[str]:
        """Apply ``decisions``: remove, create, and wait until Entra accepts the new client secrets. Return warnings.

        Sets ``holds`` and ``secret_text`` of the decisions that create one. If one cannot be created or is not accepted
        in time, all that this call created are removed and ServiceError is raised; see take_back(). Raises
        ConflictError, before any is created, if other runs have created several for the same holder.
        """
        making = [decision for decision in decisions if decision.makes]
        for decision in making:
            await self._wait_for_other_runs(decision)
        for decision in decisions:
            for credential in decision.remove:
                await self.remove(credential)
        try:
            for decision in making:  # one after the other: concurrent credential edits of one app fail [iss]
                decision.holds, decision.secret_text = await self._create(decision)
            verdicts = await asyncio.gather(*(self._accepted(decision) for decision in making))
            if making:
                await self._listed([decision.holds for decision in making if decision.holds])
        except BaseException as error:
            reported = await self.take_back(making, error)
            if reported is error:
                raise
            raise reported from error
        return [warning for warning in verdicts if warning]

    async def _wait_for_other_runs(self, decision: Decision) -> None:
        """Wait until at most one recent orphaned client secret of the holder is left; raise ConflictError if they stay.

        None of them is removed: the run that created it may be about to write it to the console.
        """

        def left(found: list[Credential]) -> list[Credential]:
            listed = {credential.key_id for credential in found}
            young = [credential for credential in decision.orphans if credential.key_id in listed]
            return orphans.in_the_way(young, self._graph.now)

        if not orphans.in_the_way(decision.orphans, self._graph.now):
            return
        found, settled = await replication.settle(
            self._credentials,
            lambda found: not left(found),
            min(self._graph.patience, OTHERS_WITHIN),
            agreeing=1,
            what="another run that has created a client secret for the same console",
        )
        if settled:
            return
        staying = left(found)
        later = format_time(max(credential.start for credential in staying) + orphans.IN_FLIGHT)
        listed = "; ".join(credential.describe() for credential in staying)
        raise ConflictError(
            f"No client secret was created for {decision.wanted.name} on {application.label(self._app)}",
            answer=f"{len(staying)} new ones have not reached it, and another run may be about to write one: {listed}",
            hint=f"If no other run is active, remove them in Entra, or run the playbook again after {later}",
        )

    async def _listed(self, made: list[Credential]) -> None:
        """Wait until all new client secrets are listed; one that never is listed was removed by another process."""
        _found, settled = await replication.settle(
            self._credentials,
            lambda found: {c.key_id for c in made} <= {c.key_id for c in found},
            self._graph.patience,
        )
        if not settled:
            raise ServiceError(
                f"A new client secret of {application.label(self._app)} is not listed",
                answer="it was accepted, but another process may have removed it since",
                hint="Run the playbook again. If the tenant is slow, increase wait_timeout",
            )

    async def take_back(self, decisions: t.Iterable[Decision], error: BaseException) -> BaseException:
        """Remove each client secret that was created for ``decisions`` and could not be returned.

        Returns ``error`` with the outcome, including those that cannot be removed.
        """
        made = [decision.holds for decision in decisions if decision.secret_text and decision.holds]
        left = [credential for credential in made if not await self._removed(credential)]
        for decision in decisions:
            decision.secret_text = None
        if not made or not isinstance(error, Exception):
            return error
        outcome = f"the new client secrets were removed again: {_names(made)}"
        if left:
            outcome = f"new client secrets with unknown values could not be removed: {_names(left)}"
        known = error if isinstance(error, SsoError) else unforeseen(error)
        return known.but(answer=f"{known.answer}; {outcome}" if known.answer else outcome)

    async def _removed(self, credential: Credential) -> bool:
        """Remove a new client secret; return False if this fails."""
        try:
            await self.remove(credential)
        except Exception:  # noqa: BLE001  # the original error is raised instead
            return False
        return True

    async def remove(self, credential: Credential) -> None:
        """Remove a client secret; a missing one is not an error.

        Graph returns the same error for a removed key and for one that has not replicated yet [iss], so it counts only
        if reads agree.
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

    async def _create(self, decision: Decision) -> tuple[Credential, str]:
        name = decision.wanted.name
        attempted = f"Creating a client secret for {name} on {application.label(self._app)} failed"
        # Random microseconds identify this request's client secret [rec: kept as sent]. One second less complies with a
        # policy that allows exactly this lifetime.
        last = self._graph.now + decision.wanted.lifetime - timedelta(seconds=1)
        expires = last.replace(microsecond=1 + secrets.randbelow(999_999))
        address = self._graph.client.applications.by_application_id(self._app["id"]).add_password
        wanted = {"displayName": name, "endDateTime": expires.isoformat().replace("+00:00", "Z")}
        request = self._graph.request("POST", address, {"passwordCredential": wanted})
        try:
            answer = await replication.persist(
                lambda: self._graph.send(request, attempted), replication.not_replicated, self._graph.patience
            )
        except BaseException as error:
            if isinstance(error, SsoError) and not isinstance(error, AmbiguousError):
                raise  # refused or not sent
            reported = await self._undo_unknown(attempted, name, expires, error)
            if reported is error:
                raise
            raise reported from error
        made = answer if isinstance(answer, dict) else {}
        key_id, secret = made.get("keyId"), made.get("secretText")
        if isinstance(key_id, str) and key_id and isinstance(secret, str) and secret:
            credential = Credential.parse(made)
            if credential.name == name and UNREADABLE not in (credential.start, credential.expires):
                return credential, secret
        malformed = ServiceError(
            attempted, answer="the response has no usable client secret", hint="Run the playbook again"
        )
        raise await self._undo_unknown(attempted, name, expires, malformed, key_id)

    async def _undo_unknown(
        self, attempted: str, name: str, expires: datetime, error: BaseException, key_id: t.Any = None
    ) -> BaseException:
        """Remove the client secret that a request with a lost response may have created; its value is unknown.

        Returns ``error`` with the outcome.
        """

        def unknown(found: list[Credential]) -> list[Credential]:
            mine = [c for c in found if c.name == name]
            return [c for c in mine if c.key_id == key_id or abs(c.expires - expires) < timedelta(microseconds=2)]

        may_stay = f"a client secret {name} that expires on {expires:%Y-%m-%d %H:%M:%S.%f}Z may appear or remain"
        try:
            found, _settled = await replication.settle(
                self._credentials, lambda c: bool(unknown(c)), min(self._graph.patience, LISTED_WITHIN), agreeing=1
            )
            made = unknown(found)
            left = [credential for credential in made if not await self._removed(credential)]
            outcome = (
                "its client secret was found and removed" if made else f"no new client secret is listed; {may_stay}"
            )
            if left:
                outcome = f"its client secret with an unknown value could not be removed: {_names(left)}"
        except Exception as failure:  # noqa: BLE001  # the original error is raised instead
            known = failure if isinstance(failure, SsoError) else unforeseen(failure)
            outcome = f"searching for its client secret failed ({known.answer or known.attempted}); {may_stay}"
        if isinstance(error, SsoError):
            return error.but(answer=f"{error.answer}; {outcome}", hint="Run the playbook again")
        if not isinstance(error, Exception):
            return error
        answer = f"{unforeseen(error).answer}; {outcome}"
        return AmbiguousError(attempted, answer=answer, hint="Run the playbook again")

    async def _accepted(self, decision: Decision) -> str | None:
        """Wait until the token endpoint accepts the new client secret; return a warning if its verdict is unknown."""
        name, secret = decision.wanted.name, decision.secret_text or ""

        def settled(verdict: token_endpoint.Verdict) -> bool:
            cannot_tell = verdict.accepted is None and verdict.code not in (None, *token_endpoint.NOT_THERE)
            return bool(verdict.accepted) or cannot_tell

        verdict, done = await replication.settle(
            lambda: self._endpoint.ask(secret),
            settled,
            self._graph.patience,
            agreeing=2,
            what="the login endpoint to accept a new client secret",
        )
        decision.accepted = verdict.accepted
        if not done:
            patience = counted(round(self._graph.patience), "second")
            raise ServiceError(
                f"The new client secret for {name} was not accepted within {patience}",
                answer=f"the token endpoint last answered: {verdict.answer}",
                hint="Run the playbook again. If the tenant is slow, increase wait_timeout",
                code=f"AADSTS{verdict.code}" if verdict.code else None,
            )
        if not verdict.accepted:
            return f"The new client secret for {name} could not be tested: {verdict.answer}"
        return None

    async def _credentials(self) -> list[Credential]:
        found = await application.read(self._graph, "object_id", self._app["id"])
        return [Credential.parse(item) for item in (found or {}).get("passwordCredentials") or []]


def _names(credentials: t.Iterable[Credential]) -> str:
    return ", ".join(f"{credential.name} ({credential.describe()})" for credential in credentials)


def _unknown_key(error: ServiceError) -> bool:
    return error.status == 400 and "No password credential found" in (error.answer or "")
