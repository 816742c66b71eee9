# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Effects of install.yml on an AWX that administrators also change, without ansible-playbook."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.awx.server import Awx
from support.awx_extension import EXTENSION, FIRST, URL, Failed, install, uninstall

NAME = "RustDesk sign-in"
Item = dict[str, Any]


def everything(awx: Awx) -> Any:
    """Return everything that AWX stores."""
    return copy.deepcopy((awx.api.items, awx.api.lists, awx.api.surveys, awx.api.granted))


def names(awx: Awx, resource: str, owner: Item, related: str) -> set[str]:
    """Return the names of the objects in a list of an object."""
    return {item["name"] for item in awx.listed(resource, owner, related)}


def test_changes_by_an_administrator_are_kept(installed: Awx, request_of: Callable[..., Any]) -> None:
    """A run without options keeps every change, even with the variables of the first run."""
    awx = installed
    apply = awx.find("job_templates", f"{NAME}: apply")
    vault = awx.find("credential_types", "Vault")["id"]
    home = awx.find("organizations", "Default")["id"]
    vault = request_of("POST", "credentials", name="Vault", organization=home, credential_type=vault, inputs={})
    request_of("POST", f"job_templates/{apply['id']}/credentials", id=vault["id"])
    # A credential with a certificate instead of the one with a secret
    own = request_of("POST", "credential_types", name="Ours", kind="cloud", inputs={}, injectors={})
    own = request_of("POST", "credentials", name="Ours", organization=home, credential_type=own["id"], inputs={})
    entra = awx.find("credentials", f"{NAME}: Entra")
    request_of("POST", f"job_templates/{apply['id']}/credentials", id=entra["id"], disassociate=True)
    request_of("POST", f"job_templates/{apply['id']}/credentials", id=own["id"])
    request_of("DELETE", f"credentials/{entra['id']}")
    request_of("PATCH", f"job_templates/{apply['id']}", extra_vars="---\n# ours\nx: 1", verbosity=2, forks=9)
    request_of("PATCH", f"execution_environments/{apply['execution_environment']}", pull="always")
    request_of("PATCH", f"inventories/{apply['inventory']}", name="All servers")
    request_of("PATCH", f"projects/{apply['project']}", name="Playbooks", scm_branch="stable")
    workflow = awx.find("workflow_job_templates", f"{NAME}: remove after approval")
    (approve,) = [
        one for one in awx.api.items["workflow_job_template_nodes"].values() if one["identifier"] == "approve"
    ]
    request_of("DELETE", f"workflow_job_template_nodes/{approve['id']}")
    (schedule,) = [one for one in awx.api.items["schedules"].values() if one["name"].endswith("every week")]
    request_of("PATCH", f"schedules/{schedule['id']}", enabled=False, rrule=schedule["rrule"].replace("MO", "SU"))
    before = everything(awx)
    awx.writes.clear()
    for given in ({}, FIRST):
        again = install(awx, **given)
        assert again.changes == []
        assert again.warnings == []
        assert awx.writes == []
        assert everything(awx) == before
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: consoles", "Vault", "Ours"}
    assert workflow["id"] in awx.api.items["workflow_job_templates"]


