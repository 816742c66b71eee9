# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Strays: client secrets of a holder that never reached it, made by a run that died or could not write them; pure.

Only the run that made a client secret and its holder can know the value. If the holder is known to have another one, or
none, a stray can be used by nobody, unless the run that made it is still at work and about to give it to the holder.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import Credential

# Longer than a run takes from making a client secret to writing it to the console
IN_FLIGHT = timedelta(minutes=15)
# How many younger ones there may be of one holder; one more is not made
MOST = 1


def in_flight(credential: Credential, now: datetime) -> bool:
    """Whether the run that made ``credential`` may still be about to give it to the holder."""
    return now - credential.start < IN_FLIGHT


def never_held(others: t.Iterable[Credential], held: Credential | None) -> list[Credential]:
    """Those of ``others`` that never reached the holder, which has ``held``, or none of them: a holder gets one after
    the other, so what is younger than the held one was never written, or was taken back from it."""
    return [credential for credential in others if held is None or credential.start > held.start]


def removable(others: t.Iterable[Credential], held: Credential | None, now: datetime) -> list[Credential]:
    """Those of ``others`` that go before another one is made, where the holder is known to have ``held``, or none.

    With ``held``, these are all earlier ones, as only one is superseded at a time, and strays. Without it, the latest
    one may be the one that the holder had last, and so stays for the overlap.
    """
    found = sorted(others, key=lambda credential: credential.start)
    if held:
        return [c for c in found if c.start <= held.start or not in_flight(c, now)]
    return [credential for credential in found if not in_flight(credential, now)][:-1]


def over(superseded: t.Iterable[Credential], held: Credential, overlap: timedelta, now: datetime) -> list[Credential]:
    """Those of ``superseded`` that go because the holder has ``held``: expired ones, strays that no run can be about to
    write, and those whose ``overlap`` is over.

    One of no time is over at once: ``now`` is in whole seconds, and so may be before the start of a new one.
    """
    found = [*superseded]
    never = never_held(found, held)
    return [
        c
        for c in found
        if not (overlap and c.live(now))
        or now - max(c.start, held.start) >= (min(overlap, IN_FLIGHT) if c in never else overlap)
    ]


def in_the_way(strays: t.Iterable[Credential], now: datetime) -> list[Credential]:
    """Those of ``strays`` that keep another one from being made until the runs that made them have ended; empty where
    there are not too many."""
    found = [credential for credential in strays if in_flight(credential, now)]
    return found if len(found) > MOST else []
