# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""End a session that earlier tasks kept open: check what the console holds, and sign out."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ConflictError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import KeepsDiscovery
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import find, is_whole
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.session import signed_in

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import Console
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Tested
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.questions import Questions

Params = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class FinalCheck:
    """The result of the final check: ``holds`` is true if the provider still has O(client_secret), None if unknown.

    If another process has written its own client secret to the same provider, ``conflict`` is the error for that, and
    ``others_secret`` is that client secret.
    """

    holds: bool | None = None
    conflict: ConflictError | None = None
    others_secret: str = ""


def final_check(
    params: Params, questions: Questions[Tested], notify: t.Callable[[str], None] | None = None
) -> FinalCheck:
    """Check the final state of the provider O(name), if O(look_again) is set or the session has written.

    Until ``questions`` ends, serve the calls of another thread to test the console's discovery, if the console caches
    it. The session is closed in every case. Raises ConflictError if another process has overwritten the provider.
    """
    try:
        with signed_in({**params, "keep_session": False}, notify) as session:
            console = session.console
            if console.wrote:
                questions.serve(lambda: None)  # a later check detects more conflicts
            seen = _check(console, params) if console.wrote or params["look_again"] else FinalCheck()
            if isinstance(console, KeepsDiscovery):
                questions.serve(lambda: console.test_discovery(params["name"]))
            return seen
    finally:
        questions.close()


def _check(console: Console, params: Params) -> FinalCheck:
    try:
        console.look_again()
    except ConflictError as conflict:
        return _overwritten(console, params, conflict)
    return FinalCheck(_holds(console, params["name"], params["client_secret"]))


def _overwritten(console: Console, params: Params, conflict: ConflictError) -> FinalCheck:
    """Return what another process wrote to the provider; raises ``conflict`` if more than its client secret differs."""
    found = find(console.providers(params["name"]), params["name"], console.type)
    same = found is not None and (found.client_id, found.issuer) == (params["client_id"], params["issuer"])
    if found is None or not same or not is_whole(found.client_secret):
        raise conflict
    return FinalCheck(False, conflict, str(found.client_secret))


def _holds(console: Console, name: str, client_secret: str | None) -> bool | None:
    if not client_secret:
        return None
    try:
        found = find(console.providers(name), name, console.type)
    except ServiceError:
        return None
    if found is None:
        return False
    return found.client_secret == client_secret if found.secret_readable else None
