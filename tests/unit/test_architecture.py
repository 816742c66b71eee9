# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages import each other as the guide "Architecture" describes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/dev_architecture.rst").read_text()
COLLECTION = "ansible_collections.deskops.rustdesk_sso.plugins."
# Imports forbidden to each package of the guide
FORBIDDEN = {
    "modules": ("plugin_utils", "action", "filter"),
    "action": ("filter",),
    "filter": ("action",),
    "module_utils": ("plugin_utils", "modules", "action", "filter"),
    "module_utils/_entra": ("module_utils._rustdesk", "module_utils._sign_in_check"),
    "module_utils/_rustdesk": ("module_utils._entra", "module_utils._sign_in_check"),
    "module_utils/_exchange": ("module_utils._entra", "module_utils._rustdesk"),
    "plugin_utils/_fleet": ("plugin_utils._role", "plugin_utils._report", "plugin_utils._doctor", "modules", "action"),
    "plugin_utils/_role": ("plugin_utils._report", "plugin_utils._doctor", "plugin_utils._automation", "action"),
    "plugin_utils/_report": ("plugin_utils._role", "plugin_utils._doctor", "modules", "action"),
    "plugin_utils/_automation": ("plugin_utils._fleet", "plugin_utils._role", "plugin_utils._doctor", "action"),
    "plugin_utils/_doctor": ("plugin_utils._report", "plugin_utils._automation", "modules", "action"),
}
IMPORTS = {
    str(path.relative_to(ROOT / "plugins")): {
        f"{node.module}.{alias.name}".removeprefix(COLLECTION)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for path in (ROOT / "plugins").rglob("*.py")
}


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_what_the_guide_allows(package: str) -> None:
    assert f"``{package}``" in GUIDE or package == "module_utils"
    found = [
        f"{file}: {name}"
        for file, names in IMPORTS.items()
        if file.startswith(f"{package}/")
        for name in names
        if any(is_below(name, forbidden) for forbidden in FORBIDDEN[package])
    ]
    assert found == []


def test_every_package_of_plugins_is_in_the_guide() -> None:
    folders = [path for path in (ROOT / "plugins").glob("*_utils/*") if (path / "__init__.py").exists()]
    assert folders
    assert [path.name for path in folders if path.name not in GUIDE] == []


def test_only_one_file_of_the_core_imports_both_sides() -> None:
    both = [
        file
        for file, names in IMPORTS.items()
        if file.startswith("module_utils/")
        and all(any(is_below(name, f"module_utils.{side}") for name in names) for side in ("_entra", "_rustdesk"))
    ]
    assert both == ["module_utils/_sign_in_check.py"]


def test_decisions_do_not_import_ansible() -> None:
    fleet = {file: names for file, names in IMPORTS.items() if file.startswith("plugin_utils/_fleet/")}
    assert [file for file, names in fleet.items() if any(is_below(name, "ansible") for name in names)] == []


def test_the_lab_does_not_import_the_collection() -> None:
    words = re.compile(r"^\s*(?:from|import) (?:ansible_collections|plugins)\b", re.MULTILINE)
    assert [path for path in (ROOT / "tests/lab").rglob("*.py") if words.search(path.read_text())] == []
