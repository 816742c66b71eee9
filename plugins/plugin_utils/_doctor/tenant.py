# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the facts about Entra that entra.py evaluates. It only reads, and requests a token."""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application as app
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import ownership
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.restrictions import (
    covers,
    users_may_consent,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import permission_hints, session
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import clouds
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.clouds import Cloud
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery, discover
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    ServiceError,
    SsoError,
    unforeseen,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import entra, needs
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.entra import Application, Facts
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation as own
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation

# The longest timeout of a request in seconds, because an examination should not take as long as a run
LONGEST = 10.0
# The options that contain secrets
SECRETS = tuple(name for name, rules in ENTRA_OPTIONS.items() if rules.get("no_log"))


class Declared(t.TypedDict):
    """The Entra declaration of one server.

    ``options`` are the sign-in options, with secrets. ``application`` is empty if the declaration cannot be used.
    """

    tenant_id: str
    options: dict[str, t.Any]
    automation: Automation
    warn_before: str
    application: dict[str, t.Any]
    lifetime: str


@dataclass
class Tenant:
    """One set of credentials, the declarations of its servers, and the facts that were read."""

    declared: list[Declared]
    servers: list[str]
    facts: Facts | None = None
    failure: SsoError | None = None
    # Entra's clock, and the controller's at the same time
    clock: tuple[datetime, datetime] | None = None

    @property
    def ahead(self) -> float | None:
        """The number of seconds by which the controller's clock is ahead of Entra's, or None if unknown."""
        return (self.clock[1] - self.clock[0]).total_seconds() if self.clock else None


def grouped(declared: t.Mapping[str, Declared]) -> list[Tenant]:
    """Group the servers by their set of credentials."""
    found: dict[str, Tenant] = {}
    for server, item in declared.items():
        key = repr((item["tenant_id"].lower(), sorted(item["options"].items())))
        tenant = found.setdefault(key, Tenant([], []))
        tenant.declared.append(item)
        tenant.servers.append(server)
    return list(found.values())


def examine(tenant: Tenant) -> None:
    """Query the login endpoint and Graph, and set ``facts`` or ``failure`` of ``tenant``. Never raises."""
    try:
        _examine(tenant)
    except Exception as error:  # noqa: BLE001  # its text may contain a secret
        tenant.failure = unforeseen(error)


def _examine(tenant: Tenant) -> None:
    first = tenant.declared[0]
    rules = {name: {**rule, "required": False} for name, rule in ENTRA_OPTIONS.items()}
    params = ArgumentSpecValidator(rules).validate(first["options"]).validated_parameters
    params = {**params, "timeout": min(params["timeout"], LONGEST), "wait_timeout": 0.0}
    cloud = clouds.choose(params)
    client_id = params.get("client_id")
    facts = Facts(
        where=cloud.authority_host,
        found="",
        who=f"application {client_id}" if client_id else "signed-in account",
        automation=first["automation"],
        now=datetime.now(timezone.utc),
        needed={need: why for item in tenant.declared for need, why in needs.permissions(item["application"]).items()},
    )
    try:
        with closing(Http(params["ca_path"], params["timeout"], wait_timeout=0.0)) as http:
            found = discover(http, cloud, first["tenant_id"])
    except SsoError as error:
        reached = error.status is not None and error.code is not None
        tenant.facts = replace(facts, tenant=error) if reached else replace(facts, login=error)
        return
    if found.now:
        tenant.clock = found.now, datetime.now(timezone.utc)
        facts = replace(facts, now=found.now)
    facts = replace(facts, found=f"tenant {found.tenant_id}, issuer {found.issuer}, cloud {cloud.declared}")
    try:
        tenant.facts = asyncio.run(_examined(params, cloud, found, facts, tenant.declared))
    except SsoError as error:
        tenant.facts = replace(facts, sign_in=error)


async def _examined(
    params: t.Mapping[str, t.Any], cloud: Cloud, found: Discovery, facts: Facts, declared: list[Declared]
) -> Facts:
    async with session.connect(params, cloud, found.tenant_id) as graph:
        applications = _applications(declared)
        read = []
        for known, key in applications:
            try:
                read.append(await _application(graph, known, key))
            except ServiceError as error:  # noqa: PERF203 - of a few
                if not graph.caller.known:
                    return replace(facts, sign_in=error)
                if error.status is None:
                    return replace(facts, graph=error, caller=graph.caller)
                read.append(replace(known, error=error))
        facts = replace(facts, caller=graph.caller, applications=read)
        if facts.automation["state"] == "unknown" and params.get("client_secret"):
            facts = replace(facts, automation=await _own_secret(graph, params, facts, declared[0]["warn_before"]))
        if graph.may(permission_hints.READ_AUTHORIZATION_POLICY):
            with suppress(ServiceError):
                address = graph.client.policies.authorization_policy
                facts = replace(
                    facts, authorization=await graph.get(address, "Reading the authorization policy failed")
                )
        return await _with_consent(graph, facts)


def _applications(declared: list[Declared]) -> list[tuple[Application, tuple[str, str]]]:
    """Return each declared application with its lookup key.

    If none is declared, return a placeholder, so that Graph is queried anyway.
    """
    found: dict[tuple[str, str], Application] = {}
    for item in declared:
        options = item["application"]
        name = "app_id" if options.get("app_id") else "unique_name"
        key = (name, str(options.get(name) or ""))
        if not key[1]:
            continue
        lifetime = _durations.parse(item["lifetime"], "lifetime")
        consents = any(resource.get("scopes") for resource in options.get("admin_consent") or [])
        before = found.get(key)
        longest = max(lifetime, before.lifetime) if before and before.lifetime else lifetime
        either = consents or bool(before and before.declares_consent)
        found[key] = Application(key[1], longest, either)
    if not found:
        return [(Application("rustdesk-sso"), ("unique_name", "rustdesk-sso"))]
    return [(known, key) for key, known in found.items()]


async def _application(graph: Graph, known: Application, key: tuple[str, str]) -> Application:
    document = await app.read(graph, *key, also=["createdDateTime"])
    if document:
        view = {"object_id": document["id"], "app_id": document["appId"], "display_name": document["displayName"]}
        known = replace(known, document=document, refusal=await ownership.read(graph, view))
    if graph.may(entra.READ_POLICY):
        with suppress(ServiceError):
            known = replace(known, policy=await _policy(graph, document))
    return known


async def _policy(graph: Graph, document: t.Mapping[str, t.Any] | None) -> t.Mapping[str, t.Any]:
    """Return the policy that is assigned to the application and replaces the default policy [doc], or the default."""
    attempted = "Reading the app management policy failed"
    if document:
        address = app.address(graph, "object_id", document["id"]).app_management_policies
        for policy in await graph.pages(graph.request("GET", address), attempted):
            return policy
    return await graph.get(graph.client.policies.default_app_management_policy, attempted) or {}


async def _own_secret(graph: Graph, params: t.Mapping[str, t.Any], facts: Facts, warn_before: str) -> Automation:
    """Return the automation with the expiry date of its client secret, if it can be determined.

    The automation must be able to read its own application, and only one client secret may match. A hint is the first
    three characters [rec].
    """
    with suppress(ServiceError):
        address = app.address(graph, "app_id", params["client_id"])
        attempted = "Reading the automation's own application failed"
        document = await graph.get(address, attempted, missing_ok=True, select=["passwordCredentials"]) or {}
        ends = [
            str(item["endDateTime"])
            for item in document.get("passwordCredentials") or []
            if item.get("hint") == params["client_secret"][:3]
        ]
        if len(ends) == 1:
            expires = datetime.fromisoformat(ends[0][:19] + "+00:00").strftime("%Y-%m-%dT%H:%M:%SZ")
            span = _durations.parse(warn_before, "warn_before")
            return own.judge({**facts.automation, "expires": expires}, span, facts.now)  # type: ignore[dict-item]
    return facts.automation


async def _with_consent(graph: Graph, facts: Facts) -> Facts:
    """Return ``facts`` with the consent for each application, if it matters and the automation may read it."""
    if facts.authorization is None or users_may_consent(facts.authorization) is not False:
        return facts
    if not graph.may(permission_hints.READ_GRANTS):
        return facts
    known = []
    for item in facts.applications:
        consented = None
        if item.document and not item.declares_consent:
            with suppress(ServiceError):
                consented = await _consented(graph, item.document["appId"])
        known.append(replace(item, consented=consented))
    return replace(facts, applications=known)


async def _consented(graph: Graph, app_id: str) -> bool:
    address = graph.client.service_principals_with_app_id(app_id)
    principal = await graph.get(address, "Reading the service principal failed", missing_ok=True, select=["id"])
    if not principal:
        return False
    grants = graph.client.service_principals.by_service_principal_id(principal["id"]).oauth2_permission_grants
    found = await graph.pages(graph.request("GET", grants), "Reading the consent failed")
    scopes = [(item.get("scope") or "").split() for item in found if item.get("consentType") == "AllPrincipals"]
    return covers([{"scopes": each} for each in scopes])
