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
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from message_texts import Message, is_imperative, parts_of
from messages import Catalog

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "docs/docsite/rst/guide_troubleshooting.rst"
TEXTS = Path(__file__).with_suffix(".yml")
# The texts of the login endpoint's errors, as the lab returns them
RESPONSES = "tests/lab/entra/aadsts.json"
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
# The beginning of an error, to which the answer of a service is added
OPERATION = re.compile(r"^(?:[A-Z][a-z]+ing|Signing in) .*failed$")
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
your run. If you find nothing, search for the part after the last colon, without names and numbers.

An error has three parts: what was attempted, what the service answered, and what to do next. The second part is the
cause, and the third the remedy. Messages with the same remedy share a row.

To check the controller, Entra and all consoles, run the playbook ``deskops.rustdesk_sso.doctor``. It changes nothing.

.. contents::
   :local:
   :depth: 1
"""


class Guide:
    """The content of the guide for the collection below ``root``."""

    def __init__(self, root: Path) -> None:
        self.texts: dict[str, Any] = yaml.safe_load(TEXTS.read_text("utf-8"))
        self.responses: dict[str, Any] = json.loads((root / RESPONSES).read_text("utf-8"))
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
        lines += _section("Options and variables", self.texts["options"]["about"])
        lines += _table("Option in a message", "Variable of the role", rows=[*self._options()])
        lines += _section("States of a server", "The states that the report shows, the most urgent first.")
        lines += _table(
            "State", "Cause", "Remedy", rows=[[f"``{name}``", *self.texts["states"][name]] for name in self.states]
        )
        for area in self.texts["areas"]:
            lines += self._area(area)
        lines += _section(
            "Messages of Ansible and other tools",
            "Messages of Ansible, Azure CLI, Microsoft Graph and consoles, and frequent messages that contain them.",
        )
        lines += _table(
            "Message", "Cause", "Remedy", rows=[[escaped(text) for text in row] for row in self.texts["foreign"]]
        )
        lines += _section(
            "AADSTS codes", "Error codes of Microsoft's login endpoint. Each remedy names whose sign-in fails."
        )
        lines += _table("Code", "Cause", "Remedy", rows=[*self._codes()])
        lines += _section("Error codes of Microsoft Graph", "Codes that are handled, and that can appear in messages.")
        lines += _table(
            "Code", "Cause", "Remedy", rows=[[f"``{code}``", *texts] for code, texts in self.texts["graph"].items()]
        )
        return "\n".join(line.rstrip(" ") for line in lines).rstrip() + "\n"

    def _options(self) -> Iterator[list[str]]:
        """Yield the options of modules that messages name, with the variables of the role that set them."""
        source = self.catalog.sources["plugins/plugin_utils/_fleet/options.py"]
        words = {word for one in self.messages for word in re.findall(r"\w+", f"{one.text} {one.remedy}")}
        variables: dict[str, list[str]] = {}
        for table in ("ENTRA", "CONSOLE"):
            code = compile(ast.Expression(source.constants[table]), source.name, "eval")
            for variable, option in eval(code, {}).items():
                if f"rustdesk_sso_{variable}" not in variables.setdefault(option, []):
                    variables[option].append(f"rustdesk_sso_{variable}")
        variables.update(self.texts["options"]["others"])
        for option, names in sorted(variables.items()):
            if option in words or option in self.texts["options"]["others"]:
                yield [escaped(option), escaped(" or ".join(names))]

    def area(self, message: Message) -> str:
        """Return the title of the area of a message."""
        for area in self.texts["areas"]:
            if any(message.file == one or message.file.startswith(f"{one}/") for one in area["files"]):
                return str(area["title"])
        raise KeyError(message.file)

    def _area(self, area: dict[str, Any]) -> Iterator[str]:
        yield from _section(area["title"], area["about"])
        if area["title"] == self.texts["areas"][0]["title"]:
            yield from _table(
                "Check", "Meaning", rows=[[f"``{name}``", text] for name, text in self.texts["checks"].items()]
            )
        found: dict[str, dict[str, None]] = {}
        for one in self.messages:
            if self.area(one) == area["title"]:
                for text, remedy in self._rows(one, area):
                    found.setdefault(text.strip(" ,;"), {})[remedy.rstrip(".")] = None
        if found:
            yield from _table("Message", "Remedy", rows=[*_grouped(found)])

    def _rows(self, message: Message, area: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the message with each of its remedies; nothing for a text that no user sees, or a success."""
        place: Any = self.texts["places"].get(f"{message.file.removeprefix('plugins/')}::{message.place}", {})
        place = place if isinstance(place, dict) else {"remedy": place}
        text, remedy = re.sub(r"^(?:\.\.\.|ATTEMPTED)(?:: |$)", "", message.text), _own(message.remedy)
        text = re.sub(r"^ANSWER(?=[; ])[; ]*", "", text).rstrip(".") or place.get("message", "")
        silent = message.kind == "text" and message.file.removeprefix("plugins/") in self.texts["silent"]
        if silent or any(re.search(one, text) for one in self.texts["no_messages"]):
            return
        text = re.sub(r" [A-Z]+, then run .*$", "", text)
        if message.kind == "row":
            if (not is_imperative(remedy) and "|" not in text) or re.fullmatch(r"[\w|]+", text):
                return
            text = _response(text)
        if message.kind == "text" and OPERATION.search(text):
            yield f"{text}: ANSWER", str(area.get("operations", self.texts["remedies"]["operation"]))
            return
        if not remedy:
            text, remedy = split(text)
        elif message.kind == "Failed" and is_imperative(text):  # the cause follows the remedy
            text, remedy = remedy, text
        if message.kind in ("fail_msg", "Failed") and not text:
            text, remedy = message.text, ""
        elif not text or not re.search("[a-z]{2}", text) or is_imperative(text):
            text, remedy = place.get("message", ""), remedy or (message.text if is_imperative(message.text) else "")
        special = [one for words, one in place.get("special", {}).items() if words in text]
        given = special[0] if special else None if message.kind == "not_checked" else place.get("remedy")
        if given is not None and (message.variants > 1 or not remedy):
            remedy = given
        if (message.kind in ("text", "pair", "Cause", "row") and not remedy) or not text:
            return
        remedy = remedy or self.texts["remedies"].get(message.kind) or area["remedy"]
        for one in remedy if isinstance(remedy, list) else [remedy]:
            yield (
                text,
                f"No action needed. {one}" if str(one).startswith("Nothing was") and "." not in one else str(one),
            )

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
            texts = [text for text in texts if not any(text in other for other in texts if other != text)]
            known = self.responses.get(str(code), {}).get("text", "").split(". ")[0]
            known = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), known)
            causes = [meaning, f'Text: "{known}"'] if known else [meaning]
            yield [f"``AADSTS{code}``", _cell(causes), _cell([text[:1].upper() + text[1:] for text in texts])]


