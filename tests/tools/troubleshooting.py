# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the guide for troubleshooting, docs/docsite/rst/guide_troubleshooting.rst, from the messages of the source.

Meanings of states, checks and error codes come from troubleshooting.yml. With --check nothing is written; the status is
1 if the guide is out of date, or if a code, check or state has no meaning.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from messages import Catalog, Message, parts_of

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "docs/docsite/rst/guide_troubleshooting.rst"
TEXTS = Path(__file__).with_suffix(".yml")
CODE = re.compile(r"AADSTS(\d{5,})")
GRAPH = re.compile(r"[A-Z][a-z]+_[A-Z][A-Za-z]+|[A-Z][A-Za-z]+AsPerAppPolicy|CannotDelete\w+")
JINJA = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
# The sign-in that the remedies for a code apply to, by the file that contains them
SIDES = {
    "plugins/module_utils/_entra/sign_in/credentials.py": "The automation",
    "plugins/module_utils/_sign_in_check.py": "The console",
    "plugins/module_utils/_rustdesk/user_sign_in.py": "A user",
    "plugins/module_utils/_entra/application/restrictions.py": "All users",
}
MODULES = "plugins/module_utils"
HEAD = """\
..
  Copyright (c) 2026, deskops
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Written by tests/tools/troubleshooting.py.

.. _ansible_collections.deskops.rustdesk_sso.docsite.guide_troubleshooting:

Troubleshooting
===============

Search this page for a few words of the message that you received. Words in capitals, such as NAME, stand for values of
your run. "..." stands for the operation that failed.

An error has three parts: what was attempted, what the service answered, and what to do next. The second part is the
cause, and the third the remedy. The remedies on this page name the options of the modules. In the output of the role
and its playbooks, the role's variables take their place, for example ``rustdesk_sso_app_restore`` instead of
``restore``.

To check the controller, Entra and all consoles, run the playbook ``deskops.rustdesk_sso.doctor``. It changes nothing.

.. contents::
   :local:
   :depth: 1
"""


