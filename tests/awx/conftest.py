# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An AWX in which install.yml has created all objects, and the inputs of its jobs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from awx.job import Jobs
from tools import peers

from lab.awx.server import Awx
from lab.client import Lab
from support.awx_extension import EXTENSION, FIRST, URL, contents, install
from support.controller import Controller, Run
from support.fleet import Fleet

VARIABLES = {
    "install_execution_environment_image": "registry.example.com/rustdesk-sso-ee:latest",
    "install_project_url": URL,
    "install_job_slice_count": "2",
    "install_hosts": "rustdesk_servers",
}


class Installation:
    """An AWX and the playbook that creates its objects."""

    def __init__(self, awx: Awx, controller: Controller, extension: Path) -> None:
        self.awx = awx
        self.extension = extension
        self._controller = controller
        self.first = self.install()

    def install(self, *options: str) -> Run:
        """Run install.yml with the variables of the first run."""
        given = [text for name, value in VARIABLES.items() for text in ("-e", f"{name}={value}")]
        return self.playbook("install.yml", self.awx, *given, *options)

    def playbook(self, name: str, awx: Awx, *options: str, peers_path: Path | None = None) -> Run:
        """Run a playbook of the extension with awx.awx beside it, or with the collections in ``peers_path``."""
        return self._controller.playbook(
            self.extension / name,
            {"all": {"hosts": {}}},
            *options,
            ANSIBLE_COLLECTIONS_PATH=str(peers_path or peers.fetch()),
            **awx.environment,
        )


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built artifact, installed as AWX installs the collections of a project's collections/requirements.yml."""
    folder = tmp_path_factory.mktemp("collections")
    source = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections/deskops/rustdesk_sso")
    galaxy = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection"]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder)}
    build = [*galaxy, "build", str(source), "--output-path", str(folder)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, env=environment)
    (artifact,) = folder.glob("*.tar.gz")
    install = [*galaxy, "install", "--offline", "--collections-path", str(folder), str(artifact)]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, env=environment)
    return folder


