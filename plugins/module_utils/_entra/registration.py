# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""An application with its service principal and client secrets as one thing: read it, plan, apply, report."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra import (
    application,
    client_secrets,
    replication,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.client_secrets import (
    NOT_MADE,
    PREDICTED_KEY,
    Credential,
    Decision,
    Wanted,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.minting import Minter
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.openid import Discovery, Verdict
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]


# Seconds to wait for a client secret that is there to be listed; afterwards it counts as gone.
CATCH_UP = 20.0


@dataclass
class Present:
    """What the tenant holds now."""

    application: Document | None = None
    adopted: bool = False
    principal: Document | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    @property
    def credentials(self) -> list[Credential]:
        """The application's client secrets."""
        return [Credential.parse(item) for item in (self.application or {}).get("passwordCredentials") or []]


@dataclass
class Plan:
    """What has to be done, in this order: application, service principal, client secrets."""

    present: Present
    changes: list[_plan.Change] = field(default_factory=list)
    make_principal: bool = False
    drop_principal: bool = False
    decisions: list[Decision] = field(default_factory=list)
    delete: bool = False

    @property
    def changed(self) -> bool:
        """Whether applying it sends any request that writes."""
        secrets = any(decision.makes or decision.remove for decision in self.decisions)
        return bool(self.changes or self.make_principal or self.drop_principal or self.delete or secrets)

    def diff(self) -> dict[str, t.Any]:
        """Ansible's diff of this plan, without any secret."""
        if self.delete:
            return {"before": {"application": application.view(self.present.application or {})}, "after": {}}
        before, after = _plan.diff(self.changes)
        if self.make_principal or self.drop_principal:
            words = ("absent", "present") if self.make_principal else ("present", "absent")
            before["service_principal"], after["service_principal"] = words
        for decision in self.decisions:
            if not (decision.makes or decision.remove):
                continue
            gone = set(decision.remove)
            ours = sorted(
                {*decision.superseded, *decision.remove, *([decision.holds] if decision.holds else [])},
                key=lambda credential: credential.end,
            )
            new = [f"new, for {decision.wanted.lifetime.days} days"] if decision.makes else []
            before.setdefault("client_secrets", {})[decision.wanted.name] = [c.describe() for c in ours]
            after.setdefault("client_secrets", {})[decision.wanted.name] = [
                c.describe() for c in ours if c not in gone
            ] + new
        return {"before": before, "after": after}


def check(params: Params, wanted: t.Sequence[Wanted]) -> None:
    """Raise InputError for parts of a declaration that contradict each other."""
    if (params["service_principal"] or {}).get("state") == "absent" and any(item.present for item in wanted):
        raise InputError(
            "client_secrets cannot be used without a service principal",
            answer="Entra refuses them (AADSTS7000229), so that it could never be seen whether they work",
            hint="Set service_principal to present, or the client secrets to absent",
        )


async def inspect(
    graph: Graph, http: Http, discovery: Discovery, params: Params, wanted: t.Sequence[Wanted]
) -> Present:
    """Read the application, its service principal and, where asked, whether the held client secrets are accepted."""
    found, adopted = await application.find(graph, params)
    present = Present(found, adopted)
    if found is None:
        return present
    present.principal = await replication.believed_absent(lambda: service_principal.read(graph, found["appId"]))
    if params["state"] == "absent":
        return present
    if params["verify_held"]:
        minter = Minter(graph, http, discovery.token_endpoint, found, params["wait_timeout"])
        held = [item for item in wanted if item.present and item.held]
        answers = await asyncio.gather(*(_verdict(minter, item, present.credentials, graph.now) for item in held))
        present.verdicts = {item.name: answer for item, answer in zip(held, answers, strict=True)}
    await _catch_up(graph, present, wanted, params["wait_timeout"])
    return present


async def _verdict(minter: Minter, wanted: Wanted, credentials: list[Credential], now: datetime) -> Verdict:
    """The token endpoint's word on a held value. Where the list has a live one that may be it, a rejection counts only
    when it comes several times in a row: a replica may not have it yet."""
    plausible = any(c.live(now) for c in client_secrets.matching(wanted, credentials))
    verdict = await minter.ask(wanted.held or "")
    for _again in range(replication.AGREEING - 1 if plausible else 0):
        if verdict.accepted is not False:
            break
        await asyncio.sleep(replication.FIRST_PAUSE)
        verdict = await minter.ask(wanted.held or "")
    return verdict


