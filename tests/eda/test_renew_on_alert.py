# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alerts, as Alertmanager posts them, to ansible-rulebook: each one's playbook and servers. `make eda` runs this."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from support.fleet import Fleet

PROGRAMS = Path(__file__).resolve().parents[2] / ".venvs" / "eda" / "bin"
TOKEN = "sesame-token"
# Seconds after which a test stops waiting for a line of the output
PATIENCE = 120
SITE = "PLAY [Configure sign-in to RustDesk with Microsoft Entra ID]"


class Rulebook:
    """A running ansible-rulebook with the inventory of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        home = fleet.controller.home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/alerts"
        (home / "inventory.yml").write_text(json.dumps(fleet.inventory))
        variables = {"rustdesk_sso_alert_token": TOKEN, "rustdesk_sso_alert_port": port}
        (home / "vars.yml").write_text(json.dumps(variables))
        java = os.environ.get("JAVA_HOME") or str(Path(shutil.which("java") or "").resolve().parents[1])
        self.process = subprocess.Popen(
            [
                *[PROGRAMS / "ansible-rulebook", "--verbose", "--rulebook", "deskops.rustdesk_sso.renew_on_alert"],
                *["--inventory", home / "inventory.yml", "--vars", home / "vars.yml"],
            ],
            env=fleet.controller.environment(
                JAVA_HOME=java, PATH=f"{PROGRAMS}:{os.environ['PATH']}", PYTHONUNBUFFERED="1"
            ),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self._watchdog = threading.Timer(PATIENCE, self.stop)
        self._watchdog.start()

    def wait_for(self, text: str) -> None:
        """Read the output up to a line with ``text``."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        pytest.fail(f"ansible-rulebook ended, or printed no {text!r}:\n{self.output}")

    def stop(self) -> None:
        """End it and all processes that it has started."""
        self._watchdog.cancel()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def post(self, *alerts: Any, token: str = TOKEN) -> int:
        """Post alerts in one notification, and return the status of the response."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(self.url, json={"version": "4", "alerts": alerts}, headers=headers, timeout=20).status_code


@pytest.fixture
def servers(fleet: Fleet) -> list[str]:
    """Three servers, none of which is configured."""
    for number in range(1, 4):
        fleet.add_server(f"desk{number}.{fleet.domain}")
    return list(fleet.hosts)


@pytest.fixture
def rulebook(fleet: Fleet, servers: list[str]) -> Iterator[Rulebook]:
    started = Rulebook(fleet)
    started.wait_for("Waiting for events")
    yield started
    started.stop()


def alert(server: Any, name: str = "RustDeskSSODrift", status: str = "firing", **labels: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "server": server, "severity": "warning", **labels},
        "annotations": {"summary": "{{ lookup('ansible.builtin.pipe', 'touch templated') }}"},
    }


def test_only_the_server_of_an_alert_is_configured(fleet: Fleet, servers: list[str], rulebook: Rulebook) -> None:
    first, other, last = servers
    assert rulebook.post(alert(other), token="another-token") == 401
    # Patterns, and alerts that are not ours
    patterns = [f"{other},{last}", f"{other}:!{last}", "*", f"~{other}", f"@{other}", f"{other}\n"]
    for server in (*patterns, [other, last]):
        assert rulebook.post(alert(server)) == 200
    assert rulebook.post(alert(other, status="resolved"), alert(other, name="InstanceDown")) == 200
    stranger = alert(other)
    del stranger["labels"]["server"]
    assert rulebook.post({**stranger, "meta": {"hosts": [other]}}) == 200
    # Names of groups and unknown hosts look like the name of a server; the playbook refuses them
    for server in ("all", "rustdesk_servers", "localhost", "desk9"):
        assert rulebook.post(alert(server)) == 200
    # One run for both
    assert rulebook.post(alert(first), alert(first, name="RustDeskSSOSignInBroken")) == 200
    assert rulebook.post(alert(first, status="firing", severity="critical")) == 200
    rulebook.wait_for("PLAY RECAP")
    assert rulebook.post(alert(last, name="RustDeskSSOClientSecretExpired")) == 200
    rulebook.wait_for("PLAY RECAP")
    rulebook.stop()

    assert fleet.sign_in(first)
    assert fleet.sign_in(last)
    assert fleet.lab.requests(other) == []
    assert rulebook.output.count(SITE) == 2
    # The playbook would have named a refused server
    assert "'all'" in rulebook.output
    assert not [pattern for pattern in patterns if repr(pattern) in rulebook.output]
    assert not list(fleet.controller.home.rglob("templated"))
    for secret in (TOKEN, fleet.variables["rustdesk_sso_entra_client_secret"]):
        assert secret not in rulebook.output
