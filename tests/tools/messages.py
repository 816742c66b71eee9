# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the messages of the collection from its source: errors, checks, findings, and the tables of causes.

A message is read with ast. Its fixed words are kept; a value that is inserted becomes a placeholder in capitals, such
as ISSUER.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

FOLDERS = ("plugins", "extensions/awx/module_utils", "extensions/awx/library")
BASE = "SsoError"
# Exceptions without parts: their only argument is the whole message
PLAIN = {"AnsibleFilterError", "AnsibleActionFail", "Failed"}
# Positions or names of the arguments for message and remedy, by the name of the function
CHECKS = {"Check": ("name", "detail", "hint"), "Restriction": ("name", "detail", "hint"), "Row": ("", "answer", "hint")}
FINDINGS = ("problem", "warning", "not_checked")
ORDER = {
    "Check": ("name", "ok", "detail", "hint"),
    "Restriction": ("name", "detail", "hint"),
    "Row": ("name", "fits", "answer", "hint"),
    **dict.fromkeys(FINDINGS, ("name", "detail", "hint")),
}
VARIANTS, DEPTH, WORDS, ROW_WORDS = 8, 6, 3, 6
# Keys of results, whose values are messages without a remedy of their own
RESULTS = {"message", "msg", "reason", "detail", "text"}
FIELD = re.compile(r"\{(\w+)\}")
# Functions that pass on their first argument
TRANSPARENT = {"quoted", "cut", "sentence", "str", "printable", "lacking"}


@dataclass(frozen=True)
class Message:
    """A message of ``file``, with the ``remedy`` that follows it; ``kind`` is the function that takes it."""

    file: str
    line: int
    kind: str
    text: str
    remedy: str = ""


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
                source.constants.update(_targets(node))
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    source.imports[alias.asname or alias.name] = (node.module or "", alias.name)
        return source


class Catalog:
    """Return all messages below ``root``."""

    def __init__(self, root: Path) -> None:
        paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
        self.sources = {source.name: source for source in (Source.read(root, path) for path in paths)}

    @cached_property
    def errors(self) -> set[str]:
        """Return the names of the classes of errors."""
        names = {BASE}
        classes = [
            node for source in self.sources.values() for node in source.tree.body if isinstance(node, ast.ClassDef)
        ]
        while (
            new := {node.name for node in classes if {getattr(base, "id", "") for base in node.bases} & names} - names
        ):
            names |= new
        return names

    @cached_property
    def messages(self) -> list[Message]:
        """Return all messages, in the order of files and lines, without duplicates."""
        found = [one for source in self.sources.values() for one in Reader(self, source).messages()]
        shown = " ".join(f"{one.text} {one.remedy} {one.text}. {one.remedy}" for one in found if one.kind != "text")
        return list(
            {
                (one.kind, one.text, one.remedy): one for one in found if one.kind != "text" or one.text not in shown
            }.values()
        )

    def constant(self, source: Source, name: str) -> tuple[Source, ast.expr] | None:
        """Return the value of a module's constant and where it is, through imports."""
        if name in source.constants:
            return source, source.constants[name]
        module, original = source.imports.get(name, ("", ""))
        other = self.module(module)
        return self.constant(other, original) if other and other is not source else None

    def module(self, dotted: str) -> Source | None:
        """Return the file of a module of the collection."""
        return self.sources.get(
            dotted.removeprefix("ansible_collections.deskops.rustdesk_sso.").replace(".", "/") + ".py"
        )