@pytest.fixture(scope="session")
def installation(collections: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An AWX after the first run of install.yml, with the sample project in the project's repository."""
    extension = collections / "ansible_collections/deskops/rustdesk_sso/extensions/awx"
    with Awx({URL: extension / "project"}) as awx:
        yield Installation(awx, Controller(tmp_path_factory.mktemp("controller"), collections), extension)


class Place:
    """A fleet in AWX: an inventory without the values that the credentials provide, and the credentials."""

    def __init__(self, fleet: Fleet, awx: Awx) -> None:
        self.fleet = fleet
        self._awx = awx
        # The endpoints of the lab are not Microsoft's
        kept = ("rustdesk_sso_entra_authority_host", "rustdesk_sso_entra_graph_endpoint", "rustdesk_sso_wait_timeout")
        self._variables = {name: fleet.variables[name] for name in kept}
        for console in fleet.consoles.values():
            # Otherwise each run warns of the effects of a failed sign-in with Microsoft
            console.set_user("second-administrator", is_admin=True)

    @property
    def first(self) -> str:
        """The server whose administrator is in the credential; the inventory has those of the others."""
        return next(iter(self.fleet.hosts))

    @property
    def inventory(self) -> dict[str, Any]:
        """The inventory."""
        given = ("rustdesk_sso_console_username", "rustdesk_sso_console_password", "rustdesk_sso_console_totp_secret")
        alone = {name: value for name, value in self.fleet.hosts[self.first].items() if name not in given}
        return {"rustdesk_servers": {"hosts": {**self.fleet.hosts, self.first: alone}, "vars": self._variables}}

    def credentials(self, **console: str) -> list[dict[str, Any]]:
        """One credential for Entra and one for the first server's console, stored in AWX; ``console`` adds inputs."""
        automation, served = self.fleet.tenant.automation, self.fleet.consoles[self.first]
        entra = {
            "tenant": self.fleet.tenant.tenant_id,
            "client": automation["client_id"],
            "secret": automation["client_secret"],
            "subscription": "any",
        }
        inputs = {
            "username": served.username,
            "password": served.password,
            "totp_secret": served.totp_secret or "",
            "ca": Path(self.fleet.lab.ca_path).read_text("utf-8"),
            **console,
        }
        return [self._stored("Microsoft Azure Resource Manager", entra), self._stored("RustDesk console", inputs)]

    def certificate(self) -> dict[str, Any]:
        """Return a credential for Entra with a certificate, stored in AWX."""
        automation = self.fleet.tenant.automation
        inputs = {
            "tenant": self.fleet.tenant.tenant_id,
            "client": automation["client_id"],
            "certificate": Path(automation["certificate_path"]).read_text("utf-8"),
        }
        return self._stored(self._type("certificate"), inputs)

    def workload_identity(self) -> dict[str, Any]:
        """Return a credential for Entra with a federated token that Entra accepts, stored in AWX."""
        tenant, client = self.fleet.tenant, self.fleet.tenant.automation["client_id"]
        trusted = {"issuer": "https://awx.example.com", "subject": "job"}
        (application,) = [one for one in tenant.applications() if one["appId"] == client]
        body = {"name": "awx", **trusted, "audiences": ["api://AzureADTokenExchange"]}
        tenant.graph("POST", f"/applications/{application['id']}/federatedIdentityCredentials", body)
        inputs = {"tenant": tenant.tenant_id, "client": client, "token": self.fleet.lab.workload_token(**trusted)}
        return self._stored(self._type("workload_identity"), inputs)

    def _type(self, key: str) -> str:
        """Return the name of a credential type of the extension, which is created if it does not exist."""
        content = contents("credential_types")["awx_credential_types"][key]
        stored = self._awx.api.items["credential_types"].values()
        if content["name"] not in {item["name"] for item in stored}:
            self._awx.api.answer("POST", "/api/v2/credential_types/", {}, content)
        return str(content["name"])

    def _stored(self, kind: str, inputs: dict[str, str]) -> dict[str, Any]:
        stored = self._awx.api.items["credentials"]
        body = {
            "name": f"{self.fleet.domain} {len(stored)}",
            "credential_type": self._awx.find("credential_types", kind)["id"],
            "inputs": inputs,
        }
        _status, made = self._awx.api.answer("POST", "/api/v2/credentials/", {}, body)
        return stored[made["id"]]


@pytest.fixture
def make_place(make_fleet: Callable[[int], Fleet], installation: Installation) -> Callable[[Fleet | int], Place]:
    """Add a fleet, or a new one of the given number of servers, to AWX."""
    return lambda fleet: Place(make_fleet(fleet) if isinstance(fleet, int) else fleet, installation.awx)


@pytest.fixture
def runner_path() -> Iterator[Path]:
    """A folder that any user in group 0 can use, as the image's /runner; pytest's own folders are for root alone."""
    with tempfile.TemporaryDirectory(prefix="runner") as folder:
        Path(folder).chmod(0o770)
        yield Path(folder)


@pytest.fixture
def jobs(installation: Installation, collections: Path, lab: Lab, runner_path: Path) -> Jobs:
    """Start jobs; the execution environment trusts the CA of the lab's Entra."""
    return Jobs(installation.awx, collections, runner_path, {"REQUESTS_CA_BUNDLE": lab.ca_path})


@pytest.fixture
def awx() -> Iterator[Awx]:
    """An AWX in which nothing is installed; it receives no HTTP requests."""
    yield Awx({URL: EXTENSION / "project"})


@pytest.fixture
def installed(awx: Awx) -> Awx:
    """An AWX after the first run."""
    install(awx, **FIRST)
    awx.writes.clear()
    return awx


@pytest.fixture
def request_of(awx: Awx) -> Callable[..., Any]:
    """Send a request to AWX as an administrator; return the response."""

    def send(method: str, path: str, **body: Any) -> Any:
        status, answer = awx.api.answer(method, f"/api/v2/{path}/", {}, body)
        assert status < 300
        return answer

    return send
