# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the reference of the role's variables from its argument specification and its defaults.

In: roles/entra_oidc/meta/argument_specs.yml, which describes each variable, plugins/plugin_utils/_role/types.py for the
types that are raw there, and defaults/main.yml, whose sections and order the reference follows. Out:
docs/docsite/rst/reference_variables.rst, and the role's README between two marks. With --check nothing is written; the
status is 1 if these are outdated or the two files contradict each other.
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLE = "roles/entra_oidc"
SPECS, DEFAULTS, README = (f"{ROLE}/{name}" for name in ("meta/argument_specs.yml", "defaults/main.yml", "README.md"))
REFERENCE = "docs/docsite/rst/reference_variables.rst"
# The types that the argument specification cannot express, by names without the prefix
TYPES = runpy.run_path(str(ROOT / "plugins/plugin_utils/_role/types.py"))["TYPES"]
BEGIN, END = "<!-- variables: written by tests/tools/role_variables.py -->", "<!-- variables: end -->"
SECTION = re.compile(r"# --- (?P<title>.+?) -+$")
MENTION = re.compile(r"(?:# )?(?P<name>rustdesk_sso_\w+):(?: |$)")
ENVIRONMENT = re.compile(r"lookup\('ansible\.builtin\.env', '(\w+)'\)")
# In descriptions: Ansible's markup for code, options and values, and bare names of variables and places.
MARKUP = re.compile(r"\b[COVEP]\(([^)]*)\)|(\b(?:rustdesk_sso|AZURE|RUSTDESK)_\w+\b|(?<!\S)/[\w/.]+\w)")
REFERENCE_HEAD = """\
..
  Copyright (c) 2026, deskops
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Written by tests/tools/role_variables.py.

.. _ansible_collections.deskops.rustdesk_sso.docsite.reference_variables:

Variables of the role
=====================

The variables of the role :ansplugin:`deskops.rustdesk_sso.entra_oidc#role`. Each can be set for
all servers, for a group or for one server. An empty variable, null or an empty text, counts as not set and has its
default. An empty list and false are values.

.. contents::
   :local:
   :depth: 2
"""


@dataclass(frozen=True)
class Variable:
    """One row: ``section`` is its section in the defaults, ``entry_points`` are those that use it."""

    name: str
    section: str
    entry_points: tuple[str, ...]
    option: dict[str, Any]
    value: Any

    @property
    def kind(self) -> list[str]:
        """The type and the choices."""
        rules = {**self.option, **TYPES.get(self.name.removeprefix("rustdesk_sso_"), {})}
        kind = rules.get("type", "str")
        elements = f" of {rules['elements']}" if "elements" in rules else ""
        return [f"{kind}{elements}", *(str(choice) for choice in rules.get("choices", []))]

    @property
    def meaning(self) -> str:
        """The description as one text, with Ansible's markup."""
        described = self.option["description"]
        return " ".join(" ".join([described] if isinstance(described, str) else described).split())

    def row(self, quote: str, special: str) -> list[str]:
        """Return name, type, default and meaning, in a markup with ``quote`` around code and ``special`` characters."""

        def code(text: str) -> str:
            return f"{quote}{text}{quote}"

        kind, *choices = self.kind
        default = "required" if self.option.get("required") else ""
        if environment := ENVIRONMENT.findall(str(self.value)):
            default = f"from {' or '.join(code(name) for name in environment)}"
        elif self.value is not None:
            text = self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)
            default = code(" ".join(text.split()) or '""')
        shown = f"{kind}: {', '.join(code(choice) for choice in choices)}" if choices else kind
        return [code(self.name), shown, default, _marked(self.meaning, quote, special)]


