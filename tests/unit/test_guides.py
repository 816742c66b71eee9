# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides name variables and playbooks that exist, and their YAML contains values that these variables accept."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from first_hour.documents import blocks, commands

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._role.variables import (
    FORMER_NAMES,
    read,
    specification,
)

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs/docsite/rst").glob("*.rst"))
TAGS = set(re.findall(r"tags: (rustdesk_sso_\w+)", (ROOT / "roles/entra_oidc/tasks/sign_in.yml").read_text()))
# The pattern of hosts, facts and statistics
OTHERS = {"rustdesk_sso_hosts", *(f"rustdesk_sso_{name}" for name in ("run", "observed", "adopted", "report"))}
# A backslash follows a prefix, such as rustdesk_sso_app\_\*
VARIABLE = re.compile(r"(?<![\w./-])rustdesk_sso_[a-z_]+[a-z]\b(?![\w./*\\-])")
# Other names with the role's prefix: metrics, and variables of the rulebook
NAMING = [ROOT / "plugins/plugin_utils/_report/metrics.prom.j2", *(ROOT / "extensions/eda/rulebooks").glob("*.yml")]
PREFIXES = ("bootstrap", "adopt", "doctor", "learn", "report", "rotate", "teardown", "remove")
OF_PLAYBOOK = re.compile(rf"(?<![\w./-])(?:{'|'.join(PREFIXES)})_[a-z_]+[a-z]\b")
PLAYBOOK = re.compile(r"deskops\.rustdesk_sso\.(\w+)")
NO_TEMPLATES = SimpleNamespace(template=lambda value: value)

pytestmark = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)


class _Loader(yaml.SafeLoader):
    """A loader that reads ``!unsafe`` and ``!vault`` as text."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))


def examples(guide: Path) -> list[Any]:
    """Return the YAML of a guide."""
    texts = [text for language, text in blocks(guide.read_text("utf-8")) if language.startswith("yaml")]
    return [document for text in texts for document in yaml.load_all(text, Loader=_Loader)]


def declared(value: Any) -> Iterator[tuple[str, Any]]:
    """Return the role's variables in an inventory or a play, with their values."""
    if isinstance(value, dict):
        for name, item in value.items():
            if str(name).startswith("rustdesk_sso_"):
                yield name, item
            else:
                yield from declared(item)
    elif isinstance(value, list):
        for item in value:
            yield from declared(item)


def is_template(value: Any) -> bool:
    return "{{" in str(value)


def test_variables_of_the_role_exist(guide: Path) -> None:
    named = set(VARIABLE.findall(guide.read_text("utf-8")))
    extra = {*TAGS, *OTHERS, *FORMER_NAMES, *(name for path in NAMING for name in VARIABLE.findall(path.read_text()))}
    assert sorted(named - set(specification()) - extra) == []


def test_examples_have_valid_values(guide: Path) -> None:
    for document in examples(guide):
        for name, value in declared(document):
            assert name in specification(), name
            if not is_template(value):
                assert read({name: value}, NO_TEMPLATES)[1] == [], name


def test_playbooks_and_their_variables_exist(guide: Path) -> None:
    for command in commands(guide.read_text("utf-8")):
        words = shlex.split(command.text.replace("\\\n", " "), comments=True)
        named = [PLAYBOOK.fullmatch(word) for word in words if words[0] == "ansible-playbook"]
        for name in (match[1] for match in named if match):
            playbook = ROOT / f"playbooks/{name}.yml"
            assert playbook.exists(), command.text
            assert unknown(command.text, playbook) == [], command.text
    assert (
        unknown(guide.read_text("utf-8"), *(ROOT / "playbooks").glob("*.yml"), *(ROOT / "plugins").rglob("*.py")) == []
    )


def unknown(text: str, *files: Path) -> list[str]:
    """Return the names in ``text`` that look like variables of a playbook, but are in none of the ``files``."""
    known = {name for file in files for name in re.findall(r"\w+", file.read_text("utf-8"))}
    return sorted({*OF_PLAYBOOK.findall(text)} - known)
