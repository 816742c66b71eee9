# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Relative paths in playbooks of an installed collection refer to the user's working directory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from support.controller import Controller
from unit.test_har import visit

NAMESPACE = "ansible_collections/deskops/rustdesk_sso"
SERVER = {"rustdesk_sso_console_url": "https://127.0.0.1:9", "rustdesk_sso_tenant_id": "contoso.example"}


def installed(folder: Path, source: Path) -> Path:
    """A copy of the collection in ``folder``, as installed and without write permission."""
    for part in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(source / NAMESPACE / part, folder / NAMESPACE / part)
    shutil.copy(source / NAMESPACE / "galaxy.yml", folder / NAMESPACE)
    subprocess.run(["chmod", "-R", "a-w", folder], check=True)
    return folder


def written(folder: Path) -> set[str]:
    """The files below ``folder``, except for Python's caches."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.suffix != ".pyc"}


def test_relative_paths(controller: Controller, tmp_path: Path) -> None:
    """The recording is read from the working directory, and all files are written there."""
    collections = installed(tmp_path / "installed", controller.collections)
    before = written(collections)
    here = controller.home / "work"
    here.mkdir()
    (here / "visit.har").write_text(json.dumps(visit()))
    hosts = here / "hosts.json"
    hosts.write_text(json.dumps({"rustdesk_servers": {"hosts": {"desk1": SERVER}}}))
    names = {
        "learn_har": "visit.har",
        "learn_contract_file": "contract.yml",
        "learn_report_file": "~/seen.json",
        "report_directory": "reports",
    }
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", hosts.name, "-e", json.dumps(names)]
    playbooks = [f"deskops.rustdesk_sso.{name}" for name in ("report", "learn_contract")]
    environment = controller.environment(ANSIBLE_COLLECTIONS_PATH=str(collections), PYTHONDONTWRITEBYTECODE="1")
    run = subprocess.run(
        [*command, *playbooks], check=False, env=environment, cwd=here, capture_output=True, text=True, timeout=120
    )
    output = run.stdout + run.stderr
    assert f"Report: {here}/reports/rustdesk_sso.html" in output, output
    reports = {f"reports/rustdesk_sso.{kind}" for kind in ("html", "json", "prom", "csv")}
    assert written(here) == {"visit.har", "hosts.json", "contract.yml", *reports}, output
    assert (controller.home / "seen.json").is_file(), output
    assert written(collections) == before