def test_only_objects_named_by_variables_change(installed: Awx, request_of: Callable[..., Any]) -> None:
    """Extra variables, credentials and lists get their missing entries and lose nothing."""
    awx = installed
    home = awx.find("organizations", "Default")["id"]
    for name in ("Slack", "Mail"):
        request_of("POST", "notification_templates", name=name, organization=home)
    for kind in ("SCM", "Registry", "Vault"):
        number = awx.find("credential_types", "Vault")["id"]
        request_of("POST", "credentials", name=kind, organization=home, credential_type=number, inputs={})
    request_of("POST", "teams", name="Operators", organization=home)
    request_of("POST", "users", username="approver")
    apply = awx.find("job_templates", f"{NAME}: apply")
    request_of("PATCH", f"job_templates/{apply['id']}", extra_vars="---\n# ours\nx: 1")
    mail = awx.find("notification_templates", "Mail")
    request_of("POST", f"job_templates/{apply['id']}/notification_templates_error", id=mail["id"])
    given: Item = {
        "execution_environment_image": "registry.example.com/other",
        "image_pull": "missing",
        "registry_credential": "Registry",
        "project_credential": "SCM",
        "job_slice_count": 2,
        "verbosity": 1,
        "credentials": ["Vault"],
        "prompts": ["inventory", "diff_mode"],
        "labels": ["RustDesk"],
        "notifications": {"failed": ["Slack"], "started": ["Slack"], "approval": ["Mail"]},
        "operators": {"teams": ["Operators"]},
        "approvers": {"users": ["approver"]},
        "schedule": "DTSTART:20260105T030000Z RRULE:FREQ=DAILY;INTERVAL=1",
        "approval_timeout": 60,
        "report_directory": "/reports",
    }
    predicted = install(awx, check_mode=True, **given)
    assert awx.writes == []
    changed = install(awx, **given)
    assert predicted.changes == changed.changes
    assert install(awx, **given).changes == []

    image = awx.find("execution_environments", NAME)
    assert image["image"] == "registry.example.com/other"
    assert image["pull"] == "missing"
    assert image["credential"] == awx.find("credentials", "Registry")["id"]
    assert awx.find("projects", NAME)["credential"] == awx.find("credentials", "SCM")["id"]
    assert apply["extra_vars"] == "---\n# ours\nx: 1\npartial_inventory: true\n"
    assert json.loads(awx.find("job_templates", f"{NAME}: report")["extra_vars"]) == {"report_directory": "/reports"}
    assert apply["job_slice_count"] == 2
    assert apply["verbosity"] == 1
    assert apply["ask_inventory_on_launch"]
    assert apply["ask_diff_mode_on_launch"]
    assert apply["ask_job_slice_count_on_launch"]
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: Entra", f"{NAME}: consoles", "Vault"}
    assert names(awx, "labels", apply, "labels") == {"RustDesk"}
    assert names(awx, "notification_templates", apply, "notification_templates_error") == {"Slack", "Mail"}
    workflow = awx.find("workflow_job_templates", f"{NAME}: remove after approval")
    assert names(awx, "notification_templates", workflow, "notification_templates_approvals") == {"Mail"}
    (approval,) = awx.api.items["workflow_approval_templates"].values()
    assert approval["timeout"] == 60
    assert awx.find("schedules", f"{NAME}: every week")["rrule"] == given["schedule"]

    def holders(resource: str, name: str, role: str, kind: str) -> set[str]:
        item = awx.api.shown(resource, awx.find(resource, f"{NAME}: {name}"))
        number = item["summary_fields"]["object_roles"][role]["id"]
        return {
            awx.api.items[kind][one].get("name") or awx.api.items[kind][one]["username"]
            for one in awx.api.granted.get((number, kind), [])
        }

    assert holders("job_templates", "apply", "execute_role", "teams") == {"Operators"}
    assert holders("workflow_job_templates", "remove after approval", "execute_role", "teams") == {"Operators"}
    assert holders("workflow_job_templates", "remove after approval", "approval_role", "users") == {"approver"}
    assert holders("job_templates", "remove", "execute_role", "teams") == set()


def test_missing_objects_are_restored(installed: Awx, request_of: Callable[..., Any]) -> None:
    """A deleted template is created again, with its schedule and the credentials of the other templates."""
    awx = installed
    request_of("DELETE", f"job_templates/{awx.find('job_templates', f'{NAME}: apply')['id']}")
    again = install(awx)
    assert [change.split('"')[1] for change in again.changes] == [f"{NAME}: apply", f"{NAME}: every week"]
    apply = awx.find("job_templates", f"{NAME}: apply")
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: Entra", f"{NAME}: consoles"}
    assert apply["inventory"] == awx.find("inventories", "RustDesk servers")["id"]


def test_a_deleted_inventory_is_restored(installed: Awx, request_of: Callable[..., Any]) -> None:
    """The templates use it, because AWX starts no job without an inventory."""
    awx = installed
    number = awx.find("inventories", "RustDesk servers")["id"]
    request_of("DELETE", f"inventories/{number}")
    report = awx.find("job_templates", f"{NAME}: report")
    report["ask_inventory_on_launch"] = True
    install(awx)
    again = awx.find("inventories", "RustDesk servers")["id"]
    used = {one["name"]: one["inventory"] for one in awx.api.items["job_templates"].values()}
    assert used.pop(f"{NAME}: report") is None
    assert set(used.values()) == {again}
    assert install(awx).changes == []


def test_image_and_project_of_another_administrator(installed: Awx, request_of: Callable[..., Any]) -> None:
    """The templates can use them; variables do not change objects that install.yml did not create."""
    awx = installed
    home = awx.find("organizations", "Default")["id"]
    image = request_of("POST", "execution_environments", name="Ours", organization=home, image="ours")
    scm = {"scm_type": "git", "scm_url": URL}
    project = request_of("POST", "projects", name="Ours", organization=home, **scm)
    update = project["summary_fields"]["current_update"]["id"]
    for _look in range(2):
        request_of("GET", f"project_updates/{update}")
    for template in list(awx.api.items["job_templates"].values()):
        used = {"execution_environment": image["id"], "project": project["id"]}
        request_of("PATCH", f"job_templates/{template['id']}", **used)
    before = everything(awx)
    again = install(awx, execution_environment_image="theirs", project_url="https://git.example.com/theirs.git")
    assert again.changes == []
    assert everything(awx) == before
    assert [warning.split('"')[1] for warning in again.warnings] == ["Ours", "Ours"]


