# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Warn before the automation's own credential for Entra expires. Pure.

Once it has expired, client secrets are no longer renewed, and eventually no user can sign in.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.credentials import RENEW
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.own_expiry import EXPIRING
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import counted
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation, Record

# The credential that each value of O(auth_source) signs in with
WORDS = {
    "access_token": "access token",
    "secret": "client secret",
    "certificate": "certificate",
    "workload_identity": "workload identity",
    "managed_identity": "managed identity",
    "azure_cli": "session of Azure CLI",
}
# The states that need an administrator's action
URGENT = ("expired", "expiring")


def judge(known: t.Mapping[str, str], warn_before: timedelta, now: datetime) -> Automation:
    """Return the automation's credential, as own_expiry.find() returns it, with its state.

    The state is V(expired), V(expiring) within ``warn_before``, V(valid), V(none) if the credential has no expiry date
    that applies here, or V(unknown).
    """
    credential, expires = known["credential"], known["expires"]
    if credential not in EXPIRING:
        state = "none" if credential else "unknown"
    elif not expires:
        state = "unknown"
    else:
        left = parse_time(expires) - now
        state = "expired" if left <= timedelta(0) else "expiring" if left <= warn_before else "valid"
    return {
        "client_id": known["client_id"],
        "credential": credential,
        "expires": expires,
        "state": state,
        "certificate_path": known.get("certificate_path", ""),
    }


def describe(automation: Automation, now: datetime) -> str:
    """Describe in a few words the automation's credential and its expiry date."""
    word = WORDS.get(automation["credential"], "")
    if not word:
        return "unknown"
    if not automation["expires"]:
        return f"{word}, {'does not expire here' if automation['state'] == 'none' else 'expiry date unknown'}"
    moment = parse_time(automation["expires"])
    day = moment.strftime("%Y-%m-%d")
    if moment <= now:
        return f"{word} expired on {day}"
    days = (moment - now).days
    left = "less than a day" if not days else counted(days, "day")
    return f"{word} expires in {left}, on {day}"


def dated(automation: Automation) -> str:
    """Describe in a few words on which day a credential expires or expired."""
    verb = "expired" if automation["state"] == "expired" else "expires"
    return f"{WORDS[automation['credential']]} {verb} on {automation['expires'][:10]}"


def warning(automation: Automation, now: datetime) -> str:
    """Return the warning about a credential that expires soon or has expired, the same for all servers; else empty."""
    if automation["state"] not in URGENT:
        return ""
    return (
        f"The automation's own {describe(automation, now)} (client ID {automation['client_id']}). Without a valid "
        f"credential, client secrets are no longer renewed. {RENEW}."
    )


def urgent(records: t.Iterable[Record]) -> list[Automation]:
    """Return the credentials that expire soon or have expired, each once, in the order of the records."""
    found: dict[tuple[str, ...], Automation] = {}
    for record in records:
        known = record["automation"]
        if known["state"] in URGENT:
            found.setdefault((known["client_id"], known["credential"], known["expires"]), known)
    return list(found.values())


def warnings(records: t.Iterable[Record], now: datetime) -> list[str]:
    """Return the warning for each credential that expires soon or has expired."""
    return [warning(known, now) for known in urgent(records)]
