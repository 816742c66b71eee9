# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user who follows the guides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from first_hour.person import User

from lab.client import Lab


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
