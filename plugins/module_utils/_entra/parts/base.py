# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The base of owners, assignments and other objects that belong to an application but are not its properties."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import replication, sdk
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items, Step

if t.TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph

Document = dict[str, t.Any]


@dataclass
class Target:
    """The application that a part belongs to, in its current or, in check mode, its predicted state.

    ``application`` is a view() of the application, ``principal_id`` the object ID of its service principal. ``fresh``
    means that one of them was just created, so replicas may not know it yet.
    """

    application: Document
    principal_id: str | None
    fresh: bool = False

    @property
    def new(self) -> bool:
        """True if the application does not exist yet."""
        return bool(self.application["object_id"] == application.NO_ID)

    @property
    def name(self) -> str:
        """The name of the application for messages."""
        return application.described(self.application["display_name"], self.application["app_id"])

    def address(self, graph: Graph) -> t.Any:
        """Return the SDK's request builder for the application."""
        return application.address(graph, "object_id", self.application["object_id"])

    def principal_address(self, graph: Graph) -> t.Any:
        """Return the SDK's request builder for the service principal."""
        return graph.client.service_principals.by_service_principal_id(self.principal_id)


class Part:
    """One declared part of an application: a collection of members, each with a key.

    ``option`` is the option that declares it, and its name in results and diffs. ``of_principal`` is true if the
    members belong to the service principal.
    """

    option: str
    of_principal = False

    def __init__(self, declared: t.Any) -> None:
        self.declared = declared

    def check(self) -> None:
        """Raise InputError for a declaration that cannot work."""

    async def read(self, graph: Graph, target: Target) -> Items:
        """Return the members from Graph. Raises ServiceError."""
        raise NotImplementedError

    def after(self, present: Items, target: Target) -> Items:
        """Return the declared members, given those that are ``present``; pure. Raises InputError."""
        raise NotImplementedError

    def show(self, items: Items) -> t.Any:
        """Return the members as results and diffs show them."""
        return [items[key] for key in sorted(items)]

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        """Apply one step. Raises ServiceError."""
        raise NotImplementedError

    async def write_all(self, graph: Graph, target: Target, steps: t.Sequence[Step]) -> None:
        """Apply all steps sequentially: concurrent changes of one object fail [iss]."""
        for step in steps:
            await self.write(graph, target, step)

    async def send(self, graph: Graph, target: Target, request: RequestInformation, attempted: str) -> None:
        """Send a write ``request``, which may be repeated because members have keys: an existing one counts as added, a
        missing one as removed."""
        gone_is_done = request.http_method == sdk.Method.DELETE
        began = time.monotonic()

        def passing(error: ServiceError) -> bool:
            own = target.application["object_id"], target.principal_id
            names_ours = error.status != 404 or any(key in (error.answer or "") for key in own if key)
            long_enough = target.fresh and names_ours  # the missing object may be the one just created
            return replication.not_replicated(error) and (
                long_enough or time.monotonic() - began < replication.CATCH_UP
            )

        try:
            await replication.persist(
                lambda: graph.send(request, attempted, repeatable=True, missing_ok=gone_is_done),
                passing,
                graph.patience,
            )
        except ServiceError as error:
            if not self.already_exists(error):
                raise

    def already_exists(self, error: ServiceError) -> bool:
        """Return True if the refusal reports that the member to add exists (errors of references and assignments [rec]
        [src])."""
        text = error.answer or ""
        return error.code == replication.EXISTS or (error.status == 400 and "already exist" in text)

    def settled(self, present: Items, target: Target) -> bool:
        """Return True if the members read after a change are as declared."""
        return not _plan.steps(present, self.after(present, target))


@dataclass
class PartPlan:
    """The steps to apply to one part."""

    part: Part
    present: Items
    steps: list[Step]
    after: Items

    @classmethod
    def make(cls, part: Part, present: Items, target: Target) -> PartPlan:
        """Return the plan that leads from ``present`` to the declared members."""
        after = part.after(present, target)
        return cls(part, present, _plan.steps(present, after), after)


async def apply(graph: Graph, target: Target, todo: PartPlan) -> None:
    """Apply ``todo``, wait until reads agree that no step is left, and store the members in ``todo.after``."""
    part, steps = todo.part, todo.steps
    # The second round applies steps that a stale read has hidden.
    for wait in (replication.briefly(graph.patience), graph.patience):
        if not steps:
            return
        await part.write_all(graph, target, steps)
        todo.after, settled = await replication.settle(
            lambda: part.read(graph, target),
            lambda present: part.settled(present, target),
            wait,
        )
        steps = [] if settled else _plan.steps(todo.after, part.after(todo.after, target))
    if steps:
        raise replication.unsettled(f"Changing {part.option} of {target.name} failed", graph.patience)
