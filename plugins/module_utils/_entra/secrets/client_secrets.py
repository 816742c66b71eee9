# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Decide which client secrets to keep, create and remove; pure.

A credential is managed if its display name equals the name of a declared client secret. Others are never touched.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations, _input, _plan
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.redirect_uris import (
    PERSONAL_AUDIENCES,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets import orphans, room
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.token_endpoint import Verdict
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._secret_values import usable_secret

# The placeholder value of a client secret that check mode predicts
NOT_MADE = "not-made-in-check-mode"
PREDICTED_KEY = "00000000-0000-0000-0000-000000000000"
UNREADABLE = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Credential:
    """A client secret as Graph lists it, without its value, which cannot be read again."""

    key_id: str
    name: str | None
    hint: str | None
    start: datetime
    expires: datetime

    @classmethod
    def parse(cls, item: dict[str, t.Any]) -> Credential:
        """Parse an item of ``passwordCredentials``."""
        return cls(
            item["keyId"],
            item.get("displayName"),
            item.get("hint"),
            parse_time(item.get("startDateTime")),
            parse_time(item.get("endDateTime")),
        )

    def live(self, now: datetime) -> bool:
        """Return True if it has not expired at ``now``."""
        return self.expires > now

    def describe(self) -> str:
        """Return a description for messages and diffs, without any part of the value."""
        return f"key {self.key_id}, expires {self.expires:%Y-%m-%d %H:%M}Z"

    def result(self) -> dict[str, t.Any]:
        """Return the credential as the task's result shows it."""
        return {"key_id": self.key_id, "hint": self.hint, "expires": format_time(self.expires)}


# The result for a holder without a client secret
NOTHING = dict.fromkeys(("key_id", "hint", "expires"))


@dataclass(frozen=True)
class Wanted:
    """One declared client secret.

    Without ``held`` and ``held_key_id``, the holder's client secret is unknown, unless ``holds_none`` is set.
    ``other_holders`` are the names of other known holders, for which their client secrets are renewed and retired.
    ``held_names`` are patterns of other names that this holder's client secret may have. ``stray_key_ids`` are the key
    IDs of client secrets that never reached the holder.
    """

    name: str
    held: str | None
    held_key_id: str | None
    lifetime: timedelta
    renew_before: timedelta
    overlap: timedelta
    state: str = "present"
    other_holders: frozenset[str] = frozenset()
    held_names: tuple[str, ...] = ()
    holds_none: bool = False
    stray_key_ids: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        """True if the holder's current client secret, or that it has none, is known."""
        return bool(self.held or self.held_key_id or self.holds_none)

    @property
    def present(self) -> bool:
        """True if the holder should have a client secret."""
        return self.state != "absent"

    @classmethod
    def parse(cls, item: t.Mapping[str, t.Any]) -> Wanted:
        """Parse a suboption of O(client_secrets); raise InputError for one that could never converge."""
        name = item["name"]
        spans = {
            key: _durations.parse(item[key], f"{key} of client secret {_input.cut(name)}", least)
            for key, least in (("lifetime", _durations.LEAST_LIFETIME), ("renew_before", "0"), ("overlap", "0"))
        }
        if spans["renew_before"] >= spans["lifetime"]:
            raise InputError(
                f"The client secret {name} would be renewed by every run",
                answer=f"renew_before {item['renew_before']} is not shorter than lifetime {item['lifetime']}",
                hint="Shorten renew_before or lengthen lifetime",
            )
        held, held_key_id = usable_secret(item.get("held")), (item.get("held_key_id") or "").lower() or None
        if item.get("holds_none") and (held or held_key_id):
            raise InputError(
                f"The client secret {name} sets holds_none together with held or held_key_id",
                hint="Omit holds_none, or omit held and held_key_id",
            )
        return cls(
            name,
            held,
            held_key_id,
            **spans,
            state=item["state"],
            other_holders=frozenset(item.get("other_holders") or []) - {name},
            held_names=tuple(item.get("held_names") or []),
            holds_none=bool(item.get("holds_none")),
            stray_key_ids=frozenset(key_id.lower() for key_id in item.get("stray_key_ids") or []),
        )


@dataclass
class Decision:
    """The decision on one declared client secret: ``decision`` is kept, created, renewed or removed.

    ``held`` is the listed credential that the holder presumably has now, ``holds`` the one that it has afterwards.
    ``accepted`` is the token endpoint's verdict on the latter, None if it was not tested. ``orphans`` are the
    credentials in ``superseded`` that never reached the holder.
    """

    wanted: Wanted
    decision: str
    reason: str
    holds: Credential | None = None
    superseded: list[Credential] = field(default_factory=list)
    remove: list[Credential] = field(default_factory=list)
    secret_text: str | None = None
    accepted: bool | None = None
    held: Credential | None = None
    orphans: list[Credential] = field(default_factory=list)

    @property
    def makes(self) -> bool:
        """True if a client secret has to be created."""
        return self.decision in ("created", "renewed")

    def result(self) -> dict[str, t.Any]:
        """Return the decision as the task's result shows it; with ``secret_text`` only if it was just created."""
        shown = {
            "name": self.wanted.name,
            "decision": self.decision,
            "reason": self.reason,
            **(self.holds.result() if self.holds else NOTHING),
            "accepted": self.accepted,
            "held": {"name": self.held.name, **self.held.result()} if self.held else None,
            "superseded": [credential.key_id for credential in self.superseded],
            "strays": [credential.key_id for credential in self.orphans],
            "removed": [credential.key_id for credential in self.remove],
        }
        return {**shown, "secret_text": self.secret_text} if self.makes else shown


def check(items: t.Sequence[t.Mapping[str, t.Any]], sign_in_audience: str | None) -> list[Wanted]:
    """Return the declared client secrets; raise InputError for a declaration that cannot work."""
    wanted = [Wanted.parse(item) for item in items]
    names = [item.name for item in wanted]
    if not all(name.strip() for name in names):
        raise InputError(
            "client_secrets contains an entry with an empty name", hint="Set its name to the holder's name"
        )
    _plan.check_once("client_secrets", names, "Give each holder a unique name")
    check_holders(wanted, sign_in_audience)
    return wanted


def check_holders(wanted: t.Sequence[Wanted], sign_in_audience: str | None) -> None:
    """Raise InputError if the audience limits client secrets too much to renew those of all holders."""
    present = [item.name for item in wanted if item.present]
    if sign_in_audience in PERSONAL_AUDIENCES and len(present) > 1:
        raise InputError(
            f"{len(present)} client secrets cannot be renewed without interruption with sign_in_audience "
            f"{sign_in_audience}",
            answer=f"Entra allows only {room.SLOTS_PERSONAL} client secrets, and a renewal temporarily needs one more",
            hint="Use a separate application for each server (a different unique_name), or set sign_in_audience to "
            "AzureADMyOrg",
        )


def listed(wanted: Wanted, credentials: t.Sequence[Credential]) -> bool:
    """Return True if the holder's client secret is certainly among ``credentials``, or if it is only predicted."""
    if wanted.held_key_id == PREDICTED_KEY:
        return True
    if wanted.held_key_id:
        return any(credential.key_id == wanted.held_key_id for credential in credentials)
    return any(credential.hint and (wanted.held or "").startswith(credential.hint) for credential in credentials)


def matching(wanted: Wanted, credentials: t.Sequence[Credential], verdict: Verdict | None = None) -> list[Credential]:
    """Return the credentials that may have the holder's value: those of its name first, then by the latest expiry.

    Graph shows only the first three characters of a value (``hint`` [rec]), for some values none. A credential without
    a hint counts only if Entra accepts the value and no hint matches; the first to expire then comes first, so that it
    is renewed in time.
    """
    if wanted.held_key_id:
        return [credential for credential in credentials if credential.key_id == wanted.held_key_id]
    if not wanted.held:
        return []
    fit = [c for c in credentials if c.hint and wanted.held.startswith(c.hint)]
    if not fit and verdict and verdict.accepted:
        return sorted((c for c in credentials if c.hint is None), key=lambda c: c.expires)
    return sorted(fit, key=lambda c: (c.name == wanted.name, c.expires), reverse=True)


def held_now(
    wanted: Wanted, credentials: t.Sequence[Credential], now: datetime, verdict: Verdict | None = None
) -> Credential | None:
    """Return the listed credential that presumably has the holder's value, preferably a valid one.

    Entra accepts every valid client secret, so a rejected value can only belong to an expired one.
    """
    fit = matching(wanted, credentials, verdict)
    rejected = verdict is not None and verdict.accepted is False
    live = [credential for credential in fit if credential.live(now) and not rejected]
    expired = [credential for credential in fit if not credential.live(now)]
    return next(iter([*live, *expired]), None)


def decide(
    wanted: t.Sequence[Wanted],
    credentials: t.Sequence[Credential],
    now: datetime,
    *,
    verdicts: t.Mapping[str, Verdict] | None = None,
    sign_in_audience: str | None = None,
    retire: bool = True,
) -> list[Decision]:
    """Return the decisions in the order of ``wanted``; pure.

    ``verdicts`` are the token endpoint's verdicts on the holders' values, by name, if they were tested. ``retire``
    allows removing superseded credentials, but only if the holder's own client secret is kept: until the holder has
    a new one, none that it may use is removed. Raises InputError if the audience leaves no room for a new client
    secret.
    """
    asked = verdicts or {}
    decisions = [_decide(item, credentials, now, asked.get(item.name), retire) for item in wanted]
    for decision in decisions:
        decision.held = held_now(decision.wanted, credentials, now, asked.get(decision.wanted.name))
        if decision.decision == "kept" and decision.wanted.name in asked:
            decision.accepted = asked[decision.wanted.name].accepted
    if sign_in_audience in PERSONAL_AUDIENCES:
        room.make(decisions, credentials, now)
    return decisions


def _decide(
    wanted: Wanted, credentials: t.Sequence[Credential], now: datetime, verdict: Verdict | None, retire: bool
) -> Decision:
    ours = [credential for credential in credentials if credential.name == wanted.name]
    if not wanted.present:
        gone = [*ours, *_held_as_other(wanted, credentials)]
        return Decision(wanted, "removed" if gone else "absent", "declared absent", remove=gone)
    fit = matching(wanted, credentials, verdict)
    live = [credential for credential in fit if credential.live(now)]
    if wanted.held_key_id == PREDICTED_KEY:  # check mode, after the task that would have created it
        live = [Credential(PREDICTED_KEY, wanted.name, None, now, now + wanted.lifetime)]
    if verdict and verdict.accepted is False:
        live = []
    others = None
    if live and live[0].name in wanted.other_holders and wanted.state != "retire":
        others = live[0].name
        fit = live = []
    unknown = [c for c in ours if c.hint is None and wanted.held]  # may be the holder's
    superseded = [credential for credential in ours if credential not in live and credential not in unknown]
    named = [c for c in superseded if c.key_id.lower() in wanted.stray_key_ids and c not in fit]
    if wanted.state == "retire" and not live:
        kept = [credential for credential in superseded if credential not in named]
        reason = "the console's client secret is not listed, so none is retired"
        return Decision(wanted, "kept", reason, superseded=kept, remove=named)
    due = live and (wanted.state == "renew" or live[0].expires - now <= wanted.renew_before)
    if not live or (due and wanted.state != "retire"):
        decision = _make(wanted, fit, live, superseded, verdict, now)
        return (
            decision if others is None else replace(decision, reason=f"the console's client secret belongs to {others}")
        )
    holds = live[0]
    over = orphans.over(superseded, holds, wanted.overlap, now) if retire else []
    remove = [*dict.fromkeys((*named, *over))]
    kept = [credential for credential in superseded if credential not in remove]
    known = f"accepted on {now:%Y-%m-%d}" if verdict and verdict.accepted else f"listed until {holds.expires:%Y-%m-%d}"
    never = orphans.never_held(kept, holds)
    return Decision(wanted, "kept", f"in use, {known}", holds, kept, remove, orphans=never)


def _held_as_other(wanted: Wanted, credentials: t.Sequence[Credential]) -> list[Credential]:
    """Return the holder's client secret if it has another name, such as a former inventory name.

    It must be unambiguous, have an expected name, and belong to no other holder.
    """
    fit = [credential for credential in matching(wanted, credentials) if credential.name != wanted.name]
    names = {credential.name or "" for credential in fit} - wanted.other_holders
    mine = len(fit) == 1 and any(fnmatchcase(name, pattern) for name in names for pattern in wanted.held_names)
    return fit if mine else []


def _make(
    wanted: Wanted,
    fit: list[Credential],
    live: list[Credential],
    superseded: list[Credential],
    verdict: Verdict | None,
    now: datetime,
) -> Decision:
    """Return the decision to create a client secret, and which others to remove first.

    Otherwise, runs that fail before they write to the console would accumulate client secrets. None is removed if the
    holder's client secret is unknown.
    """
    held = live[0] if live else None
    others = [credential for credential in superseded if credential not in fit] if wanted.known else []
    remove = orphans.removable(others, held, now)
    never = [c for c in orphans.never_held(others, held) if c not in remove and orphans.in_flight(c, now)]
    kept = [credential for credential in superseded if credential not in remove]
    if live:
        expires = live[0].expires
        reason = f"the console's client secret expires on {expires:%Y-%m-%d}, within {_days(wanted.renew_before)}"
        if wanted.state == "renew":
            reason = f"requested, before the console's client secret expires on {expires:%Y-%m-%d}"
        ours = [credential for credential in live if credential.name == wanted.name]
        return Decision(wanted, "renewed", reason, live[0], [*kept, *ours], remove, orphans=never)
    reason = _why_not(wanted, fit, verdict, superseded)
    return Decision(wanted, "created", reason, superseded=kept, remove=remove, orphans=never)


def _why_not(wanted: Wanted, fit: list[Credential], verdict: Verdict | None, ours: list[Credential]) -> str:
    if not wanted.held and not wanted.held_key_id:
        return "the console has none" + (", and the value of an earlier one cannot be read again" if ours else "")
    if fit and verdict and verdict.accepted is False:
        return f"Entra rejects the console's client secret (AADSTS{verdict.code})"
    if fit:
        return f"the console's client secret expired on {max(credential.expires for credential in fit):%Y-%m-%d}"
    return "the console's client secret does not belong to this application"


def parse_time(text: str | None) -> datetime:
    """Parse a Graph timestamp of any precision to UTC; return UNREADABLE, far in the future, if it is malformed."""
    known = text if isinstance(text, str) else ""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", known)
    if not match:
        return UNREADABLE
    zone = match.group(3) or "Z"
    micro = int(((match.group(2) or "") + "000000")[:6])
    try:
        moment = datetime.fromisoformat(match.group(1) + (zone if zone != "Z" else "+00:00"))
        return moment.replace(microsecond=micro).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return UNREADABLE


def format_time(moment: datetime) -> str:
    """Return ``moment`` in Graph's format, in whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _days(span: timedelta) -> str:
    return counted(span.days, "day") if span.days else counted(round(span.total_seconds() / 3600), "hour")
