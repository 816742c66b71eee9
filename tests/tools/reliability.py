# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make fire``: write docs/reliability.md from the results that the tests have recorded for each case."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"
Line = dict[str, Any]
SHOWN_FAILURES = 40
LONGEST = 300
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECTIONS = {
    "Crashes, in process": (
        "The controller is terminated before or after a request. The role runs in one process, so no part of it "
        "continues."
    ),
    "Crashes, ansible-playbook": "The processes of the playbook are terminated with SIGKILL before or after a request.",
    "Faults, first run": "An endpoint that the first run uses fails once, twice or five times in a row.",
    "Faults, converged": "An endpoint fails in a run that has nothing to change.",
    "Simultaneous runs": "Several `ansible-playbook` processes configure the same server at the same time.",
    "Secrets": "Everything that a run leaves behind is searched for every secret, in plain text and in four encodings.",
}
HEAD = """# Reliability

This page shows how the collection behaves when runs are interrupted and services fail. `make fire` generates it from
tests against the lab of this repository. For version {version}, **{tried} cases were tried and {failed} failed**, in
{hours}.

Each cell shows how many cases failed, how many were tried, and the median duration of a case. A dash means that no
case was tried.

After each case:

- Users can sign in and reach the same account as before.
- The next run succeeds, and the run after it changes nothing.
- A server has at most three valid client secrets: the one in its console, a superseded one, and one from the
  interrupted run. After the overlap, it has one.
- Applications, client secrets, redirect URIs and providers that belong to others are unchanged.
- No run ends with a traceback or an unexpected error.
"""


def page(lines: list[Line], version: str) -> str:
    """Return the page."""
    failed = [line for line in lines if line["broken"]]
    seconds = sum(line["seconds"] for line in lines)
    duration = f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.0f} minutes"
    parts = [HEAD.format(version=version, tried=len(lines), failed=len(failed), hours=duration)]
    for name, about in SECTIONS.items():
        found = [line for line in lines if line["section"] == name]
        if found:
            parts.append("\n".join(_section(name, about, found)))
    parts.append("\n".join(_failures(failed)))
    return "\n".join(parts)


def _section(name: str, about: str, lines: list[Line]) -> Iterator[str]:
    shares = {line["share"] for line in lines if line.get("share", 1) > 1}
    yield f"## {name}\n"
    tried = f" {'At least one' if len(shares) > 1 else 'One'} in {max(shares)} cases was tried." if shares else ""
    yield f"{about}{tried}\n"
    columns = list(dict.fromkeys(line["column"] for line in sorted(lines, key=lambda line: line["column"])))
    yield f"| | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for row in dict.fromkeys(line["row"] for line in lines):
        cells = [
            _cell([line for line in lines if (line["row"], line["column"]) == (row, column)]) for column in columns
        ]
        yield f"| {row} | {' | '.join(cells)} |"
    yield ""


def _cell(lines: list[Line]) -> str:
    if not lines:
        return "-"
    failed = sum(bool(line["broken"]) for line in lines)
    seconds = sorted(line["seconds"] for line in lines)[len(lines) // 2]
    return f"{f'**{failed}**' if failed else 0} of {len(lines)} ({seconds:.1f} s)"


def _failures(failed: list[Line]) -> Iterator[str]:
    yield "## Failures\n"
    if not failed:
        yield "None.\n"
        return
    for line in failed[:SHOWN_FAILURES]:
        text = " ".join(GUID.sub("{id}", line["broken"][0]).replace("`", "'").split())
        yield f"- {line['case']}: `{text[:LONGEST]}`"
    if len(failed) > SHOWN_FAILURES:
        yield f"- and {len(failed) - SHOWN_FAILURES} more"
    yield ""


def main(results: str) -> None:
    """Write the page from the file ``results``, which has one JSON object on each line."""
    lines = [json.loads(line) for line in Path(results).read_text("utf-8").splitlines()]
    version = re.search(r"^version: *(\S+)", (ROOT / "galaxy.yml").read_text("utf-8"), re.MULTILINE)
    assert version
    PAGE.write_text(page(sorted(lines, key=lambda line: line["case"]), version[1]).rstrip() + "\n", "utf-8")
    print(
        f"Written to {PAGE.relative_to(ROOT)}: {len(lines)} cases, {sum(bool(line['broken']) for line in lines)} failed"
    )


if __name__ == "__main__":
    main(sys.argv[1])
