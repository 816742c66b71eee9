# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the steps that a document asks of a user: the files to write and the commands to run, in order.

A code block ``console`` has commands after ``$`` and, below each, the output of the terminal. A code block ``yaml`` is
a file, whose path is the last one in the sentence above it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

# Markdown's fence, or reStructuredText's directive with the indented lines that follow
_MARKDOWN = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>[\w+]+)\n\n(?P<text>(?:(?P=indent) +\S.*\n|\s*\n)+)", re.MULTILINE
)
_PATH = re.compile(r"`{1,2}([\w./-]+\.ya?ml)`{1,2}")
# Values that differ from run to run and from reader to reader
_VARYING = re.compile(
    r"(?P<guid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)|(?P<any>\.\.\.)|(?P<space>\s+)"
)


@dataclass(frozen=True)
class File:
    """A file to write, by its ``path`` below the reader's directory."""

    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command to run, as it is written after ``$``, and the output that the document ``shows``."""

    text: str
    shows: str = ""

    def missing(self, output: str) -> list[str]:
        """Return the lines that the document shows and ``output`` lacks.

        IDs and dates differ, ``...`` stands for anything, and spaces that align columns do not count.
        """
        lines = [line.strip() for line in output.splitlines()]
        return [line for line in self.shows.splitlines() if line.strip() and not _occurs(line.strip(), lines)]


def _occurs(shown: str, lines: list[str]) -> bool:
    pattern, end = "", 0
    for found in _VARYING.finditer(shown):
        pattern += re.escape(shown[end : found.start()])
        pattern += {
            "guid": r"[0-9a-f-]{36}",
            "time": r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?",
            "any": r".*",
            "space": r"\s+",
        }[found.lastgroup or ""]
        end = found.end()
    wanted = re.compile(pattern + re.escape(shown[end:]))
    return any(wanted.fullmatch(line) for line in lines)


def section(document: str, first: str, last: str = "") -> str:
    """Return the part of ``document`` from the heading ``first`` to the heading ``last``, or to the end."""
    begin = re.search(rf"^(?:#+ )?{re.escape(first)}$", document, re.MULTILINE)
    assert begin, f"no heading {first}"
    end = re.search(rf"^(?:#+ )?{re.escape(last)}$", document[begin.end() :], re.MULTILINE) if last else None
    assert end or not last, f"no heading {last}"
    return document[begin.start() : begin.end() + end.start() if end else len(document)]


def blocks(document: str) -> list[tuple[str, str]]:
    """Return the language and the text of each code block of ``document``, in order."""
    return [(block["language"], textwrap.dedent(block["text"]).strip("\n")) for block in _blocks(document)]


def commands(document: str) -> list[Command]:
    """Return the commands of ``document``, in order."""
    return [command for language, text in blocks(document) if language == "console" for command in _commands(text)]


def steps(document: str) -> Iterator[File | Command]:
    """Yield the files and commands of ``document``, which is Markdown or reStructuredText, in order."""
    found = _blocks(document)
    assert found, "no code block"
    before = 0
    for block in found:
        text = textwrap.dedent(block["text"]).strip("\n")
        if block["language"] == "console":
            yield from _commands(text)
        elif block["language"].startswith("yaml"):
            named = _PATH.findall(document[before : block.start()])
            assert named, f"no sentence names the path of the file:\n{text}"
            yield File(named[-1], text + "\n")
        before = block.end()


def _blocks(document: str) -> list[re.Match[str]]:
    return sorted([*_MARKDOWN.finditer(document), *_DIRECTIVE.finditer(document)], key=lambda found: found.start())


def _commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = 1
        while lines[length - 1].endswith("\\"):
            length += 1
        yield Command("\n".join(lines[:length]), "\n".join(lines[length:]))
