# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new user follows the guide for the first run word by word, from the installation to backing out.

The collection is installed from its artifact, and its folder stays unchanged. ``make first-hour`` also creates the
virtual environment that the guide requires; otherwise that of the tests is used.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from first_hour.documents import Command, section, steps
from first_hour.reader import Reader

from lab.client import Lab
from lab.user import Person
from support import consoles
from support.fleet import USER, Fleet

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_first_run.rst").read_text()
README = (ROOT / "README.md").read_text()
# Placeholders in the documents for the output of bootstrap_automation
PLACEHOLDERS = {
    "tenant_id": "11111111-2222-3333-4444-555555555555",
    "entra_client_id": "66666666-7777-8888-9999-000000000000",
}
FRESH = bool(os.environ.get("RUSTDESK_SSO_FRESH"))


class User:
    """A user in front of the terminal: signs in when ``try_sign_in`` shows a URL, and knows their own values."""

    def __init__(self, lab: Lab, fleet: Fleet, home: Path, artifact: Path) -> None:
        self.lab, self.fleet = lab, fleet
        console = consoles.add(fleet, "pro")
        self.means = {
            "ansible-galaxy collection install deskops.rustdesk_sso": f"ansible-galaxy collection install {artifact}",
            "contoso.example": fleet.domain,
            "https://desk1.example.com": console.url,
            "the administrator's password": console.password,
            "/home/admin": str(home),
        }
        if not FRESH:
            self.means["python3 -m venv"] = f"ln -s {Path(sys.executable).parents[1]}"
        # From this step on, the lab replaces Microsoft
        world = {
            "AZURE_AUTHORITY_HOST": lab.login_url,
            "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
            "REQUESTS_CA_BUNDLE": lab.ca_path,
            "SSL_CERT_FILE": lab.ca_path,
        }
        self.means["az login"] = f"export {' '.join(f'{name}={value}' for name, value in world.items())}; az login"
        cli = lab.azure_cli(next(iter(fleet.tenant.users)))
        terminal = {"HOME": str(home), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.reader = Reader(home, {**terminal, **cli}, self.means, self.see)

    def see(self, line: str) -> None:
        """Read a line of the terminal."""
        shown = re.search(rf"{re.escape(self.lab.login_url)}\S+/authorize\?\S+", line)
        if shown:
            upn = f"{USER}@{self.fleet.domain}"
            Person(self.lab.ca_path).finish(shown[0], upn, self.fleet.tenant.users[upn])
        printed = re.fullmatch(r"rustdesk_sso_(tenant_id|entra_client_id): (\S+)", line)
        if printed:
            self.means[PLACEHOLDERS[printed[1]]] = printed[2]


@pytest.fixture
def user(lab: Lab, make_fleet: Any, tmp_path: Path) -> User:
    """A user with an empty home, and the artifact of the collection."""
    home = tmp_path / "user"
    home.mkdir()
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    stage = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]) / "ansible_collections/deskops/rustdesk_sso"
    command = [str(galaxy), "collection", "build", "--output-path", str(tmp_path), str(stage)]
    subprocess.run(command, check=True, capture_output=True)
    (artifact,) = tmp_path.glob("deskops-rustdesk_sso-*.tar.gz")
    return User(lab, make_fleet(0), home, artifact)


def content(folder: Path) -> dict[str, int]:
    """Return the files below ``folder`` with the time of their last change."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_guide_word_by_word(user: User) -> None:
    installed: dict[str, int] = {}
    folder = user.reader.home / ".ansible/collections"
    for step in steps(GUIDE):
        user.reader.do(step)
        if installed:
            assert content(folder) == installed, f"{step} changed the installed collection"
        elif (folder / "ansible_collections/deskops").exists():
            installed = content(folder)
    assert installed
    applications = [item["displayName"] for item in user.fleet.tenant.applications()]
    assert not [name for name in applications if "RustDesk" in name]


def test_readme_agrees_with_the_guide() -> None:
    """The first run in the README is the beginning of the guide's."""
    shorter = steps(section(README, "Installation", "Guides"))
    longer = iter(steps(GUIDE))
    for step in shorter:
        text = step.text if isinstance(step, Command) else step
        assert any(text == (other.text if isinstance(other, Command) else other) for other in longer), step
