# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What belongs to an application without being a property of it: the base that owners, assignments and others share."""

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
    """What a part belongs to, as it is now or, in check mode, as it would be.

    ``application`` is a view() of the application, ``principal_id`` the object ID of its service principal. ``fresh``
    is true when one of them was just made, so that replicas may not know it yet.
    """

    application: Document
    principal_id: str | None
    fresh: bool = False

    @property
    def new(self) -> bool:
        """Whether there is no application yet."""
        return bool(self.application["object_id"] == application.NO_ID)

    @property
    def name(self) -> str:
        """How messages name the application."""
        return application.described(self.application["display_name"], self.application["app_id"])

    def address(self, graph: Graph) -> t.Any:
        """The SDK's request builder for the application."""
        return application.address(graph, "object_id", self.application["object_id"])

    def principal_address(self, graph: Graph) -> t.Any:
        """The SDK's request builder for the service principal."""
        return graph.client.service_principals.by_service_principal_id(self.principal_id)


class Part:
    """One declared part of an application: a collection of members, each with a key.

    ``option`` is the option that declares it, and its name in results and diffs; ``of_principal`` is true where the
    members belong to the service principal.
    """

    option: str
    of_principal = False

    def __init__(self, declared: t.Any) -> None:
        self.declared = declared

    def check(self) -> None:
        """Raise InputError for a declaration that cannot work."""

    async def read(self, graph: Graph, target: Target) -> Items:
        """The members as Graph has them. Raises ServiceError."""
        raise NotImplementedError

    def after(self, present: Items, target: Target) -> Items:
        """The members as they shall be, given those that are ``present``; pure. Raises InputError."""
        raise NotImplementedError

    def show(self, items: Items) -> t.Any:
        """The members as results and diffs show them."""
        return [items[key] for key in sorted(items)]

    async def write(self, graph: Graph, target: Target, step: Step) -> None:
        """Carry out one step. Raises ServiceError."""
        raise NotImplementedError

    async def write_all(self, graph: Graph, target: Target, steps: t.Sequence[Step]) -> None:
        """Carry out all steps, one after the other: concurrent changes of one object fail [iss]."""
        for step in steps:
            await self.write(graph, target, step)

    async def send(self, graph: Graph, target: Target, request: RequestInformation, attempted: str) -> None:
        """Send a writing ``request`` that may be repeated, as the members have keys: one that is there already was
        added, one that is missing was removed."""
        gone_is_done = request.http_method == sdk.Method.DELETE
        began = time.monotonic()

        def passing(error: ServiceError) -> bool:
            own = target.application["object_id"], target.principal_id
            names_ours = error.status != 404 or any(key in (error.answer or "") for key in own if key)
            long_enough = target.fresh and names_ours  # what is missing may be what was just made
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
            if not self.there_already(error):
                raise

    def there_already(self, error: ServiceError) -> bool:
        """Whether the refusal says that what shall be added is there (reference and assignment errors [rec] [src])."""
        text = error.answer or ""
        return error.code == replication.EXISTS or (error.status == 400 and "already exist" in text)

    def settled(self, present: Items, target: Target) -> bool:
        """Whether the members read after a change are as they shall be."""
        return not _plan.steps(present, self.after(present, target))


@dataclass
class PartPlan:
    """What has to be done with one part."""

    part: Part
    present: Items
    steps: list[Step]
    after: Items

    @classmethod
    def make(cls, part: Part, present: Items, target: Target) -> PartPlan:
        """The plan that leads from ``present`` to what the part declares."""
        after = part.after(present, target)
        return cls(part, present, _plan.steps(present, after), after)


async def apply(graph: Graph, target: Target, todo: PartPlan) -> None:
    """Carry out ``todo``, wait until reads agree that nothing is left to do, and put what is there into it."""
    part, steps = todo.part, todo.steps
    # A second round is for what a stale read had hidden.
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