class Role:
    """The role's two files below ``root``."""

    def __init__(self, root: Path) -> None:
        specs = yaml.safe_load((root / SPECS).read_text("utf-8"))["argument_specs"]
        text = (root / DEFAULTS).read_text("utf-8")
        # An entry point without its own variables uses those of the first, which are documented once
        first = next(iter(specs.values())).get("options", {})
        self.entry_points: dict[str, dict[str, Any]] = {
            name: spec.get("options", first) for name, spec in specs.items()
        }
        self.purposes = {name: spec["short_description"] for name, spec in specs.items()}
        self.defaults: dict[str, Any] = yaml.safe_load(text)
        self.sections = dict(_sections(text))

    @property
    def options(self) -> dict[str, dict[str, Any]]:
        """Return all variables by name, as in the first entry point that uses them."""
        merged: dict[str, dict[str, Any]] = {}
        for options in self.entry_points.values():
            merged = {**options, **merged}
        return merged

    def problems(self) -> Iterator[str]:
        """Return the contradictions within and between the files, one sentence each."""
        options = self.options
        for name in self.defaults:
            if name not in options:
                yield f"{name} has a default, but is not an option of {SPECS}"
        for name in self.sections:
            if name not in options and name not in self.defaults:
                yield f"{name} is mentioned in {DEFAULTS}, but is not an option of {SPECS}"
        for name, option in options.items():
            if name not in self.sections:
                yield f"{name} is an option, but is neither set nor mentioned in {DEFAULTS}"
            declared = [points[name] for points in self.entry_points.values() if name in points]
            rules = [{key: value for key, value in one.items() if key != "required"} for one in declared]
            if any(one != rules[0] for one in rules):
                yield f"{name} differs between entry points"
            default = self.defaults.get(name)
            if ENVIRONMENT.search(str(default)):
                continue  # a specification cannot express that
            if name in self.defaults and "default" not in option:
                yield f"{name} has the default {default!r} in {DEFAULTS}, but none in {SPECS}"
            elif option.get("default") != default:
                yield f"{name} has the default {option['default']!r} in {SPECS}, but {default!r} in {DEFAULTS}"

    def variables(self) -> list[Variable]:
        """Return all variables, in the order of the defaults."""
        return [
            Variable(
                name,
                self.sections[name],
                tuple(point for point, names in self.entry_points.items() if name in names),
                option,
                self.defaults.get(name),
            )
            for name, option in sorted(self.options.items(), key=lambda item: [*self.sections].index(item[0]))
        ]


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Return the variables that are set or mentioned in the defaults, each with its section's title."""
    title = ""
    for line in text.splitlines():
        if section := SECTION.match(line):
            title = section["title"]
        elif mention := MENTION.match(line):
            yield mention["name"], title


def groups(role: Role) -> Iterator[tuple[str, list[tuple[str, list[Variable]]]]]:
    """Group the variables by the entry points that use them, common ones first, and by section; each with its title."""
    by_points: dict[tuple[str, ...], dict[str, list[Variable]]] = {}
    for variable in role.variables():
        by_points.setdefault(variable.entry_points, {}).setdefault(variable.section, []).append(variable)
    for points, sections in sorted(by_points.items(), key=lambda item: -len(item[0])):
        title = "For all entry points" if len(points) == len(role.entry_points) else f"For {', '.join(points)}"
        yield title, [*sections.items()]


def markdown(role: Role) -> str:
    """Return the part of the role's README."""
    lines = ["| entry point | what it does |", "| --- | --- |"]
    lines += [f"| `{name}` | {text} |" for name, text in role.purposes.items()]
    for group, sections in groups(role):
        lines += ["", f"### {group}"]
        for section, variables in sections:
            lines += ["", f"**{section}**", "", "| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
            for variable in variables:
                cells = [cell.replace("|", r"\|") for cell in variable.row("`", "*<_")]
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def restructured_text(role: Role) -> str:
    """Return the page of the documentation."""
    lines = [REFERENCE_HEAD, *_title("Entry points", "-")]
    lines += _table(["Entry point", "What it does"], [[f"``{name}``", text] for name, text in role.purposes.items()])
    for group, sections in groups(role):
        lines += _title(group, "-")
        for section, variables in sections:
            rows = [variable.row("``", "*`|_") for variable in variables]
            lines += [*_title(section, "~"), *_table(["Variable", "Type", "Default", "Meaning"], rows)]
    return "\n".join(lines).rstrip() + "\n"


def _title(text: str, underline: str) -> list[str]:
    return [text, underline * len(text), ""]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in (head, *rows):
        marks = ["   * -", *["     -"] * (len(row) - 1)]
        lines += [f"{mark} {cell}".rstrip() for mark, cell in zip(marks, row, strict=True)]
    return [*lines, ""]


def _marked(text: str, quote: str, special: str) -> str:
    """Write Ansible's markup as code between ``quote``, and escape the ``special`` characters elsewhere."""
    # Between two matches split() returns the two groups of a match, of which one is None.
    parts = MARKUP.split(text)
    shown = []
    for start in range(0, len(parts), 3):
        shown.append("".join(f"\\{sign}" if sign in special else sign for sign in parts[start]))
        shown += [f"{quote}{code}{quote}" for code in parts[start + 1 : start + 3] if code]
    return "".join(shown)


def written(root: Path, role: Role) -> dict[str, str]:
    """Return the two files as they should be. Raises ValueError if the README lacks the two marks."""
    readme = (root / README).read_text("utf-8")
    before, begin, rest = readme.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README} lacks the line {END if begin else BEGIN}")
    return {
        README: f"{before}{BEGIN}\n\n{markdown(role)}\n\n{END}{after}",
        REFERENCE: restructured_text(role),
    }


def main() -> int:
    """Run the program and return its status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if something is wrong")
    parser.add_argument("--root", type=Path, default=ROOT, help="the collection's folder")
    arguments = parser.parse_args()
    role = Role(arguments.root)
    problems = [*role.problems()]
    texts: dict[str, str] = {}
    if not problems:
        try:
            texts = written(arguments.root, role)
        except ValueError as error:
            problems.append(str(error))
    for name, text in texts.items():
        path = arguments.root / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if arguments.check:
            problems.append(f"{name} is out of date: run make variables")
        else:
            path.write_text(text, "utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
