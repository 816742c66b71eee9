# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that uninstall.yml deletes and keeps, without ansible-playbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.awx.server import Awx
from support.awx_extension import FIRST, install, uninstall

NAME = "RustDesk sign-in"


def test_uninstall(installed: Awx, awx: Awx, request_of: Callable[..., Any]) -> None:
    """Objects in use are kept and named, as are objects deleted with another one; a second run changes nothing."""
    home = awx.find("organizations", "Default")["id"]
    report, inventory = awx.find("job_templates", f"{NAME}: report"), awx.find("inventories", "RustDesk servers")
    request_of("POST", "hosts", name="desk1", inventory=inventory["id"])
    own = request_of("POST", "workflow_job_templates", name="Ours", organization=home)
    request_of(
        "POST",
        "workflow_job_template_nodes",
        workflow_job_template=own["id"],
        identifier="x",
        unified_job_template=report["id"],
    )
    apply = awx.find("job_templates", f"{NAME}: apply")
    rule = "DTSTART:20260105T030000Z RRULE:FREQ=DAILY;INTERVAL=1"
    request_of("POST", "schedules", name="Mine", unified_job_template=apply["id"], rrule=rule)
    request_of(
        "POST",
        "credentials",
        name="Spare",
        organization=home,
        credential_type=awx.find("credential_types", "RustDesk console")["id"],
        inputs={},
    )
    gone = uninstall(awx)
    kept = " ".join(gone.kept)
    assert f'job template "{NAME}: report": the workflow "Ours" uses it' in kept
    assert f'inventory "RustDesk servers": it is used by "{NAME}: report"' in kept
    assert f'project "{NAME}": it is used by' in kept
    assert 'credential type "RustDesk console": it is used by the credential' in kept
    assert gone.lost == [f'schedule "Mine" of job template "{NAME}: apply"']
    assert [one["name"] for one in awx.api.items["job_templates"].values()] == [f"{NAME}: report"]
    assert uninstall(awx).changes == []
    request_of("DELETE", f"workflow_job_templates/{own['id']}")
    for node in list(awx.api.items["workflow_job_template_nodes"]):
        del awx.api.items["workflow_job_template_nodes"][node]
    request_of("DELETE", f"credentials/{awx.find('credentials', 'Spare')['id']}")
    with_servers = uninstall(awx)
    (kept,) = with_servers.kept
    assert kept.startswith('inventory "RustDesk servers": it contains servers or groups (hosts: 1, other groups: 0)')
    uninstall(awx, delete_inventory=True)
    left = {resource for resource, items in awx.api.items.items() if items}
    assert left == {"organizations", "credential_types", "workflow_approval_templates"}
    assert all(one.get("managed") for one in awx.api.items["credential_types"].values())


def test_uninstall_keeps_what_others_created(awx: Awx, request_of: Callable[..., Any]) -> None:
    """An inventory that existed before is not deleted."""
    home = request_of("POST", "organizations", name="Default")["id"]
    request_of("POST", "inventories", name="Servers", organization=home)
    install(awx, **FIRST, inventory="Servers")
    gone = uninstall(awx, inventory="Servers")
    assert gone.kept == ['inventory "Servers": install.yml did not create it']


def test_uninstall_keeps_inventories_from_the_project(installed: Awx, awx: Awx, request_of: Callable[..., Any]) -> None:
    """AWX would delete the source of another inventory together with the project."""
    home = awx.find("organizations", "Default")["id"]
    elsewhere = request_of("POST", "inventories", name="Elsewhere", organization=home)["id"]
    project = awx.find("projects", NAME)["id"]
    request_of("POST", "inventory_sources", name="Theirs", inventory=elsewhere, source="scm", source_project=project)
    gone = uninstall(awx)
    assert gone.kept == [
        f'project "{NAME}": it is used by "Theirs"',
        f'execution environment "{NAME}": it is used by "{NAME}"',
    ]
