# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The systemd units, as systemd itself reads them, and the lines for cron."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.monitoring import EXTENSIONS, MONITORING

PLAYBOOKS = {path.stem for path in (EXTENSIONS.parent / "playbooks").glob("*.yml")}
UNITS = MONITORING / "systemd"
PROGRAM = "/opt/rustdesk-sso/venv/bin/ansible-playbook"
# The highest accepted exposure, of 100; `systemd-analyze security` rates it OK
EXPOSURE = 20


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as installed, with a program that exists; skips without systemd's own tool."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    template = tmp_path / "rustdesk-sso@.service"
    assert PROGRAM in template.read_text("utf-8")
    template.write_text(template.read_text("utf-8").replace(PROGRAM, "/bin/true"), "utf-8")
    for playbook in ("site", "report"):
        shutil.copy(template, tmp_path / f"rustdesk-sso@{playbook}.service")
    return tmp_path


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def test_systemd_reports_no_problem(units: Path) -> None:
    verified = analyzed("verify", *units.glob("*.timer"), *units.glob("rustdesk-sso@?*.service"))
    assert (verified.returncode, verified.stdout) == (0, "")


def test_the_service_is_hardened(units: Path) -> None:
    service = units / "rustdesk-sso@report.service"
    judged = analyzed("security", "--offline=true", f"--threshold={EXPOSURE}", service)
    if "unrecognized option" in judged.stdout:
        pytest.skip("this systemd-analyze cannot judge a file")
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("playbook", ["site", "report"])
def test_each_timer_starts_a_playbook_of_the_collection(playbook: str) -> None:
    timer = configparser.ConfigParser(interpolation=None)
    timer.read(UNITS / f"rustdesk-sso-{playbook}.timer")
    assert timer["Timer"]["Unit"] == f"rustdesk-sso@{playbook}.service"
    assert playbook in PLAYBOOKS


def test_cron_runs_the_same_playbooks_as_the_timers() -> None:
    text = (MONITORING / "cron" / "rustdesk-sso").read_text("utf-8")
    jobs = re.findall(
        r"^((?:\S+ ){5})(\S+) cd \S+ && ansible-playbook .*deskops\.rustdesk_sso\.(\w+)", text, re.MULTILINE
    )
    assert jobs == [("10 2 * * * ", "rustdesk-sso", "site"), ("40 * * * * ", "rustdesk-sso", "report")]
    # cron would end the command there
    assert "%" not in text
