# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The build context of the execution environment needs no Galaxy and lists all Python packages that the collection
needs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def test_context(tmp_path: Path) -> None:
    """The steps of the image's build that need no container."""
    if not (ROOT / "Makefile").exists():
        pytest.skip("an installed collection has no Makefile")
    context = tmp_path / "ee"
    subprocess.run(["make", "--silent", "ee-context", f"EE={context}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    containerfile = (context / "context/Containerfile").read_text("utf-8")
    assert "FROM $EE_BASE_IMAGE AS base" in containerfile

    # Like the image's galaxy stage, without access to Galaxy
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
    # Like its builder stage
    script = context / "context/_build/scripts/introspect.py"
    introspected = subprocess.run(
        [sys.executable, str(script), "introspect", str(installed)], check=True, capture_output=True, text=True
    )
    found = yaml.safe_load(introspected.stdout)
    requirements = [Requirement(line.split("#")[0]) for line in found["python"]]
    packages = {line.split("#")[0].strip() for line in (ROOT / "meta/ee-requirements.txt").read_text().splitlines()}
    assert {item for item in packages if item} <= {line.split("#")[0].strip() for line in found["python"]}
    needed = {canonicalize_name(requirement.name) for requirement in requirements}
    by_package = {canonicalize_name(name): name for names in packages_distributions().values() for name in names}
    assert needed <= set(by_package), "the tests' environment has the same packages as the image"

    # The last step of the image's build, with the versions that were resolved for the tests
    (imports,) = re.findall(r"^RUN \$PYCMD -c '(import .+)'$", containerfile, re.MULTILINE)
    subprocess.run([sys.executable, "-c", imports], check=True)
    tops = {name.strip().split(".")[0] for name in imports.removeprefix("import ").split(",")}
    imported = {canonicalize_name(name) for top in tops for name in packages_distributions()[top]}
    assert needed <= imported, "each package is imported"

    (step,) = re.findall(r"^RUN (if .*PYPKG.*pip --version)$", containerfile, re.MULTILINE)
    assert containerfile.index(step) < containerfile.index("RUN $PKGMGR install")
    for manager, good in (("true", True), ("false", False)):
        given = {"PKGMGR": manager, "PYPKG": "python3-pip", "PYCMD": sys.executable, "PATH": os.environ["PATH"]}
        done = subprocess.run(["sh", "-c", step], env=given, check=False, capture_output=True)
        assert (done.returncode == 0) == good, "a package that cannot be installed ends the build"
