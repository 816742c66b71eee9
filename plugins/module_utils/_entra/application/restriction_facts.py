# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read the facts that decide whether users can sign in: assignments, consent, and the tenant's consent policy.

Facts that make no difference, or that the access token does not permit, are not read. They are unknown.
"""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import application
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.restrictions import (
    Facts,
    covers,
    users_may_consent,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import permission_hints
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts import admin_consent, assignments
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.admin_consent import AdminConsent
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.assignments import Assignments
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.registration import Plan
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.session import Graph
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.parts.base import Target
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._plan import Items


async def read(graph: Graph, todo: Plan, result: t.Mapping[str, t.Any], *, check_mode: bool) -> Facts:
    """Return the facts after ``todo``, which was applied, or predicted in check mode, with this ``result``.

    The tenant's consent policy seldom restricts users, so it is read only in check mode (for a report) and if something
    changes.
    """
    principal = result["service_principal"]
    required = bool(principal and principal["app_role_assignment_required"])
    audience = result["application"]["sign_in_audience"]
    if not principal:
        return Facts(audience, required)
    reader = _Reader(graph, todo, restores=todo.restore and check_mode)
    allowed = None
    if not required and (check_mode or todo.changed) and reader.tells_consent:
        allowed = await reader.users_may_consent()
    return Facts(
        audience,
        required,
        assigned=await reader.assigned() if required else None,
        users_may_consent=allowed,
        consented=await reader.consented() if required or allowed is False else None,
    )


class _Reader:
    """Takes each fact from the plan if it is known there, else from Graph."""

    def __init__(self, graph: Graph, todo: Plan, *, restores: bool) -> None:
        """``restores``: check mode predicts a restored application, of which not everything is known."""
        self._graph = graph
        self._restores = restores
        self._parts = {item.part.option: item for item in todo.parts}
        self._new = todo.make_principal
        found = todo.present.target()
        exists = found.principal_id not in (None, application.NO_ID) and not restores
        self._target: Target | None = found if exists else None

    @property
    def tells_consent(self) -> bool:
        """True if consented() can return a result other than None."""
        return self._new or self._may_read_grants or self._declared_consent() is not None

    @property
    def _may_read_grants(self) -> bool:
        return self._target is not None and self._graph.may(permission_hints.READ_GRANTS)

    async def assigned(self) -> bool | None:
        """Return True if any user or group is assigned, None if unknown."""
        declared = self._parts.get(Assignments.option)
        if declared:
            return bool(declared.after) or (None if self._restores else False)
        if self._new:
            return False
        with suppress(ServiceError):
            return await assignments.anybody(self._graph, self._target) if self._target else None
        return None

    async def consented(self) -> bool | None:
        """Return True if an administrator has consented for all users, None if unknown."""
        declared = self._declared_consent()
        if declared is not None:
            return covers(declared.values()) or (None if self._restores else False)
        if self._new:
            return False
        with suppress(ServiceError):
            if self._target and self._may_read_grants:
                return covers((await admin_consent.grants(self._graph, self._target)).values())
        return None

    async def users_may_consent(self) -> bool | None:
        """Return True if the tenant allows users to consent to applications, None if unknown."""
        if not self._graph.may(permission_hints.READ_AUTHORIZATION_POLICY):
            return None
        policies = self._graph.client.policies
        with suppress(ServiceError):
            found = await self._graph.get(policies.authorization_policy, "Reading the authorization policy failed")
            return users_may_consent(found or {})
        return None

    def _declared_consent(self) -> Items | None:
        """Return all grants if the declaration required reading them."""
        declared = self._parts.get(AdminConsent.option)
        part = declared.part if declared else None
        return declared.after if declared and isinstance(part, AdminConsent) and part.manages("scopes") else None
