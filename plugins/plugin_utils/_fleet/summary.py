# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build the summary of a run for the terminal: a table of the servers, then notes and failures. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import sentences
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import shape
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.message import digest
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RunRecord

Records = t.Mapping[str, RunRecord]

COLUMNS = ("server", "application", "state", "client secret", "expires")
# Up to this many servers, the table lists all. Beyond it, healthy and unchanged servers are only counted.
LISTED = 20
# How many servers with the same failure or note are named
NAMED = 5
# The next step if the reason for a failure does not suffice
DOCTOR = (
    "To check the controller, Entra and all consoles, run the playbook deskops.rustdesk_sso.doctor. It changes nothing."
)
# Outcomes of a healthy server, if it was not changed
WELL = (shape.VERIFIED, shape.DISABLED, shape.REMOVED)


def lines(run: Records, *, predicted: bool = False) -> list[str]:
    """Return the summary of ``run``, the most urgent server first. ``predicted`` is check mode.

    Failures come last, each listed once for all its servers, followed by the next step.
    """
    if not run:
        return []
    urgent = sorted(run, key=lambda name: (_urgency(run[name]), name))
    listed = [name for name in urgent if not _is_quiet(run[name])]
    listed = urgent if len(urgent) <= LISTED else [*listed, *urgent[len(listed) :][: max(0, LISTED - len(listed))]]
    rows: list[tuple[str, ...]] = [(*COLUMNS, "would change" if predicted else "changed")]
    rows += [_row(run[name], predicted=predicted) for name in listed]
    rest = len(urgent) - len(listed)
    notes = _grouped([(name, note) for name in urgent for note in _notes(run[name])])
    failed = _grouped([(name, run[name]["message"]) for name in urgent if run[name]["failed"]])
    table = [*_aligned(rows), *([f"and {rest} more, healthy and unchanged"] if rest else [])]
    parts = [[digest(run, predicted=predicted).title], table, notes, failed, [DOCTOR] if failed else []]
    return [line for part in parts if part for line in ("", *part)][1:]


def failure(known: RunRecord) -> str:
    """Return the message of a server that failed. The reason is in the summary."""
    phase = known["error"]["phase"]
    return f'{known["server"]} failed at "{phase}". The summary gives the reason.' if phase else known["message"]


def _urgency(known: RunRecord) -> tuple[int, bool]:
    return shape.OUTCOMES.index(known["outcome"]) if known["outcome"] else 0, not known["changed"]


def _is_quiet(known: RunRecord) -> bool:
    """Return whether a server is healthy, unchanged and without notes."""
    return known["outcome"] in WELL and not known["changed"] and not _notes(known)


def _row(known: RunRecord, *, predicted: bool) -> tuple[str, ...]:
    secret = known["client_secret"]
    decision = secret["decision"] or ("removed" if secret["removed"] else "")
    changes = predicted and decision not in ("", "kept")
    return (
        known["server"],
        known["application"]["unique_name"] or "-",
        known["outcome"],
        f"would be {decision}" if changes else decision or "-",
        secret["expires"][:10] or "-",
        "yes" if known["changed"] else "no",
    )


def _aligned(rows: t.Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _notes(known: RunRecord) -> list[str]:
    """Return the notes about a server that did not fail."""
    if known["failed"]:
        return []
    if known["outcome"] == shape.KEPT:  # the message names the redirect URIs that were removed
        return [known["message"]]
    restrictions = [sentences(f"not for all users: {item['detail']}", item["hint"]) for item in known["restrictions"]]
    return [*restrictions, *known["notes"]]


def _grouped(texts: t.Iterable[tuple[str, str]]) -> list[str]:
    """Return one line for each text, with the servers that it concerns, in the order of the first of them."""
    names: dict[str, list[str]] = {}
    for name, text in texts:
        names.setdefault(" ".join(text.split()), []).append(name)
    return [f"{_named(members)}: {text}" for text, members in names.items()]


def _named(names: t.Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
