# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation site in build/docs/html from the staged collection, with antsibull-docs and Sphinx.

Warnings are errors. Plugins that are private to the role or to a playbook are listed on a page of their own.
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
# The first words in the description of a private plugin
PRIVATE = re.compile(r"^- Private to ", re.MULTILINE)
ENTRY = re.compile(r"^\* :ansplugin:`(?P<name>\w+) (?P<type>\w+) <.*\n", re.MULTILINE)
# The title of a section of the index without entries
EMPTY = re.compile(r"\.\. _\w+_plugins_in_[\w.]+:\n\n[\w ]+\n~+\n(?=\n+\.\. toctree)")
TOCTREE = re.compile(r"\.\. toctree::\n    :maxdepth: 1\n    :hidden:\n\n(?=\n|$)")
INTERNAL = "internal_plugins"
INTERNAL_PAGE = """\
Internal plugins
================

The role and the playbooks need these. They may change in any release.

"""


def without_internal_plugins(index: str, pages: Path) -> tuple[str, str]:
    """Return the index without the plugins that are private by their ``pages``, and a page that lists them."""
    page, names = INTERNAL_PAGE, []
    for found in ENTRY.finditer(index):
        name = f"{found['name']}_{found['type']}"
        if PRIVATE.search((pages / f"{name}.rst").read_text("utf-8")):
            index = index.replace(found.group(), "").replace(f"    {name}\n", "")
            page += found.group()
            names.append(name)
        # The menu shows these titles, for which the full ones are too long
        index = index.replace(f"    {name}\n", f"    {found['name']} {found['type']} <{name}>\n")
    index = TOCTREE.sub("", EMPTY.sub("", index))
    listed = "".join(f"    {name}\n" for name in names)
    return f"{index}\n{_toctree(INTERNAL)}", f"{page}\n.. toctree::\n    :hidden:\n\n{listed}"


def _toctree(name: str) -> str:
    return f".. toctree::\n    :maxdepth: 1\n\n    {name}\n"


def main() -> int:
    """Run the program and return its status."""
    pages = BUILD / "rst"
    shutil.rmtree(BUILD, ignore_errors=True)
    pages.mkdir(parents=True)
    pages.chmod(0o755)  # antsibull-docs refuses a folder that others can write to
    arguments = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", str(pages), COLLECTION]
    subprocess.run(["antsibull-docs", "collection", *arguments], check=True)
    index = pages / "index.rst"
    shown, internal = without_internal_plugins(index.read_text("utf-8"), pages)
    index.write_text(shown, "utf-8")
    (pages / f"{INTERNAL}.rst").write_text(internal, "utf-8")
    sphinx = ["sphinx-build", "-b", "html", "-c", "docs/docsite", "-d", str(BUILD / "doctrees"), "-j", "auto", "-q"]
    built = subprocess.run([*sphinx, "-W", "--keep-going", str(pages), str(BUILD / "html")], cwd=ROOT, check=False)
    if not built.returncode:
        print(BUILD / "html/index.html")
    return built.returncode


if __name__ == "__main__":
    sys.exit(main())
