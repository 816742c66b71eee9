# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""An application with its service principal, its parts and client secrets as one thing: read, plan, apply, report."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    lookup,
    name_resolution,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts import base
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.admin_consent import AdminConsent
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.assignments import Assignments
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, PartPlan, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.certificates import Certificates
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.federated_credentials import (
    FederatedCredentials,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.logo import Logo
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.owners import Owners
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import (
    app_management_policies,
    client_secrets,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    NOT_MADE,
    PREDICTED_KEY,
    Credential,
    Decision,
    Wanted,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.writer import (
    LISTED_WITHIN,
    SecretWriter,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import (
    TokenEndpoint,
    Verdict,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

# In the order in which they are changed; owners last, because the right to change the others may hang on them.
PARTS: tuple[type[Part], ...] = (Certificates, FederatedCredentials, Assignments, AdminConsent, Logo, Owners)


@dataclass
class Present:
    """What the tenant holds now. ``params`` is the declaration with IDs in place of names; ``deleted`` is true when
    ``application`` is among those deleted lately; ``items`` are the members of each declared part by its option."""

    params: Params
    parts: list[Part] = field(default_factory=list)
    application: Document | None = None
    adopted: bool = False
    deleted: bool = False
    principal: Document | None = None
    items: dict[str, _plan.Items] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """The application's tags, which its service principal shows too."""
        return list((self.application or {}).get("tags") or [])

    @property
    def credentials(self) -> list[Credential]:
        """The application's client secrets."""
        return [Credential.parse(item) for item in (self.application or {}).get("passwordCredentials") or []]

    def target(self, view: Document | None = None) -> Target:
        """What the parts belong to; ``view`` is the application as it will be."""
        return Target(view or application.view(self.application or application.NEW), (self.principal or {}).get("id"))


@dataclass
class Plan:
    """What has to be done, in this order: application, service principal, their parts, client secrets."""

    present: Present
    changes: list[_plan.Change] = field(default_factory=list)
    restore: bool = False
    make_principal: bool = False
    drop_principal: bool = False
    # Those that the application will have, and its service principal with it
    tags: list[str] = field(default_factory=list)
    principal_changes: list[_plan.Change] = field(default_factory=list)
    parts: list[PartPlan] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    delete: bool = False
    purge: bool = False

    @property
    def changed(self) -> bool:
        """Whether applying it sends any request that writes."""
        secrets = any(decision.makes or decision.remove for decision in self.decisions)
        principal = self.make_principal or self.drop_principal or self.principal_changes
        parts = any(item.steps for item in self.parts)
        return bool(self.changes or self.restore or principal or parts or self.delete or self.purge or secrets)

    def diff(self) -> dict[str, t.Any]:
        """Ansible's diff of this plan, without any secret."""
        if self.delete or self.purge:
            state = {"deleted": True} if self.present.deleted else {}
            return {"before": {"application": application.view(self.present.application or {}), **state}, "after": {}}
        before, after = _plan.diff(self.changes)
        if self.restore:
            before["deleted"], after["deleted"] = True, False
        if self.make_principal or self.drop_principal:
            words = ("absent", "present") if self.make_principal else ("present", "absent")
            before["service_principal"], after["service_principal"] = words
        if self.principal_changes:
            sides = service_principal.diff(self.principal_changes)
            if self.make_principal:
                sides = (before["service_principal"], sides[1])
            before["service_principal"], after["service_principal"] = sides
        for item in self.parts:
            if item.steps:
                option = item.part.option
                before[option], after[option] = item.part.show(item.present), item.part.show(item.after)
        for decision in self.decisions:
            if not (decision.makes or decision.remove):
                continue
            gone = set(decision.remove)
            ours = sorted(
                {*decision.superseded, *decision.remove, *([decision.holds] if decision.holds else [])},
                key=lambda credential: credential.expires,
            )
            new = [f"new, for {decision.wanted.lifetime.days} days"] if decision.makes else []
            before.setdefault("client_secrets", {})[decision.wanted.name] = [c.describe() for c in ours]
            after.setdefault("client_secrets", {})[decision.wanted.name] = [
                c.describe() for c in ours if c not in gone
            ] + new
        return {"before": before, "after": after}


def check(params: Params, wanted: t.Sequence[Wanted]) -> None:
    """Raise InputError for a declaration that Entra would refuse, or that contradicts itself."""
    application.check(params)
    service_principal.check(params["service_principal"] or {})
    service_principal.check_visible(params["service_principal"] or {}, params.get("tags") or [])
    name_resolution.check(params)
    for part in declared_parts(params):
        part.check()
    if (params["service_principal"] or {}).get("state") != "absent":
        return
    if any(item.present for item in wanted):
        raise InputError(
            "client_secrets cannot be used without a service principal",
            answer="Entra refuses them (AADSTS7000229), so that it could never be seen whether they work",
            hint="Set service_principal to present, or the client secrets to absent",
        )
    needing = [part.option for part in declared_parts(params) if part.of_principal]
    if needing:
        raise InputError(
            f"{' and '.join(needing)} cannot be declared without a service principal",
            hint="Set the state of service_principal to present",
        )


def declared_parts(params: Params) -> list[Part]:
    """The parts that ``params`` declares; those of an omitted option are not managed."""
    return [kind(params[kind.option]) for kind in PARTS if params.get(kind.option) is not None]


async def inspect(
    graph: Graph, http: Http, discovery: Discovery, params: Params, wanted: t.Sequence[Wanted]
) -> Present:
    """Read the application, its service principal and declared parts, and whether held client secrets are accepted."""
    found, adopted = await lookup.find(graph, params)
    present = Present(params, application=found, adopted=adopted)
    leaving = params["state"] == "absent"
    if found is None and (params["purge"] if leaving else params["restore"]):
        present.application = found = await lookup.deleted(graph, params)
        present.deleted = found is not None
    if leaving or (found is None and not params["create"]):
        return present
    if found is None:
        lookup.check_creatable(graph, params)
    present.params = params = await name_resolution.resolve(graph, params)
    present.parts = declared_parts(params)
    for part in present.parts:
        part.check()
    if found is not None and present.deleted:
        present.principal = await lookup.deleted_principal(graph, found["appId"])
    if found is None or present.deleted:
        present.items = {part.option: await part.read(graph, Present(params).target()) for part in present.parts}
        return present
    present.principal = await replication.believed_absent(lambda: service_principal.read(graph, found["appId"]))
    target = present.target()
    read = await asyncio.gather(*(part.read(graph, target) for part in present.parts))
    present.items = {part.option: items for part, items in zip(present.parts, read, strict=True)}
    held = [item for item in wanted if _doubtful(params["verify_held"], item, present.credentials, graph.now)]
    if held:
        endpoint = _token_endpoint(graph, http, discovery, found)
        answers = await asyncio.gather(*(_verdict(endpoint, item, present.credentials, graph.now) for item in held))
        present.verdicts = {item.name: answer for item, answer in zip(held, answers, strict=True)}
    await _catch_up(graph, present, wanted)
    return present


def _token_endpoint(graph: Graph, http: Http, discovery: Discovery, app: Document) -> TokenEndpoint:
    return TokenEndpoint(http, discovery.token_endpoint, graph.cloud.scope, app["appId"])


def _doubtful(verify: str, wanted: Wanted, credentials: list[Credential], now: datetime) -> bool:
    """Whether the token endpoint has to be asked for a held value; see the option O(verify_held)."""
    if verify == "never" or not (wanted.present and wanted.held):
        return False
    return verify == "always" or not any(c.live(now) for c in client_secrets.matching(wanted, credentials))


async def _verdict(endpoint: TokenEndpoint, wanted: Wanted, credentials: list[Credential], now: datetime) -> Verdict:
    """The token endpoint's word on a held value. Where the list has a live one that may be it, a rejection counts only
    when it comes several times in a row: a replica may not have it yet."""
    plausible = any(c.live(now) for c in client_secrets.matching(wanted, credentials))
    verdict = await endpoint.ask(wanted.held or "")
    for _again in range(replication.AGREEING - 1 if plausible else 0):
        if verdict.accepted is not False:
            break
        await asyncio.sleep(replication.FIRST_PAUSE)
        verdict = await endpoint.ask(wanted.held or "")
    return verdict


async def _catch_up(graph: Graph, present: Present, wanted: t.Sequence[Wanted]) -> None:
    """Read the application again where a stale list does not show yet a client secret that is there: one that Entra
    accepts, or one that is named by its key ID."""
    accepted = {name for name, verdict in present.verdicts.items() if verdict.accepted}
    expected = [item for item in wanted if item.present and (item.held_key_id or item.name in accepted)]

    def complete(found: Document | None) -> bool:
        listed = Present(present.params, application=found).credentials
        return all(client_secrets.listed(item, listed) for item in expected)

    if complete(present.application):
        return
    object_id = (present.application or {})["id"]
    found, _agreed = await replication.settle(
        lambda: application.read(graph, "object_id", object_id),
        complete,
        min(graph.patience, LISTED_WITHIN),
        agreeing=1,
    )
    present.application = found or present.application


def plan(present: Present, wanted: t.Sequence[Wanted], now: datetime) -> Plan:
    """What leads from ``present`` to its declaration; pure. Raises InputError for what Entra does not allow."""
    params = present.params
    if params["state"] == "absent":
        there = present.application is not None
        return Plan(present, delete=there and not present.deleted, purge=there and params["purge"])
    if present.application is None and not params["create"]:
        return Plan(present)
    declared = params.get("service_principal") or {}
    audience = params.get("sign_in_audience") or (present.application or {}).get("signInAudience")
    client_secrets.check_holders(wanted, audience)
    changes = application.plan(params, present.application)
    target = present.target(application.predicted(present.application, changes))
    tags: list[str] = target.application["tags"]
    state = declared.get("state")
    principal = service_principal.inheriting(present.principal, present.tags, tags) if present.principal else None
    return Plan(
        present,
        changes=changes,
        restore=present.deleted,
        make_principal=state == "present" and present.principal is None,
        drop_principal=state == "absent" and present.principal is not None,
        tags=tags,
        principal_changes=service_principal.plan(declared, principal, tags) if state == "present" else [],
        parts=[PartPlan.make(part, present.items[part.option], target) for part in present.parts],
        decisions=client_secrets.decide(
            wanted,
            present.credentials,
            now,
            verdicts=present.verdicts,
            sign_in_audience=audience,
            retire=params["retire_superseded"],
        ),
    )


async def apply(graph: Graph, http: Http, discovery: Discovery, todo: Plan) -> list[str]:
    """Carry out ``todo`` and put what came of it into ``todo.present``; gives warnings.

    Raises ServiceError; what was done before stays, and the next run goes on from there.
    """
    try:
        return await _apply(graph, http, discovery, todo)
    except ServiceError as error:
        if not app_management_policies.refused(error):
            raise
        raise await app_management_policies.explained(graph, error) from error


async def _apply(graph: Graph, http: Http, discovery: Discovery, todo: Plan) -> list[str]:
    present, params = todo.present, todo.present.params
    if todo.delete or todo.purge:
        found = present.application or {}
        if todo.delete:
            await application.delete(graph, found)
        if todo.purge:
            await lookup.purge(graph, found)
        return []
    fresh, tags = present.application is None or present.deleted or todo.make_principal, present.tags
    if present.application is None:
        present.application = await application.create(graph, params, todo.changes)
    else:
        if todo.restore:
            present.application = await lookup.restore(graph, present.application)
            if present.principal:
                present.principal = await lookup.restore_principal(graph, present.principal)
        if todo.changes:
            present.application = await application.update(graph, params, present.application)
    if present.principal:
        present.principal = service_principal.inheriting(present.principal, tags, todo.tags)
    await _apply_principal(graph, todo, graph.patience if fresh else replication.briefly(graph.patience))
    target = present.target()
    target.fresh = fresh
    if fresh:  # what there is could not be known before
        todo.parts = [PartPlan.make(item.part, await item.part.read(graph, target), target) for item in todo.parts]
    for item in todo.parts:
        await base.apply(graph, target, item)
    if todo.principal_changes and present.principal:
        declared = params.get("service_principal") or {}
        wait = graph.patience
        present.principal = await service_principal.update(graph, declared, present.principal, todo.tags, wait)
    endpoint = _token_endpoint(graph, http, discovery, present.application)
    return await SecretWriter(graph, endpoint, present.application).apply(todo.decisions)


async def _apply_principal(graph: Graph, todo: Plan, wait: float) -> None:
    present = todo.present
    declared = present.params.get("service_principal") or {}
    app_id = (present.application or {})["appId"]
    if todo.make_principal and present.principal is None:
        present.principal = await service_principal.create(graph, app_id)
    if todo.principal_changes and present.principal:
        loosened = service_principal.loosened(declared)
        present.principal = await service_principal.update(graph, loosened, present.principal, todo.tags, wait)
    if todo.drop_principal and present.principal:
        await service_principal.delete(graph, present.principal)
        present.principal = None


def predict(todo: Plan, now: datetime) -> None:
    """Put into ``todo.present`` and its decisions what apply() would, as far as it can be known (check mode)."""
    present = todo.present
    if present.principal:
        present.principal = service_principal.inheriting(present.principal, present.tags, todo.tags)
    if todo.make_principal or todo.principal_changes:
        present.principal = service_principal.predicted(
            present.principal, todo.principal_changes, application.NO_ID, todo.tags
        )
    if todo.drop_principal:
        present.principal = None
    for decision in todo.decisions:
        if decision.makes:
            expires = now + decision.wanted.lifetime
            decision.holds = Credential(PREDICTED_KEY, decision.wanted.name, None, now, expires)
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
        "discovery": discovery.document(),
    }
    if present.params["state"] == "absent" or (present.application is None and not present.params["create"]):
        gone: Document = {"application": None, "service_principal": None, "client_secrets": []}
        return {**result, **gone, "purged": todo.purge}
    if check_mode:
        result["application"] = application.predicted(present.application, todo.changes)
    else:
        result["application"] = application.view(present.application or {})
    return {
        **result,
        "adopted": present.adopted,
        "restored": todo.restore,
        "service_principal": service_principal.view(present.principal) if present.principal else None,
        **{item.part.option: item.part.show(item.after) for item in todo.parts},
        "client_secrets": [decision.result() for decision in todo.decisions],
    }
