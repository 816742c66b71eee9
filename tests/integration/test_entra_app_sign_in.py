# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""entra_app, entra_app_info and the role: signing in without a client secret of the automation.

No secret or token may be in a result or in the output. Playbooks run at the highest verbosity.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from faults.steps import module, only
from integration.entra_app_rows import NAMED, OWNED_BY, perform

from ansible_collections.deskops.rustdesk_sso.plugins.modules import entra_app, entra_app_info
from lab.client import Lab
from support.controller import MODULE_DOOR, Controller, Run
from support.fleet import Fleet

ISSUER, SUBJECT = "https://kubernetes.example", "system:serviceaccount:automation:ansible"


class Machine(Controller):
    """A controller with its own environment variables for all runs; all their output is kept."""

    def __init__(self, home: Path, collections: Path) -> None:
        super().__init__(home, collections)
        self.variables = {"ANSIBLE_VERBOSITY": "4"}
        self.output = ""

    def environment(self, **extra: str) -> dict[str, str]:
        return super().environment(**{**self.variables, **extra})

    def playbook(self, *arguments: Any, **environment: str) -> Run:
        run = super().playbook(*arguments, **environment)
        self.output += run.output
        assert "task path:" in run.output
        assert "Traceback" not in run.output
        assert "directly to stderr" not in run.output
        return run


@pytest.fixture(scope="module")
def own_lab() -> Iterator[Lab]:
    """A lab whose clock is the controller's: a client assertion carries the controller's time."""
    with Lab.start() as lab:
        yield lab


@pytest.fixture
def fresh(own_lab: Lab, tmp_path: Path, unhurried: None, capfd: pytest.CaptureFixture[str]) -> Iterator[Fleet]:
    """A tenant of that lab; at the end, all output is searched for its secrets."""
    home = tmp_path / "home"
    home.mkdir()
    machine = Machine(home, Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]))
    own_lab.clear_requests()
    yield Fleet(own_lab, machine, 0)
    own_lab.clear_faults()
    assert machine.output
    assert [secret for secret in own_lab.secrets() if secret in machine.output] == []
    assert capfd.readouterr() == ("", "")


def say(fleet: Fleet, module: ModuleType, **options: Any) -> dict[str, Any]:
    """The result of a module, which is searched for secrets at the end."""
    result = perform(fleet, module, **options)
    assert isinstance(fleet.controller, Machine)
    fleet.controller.output += json.dumps(result)
    return result


def find(fleet: Fleet, **options: Any) -> dict[str, Any]:
    """The result of looking up the application by its unique name."""
    return say(fleet, entra_app_info, **options, unique_name="desks")


def without(fleet: Fleet, *names: str) -> dict[str, Any]:
    """The modules' options without these and the client secret."""
    return {name: value for name, value in fleet.entra.items() if name not in (*names, "client_secret")}


