# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Read a console's users page by page."""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import PAGE, is_last

PAGES = 100


def listed(url: str, read: t.Callable[[int], t.Any], member: str) -> list[dict[str, t.Any]]:
    """Return all users of the console at ``url``; ``read`` returns a page by its number, with the users in ``member``.

    Raises ServiceError if the pages have an unknown format, or if there are too many.
    """
    found: list[dict[str, t.Any]] = []
    for number in range(1, PAGES + 1):
        page = read(number)
        total = page.get("total") if isinstance(page, dict) else None
        users = page.get(member) if isinstance(page, dict) else None
        if users is None and isinstance(total, int):
            users = []  # Go omits an empty list
        if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
            raise ServiceError(
                f"The console {url} lists its users in an unknown format",
                hint="Report this to the console's vendor",
            )
        found += users
        if is_last(len(users), len(found), total):
            return found
    raise ServiceError(f"The console {url} has more than {PAGES * PAGE} users")


def local_administrators(read: t.Callable[[], list[dict[str, t.Any]]]) -> list[str] | None:
    """Return the names of the administrators who can sign in without an identity provider.

    ``read`` returns the users of a Pro server; the result is None if it raises ServiceError.
    """
    with suppress(ServiceError):
        return [
            str(user.get("name"))
            for user in read()
            if user.get("is_admin") and not user.get("third_auth_type") and user.get("status", 1) == 1
        ]
    return None


def authorized(read: t.Callable[[], list[dict[str, t.Any]]]) -> int | None:
    """Return the number of users who sign in with an identity provider; ``read`` as for local_administrators()."""
    with suppress(ServiceError):
        return sum(1 for user in read() if user.get("third_auth_type"))
    return None