def test_first_run_names_the_required_variables(awx: Awx) -> None:
    """It does so before it creates anything."""
    with pytest.raises(Failed, match="Set install_execution_environment_image"):
        install(awx, project_url=URL)
    with pytest.raises(Failed, match="Set install_project_url"):
        install(awx, execution_environment_image="x")
    assert awx.writes == []


def test_a_failed_project_is_updated_again(awx: Awx) -> None:
    """The first update fails with its cause; a later run updates the project and continues."""
    wrong = "https://git.example.com/wrong.git"
    for _run in range(2):
        with pytest.raises(Failed) as failed:
            install(awx, **{**FIRST, "project_url": wrong})
        assert f"repository '{wrong}' not found" in str(failed.value)
        assert "install_project_url" in str(failed.value)
        assert "\x1b" not in str(failed.value)
    # The repository exists now
    awx.api.repositories[wrong] = EXTENSION / "project"
    again = install(awx, **{**FIRST, "project_url": wrong})
    assert "update the project" in again.changes
    assert awx.find("job_templates", f"{NAME}: apply")
    assert install(awx).changes == []


def test_playbooks_of_a_new_version(awx: Awx, tmp_path: Path) -> None:
    """A playbook that the project lacks is named. Once it is in the repository, the project is updated."""
    awx.api.repositories[URL] = tmp_path
    playbooks = sorted((EXTENSION / "project").glob("*.yml"))
    for playbook in playbooks:
        if playbook.name != "report.yml":
            (tmp_path / playbook.name).write_text("")
    with pytest.raises(Failed, match=r"has no playbook report.yml. Copy it"):
        install(awx, **FIRST)
    (tmp_path / "report.yml").write_text("")
    assert install(awx).changes[0] == f'create job template "{NAME}: verify"'


def test_a_second_installation(installed: Awx) -> None:
    """Another organization can use the same names; in the same one, another prefix is enough. The first installation is
    unchanged.
    """
    awx = installed
    before = everything(awx)
    other = {**FIRST, "organization": "Other"}
    install(awx, **other)
    assert install(awx, **other).changes == []
    install(awx, **{**FIRST, "name": "Test", "inventory": "Test servers"})
    for stored, now in zip(before, everything(awx), strict=True):
        kept = (
            {resource: {one: now[resource][one] for one in items} for resource, items in stored.items()}
            if stored is before[0]
            else stored
        )
        assert kept == stored
    organization = awx.find("organizations", "Other")["id"]
    templates = [one for one in awx.api.items["job_templates"].values() if one["organization"] == organization]
    assert len(templates) == 10
    for resource, member in (
        ("inventories", "inventory"),
        ("projects", "project"),
        ("execution_environments", "execution_environment"),
    ):
        assert {awx.api.items[resource][one[member]]["organization"] for one in templates} == {organization}
    for one in templates:
        credentials = awx.listed("credentials", one, "credentials")
        assert {item["organization"] for item in credentials} == {organization}
    assert install(awx).changes == []
    uninstall(awx, organization="Other")
    assert install(awx).changes == []


def test_fields_of_a_credential_type_in_use(installed: Awx, request_of: Callable[..., Any]) -> None:
    """AWX refuses to change them: the run warns with the next step, and continues."""
    awx = installed
    kind = awx.find("credential_types", "RustDesk console")
    kind["inputs"]["fields"] = [field for field in kind["inputs"]["fields"] if field["id"] != "totp_secret"]
    kind["inputs"]["fields"][0]["help_text"] = "ours"
    del kind["injectors"]["env"]["RUSTDESK_TOTP_SECRET"], kind["injectors"]["env"]["RUSTDESK_URL"]
    again = install(awx)
    (warning,) = again.warnings
    assert "lacks the fields totp_secret" in warning
    assert "install_console_credential_type" in warning
    assert "RUSTDESK_URL" in kind["injectors"]["env"]
    assert "RUSTDESK_TOTP_SECRET" not in kind["injectors"]["env"]
    moved = install(awx, console_credential_type="RustDesk console 2")
    assert moved.changes == ['create credential type "RustDesk console 2"']
    # No credential uses it yet
    awx.find("credential_types", "RustDesk console 2")["inputs"]["fields"].pop()
    assert install(awx, console_credential_type="RustDesk console 2").changes == [
        'set inputs of credential type "RustDesk console 2"'
    ]


