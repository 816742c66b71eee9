# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""doctor.yml in the lab: it reports nothing on a healthy fleet, and names every fault in one run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import machine
from lab.client import Console, Lab, Tenant
from support.consoles import add, add_provider, one_of_each, told
from support.controller import Run
from support.fleet import Fleet
from support.quick_controller import QuickController
from support.quick_runs import quick_run
from support.wrong_servers import Authorities, Gateway, answering

NOWHERE = "https://127.0.0.1:9"
OWNED_BY, READ_POLICY = "Application.ReadWrite.OwnedBy", "Policy.Read.All"
LOGIN_OPTIONS = "^/api/login-options$"


@pytest.fixture
def lab(own_lab: Lab) -> Lab:
    """A lab whose clock no other test has moved: the doctor compares it with the controller's."""
    return own_lab


def examined(fleet: Fleet, *options: str, **environment: str) -> tuple[Run, dict[str, Any]]:
    """Run the playbook; return the run and the file that it writes."""
    playbook = fleet.controller.site.with_name("doctor.yml")
    run = fleet.controller.playbook(playbook, fleet.inventory, *options, **environment)
    written = fleet.controller.home / "rustdesk_sso_report/rustdesk_sso_doctor.json"
    return run, json.loads(written.read_text()) if written.exists() else {}


def urgent(findings: list[dict[str, str]]) -> set[str]:
    """The checks that found a problem or warning."""
    return {item["name"] for item in findings if item["state"] in ("problem", "warning")}


def test_healthy_fleet(lab: Lab, fleet: Fleet, seen: Callable[[Fleet], str], writes: Callable[[], list[str]]) -> None:
    """One line for each server and no problem; the only writes are sign-ins, and no secret is shown."""
    consoles = one_of_each(fleet)
    for console in consoles.values():
        console.set_user("second", is_admin=True, status=1)
    pro = consoles["pro"]
    fleet.hosts[pro.name]["rustdesk_sso_public_url"] = pro.url.replace("127.0.0.1", "localhost")
    assert quick_run(fleet).rc == 0
    before = seen(fleet)
    lab.clear_requests()
    run, found = examined(fleet)
    assert run.rc == 0, run.output
    assert [urgent(findings) for findings in found["servers"].values()] == [set()] * 3
    assert [urgent(tenant["findings"]) for tenant in found["tenants"]] == [set()]
    assert found["counts"]["problem"] == 0, run.output  # releases newer than the tested ones are warnings
    (api,) = (item for item in found["servers"][consoles["rustdesk_api"].name] if item["name"] == "console.type")
    assert api["seen"] == "rustdesk_api 2.7"
    passed = {item["name"] for item in found["servers"][pro.name] if item["state"] == "ok"}
    assert {"console.entra", "public_url.console", "public_url.certificate"} <= passed
    for name in fleet.hosts:
        assert f"{name}: no problems found (" in run.output
    assert seen(fleet) == before
    assert writes() == []
    assert told(lab, run.output + json.dumps(found)) == []


