# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Plan, apply and report an application together with its service principal, parts and client secrets."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import (
    application,
    health,
    identity,
    inspection,
    lookup,
    name_resolution,
    service_principal,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts import base
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import PartPlan
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
    SecretWriter,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, ServiceError, counted

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]


@dataclass
class Plan:
    """The changes to apply, in this order: application, service principal, their parts, client secrets."""

    present: inspection.Present
    changes: list[_plan.Change] = field(default_factory=list)
    restore: bool = False
    make_principal: bool = False
    drop_principal: bool = False
    # The application's tags after the changes, which its service principal inherits
    tags: list[str] = field(default_factory=list)
    principal_changes: list[_plan.Change] = field(default_factory=list)
    parts: list[PartPlan] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    delete: bool = False
    purge: bool = False

    @property
    def changed(self) -> bool:
        """True if applying the plan sends a write request."""
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
            new = [f"new, for {counted(decision.wanted.lifetime.days, 'day')}"] if decision.makes else []
            before.setdefault("client_secrets", {})[decision.wanted.name] = [c.describe() for c in ours]
            after.setdefault("client_secrets", {})[decision.wanted.name] = [
                c.describe() for c in ours if c not in gone
            ] + new
        return {"before": before, "after": after}


def check(params: Params, wanted: t.Sequence[Wanted]) -> None:
    """Raise InputError if the declaration contradicts itself or Entra would refuse it."""
    application.check(params)
    service_principal.check(params["service_principal"] or {})
    service_principal.check_visible(params["service_principal"] or {}, params.get("tags") or [])
    name_resolution.check(params)
    for part in inspection.declared_parts(params):
        part.check()
    if (params["service_principal"] or {}).get("state") != "absent":
        return
    if any(item.present for item in wanted):
        raise InputError(
            "client_secrets cannot be used without a service principal",
            answer="Entra refuses them (AADSTS7000229), so they could never be verified",
            hint="Set the state of service_principal to present, or the state of the client secrets to absent",
        )
    needing = [part.option for part in inspection.declared_parts(params) if part.of_principal]
    if needing:
        raise InputError(
            f"{' and '.join(needing)} cannot be declared without a service principal",
            hint="Set the state of service_principal to present",
        )


def without(present: inspection.Present, refused: t.Collection[str]) -> inspection.Present:
    """Return ``present`` with a declaration without the relying parties ``refused``; if these are all, it declares
    nothing."""
    params = identity.without(present.params, refused)
    if {party["name"] for party in params["relying_parties"]} <= set(refused):
        return inspection.Present({**params, "create": False})
    return replace(present, params=params)


def plan(present: inspection.Present, wanted: t.Sequence[Wanted], now: datetime) -> Plan:
    """Return the plan from ``present`` to its declaration; pure. Raises InputError for changes that Entra refuses."""
    params = present.params
    if params["state"] == "absent":
        exists = present.application is not None
        return Plan(present, delete=exists and not present.deleted, purge=exists and params["purge"])
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


def repeated(decisions: t.Iterable[Decision], now: datetime) -> list[str]:
    """Return a warning for each client secret that every run creates, because its holder's value is unknown; pure.

    Entra never returns a value again [doc]. Without a valid client secret, this may be the first run: no warning.
    """
    found = []
    for item in (one for one in decisions if one.makes and not one.wanted.known):
        live = [credential for credential in [*item.superseded, *item.remove] if credential.live(now)]
        if live:
            count = "one that has not expired" if len(live) == 1 else f"{len(live)} that have not expired"
            found.append(
                f"Another client secret is created for {item.wanted.name}, which already has {count}. Each run creates "
                "one unless held of client_secrets is set to the holder's current value, for example the client_secret "
                "of a provider that rustdesk_oidc_provider_info reads with include_secrets"
            )
    return found


async def apply(graph: Graph, http: Http, discovery: Discovery, todo: Plan) -> list[str]:
    """Apply ``todo``, store the outcome in ``todo.present``, and return warnings.

    Raises ServiceError; earlier changes stay, and the next run continues from them.
    """
    present, params = todo.present, todo.present.params
    if todo.delete or todo.purge:
        found = present.application or {}
        if todo.delete:
            await application.delete(graph, found)
        if todo.purge:
            await lookup.purge(graph, found)
        return []

    def explaining(subject: str = "") -> t.AsyncContextManager[None]:
        return app_management_policies.explaining(graph, subject, (present.application or {}).get("id"))

    fresh = present.application is None or present.deleted or todo.make_principal
    async with explaining():
        await _apply_application(graph, todo)
    warnings = await _apply_principal(graph, todo, fresh=fresh)
    target = present.target()
    target.fresh = fresh
    if fresh:  # the parts could not be read before
        todo.parts = [PartPlan.make(item.part, await item.part.read(graph, target), target) for item in todo.parts]
    for item in todo.parts:
        async with explaining(item.part.option):
            await base.apply(graph, target, item)
    if todo.principal_changes and present.principal:
        declared = params.get("service_principal") or {}
        present.principal = await service_principal.update(
            graph, declared, present.principal, todo.tags, graph.patience, fresh=fresh
        )
    app = present.application or {}
    endpoint = inspection.token_endpoint(graph, http, discovery, app)
    async with explaining("client_secrets"):
        return [*warnings, *await SecretWriter(graph, endpoint, app).apply(todo.decisions)]