def split(text: str) -> tuple[str, str]:
    """Return a message without its remedy, and the remedy: the sentences from the first one in the imperative."""
    for found in re.finditer(r"(?:^|[.:] |, |: site\.yml )", text):
        rest = text[found.end() :]
        if found[0].strip() == ": site.yml":
            return text[: found.start()], f"No action needed: site.yml {rest}"
        if (found[0] != ", " or re.match("set |run ", rest)) and is_imperative(rest):
            return text[: found.start()], rest
    return text, ""


def _own(remedy: str) -> str:
    """Return a remedy without inserted hints; nothing if no fixed words remain."""
    remedy = re.sub(r"^(?:[A-Z_]+ )+(?=[A-Z][a-z])", "", remedy)
    remedy = re.sub(r"^HINT(?=, )", "Correct the value", remedy)
    remedy = re.sub(r"(?:(?<=[.;])|, or) (?:NAME|KNOWN|HINTS?|VALUE)$", "", remedy)
    return remedy if re.search("[a-z]{2}", remedy) else ""


def _response(pattern: str) -> str:
    """Return the words of a regular expression for a service's response."""
    words = [" ".join(re.sub(r"[?.]", " ", one.replace(r"\d", "x")).split()) for one in pattern.split("|")]
    quoted = [f'"{one}"' for one in words]
    return "The response contains " + (" or ".join([", ".join(quoted[:-1]), quoted[-1]]) if quoted[1:] else quoted[0])


def _grouped(found: dict[str, dict[str, None]]) -> Iterator[list[str]]:
    """Yield a row for all messages with the same remedies, sorted by the first words."""

    def key(text: str) -> str:
        return re.sub(r"^(?:[^A-Za-z]*[A-Z_]{2,}\b)*[^A-Za-z]*", "", text).casefold()

    rows: dict[tuple[str, ...], list[str]] = {}
    for text in sorted(found, key=key):
        longer = [one for one in found if one != text and text in one]
        if not any(set(found[text]) <= set(found[one]) for one in longer):
            rows.setdefault(tuple(found[text]), []).append(text)
    for remedies, texts in rows.items():
        yield [_cell(texts), _cell([*remedies])]


def _cell(texts: list[str]) -> str:
    """Return the content of a cell, a list if it has several texts."""
    shown = [escaped(one) for one in texts if one not in " ".join(other for other in texts if other != one)]
    return shown[0] if len(shown) == 1 else "\n       ".join(f"- {one}" for one in shown)


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
