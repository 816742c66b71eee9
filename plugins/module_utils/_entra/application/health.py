# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find what keeps all users from signing in with an existing application; pure.

A deactivated application gets no new tokens ("Deactivate an app registration" [doc]), and users cannot sign in if its
service principal is disabled [doc]. Client secrets stay listed in both cases.
"""

from __future__ import annotations

import typing as t

View = t.Mapping[str, t.Any]

# Graph's values for an application that Microsoft has not disabled [doc]
NOT_DISABLED = (None, "NotDisabled")


def obstacles(application: View | None, principal: View | None) -> list[str]:
    """Return the obstacles that keep all users from signing in, each with a next step; empty if there are none.

    ``application`` and ``principal`` are views as results show them, None if they do not exist.
    """
    if application is None:
        return []
    found = []
    if not application["enabled"]:
        found.append(
            "The application is deactivated, so users cannot sign in. If this is not intended, set enabled to true."
        )
    for what, view in (("application", application), ("service principal", principal or {})):
        status = view.get("disabled_by_microsoft_status")
        if status not in NOT_DISABLED:
            found.append(
                f"Microsoft has disabled the {what} ({status}), so users cannot sign in. Contact Microsoft support."
            )
            break
    if principal is None:
        return found
    if not principal["account_enabled"]:
        found.append(
            "Sign-in is disabled for the service principal, so users cannot sign in. If this is not intended, set "
            "account_enabled of service_principal to true."
        )
    if principal["deactivated"] and application["enabled"]:
        found.append(
            "The service principal is deactivated, so users cannot sign in. Activate the application in the Microsoft "
            "Entra admin center (App registrations)."
        )
    return found
