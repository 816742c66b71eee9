# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running lab, a Graph client that acts like the product, and a console prepared for sign-in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from lab.client import Console, Lab, Tenant


class Api:
    """A client that sends plain requests to Graph, the token endpoint and consoles as the automation application."""

    def __init__(self, lab: Lab, tenant: Tenant) -> None:
        self.lab = lab
        self.tenant = tenant
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = lab.ca_path

    def token(self, **form: str) -> requests.Response:
        """Send a token request. The form defaults to the automation application's client credentials."""
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.automation["client_id"],
            "client_secret": self.tenant.automation["client_secret"],
            "scope": f"{self.lab.graph_url}/.default",
        }
        path = form.pop("path", self.tenant.tenant_id)
        merged = {name: value for name, value in {**wanted, **form}.items() if value}
        return self.http.post(f"{self.lab.login_url}/{path}/oauth2/v2.0/token", data=merged, timeout=10)

    def sign_in(self) -> Api:
        """Get a token and use it from now on."""
        self.http.headers["Authorization"] = "Bearer " + self.token().json()["access_token"]
        return self

    def graph(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        """Send a request to Graph."""
        return self.http.request(method, f"{self.lab.graph_url}/v1.0{path}", json=json, timeout=10, **options)

    def application(self, **members: Any) -> dict[str, Any]:
        """Create an application."""
        response = self.graph("POST", "/applications", {"displayName": "made by a test", **members})
        assert response.status_code == 201, response.text
        return response.json()

    def password(self, application: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Create a client secret of an application."""
        body = {"passwordCredential": members}
        response = self.graph("POST", f"/applications/{application['id']}/addPassword", body)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One lab for all tests. Each test has its own tenant."""
    with Lab.start() as running:
        yield running


@pytest.fixture(autouse=True)
def no_faults_left(lab: Lab) -> Iterator[None]:
    """Reset faults and lag between tests."""
    yield
    lab.clear_faults()
    lab.set_lag(0, 0)


_numbers = itertools.count(1)
GRAPH = "00000003-0000-0000-c000-000000000000"


@pytest.fixture
def tenant(lab: Lab) -> Tenant:
    """A new tenant."""
    return lab.add_tenant(f"tenant{next(_numbers)}.example")


@pytest.fixture
def api(lab: Lab, tenant: Tenant) -> Api:
    """A signed-in client of the new tenant, which owns the service principals that it creates."""
    tenant.set_switches(new_principal_owned=True)
    return Api(lab, tenant).sign_in()


@pytest.fixture
def console(lab: Lab) -> Console:
    """A new console."""
    return lab.add_console(f"desk{next(_numbers)}.test")


class Ready:
    """A console with a registered provider, so that its users can sign in."""

    def __init__(self, api: Api, console: Console) -> None:
        self.api = api
        self.console = console
        self.tenant = api.tenant
        self.upn = next(iter(self.tenant.users))
        self.application = api.application(web={"redirectUris": [f"{console.url}/api/oidc/callback"]})
        response = api.graph("POST", "/servicePrincipals", {"appId": self.application["appId"]})
        assert response.status_code == 201, response.text
        self.service_principal = response.json()
        self.secret = api.password(self.application, displayName=console.name)
        document = console.settings()
        document["providers"].append(
            {
                "name": "azure",
                "order_index": 1,
                "enabled": True,
                "client_id": self.application["appId"],
                "client_secret": self.secret["secretText"],
                "issuer": f"{api.lab.login_url}/{self.tenant.tenant_id}/v2.0",
            }
        )
        console.put_settings(document)

    def change_provider(self, **members: Any) -> None:
        """Change the provider in the console's settings."""
        document = self.console.settings()
        document["providers"][1].update(members)
        self.console.put_settings(document)

    def grant(self, scope: str, **members: str) -> str:
        """Consent to scopes of Graph as an administrator, by default for all users. Returns the grant's ID."""
        graph = self.tenant.graph("GET", f"/servicePrincipals(appId='{GRAPH}')").json()
        body = {"clientId": self.service_principal["id"], "resourceId": graph["id"], "scope": scope}
        made = self.tenant.graph("POST", "/oauth2PermissionGrants", {"consentType": "AllPrincipals", **body, **members})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def sign_in(self, upn: str = "", password: str = "") -> dict[str, Any]:
        """Sign the first user in."""
        upn = upn or self.upn
        return self.console.sign_in("azure", upn, password or self.tenant.users[upn])


@pytest.fixture
def ready(api: Api, console: Console) -> Ready:
    """A console ready for sign-in."""
    return Ready(api, console)
