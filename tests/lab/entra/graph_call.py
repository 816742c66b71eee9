# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request to Graph and its response, independent of HTTP, so that a batch can carry several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..directory import Directory, Tenant
from ..vault import Vault
from .schemas import Schemas


@dataclass
class Caller:
    """The caller, from the access token."""

    app_id: str
    oid: str
    roles: frozenset[str]
    # The lab's own token reads only the primary, so that the reads of a test are never stale.
    primary: bool = False


@dataclass
class Call:
    """A request, with everything a handler needs."""

    tenant: Tenant
    caller: Caller
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    directory: Directory
    vault: Vault
    schemas: Schemas
    graph_url: str
    stale: bool = False
    # A request body that is not JSON
    raw: bytes = b""

    @property
    def now(self) -> datetime:
        """Return the directory's time."""
        return self.directory.now()

    def context(self, path: str) -> str:
        """Return an ``@odata.context``."""
        return f"{self.graph_url}/v1.0/$metadata#{path}"

    def location(self, kind: str, key: str, of_type: str = "") -> dict[str, str]:
        """Return the ``Location`` of a created object [rec]."""
        suffix = f"/Microsoft.DirectoryServices.{of_type}" if of_type else ""
        return {"Location": f"{self.graph_url}/v2/{self.tenant.id}/{kind}/{key}{suffix}"}


@dataclass
class Answer:
    """A successful response. `content` is a body other than JSON, with the type in `headers`."""

    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cost: int = 1
    content: bytes | None = None


NO_CONTENT = Answer(204)
