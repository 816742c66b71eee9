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
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from message_texts import (
    DEPTH,
    ROW_WORDS,
    TRANSPARENT,
    VARIANTS,
    Message,
    Source,
    blocks,
    cleaned,
    default_of,
    is_imperative,
    is_resolvable,
    is_sentence,
    is_text,
    parts_in,
    parts_of,
    placeholder,
    product,
    spaced,
    targets,
)

FOLDERS = ("plugins", "extensions/awx/module_utils", "extensions/awx/library")
BASE = "SsoError"
# Exceptions without parts: their only argument is the whole message
PLAIN = {"AnsibleFilterError", "AnsibleActionFail", "Failed"}
# Names of the positional arguments, by the name of the function
FINDINGS = ("problem", "warning", "not_checked")
ORDER = {
    "Check": ("name", "ok", "detail", "hint"),
    "Restriction": ("name", "detail", "hint"),
    "Row": ("name", "fits", "answer", "hint"),
    **dict.fromkeys(FINDINGS, ("name", "detail", "hint")),
}
# Keys of results, whose values are messages without a remedy of their own
RESULTS = {"message", "msg", "reason", "detail", "text"}
# In place of the remedies for single error codes
CODES = "If the response contains a code that begins with AADSTS, see the code under AADSTS codes"


