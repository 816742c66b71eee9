# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""install.yml creates, in a single run, the AWX objects that the jobs of test_jobs.py run from."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tools import peers

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._report.model import STATES
from lab.awx.api import Api
from lab.awx.rules import Forbidden, Refused, answers
from lab.awx.server import Awx
from support.awx_extension import contents, install

NAME = "RustDesk sign-in"
PROJECT_URL = "https://git.example.com/rustdesk-sso.git"
# The names of environment variables that AWX masks in a stored job [src: awx/main/utils/common.py, build_safe_env]
MASKED = re.compile("API|TOKEN|KEY|SECRET|PASS", re.IGNORECASE)


def test_second_run(installation: Any) -> None:
    """With the same variables it changes nothing, and reverts no later change by a user."""
    awx = installation.awx
    assert installation.first.rc == 0, installation.first.output
    assert f'create job template "{NAME}: apply"' in installation.first.output.replace("\\", "")
    typed = {"username": "admin", "password": "typed-by-a-person"}
    credential = awx.find("credentials", f"{NAME}: consoles")
    credential["inputs"] = typed
    drift = awx.find("job_templates", f"{NAME}: drift")
    drift["verbosity"] = 3
    spare = awx.api.answer("POST", "/api/v2/labels/", {}, {"name": "Ours", "organization": drift["organization"]})[1]
    awx.api.answer("POST", f"/api/v2/job_templates/{drift['id']}/labels/", {}, {"id": spare["id"]})
    done = list(awx.writes)
    given = {"username": "admin", "password": "Pa55word-of-a-variable"}
    again = installation.install("-vvv", "-e", json.dumps({"install_console_inputs": given}))
    assert again.rc == 0, again.output
    assert given["password"] not in again.output
    assert again.changed() == {"localhost": 0}, again.output
    assert awx.writes == done
    assert credential["inputs"] == typed
    assert "WARNING" not in installation.first.output
    assert awx.api.tokens == {}, "the module signs out"


def test_job_templates(installation: Any) -> None:
    """Each template runs a playbook of the project with both credentials and can be limited to some servers."""
    awx = installation.awx
    templates = {item["name"].removeprefix(f"{NAME}: "): item for item in awx.api.items["job_templates"].values()}
    assert {name: item["playbook"] for name, item in templates.items()} == {
        **{name: f"{name}.yml" for name in ("rotate", "report", "remove", "doctor")},
        **dict.fromkeys(("apply", "preview"), "site.yml"),
        **dict.fromkeys(("verify", "drift"), "report.yml"),
        "removal preview": "remove.yml",
        "try sign-in": "try_sign_in.yml",
    }
    checks = {name for name, item in templates.items() if item["job_type"] == "check"}
    assert checks == {"preview", "removal preview"}
    assert all(templates[name]["diff_mode"] for name in checks)
    assert templates["apply"]["job_slice_count"] == 2
    assert templates["apply"]["ask_job_slice_count_on_launch"]
    assert json.loads(templates["apply"]["extra_vars"])["partial_inventory"] is True
    states = {name: json.loads(templates[name]["extra_vars"])["report_fail_on"] for name in ("verify", "drift")}
    assert set(states["drift"]) - set(states["verify"]) == {"drifted"}
    assert set(states["drift"]) | {"restricted", "expiring", "healthy"} == set(STATES)
    for item in templates.values():
        assert json.loads(item["extra_vars"])["rustdesk_sso_hosts"] == "rustdesk_servers"
        kinds = [one["credential_type"] for one in awx.listed("credentials", item, "credentials")]
        names = {awx.api.items["credential_types"][kind]["name"] for kind in kinds}
        assert names == {"Microsoft Azure Resource Manager", "RustDesk console"}
        assert item["ask_limit_on_launch"]
        assert item["ask_credential_on_launch"]
        assert item["execution_environment"] == awx.find("execution_environments", NAME)["id"]
    surveys = {name: awx.api.surveys.get(item["id"], {}).get("spec", []) for name, item in templates.items()}
    answers = ["rustdesk_sso_remove_unused_app", "rustdesk_sso_remove_console"]
    assert {name: [question["variable"] for question in survey] for name, survey in surveys.items() if survey} == {
        "rotate": ["rotate_first", "rotate_batch"],
        "remove": answers,
        "removal preview": answers,
    }
    assert not [question for survey in surveys.values() for question in survey if question["type"] == "password"]


def test_schedules(installation: Any) -> None:
    """Client secrets are renewed and sign-in is verified automatically."""
    awx = installation.awx
    schedules = {item["unified_job_template"]: item for item in awx.api.items["schedules"].values()}
    for name, frequency in (("apply", "WEEKLY"), ("verify", "DAILY")):
        schedule = schedules[awx.find("job_templates", f"{NAME}: {name}")["id"]]
        assert schedule["enabled"]
        assert f"FREQ={frequency}" in schedule["rrule"]
    assert len(schedules) == 2


