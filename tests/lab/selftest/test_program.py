# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program: faults, request log, secrets, shutdown, and the real client libraries against it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.models.application import Application
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.web_application import WebApplication
from msgraph_core import GraphClientFactory

from lab.client import Console, Lab, Tenant

from .conftest import Api

ERRORS = json.loads((Path(__file__).parents[1] / "recorded" / "graph_errors.json").read_text("utf-8"))


def test_ordered_responses(api: Api, lab: Lab) -> None:
    lab.fault("graph", method="GET", path_regex="applications", times=2, status=503, html="<h1>Maintenance</h1>")
    for _turn in range(2):
        answer = api.graph("GET", "/applications")
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert api.graph("GET", "/applications").status_code == 200
    lab.fault("graph", throttle="2.128")
    answer = api.graph("GET", "/applications")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2.128")
    assert answer.json()["error"]["code"] == "TooManyRequests"
    lab.fault("graph", redirect="https://elsewhere.example/")
    assert api.graph("GET", "/applications", allow_redirects=False).headers["Location"] == "https://elsewhere.example/"
    lab.fault("graph", truncate=True)
    with pytest.raises(ValueError, match="char"):
        api.graph("GET", "/applications").json()
    lab.fault("graph", garble=True)
    with pytest.raises(requests.ConnectionError):
        api.graph("GET", "/applications")
    lab.fault("graph", pad=100_000, headers={"Date": "yesterday"})
    answer = api.graph("GET", "/applications")
    assert (len(answer.content) > 100_000, answer.headers["Date"]) == (True, "yesterday")
    assert answer.json()["value"]
    lab.fault("graph", drip=0.001)
    begun = time.monotonic()
    answer = api.graph("GET", "/applications")
    assert time.monotonic() - begun >= 0.001 * len(answer.content)
    lab.fault("graph", delay=0.3)
    begun = time.monotonic()
    api.graph("GET", "/applications")
    assert time.monotonic() - begun >= 0.3


def test_latency(api: Api, lab: Lab, console: Console) -> None:
    def seconds(url: str) -> float:
        return api.http.get(url, timeout=10).elapsed.total_seconds()

    urls = [f"{lab.graph_url}/v1.0/applications", f"{lab.login_url}/common/discovery/instance", console.url]
    lab.set_latency(0.2)
    try:
        assert all(seconds(url) >= 0.2 for url in urls)
        assert seconds(lab.add_console("later.test").url) >= 0.2
    finally:
        lab.set_latency(0)


@pytest.mark.parametrize("entry", ERRORS, ids=lambda entry: entry["code"])
def test_ordered_recorded_errors(api: Api, lab: Lab, entry: dict[str, Any]) -> None:
    code = entry["code"].rstrip("?")
    first = next(item for item in ERRORS if item["code"].rstrip("?") == code)
    lab.fault("graph", deny=code)
    answer = api.graph("GET", "/applications")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (first["status"], code)
    assert error["message"] == first.get("message", error["message"])
    assert set(first.get("headers", {})) <= set(answer.headers)


@pytest.mark.parametrize(("cut", "made"), [("before", 0), ("after", 1)])
def test_cut_connections(api: Api, lab: Lab, cut: str, made: int) -> None:
    lab.fault("graph", method="POST", cut=cut)
    with pytest.raises(requests.ConnectionError):
        api.graph("POST", "/applications", {"displayName": "cut"})
    assert [app["displayName"] for app in api.tenant.applications()].count("cut") == made


def test_unknown_fault(lab: Lab) -> None:
    with pytest.raises(ValueError, match="unknown members: bogus"):
        lab.fault("graph", bogus=1)


def test_log_and_secrets(api: Api, lab: Lab) -> None:
    lab.clear_requests()
    made = api.password(api.application())
    entries = lab.requests("graph")
    assert [(entry["method"], entry["status"], entry["by"]) for entry in entries] == [
        ("POST", 201, "client"),
        ("POST", 200, "client"),
    ]
    assert made["secretText"] in lab.secrets()
    assert {api.tenant.automation["client_secret"], *api.tenant.users.values()} <= set(lab.secrets())
    api.tenant.graph("GET", "/applications")
    assert len(lab.requests("graph")) == 2


