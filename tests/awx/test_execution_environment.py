# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment's build context needs no Galaxy and names all Python packages that the collection needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def test_context(tmp_path: Path) -> None:
    """What the image's build would do with the context, as far as no container is needed."""
    if not (ROOT / "Makefile").exists():
        pytest.skip("an installed collection has no Makefile")
    context = tmp_path / "ee"
    subprocess.run(["make", "--silent", "ee-context", f"EE={context}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    containerfile = (context / "context/Containerfile").read_text("utf-8")
    assert "FROM $EE_BASE_IMAGE AS base" in containerfile

    # As the image's galaxy stage does, where Galaxy cannot be reached
    installed = tmp_path / "installed"
    command = [str(BIN / "ansible-galaxy"), "collection", "install", "-r", "requirements.yml"]
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_GALAXY_SERVER": "http://127.0.0.1:9"}
    subprocess.run(
        [*command, "--collections-path", str(installed)],
        cwd=context / "context/_build",
        env={**environment, "ANSIBLE_COLLECTIONS_PATH": str(installed)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    collection = installed / "ansible_collections/deskops/rustdesk_sso"
    assert (collection / "playbooks/site.yml").exists()
    # As its builder stage does
    script = context / "context/_build/scripts/introspect.py"
    done = subprocess.run(
        [sys.executable, str(script), "introspect", str(installed)], check=True, capture_output=True, text=True
    )
    found = yaml.safe_load(done.stdout)
    packages = {line.split("#")[0].strip() for line in (ROOT / "meta/ee-requirements.txt").read_text().splitlines()}
    assert {item for item in packages if item} <= {line.split("#")[0].strip() for line in found["python"]}
