# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The users of a RustDesk Server Pro, read once for all questions about them."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

Document = dict[str, t.Any]

PAGE = 100


class Users:
    """The users as the vendor's users.py reads them [doc]; each answer is None where they are not told in that form."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: list[Document] | None = None

    def local_administrators(self) -> list[str] | None:
        """The names of the administrators who can sign in without an identity provider."""
        users = self._all()
        if users is None:
            return None
        return [
            str(user.get("name"))
            for user in users
            if user.get("is_admin") and not user.get("third_auth_type") and user.get("status", 1) == 1
        ]

    def authorized(self) -> int | None:
        """How many of them have an identity provider."""
        users = self._all()
        return None if users is None else sum(1 for user in users if user.get("third_auth_type"))

    def _all(self) -> list[Document] | None:
        if self._read is not None:
            return self._read
        found: list[Document] = []
        for page in range(1, 100):
            path = f"/api/users?current={page}&pageSize={PAGE}"
            try:
                answer = self._connection.call("GET", path, "Reading the console's users failed")
            except ServiceError:
                return None
            users = answer.get("data") if isinstance(answer, dict) else None
            if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
                return None
            found += users
            if len(users) < PAGE:
                break
        self._read = found
        return found
