# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make live``: run the cases against a real tenant and a real console, or list or remove what earlier runs left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest
import requests
from live import made, target
from live.run import Run, client, sign_in, sign_out
from live.service import OverBudgetError

CASES = ("test_entra.py", "test_consoles.py")
HERE = Path(__file__).resolve().parent
PAUSE, PATIENCE = 2.0, 180.0


def leftovers(run: Run) -> list[str]:
    """List the objects that earlier runs have left, and remove them if requested; return a line for each."""
    lines, remove = [], run.target.leftovers == "remove"
    if run.target.tenant:
        graph = run.graph()
        for item in made.applications(graph):
            if remove:
                made.remove_application(graph, item["id"])
            state = "removed" if remove else "deleted, not purged" if item["deleted"] else "present"
            lines.append(f"application {item['displayName']} ({item['id']}): {state}")
    console_target = run.target.console
    if console_target:
        console, who = run.console(console_target), client()
        sign_in(console, console_target, who)
        try:
            for item in made.providers(console_target.kind, console):
                state = "removed" if remove else "present"
                lines.append(f"provider {item.get('name') or item.get('op')}: {state}")
            if remove:
                made.remove_providers(console_target.kind, console)
        finally:
            sign_out(console, console_target.kind, who)
    return lines or ["Nothing is left of earlier live runs."]


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as after Ctrl+C, with the clean-up."""
    raise KeyboardInterrupt


def main() -> int:
    """Return the exit status: 2 for a refusal, 1 if the services differ from the contract."""
    try:
        chosen = target.read(os.environ)
    except target.RefusedError as error:
        print(error, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, interrupt)
    print("\n".join(target.plan(chosen)), flush=True)
    if not chosen.leftovers:
        return int(pytest.main(["--live", "-q", "--tb=short", *(str(HERE / name) for name in CASES)]))
    try:
        print("\n".join(leftovers(Run(chosen, PATIENCE, PAUSE))))
    except (AssertionError, KeyError, TypeError, RuntimeError, OverBudgetError, requests.RequestException) as error:
        print(f"The leftovers could not be read or removed ({type(error).__name__}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
