# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The kinds of consoles. Each is one class with the same verbs, in one file of the folder consoles; nothing else knows
its wire format.
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro import Pro

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan, Provider


class Console(t.Protocol):
    """What the modules ask of a console; all of it after the connection has signed in."""

    kind: str

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides how settings are read and written."""

    def providers(self) -> list[Provider]:
        """All providers, in the console's order."""

    def callback_url(self) -> str | None:
        """The callback URL that the console sends to the identity provider, None when it has none yet."""

    def apply(self, plan: Plan) -> None:
        """Write what ``plan`` changes, read it back, and leave all else as it was."""


CONSOLES: dict[str, type[Console]] = {"pro": Pro}


def choose(kind: str) -> type[Console]:
    """The class for the option O(console)."""
    return CONSOLES["pro" if kind == "auto" else kind]
