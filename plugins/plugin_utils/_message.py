# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What a run did, as the message of a chat's webhook; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Summaries = t.Mapping[str, t.Mapping[str, t.Any]]

# A message is read on a phone; the run's own output has the rest.
LISTED = 20
LENGTH = 300


@dataclass(frozen=True)
class Digest:
    """What a reader wants to know first: ``title``, and lines of (server, what) by heading."""

    title: str
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def digest(run: Summaries) -> Digest:
    """The run in a title and its lists: failures with their reason, sign-ins not proven, new client secrets."""
    failed = {name: item for name, item in run.items() if not item or item.get("failed")}
    done = {name: item for name, item in run.items() if name not in failed}
    unproven = tuple((name, "not proven") for name, item in done.items() if not item.get("proven"))
    new = tuple(
        (name, f"client secret {item['client_secret']}, ends {item.get('client_secret_ends')}")
        for name, item in done.items()
        if item.get("client_secret") in ("created", "renewed")
    )
    parts = [
        (len(failed), "failed"),
        (len(done) - len(unproven), "proven"),
        (len(unproven), "not proven"),
        (sum(bool(item.get("changed")) for item in done.values()), "changed"),
    ]
    counts = ", ".join(f"{count} {what}" for count, what in parts if count)
    sections = (
        ("Failed", tuple((name, _reason(item)) for name, item in failed.items())),
        ("Not proven", unproven),
        ("New client secrets", new),
    )
    title = f"RustDesk sign-in, {len(run)} {'server' if len(run) == 1 else 'servers'}: {counts or 'nothing done'}"
    return Digest(title, tuple(section for section in sections if section[1]))


def _reason(item: t.Mapping[str, t.Any]) -> str:
    text = " ".join(str(item.get("message") or "see the output of the run").split())
    text = text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
    return f"{item['phase']}: {text}" if item.get("phase") else text


def _lines(lines: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    more = len(lines) - LISTED
    return [*lines[:LISTED], *([(f"and {more} more", "")] if more > 0 else [])]


def _json(run: Summaries) -> dict[str, t.Any]:
    """The summaries as they are, with the title."""
    return {"title": digest(run).title, "servers": {name: dict(item) for name, item in run.items()}}


def _slack(run: Summaries) -> dict[str, t.Any]:
    """Slack's blocks; its three special characters are escaped as its documentation of text formatting says."""

    def escape(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    said = digest(run)
    blocks: list[dict[str, t.Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{escape(said.title)}*"}}
    ]
    for heading, lines in said.sections:
        text = "\n".join(f"• {escape(name)}{': ' + escape(what) if what else ''}" for name, what in _lines(lines))
        # A block takes 3,000 characters
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"*{heading}*\n{text}"[:3000]}})
    return {"text": escape(said.title), "blocks": blocks}


def _teams(run: Summaries) -> dict[str, t.Any]:
    """The message with one adaptive card that a Teams workflow takes; the card's texts know Markdown."""

    def escape(text: str) -> str:
        return "".join("\\" + sign if sign in "\\`*_[]()#~" else sign for sign in text)

    said = digest(run)
    body: list[dict[str, t.Any]] = [
        {"type": "TextBlock", "text": escape(said.title), "weight": "Bolder", "size": "Medium", "wrap": True}
    ]
    for heading, lines in said.sections:
        body.append({"type": "TextBlock", "text": heading, "weight": "Bolder", "wrap": True, "separator": True})
        facts = [{"title": name, "value": escape(what)} for name, what in _lines(lines)]
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


FORMATS: dict[str, t.Callable[[Summaries], dict[str, t.Any]]] = {"teams": _teams, "slack": _slack, "json": _json}


def message(run: Summaries, form: str) -> dict[str, t.Any]:
    """The body for a webhook of the given form, a key of FORMATS, about each server's summary by its name."""
    return FORMATS[form](run)
