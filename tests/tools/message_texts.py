# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read expressions and texts for messages.py: files, placeholders, sentences, remedies and assignments."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

VARIANTS, DEPTH, WORDS, ROW_WORDS = 8, 9, 3, 6
IMPERATIVE = re.compile(
    r"(?:Set|Run|Check|Correct|Remove|Add|Use|Choose|Create|Copy|Write|Restore|Grant|Ask|Install|Make|Update|Close|End"
    r"|Restart|Synchronize|Sign in|Turn|Enable|Disable|Omit|Move|Save|Give|Declare|Contact|Activate|Report|Wait|Merge"
    r"|Look up|Compare|Change|Exempt|Have|Register|Upload|Raise|Enter|Replace|Delete|Renew|Find|Look|Purge|Open|Get"
    r"|Rename|Shorten|Nothing was (?:written|changed|removed)|To \w+|If|Unless|In identifier_uris)\b"
)
FIELD = re.compile(r"\{(\w+)\}")
# Functions that pass on their first argument
TRANSPARENT = {"quoted", "cut", "sentence", "str", "printable", "lacking"}


@dataclass(frozen=True)
class Message:
    """A message of ``file``, with the ``remedy`` that follows it; ``kind`` is the function that takes it.

    ``place`` is the function that contains it. It has as many remedies as ``variants``, each in a Message of its own.
    """

    file: str
    line: int
    kind: str
    text: str
    remedy: str = ""
    place: str = ""
    variants: int = 1


@dataclass
class Source:
    """A file, with the constants of its module and the imported names."""

    name: str
    text: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path, path: Path) -> Source:
        """Read the file ``path`` below ``root``."""
        text = path.read_text("utf-8")
        source = cls(str(path.relative_to(root)), text, ast.parse(text))
        for node in source.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                source.constants.update(targets(node))
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    source.imports[alias.asname or alias.name] = (node.module or "", alias.name)
        return source


def blocks(node: ast.AST, path: tuple[int, ...] = ()) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the ID of each node below ``node``, with the lists of statements that it is in."""
    for _name, value in ast.iter_fields(node):
        inside = (*path, id(value)) if isinstance(value, list) and value and isinstance(value[0], ast.stmt) else path
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield id(one), inside
                yield from blocks(one, inside)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def parts_in(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a text."""
    if isinstance(node, ast.JoinedStr):
        yield from (part for one in node.values for part in (one, *ast.walk(one)))
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)


def targets(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that are assigned to, each with its value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    pairs = [(target, node.value) for target in targets if node.value]
    while pairs:
        target, value = pairs.pop()
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple):
            values = value.elts if isinstance(value, ast.Tuple) else [*items_of(value, len(target.elts))]
            pairs += zip(target.elts, values, strict=False)


def default_of(function: ast.AST | None, name: str) -> ast.expr | None:
    """Return the default of a parameter of a function."""
    if not isinstance(function, ast.FunctionDef):
        return None
    given = function.args
    pairs = [
        *zip(reversed([*given.posonlyargs, *given.args]), reversed(given.defaults), strict=False),
        *((one, value) for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value),
    ]
    found = {one.arg: value for one, value in pairs if not isinstance(value, ast.Constant) or value.value}
    return found.get(name)


def items_of(value: ast.expr, count: int) -> Iterator[ast.expr]:
    """Yield an expression for each item of a sequence."""
    for place in range(count):
        yield ast.copy_location(ast.Subscript(value, ast.Constant(place), ast.Load()), value)


def is_resolvable(node: ast.AST) -> bool:
    """Return whether the text of an expression is in the source."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | int)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in TRANSPARENT | {"sentences", "format", "counted"}
    return isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.BoolOp | ast.Name | ast.Attribute)


def spaced(parts: list[list[str]], nodes: list[ast.expr]) -> list[list[str]]:
    """Return the parts of a text with a space between an inserted value and the word before or after it."""
    found = [parts[0]] if parts else []
    for place in range(1, len(parts)):
        is_inserted = [isinstance(node, ast.FormattedValue) for node in nodes[place - 1 : place + 1]]
        runs_on = any(is_inserted) and any(re.search(r"[A-Za-z0-9]$", text) for text in parts[place - 1])
        values = [
            f" {text}" if runs_on and re.match(r"[A-Z]{2}" if is_inserted[1] else r"[A-Za-z]{3}", text) else text
            for text in parts[place]
        ]
        found.append(values)
    return found


def product(parts: list[list[str]]) -> list[str]:
    return ["".join(texts) for texts in itertools.islice(itertools.product(*parts), VARIANTS)]


def placeholder(node: ast.AST | None) -> str:
    """Return the name of an inserted value, in capitals."""
    if isinstance(node, ast.Name):
        return node.id.strip("_").upper()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").upper()
    if isinstance(node, ast.Subscript):
        key = node.slice
        return (
            _capitals(key.value)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
            else placeholder(node.value)
        )
    if isinstance(node, ast.Call):
        if node.args:
            return placeholder(node.args[0])
        return placeholder(node.func.value if isinstance(node.func, ast.Attribute) else node.func)
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return placeholder(node.generators[0].iter)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+", node.value):
        return _capitals(node.value)
    if isinstance(node, ast.BoolOp):
        return placeholder(node.values[0])
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.BitOr | ast.Mod):
        return "NUMBER"
    return "VALUE"


def _capitals(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def is_sentence(text: str, words: int = WORDS) -> bool:
    """Return whether ``text`` has several lowercase words."""
    if "\\" in text or "(?" in text:  # a regular expression
        return False
    return len(re.findall(r"(?<![\w/.:=-])[a-z']{2,}(?![\w/=:]|\.\w)", text)) >= words


def is_imperative(text: str) -> bool:
    """Return whether ``text`` begins as a remedy does."""
    return IMPERATIVE.match(text) is not None


def parts_of(text: str) -> tuple[str, str]:
    """Return the first sentence of a message and the remedy, which is the rest."""
    first, _stop, rest = text.partition(". ")
    return (first, rest) if is_sentence(rest, 2) else (text, "")


def cleaned(text: str) -> str:
    """Return ``text`` on one line, with names of fields as placeholders and without those that repeat or run on."""
    text = " ".join(FIELD.sub(lambda found: found[1].upper(), text).split())
    text = re.sub(r"VALUE(?=[A-Z][a-z])", "", re.sub(r"([A-Z]{2,})VALUE\b", r"\1", text))
    text = text.replace("SCHEME://NETLOC PATH", "URL")
    return re.sub(r"\b([A-Z_]{2,})(?: \1\b)+", r"\1", re.sub(r"\b([A-Z_]{2,})Z\b(?=[ ).,;]|$)", _without_z, text))


def _without_z(found: re.Match[str]) -> str:
    """Return a placeholder for a time without the letter of its time zone."""
    return found[1] if found[1].lower() in ("expires", "until", "now") else found[0]
