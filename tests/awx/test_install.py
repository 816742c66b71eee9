# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""install.yml makes in AWX what the jobs of test_jobs.py are run from, once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lab.awx.api import Api
from lab.awx.rules import Refused

NAME = "RustDesk sign-in"
# The names of environment variables that AWX masks in a stored job [src: awx/main/utils/common.py, build_safe_env]
MASKED = re.compile("API|TOKEN|KEY|SECRET|PASS", re.IGNORECASE)


def test_twice(installation: Any) -> None:
    """A second run changes nothing, and nothing that a person has typed into AWX since."""
    awx = installation.awx
    assert installation.first.rc == 0, installation.first.output
    typed = {"username": "admin", "password": "typed-by-a-person"}
    credential = awx.find("credentials", f"{NAME}: consoles")
    credential["inputs"] = typed
    done = list(awx.writes)
    again = installation.install()
    assert again.rc == 0, again.output
    assert again.changed() == {"localhost": 0}, again.output
    assert awx.writes == done
    assert credential["inputs"] == typed
    assert "WARNING" not in installation.first.output + again.output
    assert awx.api.tokens == {}, "the modules sign out"


def test_job_templates(installation: Any) -> None:
    """Each runs a playbook of the project with both credentials, and can be limited to some servers."""
    awx = installation.awx
    templates = {item["name"].removeprefix(f"{NAME}: "): item for item in awx.api.items["job_templates"].values()}
    assert {name: item["playbook"] for name, item in templates.items()} == {
        **{name: f"{name}.yml" for name in ("rotate", "report", "remove")},
        **dict.fromkeys(("apply", "drift"), "site.yml"),
        "try sign-in": "try_sign_in.yml",
    }
    assert [name for name, item in templates.items() if item["job_type"] == "check"] == ["drift"]
    assert templates["drift"]["diff_mode"]
    assert templates["apply"]["job_slice_count"] == 2
    for item in templates.values():
        assert json.loads(item["extra_vars"])["rustdesk_sso_hosts"] == "rustdesk_servers"
        kinds = [one["credential_type"] for one in awx.listed("credentials", item, "credentials")]
        names = {awx.api.items["credential_types"][kind]["name"] for kind in kinds}
        assert names == {"Microsoft Azure Resource Manager", "RustDesk console"}
        assert item["ask_limit_on_launch"]
        assert item["ask_credential_on_launch"]
        assert item["execution_environment"] == awx.find("execution_environments", NAME)["id"]
    surveys = {name: awx.api.surveys.get(item["id"], {}).get("spec", []) for name, item in templates.items()}
    assert {name: [question["variable"] for question in survey] for name, survey in surveys.items() if survey} == {
        "rotate": ["rotate_first", "rotate_batch"],
        "remove": ["rustdesk_sso_remove_unused_app", "rustdesk_sso_remove_console"],
    }
    assert not [question for survey in surveys.values() for question in survey if question["type"] == "password"]


def test_every_week(installation: Any) -> None:
    """Client secrets are renewed without anybody's doing."""
    awx = installation.awx
    (schedule,) = awx.api.items["schedules"].values()
    assert schedule["unified_job_template"] == awx.find("job_templates", f"{NAME}: apply")["id"]
    assert schedule["enabled"]
    assert "FREQ=WEEKLY" in schedule["rrule"]


def test_removal_is_approved_first(installation: Any) -> None:
    """The workflow begins with the approval, and removes only what was approved."""
    awx = installation.awx
    workflow = awx.find("workflow_job_templates", f"{NAME}: remove after approval")
    nodes = {node["identifier"]: node for node in awx.api.items["workflow_job_template_nodes"].values()}
    assert set(nodes) == {"approve", "remove"}
    assert {node["workflow_job_template"] for node in nodes.values()} == {workflow["id"]}
    assert nodes["approve"]["unified_job_template"] in awx.api.items["workflow_approval_templates"]
    assert nodes["remove"]["unified_job_template"] == awx.find("job_templates", f"{NAME}: remove")["id"]
    follows = {
        (name, when): [node["identifier"] for node in awx.listed("workflow_job_template_nodes", node, f"{when}_nodes")]
        for name, node in nodes.items()
        for when in ("success", "failure", "always")
    }
    assert {key: names for key, names in follows.items() if names} == {("approve", "success"): ["remove"]}
    assert workflow["ask_limit_on_launch"]
    assert awx.api.surveys[workflow["id"]] == awx.api.surveys[nodes["remove"]["unified_job_template"]]


def test_secrets_have_names_that_awx_masks(installation: Any) -> None:
    """A stored job's environment tells no secret of the credential."""
    kind = installation.awx.find("credential_types", "RustDesk console")
    secret = [field["id"] for field in kind["inputs"]["fields"] if field.get("secret")]
    assert secret == ["password", "totp_secret"]
    uses = {
        name: template for name, template in kind["injectors"]["env"].items() if any(one in template for one in secret)
    }
    assert len(uses) == len(secret)
    assert all(MASKED.search(name) for name in uses)
    assert "extra_vars" not in kind["injectors"], "a job's extra variables are shown"


BAD_TYPES = {
    "undefined field": {"env": {"RUSTDESK_URL": "{{ address }}"}},
    "Ansible's own": {"env": {"ANSIBLE_CONFIG": "{{ url }}"}},
    "unknown section": {"files": {"template": "{{ url }}"}},
    "file without a name": {"file": {"template": "a"}, "env": {"CA": "{{ tower.filename.ca }}"}},
}


@pytest.mark.parametrize("injectors", BAD_TYPES.values(), ids=BAD_TYPES)
def test_the_lab_refuses_what_awx_refuses(injectors: dict[str, Any]) -> None:
    """A credential type that AWX would refuse is refused here too."""
    body = {"name": "x", "kind": "cloud", "inputs": {"fields": [{"id": "url", "label": "URL"}]}, "injectors": injectors}
    with pytest.raises(Refused, match="injectors"):
        Api({}).answer("POST", "/api/v2/credential_types/", {}, body)
