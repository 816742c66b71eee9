# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Find orphaned client secrets: created by an interrupted run, never written to their holder. Pure.

Only the run that created a client secret and its holder can know the value. If the holder has another one, or none, an
orphan is useless, unless the run that created it is still active and about to write it to the holder.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import Credential

# Longer than a run takes from creating a client secret to writing it to the console
IN_FLIGHT = timedelta(minutes=15)
# The maximum number of recent orphans of one holder before another client secret is created
MOST = 1


def in_flight(credential: Credential, now: datetime) -> bool:
    """Return True if the run that created ``credential`` may still be about to write it to the holder."""
    return now - credential.start < IN_FLIGHT


def never_held(others: t.Iterable[Credential], held: Credential | None) -> list[Credential]:
    """Return the credentials in ``others`` that never reached the holder, which has ``held`` or none.

    A holder gets one after the other, so a newer one than ``held`` was never written, or ``held`` was restored.
    """
    return [credential for credential in others if held is None or credential.start > held.start]


def removable(others: t.Iterable[Credential], held: Credential | None, now: datetime) -> list[Credential]:
    """Return the credentials in ``others`` to remove before another one is created, if the holder has ``held`` or none.

    With ``held``, these are orphans and all earlier ones, because only one is superseded at a time. Without it, the
    latest one may be the last that the holder had, and is kept for the overlap.
    """
    found = sorted(others, key=lambda credential: credential.start)
    if held:
        return [c for c in found if c.start <= held.start or not in_flight(c, now)]
    return [credential for credential in found if not in_flight(credential, now)][:-1]


def over(superseded: t.Iterable[Credential], held: Credential, overlap: timedelta, now: datetime) -> list[Credential]:
    """Return the credentials in ``superseded`` to remove because the holder has ``held``: expired ones, orphans that no
    run can be about to write, and those whose ``overlap`` has elapsed.

    An ``overlap`` of zero has always elapsed: ``now`` is in whole seconds and can precede the start of a new one.
    """
    found = [*superseded]
    never = never_held(found, held)
    return [
        c
        for c in found
        if not (overlap and c.live(now))
        or now - max(c.start, held.start) >= (min(overlap, IN_FLIGHT) if c in never else overlap)
    ]


def in_the_way(orphans: t.Iterable[Credential], now: datetime) -> list[Credential]:
    """Return the recent ``orphans`` that block another client secret until their runs have ended; empty if there are at
    most MOST."""
    found = [credential for credential in orphans if in_flight(credential, now)]
    return found if len(found) > MOST else []
