# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prometheus' own tool, promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

INSTALLER = Path(__file__).parents[1] / "tools" / "ensure_promtool.sh"
Promtool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Run promtool with arguments and standard input. Without it, tests are skipped, except in CI."""
    found = subprocess.run([INSTALLER], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.fail(found.stderr)
    if not found.stdout.strip():
        pytest.skip(found.stderr)

    def run(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        command = [found.stdout.strip(), *arguments]
        return subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    return run