class Guide:
    """The content of the guide for the collection below ``root``."""

    def __init__(self, root: Path) -> None:
        self.texts: dict[str, Any] = yaml.safe_load(TEXTS.read_text("utf-8"))
        self.catalog = Catalog(root)
        self.messages = [*self.catalog.messages, *of_playbooks(root)]

    @property
    def codes(self) -> set[str]:
        """Return all AADSTS codes in the source, without the prefix."""
        found: set[str] = set()
        for source in self.catalog.sources.values():
            found.update(CODE.findall(source.text))
            for text in _strings(source.tree):
                if source.name.startswith(MODULES) and re.fullmatch(r"[5-9]\d{4,6}", text):
                    found.add(text)
        return found

    @property
    def graph_codes(self) -> set[str]:
        """Return all error codes of Graph in the source."""
        sources = (source for name, source in self.catalog.sources.items() if name.startswith(f"{MODULES}/_entra/"))
        return {text for source in sources for text in _strings(source.tree) if GRAPH.fullmatch(text)} - {
            "AsPerAppPolicy"
        }

    @property
    def checks(self) -> set[str]:
        """Return the names of all checks of a sign-in."""
        calls = (one.text.partition(": ")[0] for one in self.messages if one.kind == "Check")
        source = self.catalog.sources[f"{MODULES}/_sign_in_check.py"]
        requests = _strings(source.constants["REQUEST_CHECKS"])
        return {*(name for name in calls if name != "NAME"), *requests}

    @property
    def states(self) -> list[str]:
        """Return the states of a server in the report."""
        return [*_strings(self.catalog.sources["plugins/plugin_utils/_report/model.py"].constants["STATES"])]

    def problems(self) -> Iterator[str]:
        """Yield the codes, checks and states without a meaning in troubleshooting.yml, and its unused meanings."""
        for name, known in (
            ("aadsts", self.codes),
            ("graph", self.graph_codes),
            ("checks", self.checks),
            ("states", {*self.states}),
        ):
            meanings = {str(key) for key in self.texts[name]}
            if known - meanings:
                yield f"{TEXTS.name} has no meaning for {', '.join(sorted(known - meanings))} ({name})"
            if meanings - known:
                unused = ", ".join(sorted(meanings - known))
                yield f"{TEXTS.name} describes {unused} ({name}), which do not exist in the source"

    def text(self) -> str:
        """Return the page."""
        lines = [HEAD]
        lines += _section("States of a server", "The states that the report shows, the most urgent first.")
        lines += _table(
            "State", "Cause", "Remedy", rows=[[f"``{name}``", *self.texts["states"][name]] for name in self.states]
        )
        for area in self.texts["areas"]:
            lines += self._area(area)
        lines += _section(
            "AADSTS codes", "Error codes of Microsoft's login endpoint. Each remedy names whose sign-in fails."
        )
        lines += _table("Code", "Cause", "Remedy", rows=[*self._codes()])
        lines += _section("Error codes of Microsoft Graph", "Codes that are handled, and that can appear in messages.")
        lines += _table(
            "Code", "Cause", "Remedy", rows=[[f"``{code}``", *texts] for code, texts in self.texts["graph"].items()]
        )
        return "\n".join(lines).rstrip() + "\n"

    def area(self, message: Message) -> str:
        """Return the title of the area of a message."""
        for area in self.texts["areas"]:
            if any(message.file == one or message.file.startswith(f"{one}/") for one in area["files"]):
                return str(area["title"])
        raise KeyError(message.file)

    def _area(self, area: dict[str, Any]) -> Iterator[str]:
        found = [one for one in self.messages if self.area(one) == area["title"] and not one.text.isdigit()]
        yield from _section(area["title"], area["about"])
        if area["title"] == self.texts["areas"][0]["title"]:
            yield from _table(
                "Check", "Meaning", rows=[[f"``{name}``", text] for name, text in self.texts["checks"].items()]
            )
        remedies: dict[str, dict[str, None]] = {}
        for one in found:
            # A message that consists of inserted values only, without a remedy, does not help
            words = 2 if one.kind in ("Check", "row") else len(re.findall("[a-z]{2}", f"{one.text} {one.remedy}"))
            if one.kind != "text" and words > 1:
                remedies.setdefault(self._shown(one), {})[self._remedy(one)] = None
        if remedies:
            yield from _table(
                "Message", "Remedy", rows=[[text, self._cell([*texts])] for text, texts in remedies.items()]
            )
        others = dict.fromkeys(escaped(one.text.strip(" .,:;")) for one in found if one.kind == "text")
        if others:
            yield from ["Parts of messages of this area, and messages without a separate remedy:", ""]
            yield from [*(f"- {text}" for text in others), ""]

    def _shown(self, message: Message) -> str:
        if message.kind == "row" and "|" in message.text:  # a regular expression for the response of a service
            return "Response with " + " or ".join(escaped(one) for one in message.text.split("|"))
        return escaped(message.text)

    def _cell(self, remedies: list[str]) -> str:
        """Return the remedies of a message, one line each, without the general one if others exist."""
        own = [one for one in remedies if one != escaped(self.texts["remedies"]["other"])] or remedies
        return own[0] if len(own) == 1 else "\n       ".join(f"| {one}" for one in own)

    def _remedy(self, message: Message) -> str:
        if re.search(r"[a-z]{2}", message.remedy):
            return escaped(re.sub(r"^(?:[A-Z_]+ )+(?=[A-Z][a-z])", "", message.remedy))  # a hint that is inserted
        texts = self.texts["remedies"]
        return escaped(str(texts["other"] if message.remedy else texts.get(message.kind, texts["other"])))

    def _codes(self) -> Iterator[list[str]]:
        for code, meaning in self.texts["aadsts"].items():
            remedies: dict[str, str] = {}
            for one in self.messages:
                if (one.kind == "row" and one.text == str(code)) or f"AADSTS{code}" in re.findall(
                    r"AADSTS\d+", one.text
                ):
                    remedies.setdefault(one.remedy, SIDES.get(one.file, ""))
            texts = [f"{side}: {remedy}" if side else remedy for remedy, side in remedies.items() if remedy]
            texts += [self.texts["aadsts_remedies"][code]] if code in self.texts["aadsts_remedies"] else []
            # The source adds the claims
            texts = [re.sub(r" with$", " with the claims of the token", text) for text in texts]
            yield [f"``AADSTS{code}``", escaped(meaning), self._cell([escaped(text) for text in texts])]


def of_playbooks(root: Path) -> Iterator[Message]:
    """Yield the messages with which tasks of playbooks and the role fail."""
    for folder in ("playbooks", "roles", "extensions"):
        for path in sorted((root / folder).rglob("*.yml")):
            for key, value in _scalars(yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)):
                text = " ".join(JINJA.sub(_placeholder, value.value).split())
                if key == "fail_msg" and re.search(r"[a-z]{2} [a-z]{2}", text):
                    name = str(path.relative_to(root))
                    yield Message(name, value.start_mark.line, key, *parts_of(text))


def _scalars(node: yaml.Node | None) -> Iterator[tuple[str, yaml.ScalarNode]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode):
                yield str(key.value), value
            yield from _scalars(value)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _scalars(one)


def _placeholder(found: re.Match[str]) -> str:
    return str(re.findall(r"\w+", found[1].partition("|")[0])[-1]).upper()


def _strings(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _section(title: str, about: str) -> list[str]:
    return [title, "-" * len(title), "", escaped(" ".join(about.split())), ""]


def _table(*head: str, rows: list[list[str]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in ([*head], *rows):
        lines += [f"   {'* -' if not place else '  -'} {cell}".rstrip() for place, cell in enumerate(row)]
    return [*lines, ""]


def escaped(text: str) -> str:
    """Return ``text`` escaped, so that reStructuredText shows it unchanged."""
    return re.sub(r"([\\*`|<>]|_(?!\w))", r"\\\1", text)


def main() -> int:
    """Run the program and return its status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if something is wrong")
    arguments = parser.parse_args()
    guide = Guide(ROOT)
    problems = [*guide.problems()]
    path = ROOT / GUIDE
    if not problems and (not path.exists() or path.read_text("utf-8") != guide.text()):
        if arguments.check:
            problems.append(f"{GUIDE} is out of date: run make variables")
        else:
            path.write_text(guide.text(), "utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
