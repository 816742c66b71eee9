# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Make room for new client secrets if an application may have only a few; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import (
        Credential,
        Decision,
    )

# "Validation differences by supported account types" [doc]; expired client secrets count.
SLOTS_PERSONAL = 2


def make(decisions: list[Decision], credentials: t.Sequence[Credential], now: datetime) -> None:
    """Remove credentials to make room for a new one if the audience allows only two: managed ones that have expired
    first, then those that the holder certainly does not have; never one that may be in use."""
    held = {decision.holds.key_id for decision in decisions if decision.holds}
    used = len(credentials) - sum(len(decision.remove) for decision in decisions)
    for decision in (d for d in decisions if d.makes):
        candidates = sorted(
            (c for c in decision.superseded if c.key_id not in held), key=lambda c: (c.live(now), c.start)
        )
        if not decision.wanted.known and candidates and candidates[-1].live(now):
            candidates.pop()  # the holder's client secret is unknown: the newest may be in use
        while used >= SLOTS_PERSONAL and candidates:
            dropped = candidates.pop(0)
            decision.superseded.remove(dropped)
            decision.orphans = [credential for credential in decision.orphans if credential != dropped]
            decision.remove.append(dropped)
            used -= 1
        if used >= SLOTS_PERSONAL:
            others = "; ".join(f"{c.name or 'without a name'}: {c.describe()}" for c in credentials)
            raise InputError(
                f"No further client secret can be created for {decision.wanted.name}",
                answer=f"with this sign_in_audience, Entra allows {SLOTS_PERSONAL}, and both are in use: {others}",
                hint="Remove one that is not needed, by its key ID, or set sign_in_audience to AzureADMyOrg",
            )
        used += 1
