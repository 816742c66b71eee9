# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The requests to rustdesk_console, and the formats of its providers and general settings."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles import (
    rustdesk_console_members as members,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import PAGE, is_last

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

Document = dict[str, t.Any]

PROVIDERS = "/api/oidc-providers"
GENERAL = "/api/settings/general"
# Members of the general settings; the first one that is set is used [src]
ADDRESSES = ("backendUrl", "frontendUrl")
# The members of a provider that are read
PROVIDER = {
    "guid": str,
    "priority": int,
    "type": str,
    "scope": str,
    **dict.fromkeys(members.KEYS.values(), str),
    "enabled": bool,
}
GENERAL_SETTINGS = {"watermarkEnabled": bool, "site": dict.fromkeys(ADDRESSES, str)}


class Requests:
    """Requests to one console."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def general(self) -> Document:
        """Return the general settings. Raises ServiceError for an unknown format."""
        found = self.call("GET", GENERAL, "Reading the general settings")
        if not isinstance(found, dict):
            raise ServiceError(f"The general settings of the console {self._connection.url} have an unknown format")
        inner = found.get("data")
        general = inner if isinstance(inner, dict) else found
        _documents.check(general, GENERAL_SETTINGS, "Reading the general settings failed")
        return general

    def listed(self) -> list[Document]:
        """Return all providers; the paging parameters are mandatory [rec]."""
        items: list[Document] = []
        for page in range(1, 100):
            path = f"{PROVIDERS}?current={page}&pageSize={PAGE}"
            answer = self.call("GET", path, "Listing the OIDC providers")
            data = answer.get("data") if isinstance(answer, dict) else None
            if not isinstance(data, list) or not all(isinstance(item, dict) and item.get("guid") for item in data):
                raise ServiceError(
                    f"The console {self._connection.url} lists its OIDC providers in an unknown format",
                    hint="Nothing was written. Report the console's version",
                )
            for item in data:
                self._check(item)
            items += data
            if is_last(len(data), len(items), answer.get("total")):
                break
        return sorted(items, key=lambda item: item.get("priority") or 0)

    def read(self, guid: str) -> Document:
        """Return one provider with its client secret."""
        found = self.call("GET", f"{PROVIDERS}/{guid}", "Reading an OIDC provider")
        if not isinstance(found, dict) or found.get("guid") != guid:
            raise ServiceError(f"The console {self._connection.url} shows an OIDC provider in an unknown format")
        self._check(found)
        self._connection.keep_secret(found.get("clientSecret"))
        return found

    def _check(self, item: Document) -> None:
        """Raise ServiceError for a provider with members of unexpected types."""
        attempted = f"Reading the OIDC providers of the console {self._connection.url} failed"
        _documents.check(item, PROVIDER, attempted)
        _documents.text(item, "name", attempted)
        if not re.fullmatch("[A-Za-z0-9-]+", item["guid"]):  # it is used in paths
            raise _documents.not_understood("guid is not a GUID", attempted)

    def call(self, method: str, path: str, what: str, body: t.Any = None) -> t.Any:
        """Send one request for the operation ``what`` and return the response; see Connection.call()."""
        if isinstance(body, dict):
            self._connection.keep_secret(body.get("clientSecret"))
        return self._connection.call(method, path, self.attempted(what), json=body)

    def attempted(self, what: str) -> str:
        """Return the beginning of an error message for the operation ``what``."""
        return f"{what} in the console {self._connection.url} failed"
