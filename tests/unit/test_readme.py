# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README is short, names all that users run, and works on GitHub and on Galaxy, which shows only this file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
LINKS = re.findall(r"\]\(([^)]+)\)", README)
OWN = re.compile(
    r"https://(?:github\.com/deskops/deskops\.rustdesk_sso/blob/main"
    r"|raw\.githubusercontent\.com/deskops/deskops\.rustdesk_sso/main)/(.+)"
)


def test_it_is_short():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_a_link_is_absolute_and_leads_to_a_file(link: str):
    assert link.startswith("https://")
    own = OWN.fullmatch(link)
    assert own is None or (ROOT / own[1]).is_file()


def test_every_playbook_and_public_module_is_listed():
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py") if not path.stem.startswith("entra_oidc_")}
    contents = README.partition("### Contents")[2].partition("## Testing")[0]
    assert playbooks | modules - {"__init__"} <= set(re.findall(r"`(\w+)`", contents))


def test_every_guide_for_users_is_linked():
    guides = {path.stem for path in (ROOT / "docs/docsite/rst").glob("guide_*.rst")}
    translations = {name for name in guides if name.endswith(("_zh_tw", "_ja"))}
    assert guides - translations <= {Path(link).stem for link in LINKS}