async def _catch_up(graph: Graph, present: Present, wanted: t.Sequence[Wanted], patience: float) -> None:
    """Read the application again where a stale list does not show yet a client secret that is there: one that Entra
    accepts, or one that is named by its key ID."""
    accepted = {name for name, verdict in present.verdicts.items() if verdict.accepted}
    expected = [item for item in wanted if item.present and (item.held_key_id or item.name in accepted)]

    def complete(found: Document | None) -> bool:
        listed = Present(found).credentials
        return all(client_secrets.listed(item, listed) for item in expected)

    if complete(present.application):
        return
    object_id = (present.application or {})["id"]
    found, _agreed = await replication.settle(
        lambda: application.read(graph, "object_id", object_id), complete, min(patience, CATCH_UP), agreeing=1
    )
    present.application = found or present.application


def plan(params: Params, present: Present, wanted: t.Sequence[Wanted], now: datetime) -> Plan:
    """What leads from ``present`` to the declaration; pure. Raises InputError for what Entra does not allow."""
    if params["state"] == "absent":
        return Plan(present, delete=present.application is not None)
    declared = (params.get("service_principal") or {}).get("state")
    audience = params.get("sign_in_audience") or (present.application or {}).get("signInAudience")
    client_secrets.check_holders(wanted, audience)
    return Plan(
        present,
        changes=application.plan(params, present.application),
        make_principal=declared == "present" and present.principal is None,
        drop_principal=declared == "absent" and present.principal is not None,
        decisions=client_secrets.decide(
            wanted,
            present.credentials,
            now,
            verdicts=present.verdicts,
            sign_in_audience=audience,
            retire=params["retire_superseded"],
        ),
    )


async def apply(graph: Graph, http: Http, discovery: Discovery, params: Params, todo: Plan) -> list[str]:
    """Carry out ``todo`` and put what came of it into ``todo.present``; gives warnings.

    Raises ServiceError; what was done before stays, and the next run goes on from there.
    """
    present = todo.present
    patience = params["wait_timeout"]
    if todo.delete and present.application:
        await application.delete(graph, present.application, patience)
        return []
    if present.application is None:
        present.application = await application.create(graph, params, todo.changes, patience)
    elif todo.changes:
        present.application = await application.update(graph, params, present.application, patience)
    if todo.make_principal:
        present.principal = await service_principal.create(graph, present.application["appId"], patience)
    if todo.drop_principal and present.principal:
        await service_principal.delete(graph, present.principal)
        present.principal = None
    minter = Minter(graph, http, discovery.token_endpoint, present.application, patience)
    return await minter.apply(todo.decisions)


def predict(todo: Plan, now: datetime) -> None:
    """Put into ``todo.present`` and its decisions what apply() would, as far as it can be known (check mode)."""
    if todo.make_principal:
        todo.present.principal = {"id": application.NO_ID}
    if todo.drop_principal:
        todo.present.principal = None
    for decision in todo.decisions:
        if decision.makes:
            end = now + decision.wanted.lifetime
            decision.holds = Credential(PREDICTED_KEY, decision.wanted.name, None, now, end)
            decision.secret_text = NOT_MADE


def report(todo: Plan, discovery: Discovery, diff: Document, *, check_mode: bool) -> dict[str, t.Any]:
    """The task's result; ``diff`` as the plan gave it before it was applied."""
    present = todo.present
    result: dict[str, t.Any] = {
        "changed": todo.changed,
        "diff": diff,
        "tenant_id": discovery.tenant_id,
        "issuer": discovery.issuer,
        "authorization_endpoint": discovery.authorization_endpoint,
        "token_endpoint": discovery.token_endpoint,
    }
    if todo.delete or (present.application is None and not todo.changes):
        return {**result, "application": None, "service_principal": None, "client_secrets": []}
    if check_mode:
        result["application"] = application.predicted(present.application, todo.changes)
    else:
        result["application"] = application.view(present.application or {})
    principal = present.principal
    return {
        **result,
        "adopted": present.adopted,
        "service_principal": {"object_id": principal["id"]} if principal else None,
        "client_secrets": [decision.result() for decision in todo.decisions],
    }
