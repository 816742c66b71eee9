# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Select the part of a change that concerns one server. Pure."""

from __future__ import annotations

import typing as t

import yaml

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Drift
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._plain import plain

Side = t.Mapping[str, t.Any]

SECRETS, REDIRECT_URIS = "client_secrets", "web_redirect_uris"


def of_server(before: Side, after: Side, what: str, secret_name: str, callback_url: str) -> list[Drift]:
    """Return the difference between ``before`` and ``after`` of the object ``what``: one item for the report, or none.

    Changes that concern only other servers are left out. An empty ``secret_name`` leaves out the server's own client
    secret, too.
    """
    sides = [plain(before), plain(after)]
    uris = [set(side.get(REDIRECT_URIS) or []) for side in sides]
    others_only = not _addresses.spellings([callback_url], uris[0] ^ uris[1]) and uris[0] <= uris[1]
    for side in sides:
        mine = (side.pop(SECRETS, None) or {}).get(secret_name)
        if mine is not None:
            side[SECRETS] = mine
        if not secret_name:
            side.pop("client_secret", None)
        if others_only:
            side.pop(REDIRECT_URIS, None)
    if sides[0] == sides[1]:
        return []
    return [{"object": what, "before": _text(sides[0]), "after": _text(sides[1])}]


def _text(side: dict[str, t.Any]) -> str:
    return str(yaml.safe_dump(side, sort_keys=False, allow_unicode=True, width=100)) if side else ""
