# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation site in build/docs/html from the staged collection, with antsibull-docs and Sphinx.

Warnings are errors. In the index, plugins that are private to the role or to a playbook follow the public ones.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/docs"
COLLECTION = "deskops.rustdesk_sso"
# How the documentation of a private plugin begins its description
PRIVATE = re.compile(r"^- Private to ", re.MULTILINE)
ENTRY = re.compile(r"^\* :ansplugin:`(?P<name>\w+) (?P<type>\w+) <.*\n", re.MULTILINE)
# The title of a section of the index without entries
EMPTY = re.compile(r"\.\. _\w+_plugins_in_[\w.]+:\n\n[\w ]+\n~+\n(?=\n+\.\. toctree)")
INTERNAL = """\
Internal plugins
~~~~~~~~~~~~~~~~

The role and the playbooks need these. They may change in any release.

"""


def with_internal_plugins_last(index: str, pages: Path) -> str:
    """Return the text of the index with the plugins that are private by their ``pages`` in a section of their own."""
    entries = [
        found.group()
        for found in ENTRY.finditer(index)
        if PRIVATE.search((pages / f"{found['name']}_{found['type']}.rst").read_text("utf-8"))
    ]
    if not entries:
        return index
    for entry in entries:
        index = index.replace(entry, "")
    index = EMPTY.sub("", index)
    before, role, after = index.partition(f".. _role_plugins_in_{COLLECTION}:")
    return f"{before}{INTERNAL}{''.join(entries)}\n{role}{after}"


def main() -> int:
    """Run the program and return its status."""
    pages = BUILD / "rst"
    shutil.rmtree(BUILD, ignore_errors=True)
    pages.mkdir(parents=True)
    pages.chmod(0o755)  # antsibull-docs refuses a folder that others can write to
    arguments = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(pages), COLLECTION]
    subprocess.run(["antsibull-docs", "collection", *arguments], check=True)
    index = pages / "index.rst"
    index.write_text(with_internal_plugins_last(index.read_text("utf-8"), pages), "utf-8")
    sphinx = ["sphinx-build", "-b", "html", "-c", "docs/docsite", "-d", str(BUILD / "doctrees"), "-j", "auto", "-q"]
    built = subprocess.run([*sphinx, "-W", "--keep-going", str(pages), str(BUILD / "html")], cwd=ROOT, check=False)
    if not built.returncode:
        print(BUILD / "html/index.html")
    return built.returncode


if __name__ == "__main__":
    sys.exit(main())