class Broken:
    """A fleet in which each server has a different fault, named after the check that must find it."""

    def __init__(self, fleet: Fleet, stack: ExitStack, folder: Path) -> None:
        self.fleet, self.lab, self.stack = fleet, fleet.lab, stack
        self.authorities = Authorities(folder)
        self.tenants = 0
        # The check that must find each server's fault, for the server or for its tenant
        self.of_server: dict[str, str] = {}
        self.of_tenant: dict[str, str] = {}
        self.healthy = self.console("healthy")
        self.passwords = [
            "Wr0ng-Pa55word-of-the-console",
            "xyz8Q~wrong-secret-of-the-automation-000",
            "Pa55word-of-a-proxy",
            "g4teway~service-token~0123456789",
        ]

    def console(self, name: str, **options: Any) -> Console:
        """A separate console, with a second local administrator."""
        console = add(self.fleet, options.pop("kind", "pro"), name, **options)
        console.set_user("second", is_admin=True, status=1)
        return console

    def variables(self, check: str, **changed: Any) -> None:
        """Add a server with the healthy console and these variables, by their short names."""
        self._add(check, self.of_server, changed)

    def entra(self, check: str, tenant: Tenant | None = None, **changed: Any) -> None:
        """Add a server with a fault in Entra, with a ``tenant`` of its own if given."""
        if tenant:
            of_tenant = {
                "tenant_id": tenant.tenant_id,
                "entra_client_id": tenant.automation["client_id"],
                "entra_client_secret": tenant.automation["client_secret"],
            }
            changed = {**of_tenant, **changed}
        self._add(check, self.of_tenant, changed)

    def _add(self, check: str, found: dict[str, str], changed: dict[str, Any]) -> None:
        name = f"{check.replace('.', '-').replace('_', '-')}-{len(self.fleet.hosts)}.{self.fleet.domain}"
        given = {f"rustdesk_sso_{short}": value for short, value in changed.items()}
        self.fleet.hosts[name] = {**self.fleet.hosts[self.healthy.name], **given}
        found[name] = check

    def own(
        self, check: str, *, kind: str = "pro", second: bool = True, variables: Any = None, **options: Any
    ) -> Console:
        """Add a server with a faulty console."""
        name = f"{check.replace('.', '-').replace('_', '-')}-{len(self.fleet.hosts)}"
        console = add(self.fleet, kind, name, **options)
        if second:
            console.set_user("second", is_admin=True, status=1)
        self.of_server[console.name] = check
        for short, value in (variables or {}).items():
            self.fleet.hosts[console.name][f"rustdesk_sso_{short}"] = value
        return console

    def tenant(self, *permissions: str) -> Tenant:
        """A tenant whose automation has these permissions."""
        self.tenants += 1
        tenant = self.lab.add_tenant(f"tenant{self.tenants}.{self.fleet.domain}")
        tenant.set_permissions([*permissions])
        return tenant

    def presenting(self, **options: Any) -> str:
        """The address of a server in front of the healthy console, with its own certificate."""
        gateway = Gateway(self.healthy.url, self.lab.ca_path, ("", ""))
        return self.stack.enter_context(answering(gateway.answer, self.authorities.context(**options)))


@pytest.fixture
def broken(fleet: Fleet, tmp_path: Path) -> Iterator[Broken]:
    """A fleet with one healthy server."""
    with ExitStack() as stack:
        yield Broken(fleet, stack, tmp_path)


def break_variables(broken: Broken) -> None:
    broken.variables("variables.tenant_id", tenant_id="")
    broken.variables("variables.console_url", console_url="desk1")
    broken.variables("variables.public_url", public_url="http://desk1.example")
    broken.variables("variables.secret_lifetime", secret_lifetime="soon")
    broken.variables("variables.app_assignments", app_assignments=["everybody"])
    broken.variables("variables.console_password", console_password="")
    broken.variables("variables.entra_auth_source", entra_auth_source="magic")


def break_entra(broken: Broken) -> None:
    lab = broken.lab
    soon = (datetime.now(timezone.utc) + timedelta(days=3)).strftime("%Y-%m-%d")
    broken.entra("entra.login", entra_authority_host=NOWHERE)
    broken.entra("entra.tenant", tenant_id="3f2c8a51-9d7e-4c1b-b6a0-5e8f7d2c4b90")
    broken.entra("entra.sign_in", entra_client_secret=broken.passwords[1])
    broken.entra("entra.graph", broken.tenant(OWNED_BY), app_unique_name="cut")
    lab.fault("graph", path_regex="uniqueName='cut'", cut="before", times=100)
    broken.entra("entra.credential", broken.tenant(OWNED_BY), entra_client_secret_expires=soon)
    broken.entra("entra.credential", broken.tenant(OWNED_BY), entra_client_secret_expires="2020-01-01")
    broken.entra("entra.permissions", broken.tenant())
    broken.entra("entra.permissions", broken.tenant(OWNED_BY), app_allowed_groups=["Desk users"])
    others = broken.tenant(OWNED_BY)
    application = {"displayName": "RustDesk", "uniqueName": "rustdesk-sso"}
    others.graph("POST", "/applications", application).raise_for_status()
    broken.entra("entra.ownership", others)
    short, none, closed = (broken.tenant(OWNED_BY, READ_POLICY) for _number in range(3))
    short.set_policy(max_password_days=90)
    broken.entra("entra.policy", short)
    none.set_policy(passwords_allowed=False)
    broken.entra("entra.policy", none)
    closed.set_switches(user_consent=False)
    broken.entra("entra.consent", closed)


