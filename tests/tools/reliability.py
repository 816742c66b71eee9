# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make fire``: write docs/reliability.md from what the tests have noted of each case."""

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
        "The controller dies before and after a request: the role runs in one process, and nothing of it goes on."
    ),
    "Crashes, ansible-playbook": "The playbook's processes are killed by SIGKILL before and after a request.",
    "Faults, first run": "An endpoint of the first run fails once, twice or five times in a row.",
    "Faults, converged": "The same in a run that has nothing to change.",
    "Runs at once": "Several `ansible-playbook` processes configure the same server at the same moment.",
    "Secrets": "Every secret is searched for in everything that a run leaves, in plain text and in four encodings.",
}
HEAD = """# Reliability

Written by `make fire` for version {version}, against the lab of this repository.
**{tried} cases were tried; {failed} failed.** They took {hours}.
A cell shows how many cases failed, how many were tried, and the seconds of a case (median).
A dash means that none was tried.

After each case:

- Users sign in as before, to the same account.
- The next run succeeds, and the one after it changes nothing.
- A server has at most three live client secrets: the one that its console holds, one that is superseded, and one of
  the run that ended early. After the overlap it has one.
- Applications, client secrets, redirect URIs and providers of others are as they were.
- No run ends in a traceback or in an error that was not foreseen.
"""


def page(lines: list[Line], version: str) -> str:
    """The page."""
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
    tried = f" {'At least one' if len(shares) > 1 else 'One'} case of {max(shares)} was tried." if shares else ""
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
    """Write the page from the file of ``results``, one JSON object a line."""
    lines = [json.loads(line) for line in Path(results).read_text("utf-8").splitlines()]
    version = re.search(r"^version: *(\S+)", (ROOT / "galaxy.yml").read_text("utf-8"), re.MULTILINE)
    assert version
    PAGE.write_text(page(sorted(lines, key=lambda line: line["case"]), version[1]).rstrip() + "\n", "utf-8")
    print(
        f"Written to {PAGE.relative_to(ROOT)}: {len(lines)} cases, {sum(bool(line['broken']) for line in lines)} failed"
    )


if __name__ == "__main__":
    main(sys.argv[1])
