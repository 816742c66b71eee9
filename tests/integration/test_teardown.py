# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""teardown.yml removes everything that the collection created, once predicted and confirmed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.steps import only, own

from lab.client import Lab, SignInFailed
from support import consoles
from support.fleet import Fleet
from support.quick_runs import quick_playbook, quick_run

AUTOMATION = "rustdesk-sso-automation"


@pytest.fixture
def administrator(lab: Lab, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of Azure CLI, and the automation's application with the unique name from bootstrap_automation."""
    for name, value in lab.azure_cli(next(iter(fleet.tenant.users))).items():
        monkeypatch.setenv(name, value)
    mine = f"/applications(appId='{fleet.tenant.automation['client_id']}')"
    assert fleet.tenant.graph("PATCH", mine, {"uniqueName": AUTOMATION}).status_code == 204


def automation(fleet: Fleet) -> list[str]:
    """The client IDs of the applications that have the automation's unique name."""
    return [item["appId"] for item in fleet.tenant.applications() if item["uniqueName"] == AUTOMATION]


def test_teardown_needs_confirmation(fleet: Fleet, lab: Lab) -> None:
    """Without confirmation, or for a part of the servers, it changes nothing and shows what to do."""
    name = consoles.add(fleet, "pro").name
    assert quick_run(fleet).rc == 0
    lab.clear_requests()
    for options, said in (
        ((), f"-e teardown_confirm={fleet.tenant.tenant_id}"),
        (("-e", "teardown_confirm=other.example"), "teardown_confirm is other.example, but the tenant of the inv"),
        (("--limit", name, "-e", f"teardown_confirm={fleet.tenant.tenant_id}"), "Omit --limit"),
    ):
        run = quick_playbook(fleet, "teardown", *options)
        assert run.rc != 0
        assert said in run.output
    assert lab.requests() == []
    assert fleet.sign_in(name)["access_token"]


def test_complete_teardown(
    lab: Lab, fleet: Fleet, administrator: None, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]
) -> None:
    """Everything but others' settings is removed, the automation last.

    Check mode announces it, a server that is down is left for another run, and a further run changes nothing.
    """
    pro, other, last = (consoles.add(fleet, kind).name for kind in consoles.KINDS)
    fleet.hosts[last]["rustdesk_sso_app_unique_name"] = "alone"
    fleet.hosts[last]["rustdesk_sso_app_display_name"] = "Alone"
    assert quick_run(fleet).rc == 0
    shared = only(fleet.tenant, uniqueName="rustdesk-sso")
    foreign = "https://erp.example/signin"
    uris = [*shared["web"]["redirectUris"], foreign]
    assert fleet.tenant.graph("PATCH", f"/applications/{shared['id']}", {"web": {"redirectUris": uris}}).ok
    confirmed = ("-e", f"teardown_confirm={fleet.tenant.tenant_id}", "-e", f"teardown_automation={AUTOMATION}")

    before = seen(fleet)
    lab.clear_requests()
    predicted = quick_playbook(fleet, "teardown", "--check", *confirmed)
    assert predicted.rc == 0, predicted.output
    assert writes() == []
    assert seen(fleet) == before
    kept = f": the application rustdesk-sso (it has the redirect URI {foreign})"
    for said in ("Check mode: nothing was changed", "Applications that would be deleted: - alone (", kept):
        assert said in predicted.output
    assert f"its own application {AUTOMATION} (client ID {fleet.tenant.automation['client_id']}" in predicted.output
    assert "would be deleted" in predicted.output
    assert "the accounts of users who have signed in to RustDesk" in predicted.output

    lab.fault(pro, times=1000, html="<html>Gateway</html>")
    partly = quick_playbook(fleet, "teardown", *confirmed)
    assert partly.rc != 0
    assert "The teardown is not finished: 1 of 3 servers failed." in partly.output
    assert f"-e teardown_gone_consoles={pro}" in partly.output
    assert f"its own application {AUTOMATION} is kept, because a server failed" in partly.output
    left = only(fleet.tenant, uniqueName="rustdesk-sso")["web"]["redirectUris"]
    assert set(left) == {foreign, f"{fleet.consoles[pro].url}/api/oidc/callback"}
    assert automation(fleet) == [fleet.tenant.automation["client_id"]]
    lab.clear_faults()
    assert fleet.sign_in(pro)["access_token"]

    done = quick_playbook(fleet, "teardown", *confirmed)
    assert done.rc == 0, done.output
    assert "The teardown is finished." in done.output
    (kept_application,) = own(fleet.tenant.applications())
    assert kept_application["web"]["redirectUris"] == [foreign]
    assert kept_application["passwordCredentials"] == []
    assert automation(fleet) == []
    for name in (pro, other, last):
        with pytest.raises(SignInFailed):
            fleet.sign_in(name)

    before = seen(fleet)
    lab.clear_requests()
    again = quick_playbook(fleet, "teardown", *confirmed)
    assert again.rc == 0, again.output
    assert set(again.changed().values()) == {0}
    assert "An earlier teardown is finished. Nothing was changed." in again.output
    assert writes() == []
    assert seen(fleet) == before


