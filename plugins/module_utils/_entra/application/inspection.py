# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read a declared application from the tenant, with its service principal, parts and client secrets."""

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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.admin_consent import AdminConsent
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.assignments import Assignments
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Part, Target
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.certificates import Certificates
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.federated_credentials import (
    FederatedCredentials,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.logo import Logo
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.owners import Owners, PrincipalOwners
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import (
    client_secrets,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
    Credential,
    Wanted,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.writer import (
    LISTED_WITHIN,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import Discovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import (
    TokenEndpoint,
    Verdict,
)

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

Document = dict[str, t.Any]
Params = t.Mapping[str, t.Any]

# In the order of changes; owners last, because the right to change the others may depend on them.
PARTS: tuple[type[Part], ...] = (
    Certificates,
    FederatedCredentials,
    Assignments,
    AdminConsent,
    Logo,
    PrincipalOwners,
    Owners,
)


@dataclass
class Present:
    """The current state in the tenant.

    ``params`` is the declaration with IDs instead of names. ``deleted`` is true if ``application`` is a deleted one.
    ``items`` are the members of each declared part by its option.
    """

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
        """The application's tags, which its service principal inherits."""
        return list((self.application or {}).get("tags") or [])

    @property
    def credentials(self) -> list[Credential]:
        """The application's client secrets."""
        return [Credential.parse(item) for item in (self.application or {}).get("passwordCredentials") or []]

    def target(self, view: Document | None = None) -> Target:
        """Return the target of the parts; ``view`` is the resulting application."""
        return Target(view or application.view(self.application or application.NEW), (self.principal or {}).get("id"))


def declared_parts(params: Params) -> list[Part]:
    """Return the parts that ``params`` declares; omitted options are not managed."""
    found = []
    for kind in PARTS:
        place, _dot, member = kind.option.rpartition(".")
        declared = ((params.get(place) or {}) if place else params).get(member)
        if declared is not None:
            found.append(kind(declared))
    return found


async def inspect(
    graph: Graph, http: Http, discovery: Discovery, params: Params, wanted: t.Sequence[Wanted]
) -> Present:
    """Read the application, its service principal and declared parts, and test the holders' client secrets."""
    found, adopted = await lookup.find(graph, params)
    present = Present(params, application=found, adopted=adopted)
    leaving = params["state"] == "absent"
    gone = None
    if not leaving:
        gone = await lookup.to_restore(graph, params, found)
    elif found is None and params["purge"]:
        gone = await lookup.to_purge(graph, params)
    if gone is not None:
        present.application, present.deleted, found = gone, True, gone
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
        endpoint = token_endpoint(graph, http, discovery, found)
        answers = await asyncio.gather(*(_verdict(endpoint, item, present.credentials, graph.now) for item in held))
        present.verdicts = {item.name: answer for item, answer in zip(held, answers, strict=True)}
    await _catch_up(graph, present, wanted)
    return present


def token_endpoint(graph: Graph, http: Http, discovery: Discovery, app: Document) -> TokenEndpoint:
    """Return the token endpoint for the application."""
    return TokenEndpoint(http, discovery.token_endpoint, graph.cloud.scope, app["appId"])


def _doubtful(verify: str, wanted: Wanted, credentials: list[Credential], now: datetime) -> bool:
    """Return True if a holder's value has to be tested at the token endpoint; see the option O(verify_held)."""
    if verify == "never" or not (wanted.present and wanted.held):
        return False
    return verify == "always" or not any(c.live(now) for c in client_secrets.matching(wanted, credentials))


async def _verdict(endpoint: TokenEndpoint, wanted: Wanted, credentials: list[Credential], now: datetime) -> Verdict:
    """Return the token endpoint's verdict on a holder's value.

    If a valid listed client secret may be the same one, a rejection counts only if it is repeated: a replica may not
    have it yet.
    """
    plausible = any(c.live(now) for c in client_secrets.matching(wanted, credentials))
    verdict = await endpoint.ask(wanted.held or "")
    for _again in range(replication.AGREEING - 1 if plausible else 0):
        if verdict.accepted is not False:
            break
        await asyncio.sleep(replication.FIRST_PAUSE)
        verdict = await endpoint.ask(wanted.held or "")
    return verdict


async def _catch_up(graph: Graph, present: Present, wanted: t.Sequence[Wanted]) -> None:
    """Read the application again if a stale list misses a client secret that exists: one that Entra accepts, or one
    that is declared by its key ID."""
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