def test_date_follows_the_clock(api: Api, lab: Lab) -> None:
    before = api.graph("GET", "/applications").headers["Date"]
    lab.advance(366 * 24 * 3600)
    after = api.sign_in().graph("GET", "/applications").headers["Date"]
    assert int(after.split()[3]) == int(before.split()[3]) + 1


def test_control_documents_itself(lab: Lab) -> None:
    for entry in lab.control("GET", "/"):
        assert entry["does"], entry


@pytest.mark.parametrize("end", ["input", signal.SIGINT, signal.SIGTERM])
def test_it_exits_and_leaves_nothing_behind(tmp_path: Path, end: str | signal.Signals) -> None:
    state_file = tmp_path / "state.json"
    command = [sys.executable, "-m", "lab", "up", "--until-eof", "--state-file", str(state_file)]
    tests = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tests, text=True) as process:
        while not state_file.exists():
            assert process.poll() is None
            time.sleep(0.02)
        lab = Lab.attach(state_file)
        assert Path(lab.ca_path).exists()
        if isinstance(end, signal.Signals):
            process.send_signal(end)
            assert process.wait(10) == 0
        printed, _errors = process.communicate()
    assert process.returncode == 0
    assert f"export AZURE_TENANT_ID={lab.tenant.tenant_id}" in printed
    assert not Path(lab.ca_path).parent.exists()


def options(lab: Lab) -> dict[str, Any]:
    """Return the options that make azure-identity trust the lab."""
    return {"authority": lab.login_url, "disable_instance_discovery": True, "connection_verify": lab.ca_path}


def test_azure_identity(lab: Lab, tenant: Tenant) -> None:
    automation, scope = tenant.automation, f"{lab.graph_url}/.default"
    common = (tenant.tenant_id, automation["client_id"])
    assert ClientSecretCredential(*common, automation["client_secret"], **options(lab)).get_token(scope).token
    assert CertificateCredential(*common, automation["certificate_path"], **options(lab)).get_token(scope).token
    pfx = {"password": automation["certificate_pfx_password"], **options(lab)}
    assert CertificateCredential(*common, automation["certificate_pfx_path"], **pfx).get_token(scope).token


async def use_msgraph(lab: Lab, tenant: Tenant) -> None:
    """Create, read, change and delete an application with the real library."""
    import httpx

    automation, scope = tenant.automation, f"{lab.graph_url}/.default"
    credential = AsyncClientSecretCredential(
        tenant.tenant_id, automation["client_id"], automation["client_secret"], **options(lab)
    )
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(verify=lab.ca_path))
    host = lab.graph_url.removeprefix("https://").partition(":")[0]
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[scope], allowed_hosts=[host, lab.graph_url[8:]])
    adapter = GraphRequestAdapter(provider, client=http)
    adapter.base_url = f"{lab.graph_url}/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)
    try:
        made = await graph.applications.post(
            Application(display_name="by the library", web=WebApplication(redirect_uris=["https://a.example/cb"]))
        )
        item = graph.applications.by_application_id(made.id)
        secret = await item.add_password.post(
            AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="d"))
        )
        assert secret.secret_text
        await item.patch(Application(notes="changed"))
        read = await item.get()
        assert (read.notes, read.password_credentials[0].hint) == ("changed", secret.secret_text[:3])
        by_app_id = await graph.applications_with_app_id(made.app_id).get()
        assert by_app_id.id == made.id
        await item.delete()
        with pytest.raises(APIError):
            await item.get()
    finally:
        await http.aclose()
        await credential.close()


def test_msgraph(lab: Lab, tenant: Tenant) -> None:
    asyncio.run(use_msgraph(lab, tenant))