def trust(fleet: Fleet, issuer: str = ISSUER, subject: str = SUBJECT) -> None:
    """Make the automation's application trust a workload."""
    body = {"name": "host", "issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
    path = f"/applications/{fleet.tenant.automation['application_object_id']}/federatedIdentityCredentials"
    assert fleet.tenant.graph("POST", path, body).status_code == 201


def written(fleet: Fleet, token: str) -> str:
    """Write a token to a file and return its path."""
    path = fleet.controller.home / "token"
    path.write_text(token + "\n")
    return str(path)


@dataclass
class Way:
    """A way to sign in: options, environment, the services that issue a token, and the owner of new objects."""

    options: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    owner: str | None = "automation"


def by_token_file(fleet: Fleet) -> Way:
    trust(fleet)
    path = written(fleet, fleet.lab.workload_token(ISSUER, SUBJECT))
    return Way({**without(fleet), "federated_token_file": path}, asked={"login"})


def by_token(fleet: Fleet) -> Way:
    trust(fleet)
    token = fleet.lab.workload_token(ISSUER, SUBJECT)
    wrong = written(fleet, "this file is not read where a token is given")
    return Way({**without(fleet), "federated_token": token, "federated_token_file": wrong}, asked={"login"})


def by_token_in_environment(fleet: Fleet) -> Way:
    trust(fleet)
    environment = {
        "AZURE_FEDERATED_TOKEN": fleet.lab.workload_token(ISSUER, SUBJECT),
        "AZURE_CLIENT_ID": fleet.entra["client_id"],
    }
    return Way(without(fleet, "client_id"), environment, {"login"})


def by_github(fleet: Fleet) -> Way:
    job = fleet.lab.start_github_job("contoso/desks")
    trust(fleet, job["issuer"], job["subject"])
    return Way(without(fleet), job["environment"], {"github", "login"})


def by_system_assigned_identity(fleet: Fleet) -> Way:
    host = fleet.tenant.set_managed_identity([OWNED_BY])
    options = {**without(fleet, "client_id"), "auth_source": "managed_identity"}
    return Way(options, host["environment"], {"identity"}, "automation-host")


def by_user_assigned_identity(fleet: Fleet) -> Way:
    host = fleet.tenant.set_managed_identity([OWNED_BY], user_assigned=True)
    options = {**without(fleet), "auth_source": "managed_identity", "client_id": host["client_id"]}
    return Way(options, host["environment"], {"identity"}, "automation-host")


def by_azure_cli(fleet: Fleet) -> Way:
    session = fleet.lab.azure_cli(f"bob@{fleet.domain}")
    return Way({**without(fleet), "auth_source": "azure_cli"}, session, owner="Bob")


def by_azure_cli_when_nothing_is_given(fleet: Fleet) -> Way:
    return Way(without(fleet, "client_id"), fleet.lab.azure_cli(f"bob@{fleet.domain}"), owner="Bob")


def by_access_token(fleet: Fleet) -> Way:
    return Way({**without(fleet, "client_id"), "access_token": fleet.tenant.token()}, owner=None)


def by_access_token_in_environment(fleet: Fleet) -> Way:
    return Way(without(fleet), {"AZURE_ACCESS_TOKEN": fleet.tenant.token()}, owner=None)


WAYS = [
    by_token_file,
    by_token,
    by_token_in_environment,
    by_github,
    by_system_assigned_identity,
    by_user_assigned_identity,
    by_azure_cli,
    by_azure_cli_when_nothing_is_given,
    by_access_token,
    by_access_token_in_environment,
]


@pytest.mark.parametrize("prepare", WAYS, ids=lambda prepare: prepare.__name__)
def test_application_is_created_and_kept(fresh: Fleet, prepare: Callable[[Fleet], Way]) -> None:
    """Created, kept and found; its owner depends on the way to sign in."""
    way = prepare(fresh)
    fresh.controller.variables |= way.environment
    fresh.lab.clear_requests()
    created, kept = (say(fresh, entra_app, **way.options, **NAMED, wait_timeout=20) for _turn in range(2))
    found = find(fresh, **way.options)
    assert created["changed"], created
    assert not kept["failed"], kept
    assert not kept["changed"], kept
    assert [item["app_id"] for item in found["applications"]] == [only(fresh.tenant)["appId"]], found
    given = [item for item in fresh.lab.requests() if item["path"].endswith(("/token", "/idtoken"))]
    assert {item["service"] for item in given} == way.asked
    owners = fresh.tenant.graph("GET", f"/applications/{only(fresh.tenant)['id']}/owners").json()["value"]
    assert [item["displayName"] for item in owners] == ([way.owner] if way.owner else [])


def test_a_playbook_masks_tokens(fresh: Fleet) -> None:
    """In the controller's process and in a module's process, from options and from the environment."""
    trust(fresh)
    token = fresh.lab.workload_token(ISSUER, SUBJECT)
    workload = {**without(fresh), "federated_token": token, "auth_source": "workload_identity"}
    fresh.controller.variables["AZURE_ACCESS_TOKEN"] = fresh.tenant.token()
    register = module("entra_app", **workload, **NAMED, wait_timeout=20)
    read = module("entra_app_info", **without(fresh), unique_name="desks")
    created, kept, *found = fresh.controller.tasks(register, {**register, **MODULE_DOOR}, read, {**read, **MODULE_DOOR})
    assert created["changed"], created
    assert not kept["failed"], kept
    assert not kept["changed"], kept
    for result in found:
        assert [item["app_id"] for item in result["applications"]] == [only(fresh.tenant)["appId"]], result


def test_unusable_access_token_is_refused_before_any_request(own_lab: Lab, fresh: Fleet) -> None:
    """Expired, for another tenant, for another service, or not a token: each has its own message."""
    elsewhere = own_lab.add_tenant(f"elsewhere.{fresh.domain}")
    options = without(fresh, "client_id")
    cases: list[tuple[str, list[str]]] = [
        (fresh.tenant.token(lifetime=-60), ["expired at", "clock"]),
        (elsewhere.token(), [elsewhere.tenant_id, fresh.tenant.tenant_id]),
        (fresh.tenant.token(audience="https://management.azure.com/"), ["management.azure.com", own_lab.graph_url]),
        (f"Bearer {fresh.tenant.token()}", ["access_token is not a token"]),
        (fresh.tenant.token().replace(".", "\n"), ["access_token contains a line break"]),
    ]
    results = [find(fresh, **options, access_token=token) for token, _words in cases]
    results.append(find(fresh, **options, auth_source="access_token"))
    expected = [*(words for _token, words in cases), ["auth_source access_token needs access_token"]]
    unclear = [
        (words, result["msg"])
        for words, result in zip(expected, results, strict=True)
        if not result["failed"] or not all(word in result["msg"] for word in words)
    ]
    assert unclear == []
    tokens = [token[:40] for token, _words in cases]
    assert not [result for result in results if any(token in str(result["msg"]) for token in tokens)]
    assert own_lab.requests("graph") == []


def test_opaque_access_token_is_sent_to_graph(fresh: Fleet) -> None:
    """It is sent with or without a trailing newline; Graph's error is shown."""
    result = find(fresh, **without(fresh), access_token="opaque-token-of-nobody\n")
    assert result["error"]["status"] == 401, result
    assert result["error"]["code"] == "InvalidAuthenticationToken"


def test_untrusted_workload(own_lab: Lab, fresh: Fleet) -> None:
    """The message shows the issuer, subject and audience to compare, or another fault of the token."""
    trust(fresh)
    stranger = own_lab.workload_token(ISSUER, SUBJECT.upper())
    options = {**without(fresh), "auth_source": "workload_identity"}
    presented = [f"issuer {ISSUER}", f"subject {SUBJECT.upper()}", "audience api://AzureADTokenExchange", "AADSTS70021"]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"federated_token": stranger}, presented),
        ({"federated_token_file": written(fresh, stranger)}, presented),
        ({"federated_token": own_lab.workload_token(ISSUER, SUBJECT, lifetime=-4000)}, ["AADSTS700024", "new one"]),
        ({"federated_token": f"Bearer {stranger}"}, ["federated_token is not a token"]),
        ({"federated_token_file": "/does/not/exist"}, ["/does/not/exist", "cannot be read"]),
        ({"federated_token": stranger, "client_id": ""}, ["client_id"]),
        ({}, ["federated_token or federated_token_file"]),
    ]
    results = [find(fresh, **{**options, **case}) for case, _words in cases]
    unclear = [
        (words, result["msg"])
        for (_case, words), result in zip(cases, results, strict=True)
        if not result["failed"] or not all(word in result["msg"] for word in words)
    ]
    assert unclear == []


