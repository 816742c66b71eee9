# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new user follows the guide for the first run word by word, from the installation to backing out.

The collection is installed from its artifact, and its folder stays unchanged. ``make first-hour`` also creates the
virtual environment that the guide requires; otherwise that of the tests is used.
"""

from __future__ import annotations

from pathlib import Path

from first_hour.documents import Command, section, steps
from first_hour.person import User

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_first_run.rst").read_text()
README = (ROOT / "README.md").read_text()


def content(folder: Path) -> dict[str, int]:
    """Return the files below ``folder`` with the time of their last change."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_guide_word_by_word(user: User) -> None:
    installed: dict[str, int] = {}
    folder = user.reader.home / ".ansible/collections"
    for step in steps(GUIDE):
        user.reader.do(step)
        if installed:
            assert content(folder) == installed, f"{step} changed the installed collection"
        elif (folder / "ansible_collections/deskops").exists():
            installed = content(folder)
    assert installed
    applications = [item["displayName"] for item in user.fleet.tenant.applications()]
    assert not [name for name in applications if "RustDesk" in name]


def test_readme_agrees_with_the_guide() -> None:
    """The first run in the README is the beginning of the guide's."""
    shorter = steps(section(README, "Installation", "Guides"))
    longer = iter(steps(GUIDE))
    for step in shorter:
        text = step.text if isinstance(step, Command) else step
        assert any(text == (other.text if isinstance(other, Command) else other) for other in longer), step
