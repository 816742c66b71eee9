# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's feature table contains every option of entra_app, and CONTRIBUTING.md names a test for each feature."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.options import ENTRA_OPTIONS
from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_entra_app.rst").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CELL = re.compile(r"^   (?:\* |  )- (.+)", re.MULTILINE)
LITERAL = re.compile(r"`+([^`]+)`+")
TEST = re.compile(r"(?P<path>[\w/]+\.py)::(?P<function>\w+)(?:\[(?P<case>\w+)\])?")

TABLE = GUIDE.partition(".. list-table::")[2].partition("\n\nIf ")[0]
CELLS = CELL.findall(TABLE)
ROWS = [CELLS[start : start + 3] for start in range(3, len(CELLS), 3)]
TESTED = re.findall(r"^\| (.+) \| (`.+::.+) \|$", CONTRIBUTING.partition("| Feature | Tests |")[2], re.MULTILINE)
TESTS = sorted({test for _feature, tests in TESTED for test in LITERAL.findall(tests)})


def functions_and_cases(path: Path) -> tuple[set[str], set[str]]:
    """Return the test functions of a file, and all its names and texts, which include the IDs of cases."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return functions, functions | texts


def test_the_table_is_complete():
    assert CELLS[:3] == ["Feature", "Options", "Least permission"]
    assert len(ROWS) > 50
    assert all(len(row) == 3 for row in ROWS)
    features = [row[0] for row in ROWS]
    assert sorted(set(features)) == sorted(features)
    assert [feature for feature, _tests in TESTED] == features


@pytest.mark.parametrize("name", TESTS)
def test_each_named_test_exists(name: str):
    match = TEST.fullmatch(name)
    assert match, name
    functions, cases = functions_and_cases(ROOT / "tests" / match["path"])
    assert match["function"] in functions
    assert match["case"] is None or match["case"] in cases


def test_every_option_is_in_the_table():
    spec = entra_app.SPEC["argument_spec"]
    shown = {option for row in ROWS for option in LITERAL.findall(row[1])}
    assert {option.partition(".")[0] for option in shown} == set(spec) - set(ENTRA_OPTIONS)
    for option in ("service_principal", "client_secrets"):
        assert {name for name in shown if name.startswith(f"{option}.")} == {
            f"{option}.{name}" for name in spec[option]["options"]
        }


@pytest.mark.parametrize(
    ("file", "table", "function"),
    [("test_entra_app_rows.py", "ROWS", "test_row"), ("test_entra_app_parts.py", "PARTS", "test_part")],
)
def test_every_feature_with_its_own_test_is_in_the_table(file: str, table: str, function: str):
    tree = ast.parse((ROOT / "tests/integration" / file).read_text())
    (value,) = (n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == table)
    members = value.keys if isinstance(value, ast.Dict) else value.elts
    cases = {ast.unparse(member).strip("'") for member in members}
    assert {f"integration/{file}::{function}[{case}]" for case in cases} <= set(TESTS)
