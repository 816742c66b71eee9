# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a lab as a subprocess and use its control API, for tests and the demo."""

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
# The directory of the lab's own `az`
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
        """Send a Graph request with a token that may do everything, and read from the primary replica."""
        token = self.token()
        url = f"{self._lab.graph_url}/v1.0{path}"
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self._lab.http.request(method, url, json=json, headers=headers, timeout=20, **options)

    def applications(self) -> list[dict[str, Any]]:
        """Return all applications from the primary replica, without secret values."""
        return self._control("GET", "/applications")

    def add_user(self, name: str) -> str:
        """Add a user and return the user principal name. The password is in `users`."""
        user = self._control("POST", "/users", name=name)
        self.users[user["upn"]] = user["password"]
        self.user_ids[user["upn"]] = user["oid"]
        return user["upn"]

    def change_user(self, upn: str, **members: Any) -> None:
        """Change enabled, email or display_name of a user."""
        self._control("PATCH", "/users", upn=upn, **members)

    def add_group(self, name: str, members: list[str]) -> str:
        """Add a group with these user principal names and return its ID."""
        return self._control("POST", "/groups", name=name, members=members)["id"]

    def set_permissions(self, permissions: list[str]) -> None:
        """Set the automation application's Graph permissions."""
        self._control("PUT", "/permissions", permissions=permissions)

    def set_policy(self, **rules: Any) -> dict[str, Any]:
        """Set the default app management policy, or an application's own. The control API lists the rules."""
        return self._control("PUT", "/policy", **rules)

    def disable_by_microsoft(self, app_id: str, status: str | None) -> None:
        """Set disabledByMicrosoftStatus of an application."""
        self._control("PUT", f"/applications/{app_id}/disabled-by-microsoft", status=status)

    def token(self, **options: Any) -> str:
        """Return an access token that may do everything, for `audience` or Graph, with a `lifetime` in seconds."""
        return self._control("POST", "/token", **options)["access_token"]

    def set_managed_identity(self, permissions: list[str], user_assigned: bool = False) -> dict[str, Any]:
        """Give an App Service an identity with these Graph permissions. Returns its `client_id` and `environment`."""
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
        """Return the stored settings, secrets in clear."""
        return self._control("GET", "/settings")

    def put_settings(self, document: Any) -> None:
        """Change the settings without the product's knowledge."""
        self._control("PUT", "/settings", document=document)

    def mailbox(self) -> list[dict[str, str]]:
        """Return the emails sent, oldest first. The last one holds the newest code."""
        return self._control("GET", "/mailbox")

    def sessions(self) -> list[dict[str, Any]]:
        """Return the open sessions."""
        return self._control("GET", "/sessions")

    def end_sessions(self) -> None:
        """End all sessions, as an administrator does to sign out all users."""
        self._control("DELETE", "/sessions")

    def users(self) -> list[dict[str, Any]]:
        """Return the console's users."""
        return self._control("GET", "/users")

    def set_user(self, name: str, **members: Any) -> dict[str, Any]:
        """Change is_admin, status or third_auth_type of a user, who is added if missing.

        A user with a third_auth_type signs in only through the provider.
        """
        return self._control("PUT", "/users", name=name, **members)

    def restart(self) -> None:
        """Restart the console's server."""
        self._control("POST", "/restart")

    def set_switches(self, **switches: Any) -> dict[str, Any]:
        """Set switches of the dialect, such as secrets="masked" or login_options="oidc"."""
        return self._control("PUT", "/switches", **switches)

    def sign_in(self, op: str = "azure", upn: str = "", password: str = "") -> dict[str, Any]:
        """Sign a user in as client and browser would. Returns the login response or raises SignInFailed."""
        return Person(self._lab.ca_path).sign_in(self.url, op, upn, password)


