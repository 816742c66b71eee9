# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checker of the project's prose, tests/tools/prose.py."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def prose(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "tools"))
    return importlib.import_module("prose")


# Name, text, and the line of the phrase; None if the phrase is code
CASES = {
    "markdown": ("a.md", "# Title\n\nThe console type is found\nout in each run.\n", 3),
    "markdown code": ("a.md", "Text.\n\n```console\n$ echo found out\n```\n", None),
    "markdown inline code": ("a.md", "The task `found out` runs.\n", None),
    "markdown address": ("a.md", "See [the page](https://x.example/found-out?by=itself).\n", None),
    "rst": ("a.rst", "Title\n=====\n\nIt is found out.\n", 4),
    "rst directive": ("a.rst", ".. note::\n   It is found out.\n", 2),
    "rst code": ("a.rst", ".. code-block:: yaml\n\n   # found out\n\nText.\n", None),
    "rst literal": ("a.rst", "So::\n\n   found out\n\nText.\n", None),
    "rst inline code": ("a.rst", "It is ``found out``.\n", None),
    "yaml comment": ("a.yml", "---\n# It is found out.\na: 1\n", 2),
    "yaml comment behind a value": ("a.yml", "---\na: 1  # It is found out.\n", 2),
    "yaml name": ("a.yml", "---\n- name: See what is found out\n  a: 1\n", 2),
    "yaml folded": ("a.yml", "---\ndescription: >-\n  The type is\n  found out.\n", 4),
    "yaml expression": ("a.yml", "---\nwhen: a.found out or b\nb: found_out\n", None),
    "yaml key": ("a.yml", "---\nfound out of it: 1\n", None),
    "docstring": ("a.py", '"""Title.\n\nThe type is found out.\n"""\n', 3),
    "docstring of a function": ("a.py", 'def f():\n    """It is found out."""\n', 2),
    "comment": ("a.py", "a = 1  # it is found\n# out here\n", 1),
    "string": ("a.py", 'a = "It is found out"\n', 1),
    "string in two parts": ("a.py", 'a = (\n    "It is found "\n    f"out by {a}"\n)\n', 2),
    "string of the simulated services": ("tests/lab/a.py", 'a = "It is found out"\n', None),
    "docstring there": ("tests/lab/a.py", '"""It is found out."""\n', 1),
    "expression": ("a.py", 'a = f"{found} {out(by, itself)} text"\nfound_out = shall(1)\n', None),
    "documentation": ("a.py", 'DOCUMENTATION = r"""\noptions:\n  a:\n    description: It is found out.\n"""\n', 4),
    "markup in documentation": (
        "a.py",
        'DOCUMENTATION = r"""\nnotes: Set O(found out) to V(shall).\n"""\n',
        None,
    ),
    "help of make": ("Makefile", "a: b ## See what is found out\n\t@echo found out\n", 1),
    "japanese": ("a.md", "これは found out という言葉です。" * 3, None),
}


@pytest.mark.parametrize("case", CASES)
def test_phrases_are_found_in_prose_only(prose: Any, case: str) -> None:
    name, text, line = CASES[case]
    expected = [] if line is None else [f"{name}:{line}"]
    found = prose.problems(name, text, with_proselint=False)
    assert [problem.split(": ")[0] for problem in found] == expected


@pytest.mark.parametrize(
    ("sentence", "phrase", "use"),
    [
        ("Each server that is well", "is well", "healthy or up to date"),
        ("Set an URI here", "an URI", "a"),
        ("It shall exist", "shall", "should or must"),
        ("It can not work", "can not", "cannot"),
    ],
)
def test_a_problem_names_the_phrase_and_its_replacement(prose: Any, sentence: str, phrase: str, use: str) -> None:
    assert prose.problems("a.md", sentence, with_proselint=False) == [f'a.md:1: "{phrase}" (use {use})']


@pytest.mark.parametrize(
    "sentence",
    [
        "A well-known URL, a user, and an application as well as an owner.",
        "Users sign in. Their sign-in is checked.",
        "Entra returns an ID token. It cannot expire.",
    ],
)
def test_good_sentences_pass(prose: Any, sentence: str) -> None:
    assert prose.problems("a.md", sentence, with_proselint=False) == []


def test_proselint_reports_the_line(prose: Any) -> None:
    pytest.importorskip("proselint", reason="it is in the environment of the linters")
    assert prose.problems("a.md", "Text.\n\nIt is kept for ever.\n")[0].startswith('a.md:3: "for ever"')