def test_github_job_without_permission(own_lab: Lab, fresh: Fleet) -> None:
    """GitHub's refusal, a response without a token, and no response: each names the permission or the network."""
    fresh.controller.variables |= own_lab.start_github_job("contoso/desks")["environment"]
    own_lab.fault("github", status=403)
    own_lab.fault("github", json={"message": "no"})
    own_lab.fault("github", times=5, cut="before")
    forbidden, empty, cut = (find(fresh, **without(fresh)) for _turn in range(3))
    assert "HTTP 403" in forbidden["msg"]
    assert "id-token: write" in forbidden["msg"]
    assert "id-token: write" in empty["msg"]
    assert "closed the connection without a response" in cut["msg"]
    assert [item["path"] for item in own_lab.requests("login") if item["method"] == "POST"] == []


def test_missing_managed_identity(fresh: Fleet) -> None:
    """No endpoint, and an endpoint without this identity; the message states the next step."""
    options = {**without(fresh), "auth_source": "managed_identity"}
    # The endpoint of virtual machines, moved to an address without a listener
    fresh.controller.variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "http://127.0.0.1:9"
    nowhere = find(fresh, **options)
    fresh.controller.variables |= fresh.tenant.set_managed_identity([OWNED_BY])["environment"]
    unknown = find(fresh, **options)
    assert "IMDS" in nowhere["msg"], nowhere
    assert "No Managed Identity found" in unknown["msg"], unknown
    for result in (nowhere, unknown):
        assert "Run the task on an Azure resource that has this managed identity" in result["msg"]
        assert "client_id" in result["msg"]