def test_removal_requires_approval(installation: Any) -> None:
    """The workflow begins with the preview, which fails without a limit; nothing is removed before the approval."""
    awx = installation.awx
    workflow = awx.find("workflow_job_templates", f"{NAME}: remove after approval")
    nodes = {node["identifier"]: node for node in awx.api.items["workflow_job_template_nodes"].values()}
    assert set(nodes) == {"preview", "approve", "remove"}
    assert {node["workflow_job_template"] for node in nodes.values()} == {workflow["id"]}
    approval = awx.api.items["workflow_approval_templates"][nodes["approve"]["unified_job_template"]]
    assert "The job before this approval names the servers" in approval["description"]
    assert nodes["preview"]["unified_job_template"] == awx.find("job_templates", f"{NAME}: removal preview")["id"]
    assert nodes["remove"]["unified_job_template"] == awx.find("job_templates", f"{NAME}: remove")["id"]
    follows = {
        (name, when): [node["identifier"] for node in awx.listed("workflow_job_template_nodes", node, f"{when}_nodes")]
        for name, node in nodes.items()
        for when in ("success", "failure", "always")
    }
    expected = {("preview", "success"): ["approve"], ("approve", "success"): ["remove"]}
    assert {key: names for key, names in follows.items() if names} == expected
    assert workflow["ask_limit_on_launch"]
    for name in ("preview", "remove"):
        assert awx.api.surveys[workflow["id"]] == awx.api.surveys[nodes[name]["unified_job_template"]]


def test_uninstall(installation: Any, tmp_path: Path) -> None:
    """The playbook deletes the objects that install.yml created, here with the collection of Automation Platform."""
    source = peers.fetch() / "ansible_collections/awx/awx/plugins/module_utils"
    shutil.copytree(source, tmp_path / "ansible_collections/ansible/controller/plugins/module_utils")
    with Awx({PROJECT_URL: installation.extension / "project"}) as awx:
        install(awx, execution_environment_image="image", project_url=PROJECT_URL)
        given = json.dumps({"uninstall_name": NAME})
        run = installation.playbook("uninstall.yml", awx, "-e", given, peers_path=tmp_path)
        assert run.rc == 0, run.output
        assert "WARNING" not in run.output
        assert awx.api.items["job_templates"] == awx.api.items["projects"] == awx.api.items["inventories"] == {}


@pytest.mark.parametrize("kind", ["console", "certificate", "workload_identity"])
def test_awx_masks_the_names_of_secrets(kind: str) -> None:
    """A stored job's environment shows no secret of a credential; a file with one is not in the environment."""
    content = contents("credential_types")["awx_credential_types"][kind]
    secret = [field["id"] for field in content["inputs"]["fields"] if field.get("secret")]
    uses = {
        name: template
        for name, template in content["injectors"]["env"].items()
        if any(f"{{{{ {one} }}}}" in template for one in secret)
    }
    in_files = [one for one in secret if f"{{{{ {one} }}}}" in content["injectors"].get("file", {}).values()]
    assert len(uses) + len(in_files) == len(secret) > 0
    assert all(MASKED.search(name) for name in uses)
    assert "extra_vars" not in content["injectors"], "a job's extra variables are shown"


BAD_TYPES = {
    "undefined field": {"env": {"RUSTDESK_URL": "{{ address }}"}},
    "Ansible's own": {"env": {"ANSIBLE_CONFIG": "{{ url }}"}},
    "unknown section": {"files": {"template": "{{ url }}"}},
    "file without a name": {"file": {"template": "a"}, "env": {"CA": "{{ tower.filename.ca }}"}},
}


@pytest.mark.parametrize("injectors", BAD_TYPES.values(), ids=BAD_TYPES)
def test_the_lab_refuses_what_awx_refuses(injectors: dict[str, Any]) -> None:
    """The lab refuses credential types that AWX would refuse."""
    body = {"name": "x", "kind": "cloud", "inputs": {"fields": [{"id": "url", "label": "URL"}]}, "injectors": injectors}
    with pytest.raises(Refused, match="injectors"):
        Api({}).answer("POST", "/api/v2/credential_types/", {}, body)


def test_the_lab_refuses_changes_to_frozen_fields(installation: Any) -> None:
    """The fields of a credential type in use cannot change, and a required question needs an answer."""
    api = installation.awx.api
    kind = installation.awx.find("credential_types", "RustDesk console")
    path = f"/api/v2/credential_types/{kind['id']}/"
    with pytest.raises(Forbidden, match="in use"):
        api.answer("PATCH", path, {}, {"inputs": {**kind["inputs"], "required": []}})
    with pytest.raises(Forbidden, match="in use"):
        api.answer("DELETE", path, {}, {})
    with pytest.raises(Refused, match="value missing"):
        answers({"spec": [{"variable": "x", "required": True, "default": "y"}]}, {})
