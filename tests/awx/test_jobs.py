# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of the templates that install.yml created, run as AWX runs them: their effects, and that they show no secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from awx.job import Job, Jobs
from faults.steps import key_ids, own

from lab.client import Lab, SignInFailed
from support.consoles import automation_sessions, told
from support.fleet import Fleet

NAME = "RustDesk sign-in"


@pytest.fixture
def run(jobs: Jobs, lab: Lab) -> Callable[..., Job]:
    """Run a job of a place; check that it prints no warning and shows no secret."""

    def launched(template: str, place: Any, **options: Any) -> Job:
        options.setdefault("credentials", place.credentials())
        job = jobs.launch(f"{NAME}: {template}", place.inventory, **options)
        assert len(job.events) > 3, job.output
        assert not told(lab, job.text)
        assert not job.warnings()
        return job

    return launched


def secrets(fleet: Fleet, host: str) -> set[str]:
    """Return the key IDs of one server's client secrets."""
    (application,) = own(fleet.tenant.applications())
    return key_ids(application, f"rustdesk-sso {host}")


def test_lifecycle(
    run: Callable[..., Job], make_fleet: Callable[[int], Fleet], make_place: Callable[[Fleet | int], Any]
) -> None:
    """Two servers from nothing through drift and renewal to removal."""
    fleet = make_fleet(0)
    # A code opens one session, and the jobs follow each other faster than codes change
    fleet.add_server(f"totp.{fleet.domain}", second_factor="totp").set_switches(totp_once=False)
    fleet.add_server(f"desk.{fleet.domain}")
    first, second = fleet.hosts
    place = make_place(fleet)

    made = run("apply", place)
    assert made.rc == 0, made.output
    summary = made.artifacts["rustdesk_sso"]["servers"]
    assert {host: summary[host]["verified"] for host in summary} == {first: True, second: True}
    for host in fleet.hosts:
        assert fleet.sign_in(host)["access_token"]

    document = fleet.consoles[second].settings()
    document["providers"][-1]["enabled"] = False
    fleet.consoles[second].put_settings(document)
    drifted = run("preview", place)
    assert drifted.rc == 0, drifted.output
    assert drifted.changed() == {first: 0, second: 2}
    assert "enabled" in drifted.output
    assert fleet.consoles[second].settings() == document

    before = {host: secrets(fleet, host) for host in fleet.hosts}
    rotated = run("rotate", place, answers={"rotate_first": second})
    assert rotated.rc == 0, rotated.output
    assert all(before[host] < secrets(fleet, host) for host in fleet.hosts)
    for host in fleet.hosts:
        assert fleet.sign_in(host)["access_token"]

    predicted = run("removal preview", place, limit=first)
    assert predicted.rc == 0, predicted.output
    assert first in predicted.output
    assert second not in predicted.changed()
    assert secrets(fleet, first)

    gone = run("remove", place, limit=first, answers={"rustdesk_sso_remove_unused_app": "true"})
    assert gone.rc == 0, gone.output
    assert secrets(fleet, first) == set()
    with pytest.raises(SignInFailed):
        fleet.sign_in(first)
    assert fleet.sign_in(second)["access_token"]
    last = run("remove", place, limit=f"{first}:{second}", answers={"rustdesk_sso_remove_unused_app": "true"})
    assert last.rc == 0, last.output
    assert own(fleet.tenant.applications()) == []
    assert not [session for console in fleet.consoles.values() for session in automation_sessions(console)]


def test_slices(run: Callable[..., Job], make_place: Callable[[Fleet | int], Any], lab: Lab) -> None:
    """Two jobs configure half of the servers each, at the same time; both add to the one application."""
    lab.set_lag(0.2, 0.5)
    place = make_place(4)
    fleet, credentials = place.fleet, place.credentials()
    with ThreadPoolExecutor() as pool:
        pieces = list(pool.map(lambda number: run("apply", place, credentials=credentials, piece=(number, 2)), (1, 2)))
    assert [job.rc for job in pieces] == [0, 0], "\n".join(job.output for job in pieces if job.rc)
    assert sorted(host for job in pieces for host in job.changed()) == sorted(fleet.hosts)
    (application,) = own(fleet.tenant.applications())
    uris = {f"{console.url}/api/oidc/callback" for console in fleet.consoles.values()}
    assert set(application["web"]["redirectUris"]) == uris
    for host in fleet.hosts:
        assert fleet.sign_in(host)["access_token"]
    whole = run("apply", place, credentials=credentials)
    assert whole.changed() == dict.fromkeys(fleet.hosts, 0), whole.output