def break_consoles(broken: Broken) -> None:
    lab, ca = broken.lab, {"console_ca_path": str(broken.authorities.path)}
    broken.variables("console.reachable", console_url=NOWHERE, public_url=NOWHERE)
    broken.variables("console.reachable", console_url="https://desk.invalid", public_url="https://desk.invalid")
    proxy = f"http://proxy:{broken.passwords[2]}@127.0.0.1:9"
    broken.variables("console.reachable", console_proxy=proxy, console_headers={"CF-Token": broken.passwords[3]})
    broken.variables("variables.console_url", console_url=f"https://admin:{broken.passwords[2]}@desk.invalid")
    page = broken.own("console.reachable")
    lab.fault(page.name, path_regex=LOGIN_OPTIONS, html="<html>Welcome</html>", times=100)
    ends = timedelta(days=5)
    for options in ({"expired": True}, {"name": "desk9.example"}, {"unknown": True}, {"ends": ends}):
        address = broken.presenting(**options)
        broken.variables("console.certificate", console_url=address, public_url=address, **ca)
    broken.own("console.type", variables={"console_type": "rustdesk_api"})
    broken.own("console.sign_in", variables={"console_password": broken.passwords[0]})
    broken.own("console.administrator", admin=False)
    broken.own("console.second_factor", second_factor="email")
    second = broken.own("console.second_factor", second_factor="totp")
    del broken.fleet.hosts[second.name]["rustdesk_sso_console_totp_secret"]
    broken.own("console.contract").set_switches(shape="camel")
    broken.own("console.local_administrator", second=False)
    limited = broken.own("console.rate_limit")
    lab.fault(limited.name, path_regex=LOGIN_OPTIONS, throttle="60", times=100)
    late = broken.own("console.clock")
    date = (datetime.now(timezone.utc) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    lab.fault(late.name, headers={"Date": date}, times=1000)
    astray = broken.own("console.entra")
    add_provider(astray, client_id="c", client_secret="s" * 40, issuer=f"{NOWHERE}/nobody/v2.0")
    broken.own("public_url.reachable", variables={"public_url": NOWHERE})
    other = broken.own("public_url.console")
    add_provider(other, client_id="c", client_secret="s" * 40, issuer=f"{lab.login_url}/{lab.tenant.tenant_id}/v2.0")
    broken.fleet.hosts[other.name]["rustdesk_sso_public_url"] = broken.healthy.url


def break_controller(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the checks that must find a fault."""
    versions = {"azure-identity": "1.15.0", "httpx": None, "msgraph-sdk": "2.0.0", "requests": "2.30"}
    monkeypatch.setattr(machine, "version", versions.get)
    monkeypatch.setattr(machine, "core", "2.15.3")
    names = ("azure_identity", "httpx", "msgraph_sdk", "requests", "ansible_core", "ca")
    return {f"controller.{name}" for name in names}


def test_every_fault_is_found(lab: Lab, broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run names the fault of each server and shows no secret."""
    break_variables(broken)
    break_entra(broken)
    break_consoles(broken)
    of_controller = break_controller(monkeypatch)
    if not isinstance(broken.fleet.controller, QuickController):  # in a separate process
        of_controller = {"controller.ca"}
    several: dict[str, Any] = {"tenant_id": "", "secret_lifetime": "soon", "provider_name": ["azure"]}
    several["console_password"] = broken.passwords[0]
    broken.variables("several", **several)
    name, _check = broken.of_server.popitem()
    proxies = {
        "HTTPS_PROXY": f"http://proxy:{broken.passwords[2]}@proxy.invalid:3128",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    run, found = examined(broken.fleet, "-v", REQUESTS_CA_BUNDLE="/nowhere/ca.pem", **proxies)
    servers = {name: urgent(findings) for name, findings in found["servers"].items()}
    tenants = {name: urgent(tenant["findings"]) for tenant in found["tenants"] for name in tenant["servers"]}
    assert run.rc == 2
    assert {name: servers[name] for name in broken.of_server} == {
        name: {check} for name, check in broken.of_server.items()
    }
    assert {name: tenants.get(name) for name in broken.of_tenant} == {
        name: {check} for name, check in broken.of_tenant.items()
    }
    variables = {f"variables.{short}" for short in ("tenant_id", "secret_lifetime", "provider_name")}
    assert servers[name] == {*variables, "console.sign_in"}
    assert servers[broken.healthy.name] == tenants[broken.healthy.name] == set()
    assert urgent(found["controller"]) >= of_controller
    assert len(broken.of_server) + len(broken.of_tenant) + len(of_controller) >= 30
    assert told(lab, run.output + json.dumps(found), *broken.passwords) == []
    for item in (*broken.of_server.values(), *broken.of_tenant.values(), *of_controller):
        assert f" {item} " in run.output
