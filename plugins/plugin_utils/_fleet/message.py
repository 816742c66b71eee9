# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Build the message about a run for a webhook. Pure."""

from __future__ import annotations

import itertools
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import counted
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation, shape
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import RunRecord

# Outcomes that need no verification
UNVERIFIED = (shape.REMOVED, shape.TO_REMOVE, shape.KEPT, shape.TO_VERIFY)

T = t.TypeVar("T")
Records = t.Mapping[str, RunRecord]

# Limits for a message that is read on a phone. The run's own output has the rest.
LISTED = 20
LENGTH = 300
# Slack accepts 3,000 characters in one block, and Teams 28 KB in one message [doc], of which a section gets this part.
SLACK_BLOCK = 3000
TEAMS_SECTION = 8000


@dataclass(frozen=True)
class Digest:
    """A ``title``, and lines of (server, text) by heading, the most important heading first."""

    title: str
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def is_due(run: Records, when: str) -> bool:
    """Return whether to send a message about the run: ``when`` is always, changes (or failures), or failures.

    The automation's own credential expiring soon counts as a change, because nothing fails before it is too late.
    """
    failed = any(item["failed"] for item in run.values())
    news = any(item["changed"] for item in run.values()) or bool(automation.urgent(run.values()))
    return when == "always" or failed or (when == "changes" and news)


def digest(run: Records, *, predicted: bool = False) -> Digest:
    """Summarize the run.

    The summary lists failures with their reason, the automation's own credential if it expires soon, sign-ins that are
    not verified or do not work for all users, and new client secrets. ``predicted`` is check mode.
    """
    failed = {name: item for name, item in run.items() if item["failed"]}
    done = {name: item for name, item in run.items() if name not in failed}
    # Without a provider, for example after its removal, nothing can be verified
    unverified = tuple(
        (_line(name), "not verified")
        for name, item in done.items()
        if not (item["verified"] or item["provider"]["present"] is False or item.get("outcome") in UNVERIFIED)
    )
    restricted = tuple(
        (_line(name), _line("; ".join(one["detail"] for one in item["restrictions"])))
        for name, item in done.items()
        if item["restrictions"]
    )
    new = tuple(
        (_line(name), f"client secret {secret['decision']}, expires {secret['expires']}")
        for name, secret in ((name, item["client_secret"]) for name, item in done.items())
        if secret["decision"] in ("created", "renewed")
    )
    own = tuple(
        (f"client ID {_line(known['client_id'] or 'unknown')}", f"{automation.dated(known)}. Renew it.")
        for known in automation.urgent(run.values())
    )
    parts = [
        (len(failed), "failed"),
        (sum(bool(item["verified"]) for item in done.values()), "verified"),
        (len(unverified), "not verified"),
        (len(restricted), "restricted"),
        (sum(bool(item["changed"]) for item in done.values()), "would change" if predicted else "changed"),
    ]
    counts = ", ".join(f"{count} {what}" for count, what in parts if count)
    sections = (
        ("Failed", tuple((_line(name), _line(item["message"])) for name, item in failed.items())),
        ("Credential of the automation", own),
        ("Not verified", unverified),
        ("Not for all users", restricted),
        ("New client secrets", new),
    )
    title = f"RustDesk sign-in, {counted(len(run), 'server')}: {counts or 'no changes'}"
    return Digest(title, tuple(section for section in sections if section[1]))


def _line(text: t.Any) -> str:
    """Return the text in one line, cut to LENGTH."""
    line = " ".join(str(text).split())
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"


def _fitting(lines: list[T], size: t.Callable[[T], int], room: int, more: t.Callable[[int], T]) -> list[T]:
    """Return the first lines that fit, at most LISTED, and a line that counts the others.

    ``size`` measures a line, ``room`` is the space for all lines, and ``more`` builds the last line from the number of
    the others.
    """
    sizes = itertools.accumulate(size(line) for line in lines)
    fit = min(sum(1 for used in sizes if used <= room), LISTED)
    return [*lines[:fit], *([more(len(lines) - fit)] if fit < len(lines) else [])]


def _json(run: Records) -> dict[str, t.Any]:
    """Return the records unchanged, with the title."""
    return {"title": digest(run).title, "servers": {name: dict(item) for name, item in run.items()}}


def _slack(run: Records) -> dict[str, t.Any]:
    """Build Slack's blocks. Slack's documentation of text formatting names the three characters to escape [doc]."""

    def escape(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    summary = digest(run)
    blocks: list[dict[str, t.Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{escape(summary.title)}*"}}
    ]
    for heading, lines in summary.sections:
        items = [f"• {escape(name)}: {escape(what)}" for name, what in lines]
        items = _fitting(items, lambda line: len(line) + 1, SLACK_BLOCK - 100, lambda count: f"• and {count} more")
        text = "\n".join([f"*{heading}*", *items])
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    return {"text": escape(summary.title), "blocks": blocks}


def _teams(run: Records) -> dict[str, t.Any]:
    """Build a message with one adaptive card for a Teams workflow. A card's texts are Markdown, so they are escaped."""

    def escape(text: str) -> str:
        return "".join("\\" + sign if sign in "\\`*_[]()#~" else sign for sign in text)

    summary = digest(run)
    body: list[dict[str, t.Any]] = [
        {"type": "TextBlock", "text": escape(summary.title), "weight": "Bolder", "size": "Medium", "wrap": True}
    ]
    for heading, lines in summary.sections:
        body.append({"type": "TextBlock", "text": heading, "weight": "Bolder", "wrap": True, "separator": True})
        facts = [{"title": escape(name), "value": escape(what)} for name, what in lines]
        facts = _fitting(
            facts,
            lambda fact: len(json.dumps(fact)),
            TEAMS_SECTION,
            lambda count: {"title": f"and {count} more", "value": ""},
        )
        body.append({"type": "FactSet", "facts": facts})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


FORMATS: dict[str, t.Callable[[Records], dict[str, t.Any]]] = {"teams": _teams, "slack": _slack, "json": _json}


def message(run: Records, form: str) -> dict[str, t.Any]:
    """Build the body for a webhook. ``run`` holds the records by server name, ``form`` is a key of FORMATS."""
    return FORMATS[form](run)
