# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reference of the role's variables matches its files, and the program that writes it detects mistakes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/tools/role_variables.py"
SPECS, DEFAULTS = "roles/entra_oidc/meta/argument_specs.yml", "roles/entra_oidc/defaults/main.yml"
NOTES = "Notes for administrators. If it is not set, the property is left unchanged."
README, REFERENCE = "roles/entra_oidc/README.md", "docs/docsite/rst/reference_variables.rst"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run([sys.executable, PROGRAM, *options], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the files that the program reads and writes."""
    for name in (SPECS, DEFAULTS, README, REFERENCE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert run("--root", str(tmp_path)).returncode == 0
    return tmp_path


def change(root: Path, name: str, before: str, after: str) -> None:
    """Replace a text in the file."""
    text = (root / name).read_text("utf-8")
    assert before in text
    (root / name).write_text(text.replace(before, after), "utf-8")


def test_the_reference_is_up_to_date() -> None:
    done = run("--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (DEFAULTS, "_timeout: 30\n", "_timeout: 31\n", "rustdesk_sso_timeout has the default 30.*but 31"),
        (
            DEFAULTS,
            "rustdesk_sso_secret_overlap: 1d\n",
            "",
            "rustdesk_sso_secret_overlap is an option, but is neither set",
        ),
        (DEFAULTS, "# rustdesk_sso_app_notes:\n", "", "rustdesk_sso_app_notes is an option, but is neither set"),
        (
            DEFAULTS,
            "# rustdesk_sso_app_notes:",
            "rustdesk_sso_app_notes: x",
            "rustdesk_sso_app_notes has the default 'x'",
        ),
        (
            DEFAULTS,
            "rustdesk_sso_timeout:",
            "rustdesk_sso_patience:",
            "rustdesk_sso_patience has a default, but is not",
        ),
        (DEFAULTS, "# rustdesk_sso_app_tags:", "# rustdesk_sso_app_tag:", "rustdesk_sso_app_tag is mentioned"),
        (SPECS, "        default: azure\n", "", "rustdesk_sso_provider_name has the default 'azure'"),
        (README, "| `rustdesk_sso_timeout` |", "| `rustdesk_sso_time` |", "README.md is out of date"),
        (SPECS, NOTES, "Notes.", "reference_variables.rst is out of date"),
        (DEFAULTS, "# --- Notifications -", "# --- Messages -", "reference_variables.rst is out of date"),
    ],
)
def test_mistakes_are_reported(copy: Path, name: str, before: str, after: str, said: str) -> None:
    change(copy, name, before, after)
    files = {path: path.read_text("utf-8") for path in copy.rglob("*.*") if path.is_file()}
    done = run("--root", str(copy), "--check")
    assert done.returncode == 1
    assert re.search(said, done.stderr), done.stderr
    assert {path: path.read_text("utf-8") for path in files} == files


def test_a_changed_description_is_written_to_both(copy: Path) -> None:
    change(copy, SPECS, NOTES, "Notes | *more* of V(x|y) and rustdesk_sso_timeout.")
    assert run("--root", str(copy)).returncode == 0
    assert r"| Notes \| \*more\* of `x\|y` and `rustdesk_sso_timeout`. |" in (copy / README).read_text("utf-8")
    assert r"- Notes \| \*more\* of ``x|y`` and ``rustdesk_sso_timeout``." in (copy / REFERENCE).read_text("utf-8")
    assert run("--root", str(copy), "--check").returncode == 0


def test_a_readme_without_marks_is_refused(copy: Path) -> None:
    change(copy, README, "<!-- variables: end -->", "")
    done = run("--root", str(copy))
    assert done.returncode == 1
    assert "lacks the line <!-- variables: end -->" in done.stderr
