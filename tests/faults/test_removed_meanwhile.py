# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app: another administrator removes the client secret while the task waits for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from faults.steps import own
from integration.entra_app_rows import run, secrets

from lab.client import Lab, Tenant
from support.fixtures import LAG
from support.fleet import Fleet

DEADLINE = 60


def new_key(tenant: Tenant) -> tuple[str, str]:
    """Return the object ID of the application and the key ID of its client secret, as soon as one exists."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        for application in own(tenant.applications()):
            for credential in application["passwordCredentials"]:
                return application["id"], credential["keyId"]
    pytest.fail("no client secret was made")


def test_secret_removed_while_the_task_waits_for_it(lab: Lab, fleet: Fleet) -> None:
    """The task fails with a message and returns no useless client secret; the next run creates another."""
    lab.set_lag(0, 3600)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, fleet, **secrets({"name": "desk1"}), wait_timeout=2)
        object_id, key_id = new_key(fleet.tenant)
        removed = fleet.tenant.graph("POST", f"/applications/{object_id}/removePassword", json={"keyId": key_id})
        assert removed.status_code == 204
        lab.set_lag(0, 0)  # if it still existed, it would be accepted now
        result = running.result()
    assert result["failed"], result
    assert "desk1" in result["msg"]
    assert "Run the playbook again" in result["msg"]
    lab.set_lag(*LAG)
    again = run(fleet, **secrets({"name": "desk1"}))
    assert again["client_secrets"][0]["decision"] == "created", again
    assert [item["keyId"] for item in own(fleet.tenant.applications())[0]["passwordCredentials"]] == [
        again["client_secrets"][0]["key_id"]
    ]