class Reader:
    """Return the messages of one file."""

    def __init__(self, catalog: Catalog, source: Source) -> None:
        self._catalog, self._source = catalog, source
        self._assigned: dict[int, dict[str, list[tuple[ast.AST, ast.expr]]]] = {}
        self._paths = dict(_blocks(source.tree))
        self._functions = {
            id(inside): outer
            for outer in ast.walk(source.tree)
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for inside in ast.walk(outer)
        }
        self._docstrings = {
            id(node.body[0].value)
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }

    def _locals(self, function: ast.AST) -> dict[str, list[tuple[ast.AST, ast.expr]]]:
        """Return the values that are assigned to each variable of a function."""
        if id(function) not in self._assigned:
            found: dict[str, list[tuple[ast.AST, ast.expr]]] = {}
            for one in ast.walk(function):
                if isinstance(one, ast.Assign | ast.AnnAssign | ast.NamedExpr) and one.value:
                    for target, value in _targets(one):
                        found.setdefault(target, []).append((one, value))
            self._assigned[id(function)] = found
        return self._assigned[id(function)]

    def messages(self) -> Iterator[Message]:
        """Yield errors, checks and findings, then the rows of tables, then all other sentences."""
        calls = [
            one for node in ast.walk(self._source.tree) if isinstance(node, ast.Call) for one in self._of_call(node)
        ]
        tables = [one for node in ast.walk(self._source.tree) for one in self._of_table(node)]
        yield from sorted(calls, key=lambda one: one.line)
        yield from sorted(tables, key=lambda one: one.line)
        parts = {id(part) for node in ast.walk(self._source.tree) for part in _parts(node)}
        for node in ast.walk(self._source.tree):
            is_text = isinstance(node, ast.JoinedStr | ast.BinOp) or _is_text(node)
            if not is_text or id(node) in parts | self._docstrings or self._is_documentation(node):
                continue
            for text in self.render(node):
                if is_sentence(text):
                    yield self._message(node, "text", text)

    def _is_documentation(self, node: ast.AST) -> bool:
        texts = (self._source.constants.get(name) for name in ("DOCUMENTATION", "EXAMPLES", "RETURN"))
        return any(node is text for text in texts) or "doc_fragments" in self._source.name

    def _message(self, node: ast.AST, kind: str, text: str, remedy: str = "") -> Message:
        return Message(self._source.name, getattr(node, "lineno", 0), kind, _clean(text), _clean(remedy))

    def _of_call(self, call: ast.Call) -> Iterator[Message]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = {word.arg: word.value for word in call.keywords if word.arg}
        if name in ORDER:
            given.update(zip(ORDER[name], call.args, strict=False))
            state = given.get("ok")
            if "detail" not in given and "answer" not in given:
                return
            if isinstance(state, ast.Constant) and state.value is True:
                return
            head = [""] if name == "Row" else self.render(given["name"])
            texts = [
                f"{prefix}: {text}" if prefix else text
                for prefix in head
                for text in self._part(given, "detail", "answer")
            ]
        elif name in PLAIN or name == "fail_json":
            for text in self._part(
                {"msg": given.get("msg") or (call.args[0] if call.args else ast.Constant(""))}, "msg"
            ):
                yield self._message(call, name, *parts_of(text))
            return
        elif name in self._catalog.errors or name == "but":
            attempted = self.render(call.args[0]) if call.args else self._part(given, "attempted") or ["..."]
            answers = self._part(given, "answer")
            if name == "MissingLibraryError":
                attempted = [f"Python packages are missing: {one}" for one in attempted]
            texts = [f"{one}: {answer}" if answer else one for one in attempted for answer in answers or [""]]
        else:
            return
        remedies = self._part(given, "hint")
        for text, remedy in itertools.islice(itertools.product(texts, remedies or [""]), VARIANTS * 2):
            yield self._message(call, name, text, remedy)

    def _part(self, given: dict[str, ast.expr], *names: str) -> list[str]:
        return [
            text for name in names if name in given for text in self.render(given[name]) if text not in ("", "NONE")
        ]

    def _of_table(self, node: ast.AST) -> Iterator[Message]:
        """Yield the rows of a dictionary, or of a tuple of tuples, whose values are sentences."""
        rows: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Dict):
            rows = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key]
        elif isinstance(node, ast.Tuple) and node.elts and all(isinstance(one, ast.Tuple) for one in node.elts):
            rows = [
                (one.elts[0], one.elts[1])
                for one in node.elts
                if isinstance(one, ast.Tuple) and len(one.elts) in (2, 3)
            ]
        for key, value in rows:
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value not in RESULTS:
                for text in self.render(value):
                    if is_sentence(text, ROW_WORDS):
                        yield self._message(value, "row", key.value, text)

    def render(self, node: ast.AST | None, depth: int = 0, inside: Source | None = None) -> list[str]:
        """Return the texts that an expression can be, at most VARIANTS."""
        found = list(dict.fromkeys(self._render(node, depth, inside or self._source)))
        return found[:VARIANTS] or ["VALUE"]

    def _render(self, node: ast.AST | None, depth: int, source: Source) -> list[str]:
        def again(part: ast.AST) -> list[str]:
            return self.render(part, depth + 1, source)

        if depth > DEPTH:
            return [placeholder(node)]
        if isinstance(node, ast.Constant):
            return ["" if node.value is None else str(node.value)]
        if isinstance(node, ast.JoinedStr):
            return _product([again(part) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            return again(node.value) if _is_resolvable(node.value) else [placeholder(node.value)]
        if isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
            return self._combined(node, depth, source)
        if isinstance(node, ast.Name):
            return self._name(node, depth, source)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = source.imports.get(node.value.id, ("", ""))
            other = self._catalog.module(f"{module}.{name}")
            if other and node.attr in other.constants:
                return self.render(other.constants[node.attr], depth + 1, other)
        if isinstance(node, ast.Call):
            return self._call(node, depth, source)
        return [placeholder(node)]

    def _assigned_texts(
        self, node: ast.Name, local: list[tuple[ast.AST, ast.expr]], depth: int, source: Source
    ) -> list[str]:
        """Return the texts that a variable can have: those of the last assignment, and of the branches after it."""
        texts: list[str] = []
        around = self._paths.get(id(node), ())
        earlier = [(one, value) for one, value in local if getattr(one, "end_lineno", 0) < node.lineno]
        for one, value in sorted(earlier, key=lambda pair: -getattr(pair[0], "lineno", 0)):
            texts += self.render(value, depth + 1, source) if _is_resolvable(value) else [placeholder(node)]
            path = self._paths.get(id(one), ())
            if around[: len(path)] == path:
                break
        return texts

    def _combined(self, node: ast.BinOp | ast.IfExp | ast.BoolOp, depth: int, source: Source) -> list[str]:
        if isinstance(node, ast.BinOp):
            parts = [self.render(part, depth + 1, source) for part in (node.left, node.right)]
            return _product(parts) if isinstance(node.op, ast.Add) else [placeholder(node)]
        parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        texts = [text for part in parts for text in self.render(part, depth + 1, source)]
        return texts if isinstance(node, ast.IfExp) else [text for text in texts if text]

    def _call(self, node: ast.Call, depth: int, source: Source) -> list[str]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in TRANSPARENT and node.args:
            return self.render(node.args[0], depth + 1, source)
        if name == "counted":
            return [f"{placeholder(node.args[0])} {ast.literal_eval(node.args[1])}s"]
        if name == "sentences":
            parts = [self.render(part, depth + 1, source) for part in node.args]
            return _product([part for one in parts for part in (one, [" "])][:-1])
        if name in ("format", "replace") and isinstance(node.func, ast.Attribute):
            return self.render(node.func.value, depth + 1, source)
        return [placeholder(node)]

    def _name(self, node: ast.Name, depth: int, source: Source) -> list[str]:
        function = self._functions.get(id(node))
        local = self._locals(function).get(node.id, []) if function else []
        if local:
            return self._assigned_texts(node, local, depth, source) or [placeholder(node)]
        constant = self._catalog.constant(source, node.id)
        if constant and _is_resolvable(constant[1]):
            return self.render(constant[1], depth + 1, constant[0])
        return [placeholder(node)]


def _blocks(node: ast.AST, path: tuple[int, ...] = ()) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the ID of each node below ``node``, with the lists of statements that it is in."""
    for _name, value in ast.iter_fields(node):
        inside = (*path, id(value)) if isinstance(value, list) and value and isinstance(value[0], ast.stmt) else path
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield id(one), inside
                yield from _blocks(one, inside)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a text."""
    if isinstance(node, ast.JoinedStr):
        yield from (part for one in node.values for part in (one, *ast.walk(one)))
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)


def _targets(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that are assigned to, each with its value."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    pairs = [(target, node.value) for target in targets if node.value]
    while pairs:
        target, value = pairs.pop()
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple):
            values = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
            pairs += zip(target.elts, values, strict=False)


def _is_resolvable(node: ast.AST) -> bool:
    """Return whether the text of an expression is in the source."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | int)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in TRANSPARENT | {"sentences", "format", "counted"}
    return isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.BoolOp | ast.Name | ast.Attribute)


def _product(parts: list[list[str]]) -> list[str]:
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
            key.value.upper()
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
        return node.value.upper()
    if isinstance(node, ast.BoolOp):
        return placeholder(node.values[0])
    return "VALUE"


def is_sentence(text: str, words: int = WORDS) -> bool:
    """Return whether ``text`` has several lowercase words."""
    if "\\" in text or "(?" in text:  # a regular expression
        return False
    return len(re.findall(r"(?<![\w/.:=-])[a-z']{2,}(?![\w/=:]|\.\w)", text)) >= words


def parts_of(text: str) -> tuple[str, str]:
    """Return the first sentence of a message and the remedy, which is the rest."""
    first, _stop, rest = text.partition(". ")
    return (first, rest) if is_sentence(rest, 2) else (text, "")


def _clean(text: str) -> str:
    return " ".join(FIELD.sub(lambda found: found[1].upper(), text).split())
