# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks whether a tag can be released: release.py TAG. The exit status is 0 if it can; each obstacle is a line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from stage import ROOT


def obstacles(tag: str, root: Path = ROOT) -> list[str]:
    """Return the obstacles to a release of the tree in ``root`` as ``tag``, one sentence each."""
    found = []
    version = re.search(r"^version: *(\S+)$", (root / "galaxy.yml").read_text(), re.MULTILINE)
    if not version or version[1] != tag:
        found.append(f"The tag is {tag}, but galaxy.yml has the version {version and version[1]}.")
    if not re.search(rf"^  {re.escape(tag)}:$", (root / "changelogs/changelog.yaml").read_text(), re.MULTILINE):
        found.append(f"changelogs/changelog.yaml does not contain {tag}. Run `make changelog`.")
    if f"\nv{tag}\n" not in (root / "CHANGELOG.rst").read_text():
        found.append(f"CHANGELOG.rst does not contain v{tag}. Run `make changelog`.")
    left = sorted(path.name for path in root.glob("changelogs/fragments/*.y*ml"))
    if left:
        found.append(f"{len(left)} fragments are not part of the changelog, such as {left[0]}. Run `make changelog`.")
    return found


if __name__ == "__main__":
    problems = obstacles(*sys.argv[1:])
    print("\n".join(problems) or f"{sys.argv[1]} can be released.")
    sys.exit(1 if problems else 0)