def test_slice_without_a_server(jobs: Jobs, make_place: Callable[[Fleet | int], Any]) -> None:
    """The job succeeds and reports the empty slice."""
    place = make_place(1)
    web = {"webservers": {"hosts": {f"zzz.{place.fleet.domain}": {}}}}
    second = jobs.launch(f"{NAME}: apply", {**place.inventory, **web}, [], piece=(2, 2))
    assert second.rc == 0, second.output
    assert "no host in the group rustdesk_servers" in second.output


def test_address_from_the_credential(run: Callable[..., Job], make_place: Callable[[Fleet | int], Any]) -> None:
    """A server without an address in the inventory gets that of the credential; another server keeps its own.

    The job authenticates to Entra with a federated token.
    """
    place = make_place(2)
    first, second = place.fleet.hosts
    url = place.fleet.consoles[first].url
    for name in ("rustdesk_sso_console_url", "rustdesk_sso_public_url"):
        del place.fleet.hosts[first][name]
    credentials = [place.workload_identity(), place.credentials(url=url)[1]]
    job = run("apply", place, credentials=credentials)
    assert job.rc == 0, job.output
    callbacks = {host: item["callback_url"] for host, item in job.artifacts["rustdesk_sso"]["servers"].items()}
    assert callbacks == {host: f"{place.fleet.consoles[host].url}/api/oidc/callback" for host in (first, second)}


def test_certification_authority(
    installation: Any, collections: Path, make_place: Callable[[Fleet | int], Any], runner_path: Path
) -> None:
    """The one in the credential is trusted for the console only; Entra's certificate is checked as always."""
    place = make_place(1)
    jobs = Jobs(installation.awx, collections, runner_path, {})
    without = jobs.launch(f"{NAME}: apply", place.inventory, place.credentials(ca=""))
    assert without.failed()[0] == "Inspect the console", without.output
    with_it = jobs.launch(f"{NAME}: apply", place.inventory, place.credentials())
    assert with_it.failed()[0] == "Configure the provider", with_it.output
    assert "certificate" in with_it.output


def test_nothing_is_removed_without_a_limit(run: Callable[..., Job], make_place: Callable[[Fleet | int], Any]) -> None:
    """A missing limit does not mean all servers; the workflow ends before it requests approval."""
    job = run("removal preview", make_place(1))
    assert job.rc != 0
    assert "--limit" in job.output


def test_a_wrong_password_is_not_shown(run: Callable[..., Job], make_place: Callable[[Fleet | int], Any]) -> None:
    """Neither the wrong nor the right one, nor any other value of the credentials, is shown when the job fails."""
    place = make_place(1)
    wrong = "Wr0ng-Pa55word-of-the-console"
    job = run("apply", place, credentials=place.credentials(password=wrong))
    assert job.rc != 0
    assert wrong not in job.text
    assert "password" in job.output


def test_drift(
    run: Callable[..., Job], make_place: Callable[[Fleet | int], Any], installation: Any, runner_path: Path
) -> None:
    """The job fails after the report is in the directory of the template's variable: AWX notifies, and a workflow
    branches.

    It authenticates to Entra with a certificate.
    """
    place = make_place(1)
    template = installation.awx.find("job_templates", f"{NAME}: drift")
    kept = template["extra_vars"]
    template["extra_vars"] = json.dumps({**json.loads(kept), "report_directory": f"{runner_path}/reports"})
    try:
        job = run("drift", place, credentials=[place.certificate(), place.credentials()[1]])
    finally:
        template["extra_vars"] = kept
    assert job.rc != 0
    assert job.failed() == ["Fail on the states of report_fail_on"], job.output
    report = job.artifacts["rustdesk_sso_report"]
    assert report["drifted"] == 1
    state = report["states"][place.first]
    assert (state["state"], state["days_left"]) == ("drifted", None)
    assert state["reason"] == f"drift: {', '.join(state['drift'])}"
    pages = list((runner_path / "reports").glob("*.html"))
    assert len(pages) == 1
    assert place.first in pages[0].read_text("utf-8")