@pytest.mark.parametrize("kind", ["certificate", "workload_identity"])
def test_entra_without_a_secret(awx: Awx, kind: str) -> None:
    """A variable selects the type. A run without it changes nothing, and another type replaces it."""
    label = kind.replace("_", " ")
    install(awx, **FIRST, entra_type=kind, entra_inputs={"tenant": "t", "client": "c"})
    apply = awx.find("job_templates", f"{NAME}: apply")
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: Entra {label}", f"{NAME}: consoles"}
    assert install(awx).changes == []
    assert install(awx, entra_type=kind).changes == []
    install(awx, entra_type="secret")
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: Entra", f"{NAME}: consoles"}
    install(awx, entra_credential=f"{NAME}: Entra {label}")
    assert names(awx, "credentials", apply, "credentials") == {f"{NAME}: Entra {label}", f"{NAME}: consoles"}


def test_stored_secrets_are_not_replaced(installed: Awx) -> None:
    """Values fill an empty credential; a stored secret is kept, regardless of the variables."""
    awx = installed
    given = {"tenant": "t", "client": "c", "secret": "first", "subscription": "any"}
    assert install(awx, entra_inputs=given).changes == [f'set inputs of credential "{NAME}: Entra"']
    assert install(awx, entra_inputs={**given, "client": "d", "secret": "second"}).changes
    assert awx.find("credentials", f"{NAME}: Entra")["inputs"] == {**given, "client": "d"}


def test_servers_in_the_inventory(installed: Awx, awx: Awx, request_of: Callable[..., Any]) -> None:
    """The inventory has the group, a smart inventory cannot have one, and the project can provide the servers."""
    number = awx.find("inventories", "RustDesk servers")["id"]
    assert awx.find("groups", "rustdesk_servers")["inventory"] == number
    home = awx.find("organizations", "Default")["id"]
    request_of("POST", "inventories", name="Smart", organization=home, kind="smart")
    smart = install(awx, inventory="Smart")
    assert "The inventory is smart" in smart.warnings[0]
    assert awx.find("job_templates", f"{NAME}: apply")["inventory"] == awx.find("inventories", "Smart")["id"]
    given = {"inventory": "RustDesk servers", "inventory_source": "inventory/hosts.yml"}
    install(awx, **given)
    source = awx.find("inventory_sources", NAME)
    assert source["source_project"] == awx.find("projects", NAME)["id"]
    assert install(awx, **given).changes == []
    with pytest.raises(Failed, match=r"Source does not exist: nowhere\.yml"):
        install(awx, **{**FIRST, "name": "Other", "inventory": "Other", "inventory_source": "nowhere.yml"})


def test_the_workflow(installed: Awx, awx: Awx, request_of: Callable[..., Any]) -> None:
    """The preview is first. A node runs a template only after it is linked to the node before it."""
    workflow = awx.find("workflow_job_templates", f"{NAME}: remove after approval")

    def shape() -> list[tuple[str, str]]:
        nodes = {one["id"]: one for one in awx.api.items["workflow_job_template_nodes"].values()}
        return sorted(
            (one["identifier"], nodes[child]["identifier"])
            for one in nodes.values()
            for child in awx.api.lists.get((one["id"], "success_nodes"), [])
        )

    good = [("approve", "remove"), ("preview", "approve")]
    assert shape() == good
    assert request_of("POST", f"workflow_job_templates/{workflow['id']}/launch")["id"]
    # As it was before the preview existed
    nodes = {one["identifier"]: one for one in awx.api.items["workflow_job_template_nodes"].values()}
    request_of("DELETE", f"workflow_job_template_nodes/{nodes['preview']['id']}")
    assert install(awx).changes == []
    assert install(awx, reset=["remove after approval"]).changes
    assert shape() == good
    # A run that was interrupted before it linked them
    for (owner, related), listed in awx.api.lists.items():
        if related == "success_nodes" and owner in awx.api.items["workflow_job_template_nodes"]:
            listed.clear()
    assert install(awx).changes
    assert shape() == good
    order = [write for write in awx.writes if "nodes" in write]
    templates = [place for place, write in enumerate(order) if write.startswith("PATCH") or "create_approval" in write]
    assert "success_nodes" in order[templates[0] - 1], "what runs is set after the links"


def test_reset(installed: Awx) -> None:
    """A named template becomes as this version creates it."""
    awx = installed
    drift = awx.find("job_templates", f"{NAME}: drift")
    good = copy.deepcopy(drift)
    drift.update(playbook="site.yml", job_type="check", extra_vars="")
    assert install(awx).changes == []
    install(awx, reset=["drift"])
    assert drift == good


@pytest.mark.parametrize("resource", ["job_templates", "workflow_job_templates"])
def test_launches_without_answers(installed: Awx, resource: str, request_of: Callable[..., Any]) -> None:
    """The API and schedules need no answers to the questions of a survey."""
    for template in installed.api.items[resource].values():
        assert request_of("POST", f"{resource}/{template['id']}/launch")["id"]