class Webhook:
    """An incoming webhook of a chat service in the lab."""

    def __init__(self, lab: Lab, url: str) -> None:
        self._lab = lab
        self.url = url
        self._path = "/" + url.rpartition("/")[2]

    def posted(self) -> list[Any]:
        """Return the messages posted since the lab's requests were cleared, accepted or refused."""
        return [json.loads(item["body"]) for item in self._lab.requests("webhook") if item["path"] == self._path]

    def answer(self, status: int, times: int = 1000) -> None:
        """Refuse the next messages with this status."""
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
        """Return a client of a running lab, from its state file."""
        return cls(json.loads(Path(state_file).read_text("utf-8")))

    @classmethod
    def start(cls, lag: float = 0.0, secret_lag: float = 0.0) -> Lab:
        """Start a lab that ends with this object or this process."""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        # The directory holds secrets, so it is removed as soon as its file has been read.
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
        """Stop the lab, if this object started it."""
        self.http.close()
        if self._process:
            _end(self._process)
            self._process = None

    def control(self, verb: str, path: str, /, **body: Any) -> Any:
        """Send a request to the control API. Raises ValueError with the text of a refusal."""
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
        """Add a console. With `http_redirect`, it also has a plain HTTP port that redirects to HTTPS."""
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
        """Add an incoming webhook that takes json, slack or teams. Its URL is a secret."""
        return Webhook(self, self.control("POST", "/webhooks", takes=takes)["url"])

    def fault(
        self, service: str, method: str | None = None, path_regex: str | None = None, times: int = 1, **action: Any
    ) -> None:
        """Order a fault of graph, login, webhook or a console by name. The control API lists the actions."""
        order = {"service": service, "method": method, "path_regex": path_regex, "times": times}
        self.control("POST", "/faults", **order, **action)

    def open_faults(self) -> list[str]:
        """Return the paths of the ordered faults that have not affected a request yet."""
        return self.control("GET", "/faults")

    def met_faults(self) -> int:
        """Return how many requests were affected by a fault since the faults were cleared."""
        return int(self.control("GET", "/faults/met"))

    def workload_token(self, issuer: str, subject: str, **options: Any) -> str:
        """Return a workload's token that a federated credential with this issuer and subject trusts.

        Further options are `audience`, and `lifetime` in seconds.
        """
        return self.control("POST", "/workload-token", issuer=issuer, subject=subject, **options)["token"]

    def start_github_job(self, repository: str) -> dict[str, Any]:
        """Start a GitHub Actions job and return its `issuer`, `subject` and `environment`."""
        return self.control("POST", "/github-jobs", repository=repository)

    def azure_cli(self, upn: str = "") -> dict[str, str]:
        """Return the environment of a machine with Azure CLI, with a user's session or none."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "LAB_CONTROL_URL": self.control_url, "LAB_CA_PATH": self.ca_path, "LAB_AZ_USER": upn}

    def clear_faults(self) -> None:
        """Forget all faults."""
        self.control("DELETE", "/faults")

    def hold(self, request: int, done: bool = False) -> None:
        """Hold the product's ``request``-th request from now on, and all later ones. With ``done``, that request is
        served first.
        """
        self.control("POST", "/hold", request=request, done=done)

    def is_held(self) -> bool:
        """Return whether the request is held, as soon as it is, or after a few seconds."""
        return bool(self.control("GET", "/hold")["held"])

    def release(self) -> None:
        """Reset the connections of held requests, and stop holding."""
        self.control("DELETE", "/hold")

    def requests(self, service: str | None = None, by: str | None = "client") -> list[dict[str, Any]]:
        """Return the recorded requests: the product's (`by` client), the consoles', the lab's own, or all (None)."""
        entries = self.control("GET", "/requests", service=service)
        return [entry for entry in entries if by in (None, entry["by"])]

    def clear_requests(self) -> None:
        """Forget all recorded requests."""
        self.control("DELETE", "/requests")

    def endpoints(self) -> set[tuple[str, str, str]]:
        """Return all endpoints that the product has called since the start: service or console type, method, path
        without IDs.
        """
        kinds = {name: console.kind for name, console in self.consoles.items()}
        return {(kinds.get(name, name), method, path) for name, method, path in self.control("GET", "/endpoints")}

    def violations(self) -> list[dict[str, str]]:
        """Return all requests since the start whose body violated Graph's published types: method, path and message."""
        return self.control("GET", "/violations")

    def advance(self, seconds: float) -> None:
        """Move the lab's clock."""
        self.control("POST", "/clock", seconds=seconds)

    def set_lag(self, seconds: float, secret_seconds: float) -> None:
        """Set the two delays of replication."""
        self.control("PUT", "/lag", seconds=seconds, secret_seconds=secret_seconds)

    def set_latency(self, seconds: float) -> None:
        """Set the latency of each request to login, Graph, consoles and webhooks."""
        self.control("PUT", "/latency", seconds=seconds)

    def secrets(self) -> list[str]:
        """Return every secret value that exists or existed."""
        return self.control("GET", "/secrets")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the lab's input so that it cleans up and exits. Kill it if it does not."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