def test_names_are_verified(lab: Lab, fleet: Fleet, administrator: None) -> None:
    """An application other than the automation's is refused before any change.

    A console that no longer exists gets no request. Without its name, the automation's application is kept.
    """
    name = consoles.add(fleet, "pro").name
    assert quick_run(fleet).rc == 0
    confirmed = ("-e", f"teardown_confirm={fleet.tenant.tenant_id}")
    for wrong, said in (
        ("rustdesk-sso", "but the automation signs in with"),
        ("mistyped", "Correct teardown_automation"),
    ):
        refused = quick_playbook(fleet, "teardown", *confirmed, "-e", f"teardown_automation={wrong}")
        assert refused.rc != 0
        assert said in refused.output
    assert fleet.sign_in(name)["access_token"]

    lab.fault(name, times=1000, html="<html>Gateway</html>")
    gone = quick_playbook(fleet, "teardown", *confirmed, "-e", f"teardown_gone_consoles={name}")
    assert gone.rc == 0, gone.output
    assert "the provider (the console was not accessed)" in gone.output
    assert own(fleet.tenant.applications()) == []
    assert "is kept. To delete it, sign in as an administrator with az login" in gone.output
    assert automation(fleet) == [fleet.tenant.automation["client_id"]]


def test_automation_that_is_already_deleted(fleet: Fleet, administrator: None) -> None:
    """Of two automations, the first is deleted and the second is not: another run deletes the second."""
    first, second = "removed.example", consoles.add(fleet, "pro").name
    assert quick_run(fleet).rc == 0
    former = fleet.tenant.graph("POST", "/applications", {"displayName": "former", "uniqueName": "former"}).json()
    assert fleet.tenant.graph("DELETE", f"/applications/{former['id']}").ok
    own_values = {"rustdesk_sso_entra_client_id": former["appId"], "rustdesk_sso_console_url": "https://127.0.0.1:9"}
    # It comes first, because the first host of a play runs the tasks that run once
    fleet.hosts = {first: {**fleet.hosts[second], **own_values}, **fleet.hosts}
    named = f"teardown_confirm={fleet.tenant.tenant_id} teardown_automation=former,{AUTOMATION}"
    run = quick_playbook(fleet, "teardown", "-e", named)
    assert run.rc == 0, run.output
    assert f"The teardown is finished. Servers removed: - {second} " in run.output
    assert f"Servers removed by an earlier teardown: - {first} " in run.output
    assert automation(fleet) == []
    again = quick_playbook(fleet, "teardown", "-e", named)
    assert again.rc == 0, again.output
    assert "An earlier teardown is finished. Nothing was changed." in again.output


