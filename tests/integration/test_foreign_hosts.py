# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses in responses never lead to a foreign host: it gets no request, and in particular no client secret."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import session
from support.fleet import Fleet
from support.in_process import InProcess

CONFIGURATION = r"openid-configuration$"
HOLDER = "rustdesk-sso desk1"


@pytest.fixture
def foreign(fleet: Fleet) -> str:
    """The address of a server that belongs to neither Entra nor Graph; it logs the requests that reach it."""
    return fleet.add_server(f"foreign.{fleet.domain}").url


def discovery(fleet: Fleet) -> dict[str, Any]:
    """The tenant's discovery document."""
    url = f"{fleet.lab.login_url}/{fleet.tenant.tenant_id}/v2.0/.well-known/openid-configuration"
    return dict(fleet.lab.http.get(url, timeout=20).json())


def reached(fleet: Fleet) -> list[str]:
    """The paths that the product requested from the foreign server."""
    return [entry["path"] for entry in fleet.lab.requests(f"foreign.{fleet.domain}")]


def register(in_process: InProcess, fleet: Fleet, **options: Any) -> dict[str, Any]:
    """Register an application with a client secret."""
    wanted = {"unique_name": "rustdesk", "display_name": "RustDesk", "client_secrets": [{"name": HOLDER}], **options}
    return in_process.task("entra_app", **fleet.entra, wait_timeout=5, **wanted)


MEMBERS = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "msgraph_host")


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("how", ["foreign", "http"])
def test_discovery_names_a_foreign_host(
    fleet: Fleet, in_process: InProcess, foreign: str, member: str, how: str
) -> None:
    document = discovery(fleet)
    host = foreign if how == "foreign" else f"http://{fleet.lab.login_url.removeprefix('https://')}"
    before = fleet.tenant.applications()
    document[member] = host.partition("//")[2] if member == "msgraph_host" else f"{host}/{fleet.tenant.tenant_id}/v2.0"
    fleet.lab.fault("login", path_regex=CONFIGURATION, json=document, times=9)

    result = register(in_process, fleet)

    assert result["failed"]
    assert member in result["msg"]
    assert "authority_host" in result["msg"]
    assert not reached(fleet)
    # No application was created, and so no client secret
    assert fleet.tenant.applications() == before


def test_discovery_of_another_tenant(fleet: Fleet, in_process: InProcess) -> None:
    before, other = fleet.tenant.applications(), str(uuid.uuid4())
    document = {**discovery(fleet), "issuer": f"{fleet.lab.login_url}/{other}/v2.0"}
    fleet.lab.fault("login", path_regex=CONFIGURATION, json=document, times=9)
    result = register(in_process, fleet)
    assert result["failed"]
    assert f"belongs to the tenant {other}" in result["msg"]
    assert fleet.tenant.applications() == before


@pytest.mark.parametrize("where", ["token_endpoint", "authorization_endpoint"])
def test_sign_in_check_sends_the_client_secret_to_no_foreign_host(
    fleet: Fleet, in_process: InProcess, foreign: str, where: str
) -> None:
    name = f"desk1.{fleet.domain}"
    console = fleet.add_server(name)
    made = register(in_process, fleet)
    document = {**discovery(fleet), where: f"{foreign}/{fleet.tenant.tenant_id}/oauth2/v2.0/token"}
    fleet.lab.fault("login", by="client", path_regex=CONFIGURATION, json=document, times=9)
    result = in_process.task(
        "rustdesk_sign_in_check",
        public_url=console.url,
        issuer=made["issuer"],
        client_id=made["application"]["app_id"],
        callback_url=f"{console.url}/api/oidc/callback",
        client_secret=made["client_secrets"][0]["secret_text"],
        ca_path=str(fleet.lab.ca_path),
        must_pass=False,
    )
    checks = {check["name"]: check for check in result["checks"]}
    assert checks["issuer"]["ok"] is False
    assert where in checks["issuer"]["detail"]
    assert checks["client_secret_accepted"]["ok"] is None
    assert not reached(fleet)
    assert made["client_secrets"][0]["secret_text"] not in str(fleet.lab.requests(name))


def page(fleet: Fleet, link: str) -> None:
    """Make Graph's next pages of applications empty, with a link to ``link``."""
    fleet.lab.fault(
        "graph", method="GET", path_regex=r"/applications\?", json={"value": [], "@odata.nextLink": link}, times=50
    )


def look_up(in_process: InProcess, fleet: Fleet) -> dict[str, Any]:
    """Look up an application by its display name, which reads pages."""
    return in_process.task("entra_app_info", **fleet.entra, display_name="RustDesk")


@pytest.mark.parametrize(
    "link",
    ["{foreign}/v1.0/applications?$skiptoken=1", "http://{graph}/v1.0/applications?$skiptoken=1", "/v1.0/x", "https:"],
)
def test_next_page_must_be_at_graph(fleet: Fleet, in_process: InProcess, foreign: str, link: str) -> None:
    page(fleet, link.format(foreign=foreign, graph=fleet.lab.graph_url.partition("//")[2]))
    result = look_up(in_process, fleet)
    assert result["failed"]
    assert "@odata.nextLink leads to a host other than that of graph_endpoint" in result["msg"]
    assert not reached(fleet)


def test_paging_ends(fleet: Fleet, in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    page(fleet, f"{fleet.lab.graph_url}/v1.0/applications?%24skiptoken=1")
    assert "@odata.nextLink leads to a page that was already read" in look_up(in_process, fleet)["msg"]
    monkeypatch.setattr(session, "PAGES", 1)
    assert "the response has more than 1 pages" in look_up(in_process, fleet)["msg"]


def test_console_cannot_choose_a_path_at_the_login_endpoint(fleet: Fleet, in_process: InProcess) -> None:
    """Its issuer may contain anything; only a domain name is used as a part of an address."""
    paths = ("..%2fcommon.x", "a.b%3fx=", "a.b:443", "a.b%00", f"{fleet.domain}%0d%0a")
    parties = [
        {"name": f"desk{number}", "issuer": f"{fleet.lab.login_url}/{path}/v2.0", "client_id": str(uuid.uuid4())}
        for number, path in enumerate(paths)
    ]
    fleet.lab.clear_requests()
    register(in_process, fleet, relying_parties=parties)
    asked = {entry["path"].split("/")[1] for entry in fleet.lab.requests("login")}
    assert asked == {fleet.tenant.tenant_id}