async def _apply_application(graph: Graph, todo: Plan) -> None:
    present, params, tags = todo.present, todo.present.params, todo.present.tags
    try:
        if present.application is None:
            present.application = await application.create(graph, params, todo.changes)
            return
        if todo.restore:
            present.application = await lookup.restore(graph, present.application)
            if present.principal:
                present.principal = await lookup.restore_principal(graph, present.principal)
        if todo.changes:
            present.application = await application.update(graph, params, present.application)
            _mirror(todo, tags)
    except ServiceError as error:
        if not application.name_taken(error):
            raise
        raise await lookup.taken(graph, params, error) from error


async def _apply_principal(graph: Graph, todo: Plan, *, fresh: bool) -> list[str]:
    warnings: list[str] = []
    wait = graph.patience if fresh else replication.briefly(graph.patience)
    present = todo.present
    declared = present.params.get("service_principal") or {}
    app_id = (present.application or {})["appId"]
    if todo.make_principal and present.principal is None:
        present.principal = await service_principal.create(graph, app_id)
        warnings = await service_principal.unowned(graph, present.principal)
    if todo.principal_changes and present.principal:
        loosened = service_principal.loosened(declared)
        present.principal = await service_principal.update(
            graph, loosened, present.principal, todo.tags, wait, fresh=fresh
        )
    if todo.drop_principal and present.principal:
        await service_principal.delete(graph, present.principal)
        present.principal = None
    return warnings


async def take_back(graph: Graph, http: Http, discovery: Discovery, todo: Plan, error: BaseException) -> BaseException:
    """Remove the client secrets that apply() created but cannot return because of ``error``; return ``error`` with
    the outcome."""
    app = todo.present.application
    if app is None:
        return error
    endpoint = inspection.token_endpoint(graph, http, discovery, app)
    return await SecretWriter(graph, endpoint, app).take_back(todo.decisions, error)


def revived(todo: Plan) -> list[Credential]:
    """Return the client secrets that a restored application reactivates and that no declared holder uses."""
    held = {decision.holds.key_id for decision in todo.decisions if decision.holds}
    return [item for item in todo.present.credentials if item.key_id not in held] if todo.restore else []


def predict(todo: Plan, now: datetime) -> None:
    """Update ``todo.present`` and its decisions as apply() would, as far as this can be predicted (check mode)."""
    present = todo.present
    _mirror(todo, present.tags)
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


def _mirror(todo: Plan, tags: t.Collection[str]) -> None:
    """Update what the service principal shows of its application after ``todo``; ``tags`` are the former tags."""
    present = todo.present
    if present.principal is None:
        return
    present.principal = service_principal.inheriting(present.principal, tags, todo.tags)
    for change in todo.changes:
        if change.field.option == "enabled":
            present.principal = {**present.principal, "isDisabled": not change.after}


def report(todo: Plan, discovery: Discovery, diff: Document, now: datetime, *, check_mode: bool) -> dict[str, t.Any]:
    """Return the task's result; ``diff`` is the plan's before it was applied, ``now`` the service's clock."""
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
        shown = application.predicted(present.application, todo.changes)
    else:
        shown = application.view(present.application or {})
    principal = service_principal.view(present.principal) if present.principal else None
    declared = {decision.wanted.name for decision in todo.decisions}
    others = [
        {"name": item.name, **item.result()}
        for item in sorted(present.credentials, key=lambda item: item.expires)
        if item.name not in declared and item.live(now)
    ]
    parts: Document = {}
    for item in todo.parts:
        place, _dot, member = item.part.option.rpartition(".")
        shown_in = principal if place else parts
        if shown_in is not None:
            shown_in[member] = item.part.show(item.after)
    return {
        **result,
        "application": shown,
        "adopted": present.adopted,
        "restored": todo.restore,
        "service_principal": principal,
        "obstacles": health.obstacles(shown, principal),
        **parts,
        "client_secrets": [decision.result() for decision in todo.decisions],
        "other_client_secrets": others,
    }
