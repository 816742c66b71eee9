# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""azure.azcollection's tasks for the same result: application, service principal, and client secret.

Its modules run with the Python of .venvs/peer, which has the packages that the collection requires. Its own environment
variables and peer_site/sitecustomize.py point them to the lab.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from faults.steps import own
from tools import peers

from support.fleet import Fleet

from .candidates import CALLBACK
from .ground import ROOT, Ground, changed, unchanged
from .measure import Candidate

VENV = ROOT / ".venvs/peer"
SITE = Path(__file__).with_name("peer_site")
COLLECTION = "azure.azcollection"
_NUMBERS = itertools.count(1)


def installed() -> bool:
    """Return whether the peer's environment exists."""
    return (VENV / "stamp").exists()


def environment(ground: Ground, fleet: Fleet) -> dict[str, str]:
    """Return the variables that point the peer to the lab's login endpoint and Graph."""
    lab, tenant = ground.lab, fleet.tenant
    return ground.controller.environment(
        ANSIBLE_COLLECTIONS_PATH=str(peers.fetch()),
        AZURE_TENANT=tenant.tenant_id,
        AZURE_CLIENT_ID=tenant.automation["client_id"],
        AZURE_SECRET=tenant.automation["client_secret"],
        AZURE_ADFS_AUTHORITY_URL=lab.login_url,
        AZURE_DISABLE_INSTANCE_DISCOVERY="true",
        BENCH_GRAPH_URL=lab.graph_url,
        PYTHONPATH=str(SITE),
        REQUESTS_CA_BUNDLE=lab.ca_path,
        SSL_CERT_FILE=lab.ca_path,
    )


def inventory(hosts: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return an inventory of these hosts, with modules that run here with the peer's Python."""
    variables = {"ansible_connection": "local", "ansible_python_interpreter": str(VENV / "bin/python")}
    return {"all": {"hosts": hosts, "vars": variables}}


def task(name: str, register: str = "", **options: Any) -> dict[str, Any]:
    """Return a task of the peer."""
    return {f"{COLLECTION}.azure_rm_{name}": options, **({"register": register} if register else {})}


def converged(ground: Ground, fleet: Fleet) -> Candidate:
    """Application and service principal of each server, which exist already; the peer gets their app IDs."""
    app_ids = {item["uniqueName"]: item["appId"] for item in own(fleet.tenant.applications())}
    hosts = {
        name: {"app_id": app_ids[name], "callback_url": console.url + CALLBACK}
        for name, console in fleet.consoles.items()
    }
    tasks = [
        task("adapplication", app_id="{{ app_id }}", display_name="RustDesk", web_reply_urls=["{{ callback_url }}"]),
        task("adserviceprincipal", app_id="{{ app_id }}"),
    ]
    command = ground.command(f"peer{len(hosts)}", tasks, inventory(hosts))
    return Candidate("peer", lambda: command, environment(ground, fleet), unchanged)


def creation(ground: Ground, fleet: Fleet) -> Candidate:
    """Return a new application, service principal and client secret in each round."""

    def prepare() -> list[str]:
        name = f"desk{next(_NUMBERS)}"
        tasks = [
            task(
                "adapplication",
                "made",
                display_name=name,
                web_reply_urls=[f"https://{name}.example{CALLBACK}"],
                sign_in_audience="AzureADMyOrg",
            ),
            task("adserviceprincipal", app_id="{{ made.app_id }}"),
            task("adpassword", app_object_id="{{ made.object_id }}", display_name=name),
        ]
        return ground.command("peer_first", tasks, inventory({"desk": {}}))

    return Candidate("peer_first", prepare, environment(ground, fleet), changed)
