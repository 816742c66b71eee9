# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The credential that the automation itself signs in to Entra with: what to say before it expires. Pure.

Once it has expired, no client secret is renewed any more, and in the end no user can sign in.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.credentials import RENEW
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.own_expiry import EXPIRING
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation, Record

# The words for what a value of O(auth_source) signs in with
WORDS = {
    "access_token": "access token",
    "secret": "client secret",
    "certificate": "certificate",
    "workload_identity": "workload identity",
    "managed_identity": "managed identity",
    "azure_cli": "session of Azure CLI",
}
# Those that somebody has to see to
URGENT = ("expired", "expiring")


def judge(known: t.Mapping[str, str], warn_before: timedelta, now: datetime) -> Automation:
    """The automation's credential with its state, from own_expiry.find().

    The state is V(expired), V(expiring) within ``warn_before``, V(valid), V(none) for what does not expire here, or
    V(unknown).
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


def told(automation: Automation, now: datetime) -> str:
    """Say in a few words what the automation signs in with, and until when."""
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
    left = "less than a day" if not days else "1 day" if days == 1 else f"{days} days"
    return f"{word} expires in {left}, on {day}"


def dated(automation: Automation) -> str:
    """Say in a few words on which day a credential expires, or did."""
    verb = "expired" if automation["state"] == "expired" else "expires"
    return f"{WORDS[automation['credential']]} {verb} on {automation['expires'][:10]}"


def warning(automation: Automation, now: datetime) -> str:
    """What to tell of a credential that expires soon or has expired, the same for all servers; else empty."""
    if automation["state"] not in URGENT:
        return ""
    return (
        f"The automation's own {told(automation, now)} (client ID {automation['client_id']}). Without it, client "
        f"secrets are no longer renewed. {RENEW}."
    )


def urgent(records: t.Iterable[Record]) -> list[Automation]:
    """The credentials that expire soon or have expired, each once, in the order of the records."""
    found: dict[tuple[str, ...], Automation] = {}
    for record in records:
        known = record["automation"]
        if known["state"] in URGENT:
            found.setdefault((known["client_id"], known["credential"], known["expires"]), known)
    return list(found.values())


def warnings(records: t.Iterable[Record], now: datetime) -> list[str]:
    """The warning for each credential that expires soon or has expired."""
    return [warning(known, now) for known in urgent(records)]
