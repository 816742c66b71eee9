# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The troubleshooting guide contains every error, check and code of the source."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("plugins", "extensions/awx/module_utils")
# Functions that take the text of an error or check
TAKES = {"but", "Check", "Restriction", "Row", "problem", "warning", "not_checked", "Failed", "AnsibleFilterError"}


@pytest.fixture(scope="module")
def guide() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tests/tools"))
        module = importlib.import_module("troubleshooting")
        yield module.Guide(ROOT)


@pytest.fixture(scope="module")
def page() -> str:
    text = (ROOT / "docs/docsite/rst/guide_troubleshooting.rst").read_text()
    return re.sub(r"\\(.)", r"\1", text)


def test_the_guide_is_up_to_date(guide: Any) -> None:
    assert [*guide.problems()] == []
    written = (ROOT / "docs/docsite/rst/guide_troubleshooting.rst").read_text()
    assert written == guide.text(), "run make variables"


def calls() -> Iterator[tuple[str, ast.Call]]:
    trees = {path: ast.parse(path.read_text()) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    classes = {node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    errors = {name for name in classes if name.endswith("Error") and name != "Error"}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                passed = name == "Check" and getattr(node.args[1], "value", None) is True
                if name in errors | TAKES and not passed and not (name == "warning" and len(node.args) < 3):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def fragments(node: ast.Call) -> Iterator[str]:
    """Return the fixed words of the texts in a call. Words inside an inserted value do not count."""
    waiting: list[ast.AST] = [*node.args, *(word.value for word in node.keywords)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            # A remedy that follows in the same text is in another column
            for sentence in " ".join(re.sub(r"\{\w+\}.*", "", part.value).split()).split(". "):
                if len(re.findall(r"(?<!\S)[a-z]{2,}", sentence)) >= 3:
                    yield sentence.strip(" .,:;")
        elif not isinstance(part, ast.Call | ast.FormattedValue | ast.Lambda):
            waiting += ast.iter_child_nodes(part)


def test_the_guide_has_the_fixed_words_of_every_error_and_check(page: str) -> None:
    shown = " ".join(page.split())
    found = [(place, text) for place, call in calls() for text in fragments(call)]
    assert len(found) > 400
    assert [(place, text) for place, text in found if text not in shown] == []


def test_the_guide_has_the_failures_of_playbooks(page: str) -> None:
    shown = " ".join(page.split())
    found = [
        text.strip(" .\"'")
        for path in (*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "extensions/awx").glob("*.yml"))
        for failure in re.findall(r"fail_msg: (?:>-\n)?([^\n]+)", path.read_text())
        for text in re.split(r"\{\{.*?\}\}|\. ", failure)
    ]
    assert len(found) > 5
    assert [text for text in found if text not in shown] == []


def test_every_row_of_the_tables_of_connections_is_shown(page: str) -> None:
    failures = importlib.import_module(
        "ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange.failures"
    )
    shown = " ".join(page.split())
    for row in (*failures.TLS, *failures.CONNECTION):
        hint = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), row.hint)
        assert hint in shown


def test_a_message_is_read_with_placeholders(guide: Any, tmp_path: Path) -> None:
    messages = importlib.import_module("messages")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/a.py").write_text(
        "class SsoError(Exception): ...\n"
        "class InputError(SsoError): ...\n"
        'HINT = "Set issuer"\n'
        "def f(params, good):\n"
        '    what = "an issuer" if good else "no issuer"\n'
        '    raise InputError(f"Cannot create provider {params[\'name\']}", answer=f"it has {what}", hint=HINT)\n'
    )
    found = messages.Catalog(tmp_path).messages
    assert [(one.text, one.remedy) for one in found] == [
        ("Cannot create provider NAME: it has an issuer", "Set issuer"),
        ("Cannot create provider NAME: it has no issuer", "Set issuer"),
    ]


def rows(page: str) -> Iterator[list[str]]:
    """Return the cells of each row of the page's tables."""
    for row in re.split(r"\n   \* - ", page)[1:]:
        cells = re.split(r"\n     - ?", re.split(r"\n\n", row)[0])
        yield [" ".join(re.sub(r"^ *- ", "", line) for line in cell.splitlines()) for cell in cells]


def test_each_row_has_a_remedy_that_helps(page: str) -> None:
    found = [*rows(page)]
    assert len(found) > 300
    assert [row for row in found if len(row) < 2 or not re.search("[a-z]{2}", row[-1])] == []
    assert [row for row in found if "states the next step" in row[-1] or re.search(r"\bHINT\b", row[-1])] == []


def test_messages_have_fixed_words_and_separate_placeholders(page: str) -> None:
    messages = [row[0] for row in rows(page)]
    assert [
        text for text in messages if text.startswith("...") or re.search(r"VALUE[A-Z]|[A-Z]{3}VALUE|list\[|\(\?", text)
    ] == []
    assert [text for text in messages if re.search(r"[a-z]{2}[A-Z]{3,}", text.split(" ")[0])] == []


# Messages as a terminal shows them. {} stands for a value of the run.
REAL = (
    "Signing in to the console {} as {} failed: the console answered 200: Wrong credentials",
    "Signing in to the console {} as {} failed: this user is not an administrator of the console",
    "Signing in to tenant {} as client {} failed: {}AADSTS7000215{}",
    "{}Client assertion is not within its valid time range. {}",
    "{}The certificate with identifier used to sign the client assertion is {}",
    "Graph answered 403 Authorization_RequestDenied: Insufficient privileges to complete the operation. {}",
    "The tenant has no group {}",
    "no connection to {}: connection refused",
    "TLS failed: the certificate of {} has expired",
    "the host name of {} cannot be resolved",
    "assignment: assignment is required, and no user or group is assigned (AADSTS50105)",
    "clock: the console's clock is {} seconds behind",
    "issuer: issuer is {}, but the discovery document says {}",
    "rustdesk_sso_tenant_id is not set, nor is the environment variable AZURE_TENANT_ID",
    "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.",
    "Attempting to decrypt but no vault secrets found",
    "Azure CLI not found on path",
    "The tenant has no user {}",
)


@pytest.mark.parametrize("message", REAL)
def test_a_search_for_consecutive_words_of_a_message_finds_a_remedy(page: str, message: str) -> None:
    found = [" ".join(row) for row in rows(page) if len(row) > 1 and row[-1]]
    for part in message.split("{}"):
        words = part.split()
        for start in range(max(1, len(words) - 3)):
            searched = " ".join(words[start : start + 4]).strip(" .,:;()")
            assert any(searched in row for row in found), searched