def test_azure_cli_without_a_session_for_the_tenant(own_lab: Lab, fresh: Fleet) -> None:
    """Not installed, not logged in, and logged in to another tenant: each names the command to run."""
    stranger = own_lab.add_tenant(f"elsewhere.{fresh.domain}")
    paths = os.environ["PATH"].split(os.pathsep)
    words = {
        "not found on path": {"PATH": os.pathsep.join(path for path in paths if not Path(path, "az").exists())},
        "az login": own_lab.azure_cli(),
        "AADSTS50020": own_lab.azure_cli(f"alice@{stranger.domain}"),
    }
    for word, environment in words.items():
        fresh.controller.variables |= environment
        result = find(fresh, **without(fresh, "client_id"))
        assert result["failed"]
        assert word in result["msg"], result["msg"]
        assert f"az login --tenant {fresh.tenant.tenant_id}" in result["msg"]
        assert "client_secret" in result["msg"]


def test_order_of_auto(own_lab: Lab, fresh: Fleet) -> None:
    """All ways are configured and none works, so the message shows which one was used; then one fewer each time."""
    fresh.controller.variables |= own_lab.azure_cli()
    fresh.controller.variables |= own_lab.start_github_job("contoso/desks")["environment"]
    ways: list[tuple[str, str, str]] = [
        ("access_token", "no token", "access_token is not a token"),
        ("client_secret", "wrong", "AADSTS7000215"),
        ("certificate_path", "/does/not/exist.pem", "/does/not/exist.pem"),
        ("federated_token", "no token", "federated_token is not a token"),
        ("federated_token_file", "/does/not/exist.jwt", "/does/not/exist.jwt"),
        ("client_id", fresh.entra["client_id"], "token.actions.githubusercontent.com"),
    ]
    options = without(fresh, "client_id")
    given = [{name: value for name, value, _word in ways[start:]} for start in range(len(ways) + 1)]
    results = [find(fresh, **options, **case) for case in given]
    words = [*(word for _name, _value, word in ways), "az login"]
    assert [word for word, result in zip(words, results, strict=True) if word not in result["msg"]] == [], results


def test_hints_for_refusals_of_the_login_endpoint(own_lab: Lab, fresh: Fleet) -> None:
    """The controller's clock, policies, consent, a trust that does not match, and a disabled service principal."""
    hints = {
        700024: "controller's clock",
        53003: "Conditional Access",
        65001: "consent",
        500011: "graph_endpoint",
        700021: "client_id",
        700211: "issuer, subject and audience",
        700212: "issuer, subject and audience",
        700213: "issuer, subject and audience",
        7002138: "issuer, subject and audience",
    }
    for code in hints:
        own_lab.fault("login", method="POST", path_regex="token", deny=code)
    options = {**without(fresh), "certificate_path": fresh.tenant.automation["certificate_path"]}
    for code, word in hints.items():
        result = find(fresh, **options)
        assert f"AADSTS{code}" in result["msg"], result
        assert word in result["error"]["hint"]
    principal = f"/servicePrincipals/{fresh.tenant.automation['object_id']}"
    assert fresh.tenant.graph("PATCH", principal, {"accountEnabled": False}).status_code == 204
    disabled = find(fresh, **options)
    assert disabled["error"]["code"] == "AADSTS7000112", disabled
    assert "Enable" in disabled["error"]["hint"]


def test_the_role_accepts_tokens(fresh: Fleet) -> None:
    """A server is set up with an access token and maintained with a federated one."""
    desk = fresh.add_server(f"desk1.{fresh.domain}").name
    secret = fresh.variables.pop("rustdesk_sso_entra_client_secret")
    client_id = fresh.variables.pop("rustdesk_sso_entra_client_id")
    fresh.variables["rustdesk_sso_entra_access_token"] = fresh.tenant.token()
    made = fresh.site()
    assert made.rc == 0, made.output
    del fresh.variables["rustdesk_sso_entra_access_token"]
    fresh.tenant.set_permissions(["Application.ReadWrite.All"])
    trust(fresh)
    fresh.variables["rustdesk_sso_entra_client_id"] = client_id
    fresh.variables["rustdesk_sso_entra_federated_token"] = fresh.lab.workload_token(ISSUER, SUBJECT)
    kept = fresh.site()
    assert kept.rc == 0, kept.output
    assert kept.changed() == {desk: 0}
    assert fresh.sign_in(desk)
    assert secret not in made.output
