# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of a run, read as a chat would show it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.filter.run_message import run_message
from lab.webhook import refused

Run = dict[str, dict[str, Any]]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)
HOSTILE = st.one_of(
    TEXTS,
    st.lists(
        st.sampled_from(
            [
                "<!channel>",
                "<https://evil.example|here>",
                "&lt;",
                "&",
                "[here](https://evil.example)",
                "**",
                "`",
                "\\",
                "_",
                "~",
                "\n- ",
                "\n# ",
                "\u2028",
                "{{DATE(2026-01-01T00:00:00Z)}}",
                "<at>all</at>",
                "\u00e9" * 300,
            ]
        ),
        min_size=1,
    ).map("".join),
)
# What has a meaning in the texts of an adaptive card
MARKDOWN = set("\\`*_[]()")


def well(**changed: Any) -> dict[str, Any]:
    """The summary of a server on which nothing had to be done."""
    ends = "2027-01-01T00:00:00Z"
    kept = {"client_secret": "kept", "client_secret_ends": ends, "proven": True, "changed": False, "failed": False}
    return {"tenant_id": "contoso.example", "provider": "azure", **kept, **changed}


def failed(message: str = "no answer", phase: str = "inspect") -> dict[str, Any]:
    """The summary of a server that failed."""
    return {"proven": False, "changed": False, "failed": True, "phase": phase, "message": message}


MIXED: Run = {
    "desk1": well(),
    "desk2": well(client_secret="renewed", changed=True),
    "desk3": failed("Graph answered 403"),
    "desk4": well(proven=False),
}


def slack(run: Run) -> list[str]:
    """The lines that Slack shows; it takes the message."""
    body = run_message(run, "slack")
    assert refused("slack", body, 0) is None
    texts = [block["text"]["text"] for block in body["blocks"]]
    for text in texts:
        # Whatever is not an entity that Slack knows would be shown as it is, or mean something
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)
    return [html.unescape(line) for text in texts for line in text.split("\n")]


def teams(run: Run) -> list[str]:
    """The lines that Teams shows; it takes the message."""
    body = run_message(run, "teams")
    assert refused("teams", body, len(json.dumps(body))) is None
    (attachment,) = body["attachments"]
    lines: list[str] = []
    for element in attachment["content"]["body"]:
        if element["type"] == "TextBlock":
            lines.append(plain(element["text"]))
        else:
            lines += [f"{plain(fact['title'])}: {plain(fact['value'])}" for fact in element["facts"]]
    return lines


def plain(text: str) -> str:
    """A card's text without its escapes; nothing of it is Markdown."""
    assert not MARKDOWN & set(re.sub(r"\\.", "", text, flags=re.DOTALL)), text
    assert "\n" not in text
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


SHOWN = pytest.mark.parametrize("shown", [slack, teams])


@SHOWN
def test_what_happened_is_told_in_the_order_of_urgency(shown: Any) -> None:
    lines = shown(MIXED)
    assert lines[0].strip("*") == "RustDesk sign-in, 4 servers: 1 failed, 2 proven, 1 not proven, 1 changed"
    told = "\n".join(lines)
    assert "desk3: inspect: Graph answered 403" in told
    assert "desk4: not proven" in told
    assert "desk2: client secret renewed, ends 2027-01-01T00:00:00Z" in told
    assert told.index("desk3") < told.index("desk4") < told.index("desk2")
    # Nobody has to read about servers on which nothing happened
    assert "desk1" not in told


def test_json_is_the_summaries_as_they_are() -> None:
    body = run_message(MIXED, "json")
    assert body["servers"] == MIXED
    assert body["title"] == "RustDesk sign-in, 4 servers: 1 failed, 2 proven, 1 not proven, 1 changed"
    assert json.loads(json.dumps(body)) == body
    assert run_message(MIXED) == body


@SHOWN
def test_a_run_without_servers(shown: Any) -> None:
    assert [line.strip("*") for line in shown({})] == ["RustDesk sign-in, 0 servers: nothing done"]
    assert run_message({}, "json")["servers"] == {}


@SHOWN
def test_a_server_that_left_no_summary_has_failed(shown: Any) -> None:
    told = "\n".join(shown({"desk1": {}}))
    assert "1 server: 1 failed" in told
    assert "desk1: see the output of the run" in told


@SHOWN
@pytest.mark.parametrize(
    "message", ["no answer", "no answer. " * 100, "\u00e9 & <*> " * 100], ids=["short", "long", "long and special"]
)
def test_of_many_servers_some_are_listed_and_the_others_counted(shown: Any, message: str) -> None:
    names = [f"desk{number:02}.example.com" for number in range(45)]
    lines = shown({name: failed(message) for name in names})
    assert "45 servers: 45 failed" in lines[0]
    listed = [name for name in names if any(name in line for line in lines)]
    assert 0 < len(listed) <= 20
    assert f"and {45 - len(listed)} more" in "\n".join(lines)


@SHOWN
def test_as_many_as_are_listed_at_most_leave_no_others(shown: Any) -> None:
    lines = shown({f"desk{number:02}": failed() for number in range(20)})
    assert sum("desk" in line for line in lines) == 20
    assert not [line for line in lines if "more" in line]


@SHOWN
def test_a_long_message_is_cut_where_it_tells_that_it_is(shown: Any) -> None:
    (line,) = [line for line in shown({"desk1": failed("word " * 1000)}) if "desk1" in line]
    assert len(line) < 400
    assert line.endswith("\u2026")


@SHOWN
@given(name=HOSTILE, message=HOSTILE)
def test_no_name_or_message_means_anything_to_a_chat(shown: Any, name: str, message: str) -> None:
    lines = shown({name: failed(message), "desk2": failed()})
    # A title, a heading, a line for each server: nobody's text makes lines of its own
    assert len(lines) == 4
    assert "desk2" in lines[3]
    if not re.search(r"\s", name):
        assert name[:250] in lines[2]


@given(run=st.dictionaries(HOSTILE, st.builds(failed, HOSTILE), max_size=30))
def test_a_chat_takes_any_run(run: Run) -> None:
    slack(run)
    teams(run)


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="teams, slack, json"):
        run_message({}, "irc")
    with pytest.raises(AnsibleFilterError, match="by its name"):
        run_message([])
