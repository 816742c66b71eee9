# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""One server of a run, with its declaration and the results of the tasks that it has passed. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._input import GUID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import CONSOLES
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import usable_secret
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.declaration import Declaration

Result = t.Mapping[str, t.Any]
Entry = dict[str, t.Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Server:
    """One server of a run: its ``declaration``, and the results of the tasks that it has passed, empty before.

    ``failure`` has the ``phase`` and ``message`` of its failure, empty if it did not fail. ``put_back``,
    ``verified_after`` and ``console_after`` are the results of the tasks after a failure, ``taken_back`` that of the
    task that removes stranded client secrets, and ``trials`` the verification of all servers that were tried first.
    ``deleted`` is the result of the task that looks up a deleted application.
    """

    declaration: Declaration
    console: Result = field(default_factory=dict)
    registration: Result = field(default_factory=dict)
    configured: Result = field(default_factory=dict)
    verified: Result = field(default_factory=dict)
    retired: Result = field(default_factory=dict)
    failure: Result = field(default_factory=dict)
    put_back: Result = field(default_factory=dict)
    verified_after: Result = field(default_factory=dict)
    trials: Result = field(default_factory=dict)
    console_after: Result = field(default_factory=dict)
    taken_back: Result = field(default_factory=dict)
    deleted: Result = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the server's name in the inventory."""
        return self.declaration["server"]

    @property
    def provider(self) -> Result:
        """Return the provider as the inspected console has it; empty if it has none."""
        return next(iter(self.console.get("providers") or []), {})

    @property
    def held(self) -> str:
        """Return the client secret that the inspected console holds; empty if it holds none, or a placeholder."""
        return usable(self.provider)

    @property
    def holds_none(self) -> bool:
        """Return whether the inspected console is known to hold no client secret of an application in Entra.

        A provider with another name may hold the one that was created for this console.
        """
        others = self.console.get("other_providers") or []
        readable = bool(self.console.get("console_type")) and self.provider.get("client_secret_set", False) is not None
        return readable and not self.held and not any(_may_be_of_entra(item) for item in others)

    @property
    def callback_url(self) -> str:
        """Return the callback URL that the console sends after this run, byte for byte, which is the one to register.

        The console keeps its own spelling of the same address unless O(public_url) declares another one that can be
        written to it.
        """
        declared, present = self.declaration["callback_url"], self.console.get("callback_url") or ""
        writes = self.declaration["public_url_declared"] and takes_callback_url(self.console)
        return declared if writes or not _addresses.same(present, declared) else present


def key(declaration: Declaration) -> Key:
    """Return what servers that share an application have in common: the tenant as they name it, and the unique name."""
    return declaration["tenant_id"].lower(), declaration["application"]["unique_name"]


def usable(provider: Result) -> str:
    """Return the client secret of a console's ``provider``; empty if it has none, or a placeholder."""
    return usable_secret(provider.get("client_secret")) or ""


def _may_be_of_entra(provider: Result) -> bool:
    """Return whether ``provider`` may have a client secret of Entra, whose client IDs are GUIDs."""
    named = GUID.fullmatch(str(provider.get("client_id") or "").lower())
    return bool(named) and provider.get("client_secret_set") is not False


def takes_callback_url(console: Result) -> bool:
    """Return whether a console's callback URL can be set through its API."""
    known = CONSOLES.get(str(console.get("console_type")))
    return known is None or "callback_url" in known.supports
