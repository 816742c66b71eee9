# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation site: its index, and the pages that it lists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RST = ROOT / "docs/docsite/rst"
INDEX = """\
.. _filter_plugins_in_deskops.rustdesk_sso:

Filter Plugins
~~~~~~~~~~~~~~

* :ansplugin:`b filter <deskops.rustdesk_sso.b#filter>` -- Of the role

.. toctree::
    :maxdepth: 1
    :hidden:

    b_filter

Modules
~~~~~~~

* :ansplugin:`a module <deskops.rustdesk_sso.a#module>` -- For users

.. toctree::
    :maxdepth: 1
    :hidden:

    a_module

.. _role_plugins_in_deskops.rustdesk_sso:
"""


@pytest.fixture
def docs(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tests/tools"))
    return importlib.import_module("docs")


def test_internal_plugins_are_on_a_separate_page(docs: Any, tmp_path: Path) -> None:
    (tmp_path / "a_module.rst").write_text("- Manage an application.\n")
    (tmp_path / "b_filter.rst").write_text("- Private to the role. It may change in any release.\n")
    index, internal = docs.without_internal_plugins(INDEX, tmp_path)
    titles = re.compile(r"^(?:[A-Z][\w ]+$|\* \S+|    \w+(?: .+)?$)", re.MULTILINE)
    assert titles.findall(index) == ["Modules", "* :ansplugin:`a", "    a module <a_module>", "    internal_plugins"]
    assert titles.findall(internal) == ["Internal plugins", "* :ansplugin:`b", "    b_filter"]


def test_modules_outside_the_action_groups_are_marked_as_internal(docs: Any) -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    public = {name for names in groups.values() for name in names}
    unmarked = [
        path.stem
        for path in (ROOT / "plugins/modules").glob("*.py")
        if not docs.PRIVATE.search(path.read_text().replace("\n  - ", "\n- "))
    ]
    assert {*unmarked} == public


def test_every_page_is_listed_once() -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text())["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in RST.glob("*.rst"))


@pytest.mark.parametrize("page", sorted(path.name for path in RST.glob("*.rst")))
def test_every_page_has_its_label(page: str) -> None:
    label = f".. _ansible_collections.deskops.rustdesk_sso.docsite.{Path(page).stem}:"
    assert label in (RST / page).read_text()
