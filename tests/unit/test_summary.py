# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary at the end of a run, as a terminal shows it."""

from __future__ import annotations

from typing import Any

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import shape, summary
from support.records import record, restricted, unreachable

Run = dict[str, Any]


def run_of(*records: dict[str, Any]) -> Run:
    """Return records of a run by the server's name, healthy unless specified otherwise."""
    return {item["server"]: {"outcome": shape.VERIFIED, "notes": [], **item} for item in records}


def failed(name: str, why: str = "The console did not answer.") -> dict[str, Any]:
    """The record of a server that failed."""
    error = {"phase": "Inspect the console", "message": why}
    return {**unreachable(name, error=error, message=f"Inspect the console: {why}"), "outcome": shape.FAILED}


def names(shown: list[str]) -> list[str]:
    """Return the servers of the table, in its order."""
    table = shown[2 : shown.index("", 2)] if "" in shown[2:] else shown[2:]
    return [line.split()[0] for line in table[1:] if not line.startswith("and ")]


def test_the_most_urgent_server_comes_first() -> None:
    made = run_of(
        record("b-healthy"),
        record("c-changed", changed=True),
        {**restricted("d-restricted"), "outcome": shape.RESTRICTED},
        record("e-unverified", verified=False, outcome=shape.NOT_VERIFIED),
        failed("f-failed"),
    )
    shown = summary.lines(made)
    assert names(shown) == ["f-failed", "e-unverified", "d-restricted", "c-changed", "b-healthy"]
    assert shown[0] == "RustDesk sign-in, 5 servers: 1 failed, 3 verified, 1 not verified, 1 restricted, 1 changed"


def test_columns_are_aligned() -> None:
    shown = summary.lines(run_of(record("a"), record("a-much-longer-name.example.com", changed=True)))
    header, *rows = shown[2:]
    for word, values in (("state", ("verified", "verified")), ("changed", ("yes", "no"))):
        assert [row[header.index(word) :].split()[0] for row in rows] == [*values]
    assert not any(line != line.rstrip() for line in shown)


def test_servers_without_news_are_counted_if_there_are_many() -> None:
    healthy = [record(f"desk{number:03}") for number in range(500)]
    news = [record(f"new{number}", changed=True) for number in range(30)]
    assert len(names(summary.lines(run_of(*healthy[:20])))) == 20
    shown = summary.lines(run_of(*healthy, failed("broken"), *news))
    assert names(shown)[0] == "broken"
    assert names(shown)[1:] == sorted(item["server"] for item in news)
    assert "and 500 more, healthy and unchanged" in shown
    few = summary.lines(run_of(*healthy, failed("broken")))
    assert len(names(few)) == 20
    assert "and 481 more, healthy and unchanged" in few


def test_a_server_with_a_note_is_never_counted_only() -> None:
    healthy = [record(f"desk{number:03}") for number in range(500)]
    noted = record("zulu", notes=["the redirect URI of the former address is kept: https://old.example"])
    shown = summary.lines(run_of(*healthy, noted))
    assert "zulu" in names(shown)
    assert shown[-1] == "zulu: the redirect URI of the former address is kept: https://old.example"


def test_a_failure_of_many_servers_is_reported_once() -> None:
    made = run_of(*(failed(f"desk{number}", "Graph answered 403.") for number in range(1, 9)))
    shown = summary.lines(made)
    said = [line for line in shown if "Graph answered 403." in line]
    assert said == ["desk1, desk2, desk3, desk4, desk5 and 3 more: Inspect the console: Graph answered 403."]
    assert shown[-3:] == [*said, "", summary.DOCTOR]


def test_check_mode_predicts() -> None:
    secret = {"decision": "renewed", "expires": "2027-01-01T00:00:00Z"}
    new = record("desk1", changed=True, verified=None, outcome=shape.TO_VERIFY, client_secret=secret)
    shown = summary.lines(run_of(new, record("desk2")), predicted=True)
    assert shown[0] == "RustDesk sign-in, 2 servers: 1 verified, 1 would change"
    header, first, second = shown[2:]
    assert header.endswith("would change")
    assert "would be verified  would be renewed  2027-01-01  yes" in first
    assert "kept" in second


def test_a_run_without_servers_has_no_summary() -> None:
    assert summary.lines({}) == []


def test_a_failed_server_names_its_task() -> None:
    known: Any = failed("desk1", "The console did not answer.")
    assert summary.failure(known) == 'desk1 failed at "Inspect the console". The summary gives the reason.'
    assert summary.failure({**known, "error": {"phase": "", "message": "x"}, "message": "Stopped."}) == "Stopped."


def test_former_redirect_uris_are_named() -> None:
    said = "redirect URIs removed from rustdesk-sso: https://old.example/api/oidc/callback"
    gone = {"outcome": shape.KEPT, "changed": True, "verified": None, "message": said}
    shown = summary.lines(run_of(record("desk1", **gone)))
    assert shown[-1] == f"desk1: {said}"
    assert "not verified" not in shown[0]
