# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that ``make live`` runs, with the lab in place of the real services."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from live import target
from live.__main__ import leftovers
from live.made import PREFIX
from live.run import Run
from live.service import OverBudgetError, write
from live.target import KINDS, NOTHING_SENT, ConsoleTarget
from live.test_consoles import check_pro
from live.test_entra import App

from lab.client import Console, Lab
from support import consoles
from support.consoles import told
from support.fixtures import LAG

_NUMBERS = itertools.count(1)
TESTS, ROOT = Path(__file__).parents[1], Path(__file__).parents[2]


class Place:
    """A tenant and a console of the lab, and the environment that names them."""

    def __init__(self, lab: Lab, kind: str, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.tenant = lab.add_tenant(f"program{next(_NUMBERS)}.example")
        self.tenant.set_permissions(["Application.ReadWrite.All", "Policy.Read.All"])
        self.console: Console = lab.add_console(f"desk1.{self.tenant.domain}", kind=kind)
        consoles.add_provider(self.console, client_id="another-client", client_secret="another-secret-value")
        automation = self.tenant.automation
        self.environment = {
            "LIVE": "1",
            "LIVE_TENANT": self.tenant.tenant_id,
            "LIVE_CONSOLE": "127.0.0.1",
            "LIVE_CONSOLE_TYPE": kind,
            "AZURE_TENANT_ID": self.tenant.tenant_id,
            "AZURE_CLIENT_ID": automation["client_id"],
            "AZURE_CLIENT_SECRET": automation["client_secret"],
            "AZURE_AUTHORITY_HOST": lab.login_url,
            "ENTRA_GRAPH_ENDPOINT": lab.graph_url,
            "RUSTDESK_URL": self.console.url,
            "RUSTDESK_USERNAME": self.console.username,
            "RUSTDESK_PASSWORD": self.console.password,
            "REQUESTS_CA_BUNDLE": lab.ca_path,
            "RUSTDESK_SSO_LIVE_FOLDER": str(folder),
        }

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start the program."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "LIVE", "AZURE"))}
        kept |= {"PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
        # The tests have staged the collection already
        kept["PYTEST_XDIST_WORKER"] = "live"
        return subprocess.Popen(
            [sys.executable, "-m", "live"],
            cwd=ROOT,
            env={**kept, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **environment: str) -> Run:
        """Return a run in this process."""
        return Run(target.read({**self.environment, **environment}), 10.0, 0.05)

    def left(self) -> list[str]:
        """Return the objects of live runs that are left in Entra."""
        names = [item["displayName"] for item in self.tenant.applications()]
        deleted = self.tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
        return [name for name in [*names, *(item["displayName"] for item in deleted)] if str(name).startswith(PREFIX)]


def test_without_a_target_it_refuses_with_a_sentence() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIVE", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "live"],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "LIVE=1" in done.stderr
    assert done.stderr.strip().endswith(NOTHING_SENT)
    assert len(done.stderr.splitlines()) == 1


def test_a_whole_run_leaves_only_records(lab: Lab, tmp_path: Path) -> None:
    """It prints its plan first, and its records contain no secret, ID, host or name."""
    place = Place(lab, "pro", tmp_path)
    before = place.console.settings()
    program = place.start(**place.environment)
    output, _errors = program.communicate(timeout=120)
    assert program.returncode == 0, output
    assert output.index("This run sends at most 400 requests") < output.index("passed")
    assert place.tenant.tenant_id in output.partition("passed")[0]
    assert place.left() == []
    assert place.console.settings() == before
    assert place.console.sessions() == []
    recorded = "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    known = (place.tenant.tenant_id, place.tenant.automation["client_id"], "127.0.0.1", place.tenant.domain)
    assert told(lab, recorded + output, place.console.password, "another-secret-value") == []
    assert [item for item in (*known, PREFIX) if item in recorded] == []
    exchanges = json.loads((tmp_path / "graph_exchanges.json").read_text("utf-8"))
    created = next(item for item in exchanges if item["contract"] == "create an application")
    assert created["request"]["uri"] == "https://host1.example.com/v1.0/applications"
    assert created["response"]["body"]["signInAudience"] == "AzureADMyOrg"
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert summary["seconds until visible"]["a new client secret at the token endpoint"]
    assert {item["contract"] for item in exchanges} >= {"purge", "add a client secret"}


def test_an_interrupted_run_removes_its_objects(lab: Lab, tmp_path: Path) -> None:
    place = Place(lab, "rustdesk_api", tmp_path)
    # Longer than it takes to end the program
    lab.fault("graph", "POST", "addPassword", delay=20)
    program = place.start(**place.environment)
    deadline = time.monotonic() + 60
    while not any("addPassword" in item["path"] for item in lab.requests("graph")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert place.left() != []
    program.send_signal(signal.SIGTERM)
    output, _errors = program.communicate(timeout=120)
    assert program.returncode != 0, output
    assert "Not removed" not in output
    assert place.left() == []


def test_a_difference_is_named_and_recorded(lab: Lab, tmp_path: Path) -> None:
    place = Place(lab, "pro", tmp_path)
    run = place.run()
    body = {
        "error": {"code": "Brand_NewCode", "message": f"No policy for {place.tenant.tenant_id}", "retryable": False}
    }
    lab.fault("graph", "GET", "defaultAppManagementPolicy", status=418, json=body)
    run.graph().call("read the default app management policy", "/v1.0/policies/defaultAppManagementPolicy")
    assert run.notes.differences[0] == "read the default app management policy: status is 418, expected 200"
    assert write(run.notes, tmp_path) == [
        "graph_differences.json",
        "graph_exchanges.json",
        "login_exchanges.json",
        "summary.json",
    ]
    (different,) = json.loads((tmp_path / "graph_differences.json").read_text("utf-8"))
    assert different["differences"][0] == "status is 418, expected 200"
    assert different["response"]["status"] == 418
    assert different["response"]["body"]["error"]["message"].startswith("No policy for 00000000-")
    assert run.notes.sanitizer.replaced_members == {"retryable"}


def test_exhausted_budget_ends_the_run_and_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    place = Place(lab, "pro", tmp_path)
    run = place.run(LIVE_REQUESTS="3")
    with pytest.raises(OverBudgetError, match="The budget of 3 requests is used up"):
        App(run)
    assert place.left() != []
    assert run.made.undo() == []
    assert place.left() == []


@pytest.mark.parametrize("kind", KINDS)
def test_leftovers_are_listed_and_removed_only_on_request(lab: Lab, tmp_path: Path, kind: str) -> None:
    place = Place(lab, kind, tmp_path)
    lab.set_lag(0, 0)
    before = place.console.settings()
    name = f"{PREFIX}0123456789"
    consoles.add_provider(
        place.console, name=name, client_id="x", client_secret="secret-of-a-leftover", issuer="https://a.example"
    )
    # Named like a live run's object, but not one: it stays
    place.tenant.graph("POST", "/applications", {"displayName": f"{PREFIX}automation"})
    for deleted in (False, True):
        made = place.tenant.graph("POST", "/applications", {"displayName": name}).json()
        if deleted:
            place.tenant.graph("DELETE", f"/applications/{made['id']}")

    def lines(wanted: str) -> str:
        return "\n".join(leftovers(place.run(LIVE_LEFTOVERS=wanted)))

    found = lines("list")
    assert found.count(": present") == 2
    assert found.count(": deleted, not purged") == 1
    assert len(place.left()) == 3
    assert lines("remove").count(": removed") == 3
    assert place.left() == [f"{PREFIX}automation"]
    assert name not in json.dumps(place.console.settings())
    if kind != "pro":
        assert place.console.settings() == before
    lab.set_lag(*LAG)


@pytest.mark.parametrize("secrets", ["masked", "absent"])
def test_settings_that_hide_secrets_are_not_written(lab: Lab, tmp_path: Path, secrets: str) -> None:
    place = Place(lab, "pro", tmp_path)
    place.console.set_switches(secrets=secrets)
    run = place.run()
    assert isinstance(run.target.console, ConsoleTarget)
    before = place.console.settings()
    with pytest.raises(AssertionError, match="nothing was written"):
        check_pro(run, run.target.console)
    assert place.console.settings() == before
    assert [item for item in lab.requests(place.console.name) if item["method"] == "PUT"] == []
