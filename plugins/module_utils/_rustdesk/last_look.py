# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The last requests of a session that earlier tasks kept open: what the console holds in the end, and the logout."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import find
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

if t.TYPE_CHECKING:
    from threading import Event

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import Console


def last_look(params: t.Mapping[str, t.Any], others: Event) -> bool | None:
    """Whether the provider O(name) still has exactly O(client_secret); None if that cannot be read, or is not asked:
    O(look_again) asks for it, and a write of the same session.

    After a write, this waits for the ``others``, who are at work meanwhile: the later the look, the more it sees. The
    session is closed, whatever fails. Raises ConflictError if another process has overwritten the provider.
    """
    with signed_in({**params, "keep_session": False}) as session:
        if session.console.wrote:
            others.wait()
        elif not params["look_again"]:
            return None
        session.console.look_again()
        return _holds(session.console, params["name"], params["client_secret"])


def _holds(console: Console, name: str, client_secret: str | None) -> bool | None:
    if not client_secret:
        return None
    try:
        found = find(console.providers(name), name)
    except ServiceError:
        return None
    if found is None:
        return False
    return found.client_secret == client_secret if found.secret_readable else None