class Catalog:
    """Return all messages below ``root``."""

    def __init__(self, root: Path) -> None:
        paths = sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
        self.sources = {source.name: source for source in (Source.read(root, path) for path in paths)}
        self._readers: dict[str, Reader] = {}

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
        found = [one for source in self.sources.values() for one in self.reader(source).messages()]
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

    def reader(self, source: Source) -> Reader:
        """Return the reader of a file."""
        if source.name not in self._readers:
            self._readers[source.name] = Reader(self, source)
        return self._readers[source.name]

    def function(self, source: Source, called: ast.expr) -> tuple[Reader, ast.FunctionDef] | None:
        """Return the function of the collection that an expression names, with the reader of its file."""
        name, other = getattr(called, "id", ""), source
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            name = called.attr
            if called.value.id != "self":
                module, imported = source.imports.get(called.value.id, ("", ""))
                found = self.module(f"{module}.{imported}")
                if not found:
                    return None
                other = found
        elif name in source.imports:
            module, name = source.imports[name]
            other = self.module(module) or source
        defined = [one for one in ast.walk(other.tree) if isinstance(one, ast.FunctionDef) and one.name == name]
        return (self.reader(other), defined[0]) if len(defined) == 1 else None

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
        self._paths = dict(blocks(source.tree))
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
                    for target, value in targets(one):
                        found.setdefault(target, []).append((one, value))
            self._assigned[id(function)] = found
        return self._assigned[id(function)]

    def messages(self) -> Iterator[Message]:
        """Yield errors, checks and findings, then the rows of tables, then all other sentences."""
        calls = [
            one for node in ast.walk(self._source.tree) if isinstance(node, ast.Call) for one in self._of_call(node)
        ]
        calls += [
            self._message(node, "pair", text, remedy)
            for node in ast.walk(self._source.tree)
            if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load)
            for text, remedy in itertools.product(*map(self.render, node.elts))
            if is_sentence(text) and is_imperative(remedy)
        ]
        tables = [one for node in ast.walk(self._source.tree) for one in self._of_table(node)]
        yield from sorted(calls, key=lambda one: one.line)
        yield from sorted(tables, key=lambda one: one.line)
        parts = {id(part) for node in ast.walk(self._source.tree) for part in parts_in(node)}
        for node in ast.walk(self._source.tree):
            can_be_text = isinstance(node, ast.JoinedStr | ast.BinOp) or is_text(node)
            if not can_be_text or id(node) in parts | self._docstrings or self._is_documentation(node):
                continue
            for text in self.render(node):
                if is_sentence(text):
                    yield self._message(node, "text", text)

    def _is_documentation(self, node: ast.AST) -> bool:
        texts = (self._source.constants.get(name) for name in ("DOCUMENTATION", "EXAMPLES", "RETURN"))
        return any(node is text for text in texts) or "doc_fragments" in self._source.name

    def _message(self, node: ast.AST, kind: str, text: str, remedy: str = "", variants: int = 1) -> Message:
        place = getattr(self._functions.get(id(node)), "name", "")
        line = getattr(node, "lineno", 0)
        return Message(self._source.name, line, kind, cleaned(text), cleaned(remedy), place, variants)

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
        elif name == "Cause" and len(call.args) == 3:
            given = {"answer": call.args[1], "hint": call.args[2]}
            texts = self._part(given, "answer")
        else:
            return
        remedies = self._part(given, "hint")
        pairs = self._pairs(given)
        if pairs and name in self._catalog.errors | {"but"}:
            for one, (answer, remedy) in itertools.product(attempted, pairs):
                yield self._message(call, name, f"{one}: {answer}", remedy)
            return
        for text, remedy in itertools.islice(itertools.product(texts, remedies or [""]), VARIANTS * 2):
            yield self._message(call, name, text, remedy, len(remedies))

    def _pairs(self, given: dict[str, ast.expr]) -> list[tuple[str, str]]:
        """Return answers with their remedies, if one function returns both."""
        found = []
        for name in ("answer", "hint"):
            node = given.get(name)
            function = self._functions.get(id(node))
            local = self._locals(function).get(node.id, []) if function and isinstance(node, ast.Name) else []
            values = [value for _one, value in local if isinstance(value, ast.Subscript)]
            found.append(values[-1].value if values else None)
        if not isinstance(found[0], ast.Call) or found[0] is not found[1]:
            return []
        target = self._catalog.function(self._source, found[0].func)
        returned = [one.value for one in ast.walk(target[1]) if isinstance(one, ast.Return)] if target else []
        return [
            (answer or placeholder(given["answer"]), remedy)
            for value in returned
            if target and isinstance(value, ast.Tuple) and len(value.elts) == 2
            for answer in target[0].render(value.elts[0])
            for remedy in target[0].render(value.elts[1])
        ]

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
            return product(spaced([again(part) for part in node.values], node.values))
        if isinstance(node, ast.FormattedValue):
            return again(node.value) if self._can_read(node.value, source) else [placeholder(node.value)]
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.value, ast.Call)
        ):
            return self._returned(node.value, depth, source, node.slice.value) or [placeholder(node)]
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
            texts += self.render(value, depth + 1, source) if self._can_read(value, source) else [placeholder(node)]
            path = self._paths.get(id(one), ())
            if around[: len(path)] == path:
                break
        return texts

    def _combined(self, node: ast.BinOp | ast.IfExp | ast.BoolOp, depth: int, source: Source) -> list[str]:
        if isinstance(node, ast.BinOp):
            parts = [self.render(part, depth + 1, source) for part in (node.left, node.right)]
            return product(parts) if isinstance(node.op, ast.Add) else [placeholder(node)]
        parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        texts = [text for part in parts for text in self.render(part, depth + 1, source)]
        return texts if isinstance(node, ast.IfExp) else [text for text in texts if text]

    def _call(self, node: ast.Call, depth: int, source: Source) -> list[str]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in TRANSPARENT and node.args:
            return self.render(node.args[0], depth + 1, source)
        if name == "counted":
            return [f"NUMBER {ast.literal_eval(node.args[1])}s"]
        if name == "sentences":
            parts = [self.render(part, depth + 1, source) for part in node.args]
            return product([part for one in parts for part in (one, [" "])][:-1])
        if name in ("format", "replace") and isinstance(node.func, ast.Attribute):
            return self.render(node.func.value, depth + 1, source)
        if name == "get" and self._is_of_codes(node, source):
            return [CODES, *(self.render(node.args[1], depth + 1, source) if len(node.args) > 1 else [])]
        return self._returned(node, depth, source) or [placeholder(node)]

    def _is_of_codes(self, call: ast.Call, source: Source) -> bool:
        """Return whether a call gets a value from a dictionary whose keys are error codes."""
        table: ast.AST | None = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(table, ast.Name):
            function = self._functions.get(id(table))
            local = self._locals(function).get(table.id) if function else None
            constant = self._catalog.constant(source, table.id)
            table = local[-1][1] if local else constant and constant[1]
        keys = [getattr(key, "value", "") for key in table.keys] if isinstance(table, ast.Dict) else []
        return bool(keys) and all(str(key).isdigit() for key in keys)

    def _can_read(self, node: ast.AST, source: Source) -> bool:
        """Return whether the text of an expression is in the source."""
        if isinstance(node, ast.Call) and not is_resolvable(node):
            return self._is_of_codes(node, source) or bool(self._returned(node, DEPTH - 2, source))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
            return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        return is_resolvable(node)

    def _returned(self, call: ast.Call, depth: int, source: Source, place: int | None = None) -> list[str]:
        """Return the sentences that a function of the collection returns; of tuples, the item at ``place``."""
        found = self._catalog.function(source, call.func)
        if not found or depth >= DEPTH - 1:
            return []
        reader, function = found
        texts: list[str] = []
        for one in ast.walk(function):
            value = one.value if isinstance(one, ast.Return) else None
            if place is not None:
                value = value.elts[place] if isinstance(value, ast.Tuple) and place < len(value.elts) else None
            elif isinstance(value, ast.Tuple):
                value = None
            texts += reader.render(value, depth + 1) if value else []
        return texts if any(is_sentence(text, 2) for text in texts) else []

    def _name(self, node: ast.Name, depth: int, source: Source) -> list[str]:
        function = self._functions.get(id(node))
        local = self._locals(function).get(node.id, []) if function else []
        if local:
            return self._assigned_texts(node, local, depth, source) or [placeholder(node)]
        default = default_of(function, node.id)
        texts = self.render(default, depth + 1, source) if default and is_resolvable(default) else []
        if any(is_sentence(text) for text in texts):
            return texts
        constant = self._catalog.constant(source, node.id)
        if constant and is_resolvable(constant[1]):
            return self.render(constant[1], depth + 1, constant[0])
        return [placeholder(node)]
