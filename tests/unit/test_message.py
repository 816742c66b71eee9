# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message about a run, as a chat service shows it."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.message import is_due, message
from lab.webhook import refused
from support.records import Record, record, restricted, unreachable

Run = dict[str, Record]

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
# Characters with a meaning in the texts of an adaptive card
MARKDOWN = set("\\`*_[]()")


def renewed() -> Record:
    """The record of a server whose client secret was renewed."""
    secret = {"decision": "renewed", "expires": "2027-01-01T00:00:00Z"}
    return record(client_secret=secret, changed=True)


def failed(text: str = "no answer") -> Record:
    """The record of a server that failed."""
    return unreachable("desk", message=text)


MIXED: Run = {
    "desk1": record(),
    "desk2": renewed(),
    "desk3": failed("Inspect the console: Graph answered 403"),
    "desk4": record(verified=False),
    "desk5": restricted("desk5"),
}
TITLE = "RustDesk sign-in, 5 servers: 1 failed, 3 verified, 1 not verified, 1 restricted, 1 changed"


def slack(run: Run) -> list[str]:
    """Return the lines that Slack shows. Slack accepts the message."""
    body = message(run, "slack")
    assert refused("slack", body, 0) is None
    texts = [block["text"]["text"] for block in body["blocks"]]
    for text in texts:
        # Only entities that Slack knows: others would appear unescaped or have a meaning
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)
    return [html.unescape(line) for text in texts for line in text.split("\n")]


def teams(run: Run) -> list[str]:
    """Return the lines that Teams shows. Teams accepts the message."""
    body = message(run, "teams")
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
    """Return a card's text without its escapes. None of it is Markdown."""
    assert not MARKDOWN & set(re.sub(r"\\.", "", text, flags=re.DOTALL)), text
    assert "\n" not in text
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


SHOWN = pytest.mark.parametrize("shown", [slack, teams])


@SHOWN
def test_the_most_urgent_comes_first(shown: Any) -> None:
    lines = shown(MIXED)
    assert lines[0].strip("*") == TITLE
    told = "\n".join(lines)
    assert "desk3: Inspect the console: Graph answered 403" in told
    assert "desk4: not verified" in told
    assert "desk2: client secret renewed, expires 2027-01-01T00:00:00Z" in told
    assert "desk5: assignment is required, and no user or group is assigned (AADSTS50105)" in told
    assert told.index("desk3") < told.index("desk4") < told.index("desk5") < told.index("desk2")
    # Servers without news are not listed
    assert "desk1" not in told


@SHOWN
def test_the_automations_own_credential_is_reported_once(shown: Any) -> None:
    own = {"client_id": "6d3b6f0e", "credential": "certificate", "expires": "2026-12-03T17:00:00Z", "state": "expiring"}
    run = {name: record(name, automation=own) for name in ("desk1", "desk2")}
    told = "\n".join(shown(run))
    assert told.count("client ID 6d3b6f0e: certificate expires on 2026-12-03. Renew it.") == 1
    assert [is_due(run, when) for when in ("always", "changes", "failures")] == [True, True, False]
    assert "6d3b6f0e" not in "\n".join(shown(MIXED))


def test_json_contains_the_records() -> None:
    body = message(MIXED, "json")
    assert body["servers"] == MIXED
    assert body["title"] == TITLE
    assert json.loads(json.dumps(body)) == body


@SHOWN
def test_a_run_without_servers(shown: Any) -> None:
    assert [line.strip("*") for line in shown({})] == ["RustDesk sign-in, 0 servers: no changes"]
    assert message({}, "json")["servers"] == {}


@SHOWN
def test_a_removed_server_has_nothing_to_verify(shown: Any) -> None:
    removed = record(verified=None, changed=True, provider={"present": False, "enabled": None})
    assert [line.strip("*") for line in shown({"desk1": removed})] == ["RustDesk sign-in, 1 server: 1 changed"]


@SHOWN
@pytest.mark.parametrize(
    "text", ["no answer", "no answer. " * 100, "\u00e9 & <*> " * 100], ids=["short", "long", "long and special"]
)
def test_of_many_servers_some_are_listed_and_the_others_counted(shown: Any, text: str) -> None:
    names = [f"desk{number:02}.example.com" for number in range(45)]
    lines = shown({name: failed(text) for name in names})
    assert "45 servers: 45 failed" in lines[0]
    listed = [name for name in names if any(name in line for line in lines)]
    assert 0 < len(listed) <= 20
    assert f"and {45 - len(listed)} more" in "\n".join(lines)


@SHOWN
def test_no_others_are_counted_if_all_are_listed(shown: Any) -> None:
    lines = shown({f"desk{number:02}": failed() for number in range(20)})
    assert sum("desk" in line for line in lines) == 20
    assert not [line for line in lines if "more" in line]


@SHOWN
def test_a_long_text_is_visibly_truncated(shown: Any) -> None:
    (line,) = [line for line in shown({"desk1": failed("word " * 1000)}) if "desk1" in line]
    assert len(line) < 400
    assert line.endswith("\u2026")


@SHOWN
@given(name=HOSTILE, text=HOSTILE)
def test_no_name_or_text_is_interpreted_by_a_chat_service(shown: Any, name: str, text: str) -> None:
    lines = shown({name: failed(text), "desk2": failed()})
    # A title, a heading and a line for each server: no text adds lines
    assert len(lines) == 4
    assert "desk2" in lines[3]
    if not re.search(r"\s", name):
        assert name[:250] in lines[2]


@given(run=st.dictionaries(HOSTILE, st.builds(failed, HOSTILE), max_size=30))
def test_a_chat_service_accepts_any_run(run: Run) -> None:
    slack(run)
    teams(run)


@pytest.mark.parametrize(
    ("run", "due"),
    [
        ({"desk1": record()}, {"always"}),
        ({"desk1": record(), "desk2": renewed()}, {"always", "changes"}),
        ({"desk1": record(), "desk2": failed()}, {"always", "changes", "failures"}),
    ],
    ids=["nothing", "changed", "failed"],
)
def test_when_a_message_is_sent(run: Run, due: set[str]) -> None:
    assert {when for when in ("always", "changes", "failures") if is_due(run, when)} == due