def test_administrator_without_azure_cli(
    fleet: Fleet, administrator: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The administrator's access token is in the environment. The servers are removed with their own client secret."""
    name = consoles.add(fleet, "pro").name
    assert quick_run(fleet).rc == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", fleet.tenant.token())
    named = f"teardown_confirm={fleet.tenant.tenant_id} teardown_automation={AUTOMATION}"
    refused = quick_playbook(fleet, "teardown", "-e", named)
    assert "Azure CLI" in refused.output
    assert fleet.sign_in(name)["access_token"]
    run = quick_playbook(fleet, "teardown", "-e", f"{named} teardown_auth_source=access_token")
    assert run.rc == 0, run.output
    assert automation(fleet) == []


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_provider_of_another_service_is_kept(fleet: Fleet, seen: Callable[[Fleet], str], kind: str) -> None:
    """Even with the role's default name; the console is not changed, and no session is left open."""
    console = consoles.add(fleet, kind)
    consoles.add_provider(
        console, client_id="rustdesk", client_secret="keycloak-secret-0123456789", issuer="https://id.example/realms/a"
    )
    before = seen(fleet)
    run = quick_run(fleet, entry="remove")
    assert run.failed() == {console.name}
    assert "which does not belong to Entra. Nothing was removed." in run.output
    assert seen(fleet) == before
    assert consoles.automation_sessions(console) == []


@pytest.mark.parametrize("kind", consoles.KINDS)
def test_provider_of_another_application_is_kept(fleet: Fleet, kind: str) -> None:
    """It was set up manually, and users sign in with it; it is removed only if it is named."""
    console, other = consoles.add(fleet, kind), fleet.add_server(f"other.{fleet.domain}")
    fleet.hosts[other.name]["rustdesk_sso_app_unique_name"] = "another"
    assert quick_run(fleet).rc == 0
    ours = consoles.entry(console)["client_id"]
    fleet.hosts[console.name]["rustdesk_sso_app_unique_name"] = "another"
    refused = quick_run(fleet, "--limit", console.name, entry="remove")
    assert refused.failed() == {console.name}
    assert f"has the client ID {ours}, but the application another has" in refused.output
    assert fleet.sign_in(console.name)["access_token"]
    named = json.dumps({"rustdesk_sso_app_replaces": [ours]})
    assert quick_run(fleet, "-e", named, "--limit", console.name, entry="remove").rc == 0
    with pytest.raises(SignInFailed):
        fleet.sign_in(console.name)


@pytest.mark.parametrize("entry", ["remove", "teardown"])
def test_nothing_is_removed_if_entra_cannot_be_read(
    lab: Lab, make_quick_fleet: Callable[[int], Fleet], entry: str
) -> None:
    """The automation's client secret has expired or is mistyped: users can still sign in."""
    fleet = make_quick_fleet(2)
    first, second = fleet.hosts
    assert quick_run(fleet).rc == 0
    fleet.hosts[first]["rustdesk_sso_entra_client_secret"] = "mistyped-0123456789-0123456789-0123456789"
    fleet.hosts[second]["rustdesk_sso_entra_client_secret"] = "mistyped-0123456789-0123456789-0123456789"
    if entry == "remove":
        run = quick_run(fleet, entry=entry)
        assert run.failed() == {first, second}
        assert "Nothing was removed for this server." in run.output
        assert "Read the applications: Signing in to" in run.output
    else:
        torn = quick_playbook(fleet, entry, "-e", f"teardown_confirm={fleet.tenant.tenant_id}")
        assert torn.rc != 0
        assert "The teardown is not finished: 2 of 2 servers failed." in torn.output
        assert "teardown_gone_consoles" not in torn.output
    for name in (first, second):
        assert fleet.sign_in(name)["access_token"]


def test_server_whose_application_was_deleted(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """It can be removed while Entra keeps the deleted application; a provider of an unknown one must be named."""
    fleet = make_quick_fleet(2)
    kept, gone = fleet.hosts
    for name in (kept, gone):
        fleet.hosts[name] |= {"rustdesk_sso_app_unique_name": name, "rustdesk_sso_app_display_name": name}
    assert quick_run(fleet).rc == 0
    ids = {item["uniqueName"]: item["id"] for item in own(fleet.tenant.applications())}
    for name in (kept, gone):
        assert fleet.tenant.graph("DELETE", f"/applications/{ids[name]}").ok
    assert fleet.tenant.graph("DELETE", f"/directory/deletedItems/{ids[gone]}").ok
    run = quick_run(fleet, entry="remove")
    assert run.failed() == {gone}, run.output
    assert f"but the application {gone} does not exist and was not recently deleted." in run.output
    assert "restored" not in run.output
    with pytest.raises(ValueError, match="got 0"):
        consoles.entry(fleet.consoles[kept])
    left = consoles.entry(fleet.consoles[gone])["client_id"]
    named = json.dumps({"rustdesk_sso_app_replaces": [left]})
    assert quick_run(fleet, "-e", named, "--limit", gone, entry="remove").rc == 0


def test_server_with_invalid_variables(make_quick_fleet: Callable[[int], Fleet]) -> None:
    """The others are removed, and the summary names what is left."""
    fleet = make_quick_fleet(2)
    first, second = fleet.hosts
    assert quick_run(fleet).rc == 0
    fleet.hosts[second]["rustdesk_sso_secret_lifetime"] = "6 months"
    confirmed = ("-e", f"teardown_confirm={fleet.tenant.tenant_id}")
    predicted = quick_playbook(fleet, "teardown", "--check", *confirmed)
    assert predicted.rc != 0
    assert "Check mode: nothing was changed. The teardown would not be finished: 1 of 2" in predicted.output
    run = quick_playbook(fleet, "teardown", *confirmed)
    assert run.rc != 0
    assert f"The teardown is not finished: 1 of 2 servers failed. Servers that failed: - {second}: " in run.output
    assert "teardown_gone_consoles" not in run.output
    assert fleet.sign_in(second)["access_token"]
    with pytest.raises(SignInFailed):
        fleet.sign_in(first)
