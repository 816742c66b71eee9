# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a lab as a subprocess and speaks to its control API: what tests and the demo use."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from .requests_log import LAB_AGENT
from .user import Person, SignInFailed

__all__ = ["Console", "Lab", "SignInFailed", "Tenant", "Webhook"]

START_SECONDS = 60
# Where the lab's own `az` is
BIN = Path(__file__).parent / "bin"


class Tenant:
    """A tenant of the lab."""

    def __init__(self, lab: Lab, facts: dict[str, Any]) -> None:
        self._lab = lab
        self.tenant_id: str = facts["tenant_id"]
        self.domain: str = facts["domain"]
        self.users: dict[str, str] = facts["users"]
        self.user_ids: dict[str, str] = facts["user_ids"]
        self.automation: dict[str, str] = facts["automation"]

    def _control(self, method: str, path: str, /, **body: Any) -> Any:
        return self._lab.control(method, f"/tenants/{self.tenant_id}{path}", **body)

    def graph(self, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
        """A Graph request with a token that may do everything and with reads from the primary replica."""
        token = self.token()
        url = f"{self._lab.graph_url}/v1.0{path}"
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self._lab.http.request(method, url, json=json, headers=headers, timeout=20, **options)

    def applications(self) -> list[dict[str, Any]]:
        """All applications, straight from the primary replica, without secret values."""
        return self._control("GET", "/applications")

    def add_user(self, name: str) -> str:
        """Add a user; returns the user principal name. The password is in `users`."""
        user = self._control("POST", "/users", name=name)
        self.users[user["upn"]] = user["password"]
        self.user_ids[user["upn"]] = user["oid"]
        return user["upn"]

    def change_user(self, upn: str, **members: Any) -> None:
        """Change enabled, email or display_name of a user."""
        self._control("PATCH", "/users", upn=upn, **members)

    def add_group(self, name: str, members: list[str]) -> str:
        """Add a group with these user principal names; returns its id."""
        return self._control("POST", "/groups", name=name, members=members)["id"]

    def set_permissions(self, permissions: list[str]) -> None:
        """Set the automation application's Graph permissions."""
        self._control("PUT", "/permissions", permissions=permissions)

    def set_policy(self, **rules: Any) -> dict[str, Any]:
        """Set the default app management policy, or that of an application; the control API lists the rules."""
        return self._control("PUT", "/policy", **rules)

    def disable_by_microsoft(self, app_id: str, status: str | None) -> None:
        """Set disabledByMicrosoftStatus of an application."""
        self._control("PUT", f"/applications/{app_id}/disabled-by-microsoft", status=status)

    def token(self, **options: Any) -> str:
        """An access token that may do everything; `audience` in place of Graph, `lifetime` in seconds."""
        return self._control("POST", "/token", **options)["access_token"]

    def set_managed_identity(self, permissions: list[str], user_assigned: bool = False) -> dict[str, Any]:
        """Give an App Service an identity with these Graph permissions: its `client_id` and the `environment`."""
        return self._control("PUT", "/managed-identity", permissions=permissions, user_assigned=user_assigned)

    def set_switches(self, **switches: bool) -> None:
        """Set list_with_owned_by, user_consent, upsert_on_replica or new_principal_owned."""
        self._control("PUT", "/switches", **switches)


class Console:
    """A console of the lab."""

    def __init__(self, lab: Lab, facts: dict[str, Any]) -> None:
        self._lab = lab
        self.name: str = facts["name"]
        self.kind: str = facts["kind"]
        self.url: str = facts["url"]
        self.http_url: str = facts["http_url"]
        self.username: str = facts["username"]
        self.password: str = facts["password"]
        self.totp_secret: str = facts["totp_secret"]
        self.api_token: str = facts["api_token"]
        self.email: str = facts["email"]

    def _control(self, method: str, path: str, /, **body: Any) -> Any:
        return self._lab.control(method, f"/consoles/{self.name}{path}", **body)

    def settings(self) -> Any:
        """The stored settings, secrets in clear."""
        return self._control("GET", "/settings")

    def put_settings(self, document: Any) -> None:
        """Store settings behind the product's back."""
        self._control("PUT", "/settings", document=document)

    def mailbox(self) -> list[dict[str, str]]:
        """The e-mails sent, oldest first; the newest code is the last."""
        return self._control("GET", "/mailbox")

    def sessions(self) -> list[dict[str, Any]]:
        """The open sessions."""
        return self._control("GET", "/sessions")

    def end_sessions(self) -> None:
        """End all sessions, as an administrator does who signs out every user."""
        self._control("DELETE", "/sessions")

    def users(self) -> list[dict[str, Any]]:
        """The console's users."""
        return self._control("GET", "/users")

    def set_user(self, name: str, **members: Any) -> dict[str, Any]:
        """Change is_admin, status or third_auth_type of a user, added where there is none.

        One with a third_auth_type signs in through the provider alone.
        """
        return self._control("PUT", "/users", name=name, **members)

    def restart(self) -> None:
        """Restart the console's server."""
        self._control("POST", "/restart")

    def set_switches(self, **switches: Any) -> dict[str, Any]:
        """Set switches of the dialect, such as secrets="masked" or login_options="oidc"."""
        return self._control("PUT", "/switches", **switches)

    def sign_in(self, op: str = "azure", upn: str = "", password: str = "") -> dict[str, Any]:
        """Sign a user in as client and browser would; returns the login answer or raises SignInFailed."""
        return Person(self._lab.ca_path).sign_in(self.url, op, upn, password)


class Webhook:
    """A chat's incoming webhook of the lab."""

    def __init__(self, lab: Lab, url: str) -> None:
        self._lab = lab
        self.url = url
        self._path = "/" + url.rpartition("/")[2]

    def posted(self) -> list[Any]:
        """The messages posted so far, taken or refused, since the lab's requests were cleared."""
        return [json.loads(item["body"]) for item in self._lab.requests("webhook") if item["path"] == self._path]

    def answer(self, status: int, times: int = 1000) -> None:
        """Answer the next messages with this status, without taking them."""
        self._lab.fault("webhook", path_regex=f"^{re.escape(self._path)}$", status=status, times=times)


class Lab:
    """A running lab."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.ca_path: str = state["ca_path"]
        self.login_url: str = state["login_url"]
        self.graph_url: str = state["graph_url"]
        self.control_url: str = state["control_url"]
        self.environment: dict[str, str] = state["environment"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = self.ca_path
        self.http.headers["User-Agent"] = f"{LAB_AGENT} client"
        self.tenant = Tenant(self, state["tenant"])
        self.consoles = {facts["name"]: Console(self, facts) for facts in state["consoles"]}

    @classmethod
    def attach(cls, state_file: str | Path) -> Lab:
        """A client of a lab that runs already, by its state file."""
        return cls(json.loads(Path(state_file).read_text("utf-8")))

    @classmethod
    def start(cls, lag: float = 0.0, secret_lag: float = 0.0) -> Lab:
        """Start a lab that ends with this object, or with this process."""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        # The directory holds secrets: it goes as soon as its file is read.
        with tempfile.TemporaryDirectory(prefix="rustdesk-sso-lab-client-") as directory:
            state_file = Path(directory, "state.json")
            command = [sys.executable, "-m", "lab", "up", "--until-eof", "--state-file", str(state_file)]
            command += ["--lag", str(lag), "--secret-lag", str(secret_lag)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
            try:
                deadline = time.monotonic() + START_SECONDS
                while not state_file.exists():
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError(f"the lab did not start, exit status {process.poll()}")
                    time.sleep(0.02)
                lab = cls.attach(state_file)
            except BaseException:
                _end(process)
                raise
        lab._process = process
        return lab

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the lab, if this object started it."""
        self.http.close()
        if self._process:
            _end(self._process)
            self._process = None

    def control(self, verb: str, path: str, /, **body: Any) -> Any:
        """A request to the control API; raises ValueError with its text where it refuses."""
        response = self.http.request(verb, self.control_url + path, json=body, timeout=20)
        if response.status_code != 200:
            raise ValueError(f"{verb} {path}: {response.text}")
        return response.json()

    def add_tenant(self, domain: str) -> Tenant:
        """Add a tenant."""
        return Tenant(self, self.control("POST", "/tenants", domain=domain))

    def add_console(
        self,
        name: str,
        kind: str = "pro",
        second_factor: str | None = None,
        admin: bool = True,
        http_redirect: bool = False,
    ) -> Console:
        """Add a console; with `http_redirect` it has a plain HTTP port too that redirects to https."""
        facts = self.control(
            "POST",
            "/consoles",
            name=name,
            kind=kind,
            second_factor=second_factor,
            admin=admin,
            http_redirect=http_redirect,
        )
        self.consoles[name] = Console(self, facts)
        return self.consoles[name]

    def add_webhook(self, takes: str = "json") -> Webhook:
        """Add an incoming webhook that takes json, slack or teams; its URL is a secret."""
        return Webhook(self, self.control("POST", "/webhooks", takes=takes)["url"])

    def fault(
        self, service: str, method: str | None = None, path_regex: str | None = None, times: int = 1, **action: Any
    ) -> None:
        """Order a fault of graph, login, webhook or a console by its name; the control API lists the actions."""
        order = {"service": service, "method": method, "path_regex": path_regex, "times": times}
        self.control("POST", "/faults", **order, **action)

    def open_faults(self) -> list[str]:
        """The paths of the faults that were ordered and have not met a request yet."""
        return self.control("GET", "/faults")

    def met_faults(self) -> int:
        """How many requests have met a fault since the faults were cleared."""
        return int(self.control("GET", "/faults/met"))

    def workload_token(self, issuer: str, subject: str, **options: Any) -> str:
        """A workload's token that a federated credential with this issuer and subject trusts.

        Further options are `audience`, and `lifetime` in seconds.
        """
        return self.control("POST", "/workload-token", issuer=issuer, subject=subject, **options)["token"]

    def start_github_job(self, repository: str) -> dict[str, Any]:
        """Start a job of GitHub Actions: the `issuer` and `subject` of its tokens, and its `environment`."""
        return self.control("POST", "/github-jobs", repository=repository)

    def azure_cli(self, upn: str = "") -> dict[str, str]:
        """The environment of a machine with Azure CLI, with the session of a user or of nobody."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "LAB_CONTROL_URL": self.control_url, "LAB_CA_PATH": self.ca_path, "LAB_AZ_USER": upn}

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.control("DELETE", "/faults")

    def hold(self, request: int, done: bool = False) -> None:
        """Hold the product's ``request``-th request from now on and all that follow it; ``done`` serves that one."""
        self.control("POST", "/hold", request=request, done=done)

    def is_held(self) -> bool:
        """Whether the request is held, as soon as it is, or after a few seconds."""
        return bool(self.control("GET", "/hold")["held"])

    def release(self) -> None:
        """Reset the connections of the requests that are held, and hold none any more."""
        self.control("DELETE", "/hold")

    def requests(self, service: str | None = None, by: str | None = "client") -> list[dict[str, Any]]:
        """The requests recorded: those of the product (`by` client), of consoles, of the lab itself, or all (None)."""
        entries = self.control("GET", "/requests", service=service)
        return [entry for entry in entries if by in (None, entry["by"])]

    def clear_requests(self) -> None:
        """Forget all requests recorded."""
        self.control("DELETE", "/requests")

    def endpoints(self) -> set[tuple[str, str, str]]:
        """What the product has asked for since the start: service or type of console, method, path without IDs."""
        kinds = {name: console.kind for name, console in self.consoles.items()}
        return {(kinds.get(name, name), method, path) for name, method, path in self.control("GET", "/endpoints")}

    def violations(self) -> list[dict[str, str]]:
        """Every request since the start whose body broke Graph's published types: method, path and message."""
        return self.control("GET", "/violations")

    def advance(self, seconds: float) -> None:
        """Move the lab's clock."""
        self.control("POST", "/clock", seconds=seconds)

    def set_lag(self, seconds: float, secret_seconds: float) -> None:
        """Set the two delays of replication."""
        self.control("PUT", "/lag", seconds=seconds, secret_seconds=secret_seconds)

    def set_latency(self, seconds: float) -> None:
        """Set how long each request to login, Graph, consoles and webhooks is on its way."""
        self.control("PUT", "/latency", seconds=seconds)

    def secrets(self) -> list[str]:
        """Every secret value that exists or existed."""
        return self.control("GET", "/secrets")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the lab's input, so that it cleans up and ends; kill it where it does not."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
