# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RustDesk Server Pro's settings document without a network, and a convergence of it as the module performs it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import provider
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro import Pro

PATH = "/api/oidc/settings"
NEW = {"client_id": "id", "client_secret": "s3cret", "issuer": "https://login.example/t/v2.0"}
AZURE = {"name": "Azure", "order_index": 1, "enabled": True, **NEW, "group_mapping": ["g"]}
OTHER = {"name": "okta", "order_index": 3, "enabled": False, "client_id": "", "client_secret": "x1", "pkce": {"on": 1}}


class Wire:
    """A stand-in for the console: it holds one document, and may alter the document when it is written (``keeps``)."""

    url = "https://desk.example.com"

    def __init__(self, document: Any, keeps: Callable[[Any], Any] = lambda document: document) -> None:
        self.document = document
        self.keeps = keeps
        self.writes = 0
        self.headers: dict[str, str] = {}

    def keep_secret(self, *values: Any) -> None:
        """Ignore secrets, because this wire quotes nothing."""

    def call(self, method: str, path: str, _attempted: str, *, json: Any = None) -> Any:
        """Handle one request."""
        assert path == PATH
        if method == "GET":
            return copy.deepcopy(self.document)
        assert method == "PUT"
        self.writes += 1
        self.document = self.keeps(copy.deepcopy(json))
        return None


def document(*entries: Any, **top: Any) -> dict[str, Any]:
    """A settings document with these providers."""
    return {
        "max_auth_count": 500,
        "callback_url": "https://desk.example.com/api/oidc/callback",
        "providers": list(entries),
        "trusted_origins": ["a"],
        **top,
    }


def declared(**options: Any) -> dict[str, Any]:
    """The options of rustdesk_oidc_provider; options that are not given are omitted."""
    unset = {item.option: None for item in (*provider.FIELDS, *provider.SETTINGS)}
    return {"name": "azure", "state": "present", "update_secret": "on_create", **unset, **options}


def converge(wire: Wire, contract: Mapping[str, Any] | None = None, **options: Any) -> provider.Plan:
    """Converge a signed-in console as the module does, keeping the session; return the plan."""
    console = Pro(wire, contract)
    params = declared(**options)
    todo = provider.plan(params, console.providers(params["name"]), console.settings())
    if todo.changed:
        console.check(todo)
        console.apply(todo)
    return todo
