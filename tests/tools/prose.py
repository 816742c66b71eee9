# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the prose of the repository: proselint's checks, and the project's own rules in prose.yml.

Prose is text in Markdown, reStructuredText and templates, comments, docstrings, string literals, and the texts of YAML
files. Code, inline code, addresses and identifiers are left out, and so are Chinese and Japanese pages.

    prose.py [FILE...]    print "FILE:LINE: problem (use X)"; the status is 1 if there are any
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from prose_readers import CJK, CODE, INLINE, READERS, of_python, without

ROOT = Path(__file__).resolve().parents[2]
RULES = Path(__file__).with_suffix(".yml")


@dataclass(frozen=True)
class Rule:
    """Words that the project does not use, as a regular expression of lowercase text, and the words to use instead."""

    find: re.Pattern[str]
    use: str


@dataclass(frozen=True)
class Rules:
    """The content of prose.yml."""

    own: tuple[Rule, ...]
    proselint: dict[str, bool]
    skip: tuple[str, ...]
    skip_strings: tuple[str, ...]


@cache
def rules() -> Rules:
    """Return the rules of prose.yml."""
    read = yaml.safe_load(RULES.read_text("utf-8"))
    # The most specific names first: proselint takes the first that fits
    checks = {**dict.fromkeys(read["proselint"], True), **dict.fromkeys(read["without"], False)}
    return Rules(
        own=tuple(Rule(_expression(one["find"]), one["use"]) for one in read["rules"]),
        proselint=dict(sorted(checks.items(), key=lambda item: -item[0].count("."))),
        skip=tuple(read["skip"]),
        skip_strings=tuple(read["skip_strings"]),
    )


def _expression(find: str | list[str]) -> re.Pattern[str]:
    """Return the expression of a rule. _own checks the start of the word: a boundary here slows the search down."""
    alternatives = "|".join([find] if isinstance(find, str) else find)
    return re.compile(f"(?:{alternatives})(?!\\w)".replace(" ", r"\s+"))


def prose(name: str, text: str) -> str:
    """Return the prose of the file ``name``, empty if it has none that is checked."""
    reader = READERS.get(Path(name).suffix or Path(name).name)
    if reader is None or len(CJK.findall(text)) > len(text) / 50:
        return ""
    if reader is of_python:
        return without(INLINE, of_python(text, not any(fnmatch(name, one) for one in rules().skip_strings)))
    return without(INLINE, reader(text))


def problems(name: str, text: str, with_proselint: bool = True) -> list[str]:
    """Return the problems in the prose of the file ``name``, one line for each."""
    shown = prose(name, text)
    if not shown.strip(CODE + " \n"):
        return []
    found = {*_own(shown), *(_proselint(shown) if with_proselint else ())}
    return [f"{name}:{line}: {problem}" for line, problem in sorted(found)]


def _own(text: str) -> Iterator[tuple[int, str]]:
    lower = text.lower()
    for rule in rules().own:
        for match in rule.find.finditer(lower):
            start = match.start()
            if start and (lower[start - 1].isalnum() or lower[start - 1] == "-"):
                continue
            phrase = " ".join(text[start : match.end()].split())
            yield text.count("\n", 0, start) + 1, f'"{phrase}" (use {rule.use})'


def _proselint(text: str) -> Iterator[tuple[int, str]]:
    from proselint.config import Config
    from proselint.tools import LintFile

    _load_proselint()
    for result in LintFile("text", text).lint(Config(max_errors=1000, checks=rules().proselint)):
        found: Any = result.check_result
        # proselint puts a line before the text
        line = text.count("\n", 0, found.span[0] - 1) + 1
        phrase = " ".join(text[found.span[0] - 1 : found.span[1] - 1].split())
        use = " ".join((f"use {found.replacements}" if found.replacements else found.message).split())
        yield line, f'"{phrase}" ({use}) [{found.check_path}]'


@cache
def _load_proselint() -> None:
    from proselint.checks import __register__
    from proselint.registry import CheckRegistry

    CheckRegistry().register_many(__register__)


def files() -> list[str]:
    """Return the names of the repository's files."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file()]


def is_checked(name: str) -> bool:
    """Return whether the file ``name`` has prose of the project."""
    return (Path(name).suffix or Path(name).name) in READERS and not any(fnmatch(name, one) for one in rules().skip)


def check(name: str) -> list[str]:
    """Return the problems of one file of the repository."""
    return problems(name, (ROOT / name).read_text("utf-8"))


def main() -> int:
    """Run the program and return its status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", help="files to check, relative to the repository; without any, all")
    given = parser.parse_args().files
    names = [name for name in given or files() if is_checked(name)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = [line for lines in pool.map(check, names, chunksize=8) for line in lines]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
