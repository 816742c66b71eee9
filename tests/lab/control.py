# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API: plain JSON on a separate loopback server. ``GET /`` lists its requests."""

from __future__ import annotations

import inspect
import json
import re
import uuid
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .directory import Tenant
from .entra.graph_applications import store
from .entra.graph_policies import custom, new_policy
from .errors import StsError
from .faults import Fault
from .router import NotFound, Router, WrongMethod
from .rustdesk.console import Console
from .world import World

TENANT = r"/tenants/(?P<tenant>[^/]+)"
CONSOLE = r"/consoles/(?P<console>[^/]+)"


class Control:
    """The control API. Handlers take the members of the JSON body as keyword arguments and return JSON."""

    name = "control"

    def __init__(self, world: World) -> None:
        self._world = world
        self._router = Router()
        self._documentation: list[dict[str, str]] = []
        for method, path, handler in (
            ("GET", "/", self.documentation),
            ("POST", "/tenants", self.add_tenant),
            ("POST", TENANT + "/users", self.add_user),
            ("PATCH", TENANT + "/users", self.change_user),
            ("POST", TENANT + "/groups", self.add_group),
            ("GET", TENANT + "/applications", self.applications),
            ("PUT", TENANT + "/permissions", self.set_permissions),
            ("PUT", TENANT + "/policy", self.set_policy),
            ("PUT", TENANT + "/switches", self.set_tenant_switches),
            ("PUT", TENANT + r"/applications/(?P<app_id>[^/]+)/disabled-by-microsoft", self.disable_by_microsoft),
            ("POST", TENANT + "/token", self.token),
            ("PUT", TENANT + "/managed-identity", self.set_managed_identity),
            ("POST", "/workload-token", self.workload_token),
            ("POST", "/github-jobs", self.start_github_job),
            ("POST", "/azure-cli-token", self.azure_cli_token),
            ("POST", "/webhooks", self.add_webhook),
            ("POST", "/consoles", self.add_console),
            ("GET", CONSOLE + "/settings", self.settings),
            ("PUT", CONSOLE + "/settings", self.put_settings),
            ("GET", CONSOLE + "/mailbox", self.mailbox),
            ("GET", CONSOLE + "/sessions", self.sessions),
            ("DELETE", CONSOLE + "/sessions", self.end_sessions),
            ("GET", CONSOLE + "/users", self.console_users),
            ("PUT", CONSOLE + "/users", self.change_console_user),
            ("POST", CONSOLE + "/restart", self.restart_console),
            ("PUT", CONSOLE + "/switches", self.set_console_switches),
            ("POST", "/faults", self.order_fault),
            ("GET", "/faults", self.open_faults),
            ("GET", "/faults/met", self.met_faults),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/hold", self.hold),
            ("GET", "/hold", self.wait_for_held),
            ("DELETE", "/hold", self.release),
            ("GET", "/requests", self.requests),
            ("DELETE", "/requests", self.clear_requests),
            ("GET", "/endpoints", self.endpoints),
            ("GET", "/violations", self.violations),
            ("POST", "/clock", self.advance),
            ("PUT", "/lag", self.set_lag),
            ("PUT", "/latency", self.set_latency),
            ("GET", "/secrets", self.secrets),
        ):
            self._router.add(method, path, handler)
            self._documentation.append(
                {
                    "method": method,
                    "path": re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path),
                    "does": inspect.getdoc(handler) or "",
                }
            )

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        try:
            handler, names = self._router.find(request.method, request.path)
            body = json.loads(await request.read() or b"{}")
            result = handler(**{name: unquote(value) for name, value in names.items()}, **body)
            if inspect.isawaitable(result):
                result = await result
        except (NotFound, KeyError) as error:
            return web.json_response({"error": f"not found: {error}"}, status=404)
        except WrongMethod as error:
            return web.json_response({"error": f"allowed: {error}"}, status=405)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(result)

    def refusal(self, fault: Fault) -> web.Response:
        """Reject faults: the control API has no error format of its own."""
        return web.Response(status=503)

    def _tenant(self, key: str) -> Tenant:
        tenant = self._world.directory.tenant(key)
        if tenant is None:
            raise KeyError(key)
        return tenant

    def documentation(self) -> list[dict[str, str]]:
        """This list. The parameters named here are members of the request's JSON body."""
        return self._documentation

    def add_tenant(self, domain: str) -> dict[str, Any]:
        """Add a tenant {domain}."""
        return tenant_json(self._world.add_tenant(domain))

    def add_user(self, tenant: str, name: str) -> dict[str, str]:
        """Add a user {name}. Returns upn, password and oid."""
        user = self._world.add_user(self._tenant(tenant), name)
        return {"upn": user.upn, "password": user.password, "oid": user.oid}

    def change_user(self, tenant: str, upn: str, **members: Any) -> dict[str, Any]:
        """Change enabled, email or display_name of the user {upn}."""
        user = self._tenant(tenant).users[upn.lower()]
        for name, value in members.items():
            if name not in ("enabled", "email", "display_name"):
                raise ValueError(f"unknown member {name}")
            setattr(user, name, value)
        return {}

    def add_group(self, tenant: str, name: str, members: list[str]) -> dict[str, str]:
        """Add a group {name, members: [upn]}. Returns its id."""
        found = self._tenant(tenant)
        group = {"displayName": name, "members": [found.users[upn.lower()].oid for upn in members]}
        key = str(uuid.uuid4())
        found.groups[key] = group
        return {"id": key}

    def applications(self, tenant: str) -> list[dict[str, Any]]:
        """All applications from the primary replica."""
        return self._world.applications(self._tenant(tenant))

    def set_permissions(self, tenant: str, permissions: list[str]) -> dict[str, Any]:
        """Set the automation application's Graph permissions. Tokens issued earlier keep theirs."""
        found = self._tenant(tenant)
        found.roles[found.automation["client_id"]] = list(permissions)
        return {}

    def set_policy(self, tenant: str, app_id: str | None = None, **rules: Any) -> dict[str, Any]:
        """Set the rules of the default app management policy, or of the application {app_id}, and return the policy.

        The rules are {max_password_days, passwords_allowed, max_certificate_days, trusted_issuers_only,
        blocked_audiences, identifier_uris, blocked_domains}.
        """
        found = self._tenant(tenant)
        if app_id is None:
            found.policy = new_policy(**rules)
            return found.policy
        found.policies[app_id] = custom(rules)
        return found.policies[app_id]

    def set_tenant_switches(self, tenant: str, **switches: bool) -> dict[str, Any]:
        """Set list_with_owned_by (OwnedBy may list applications), user_consent (users may consent to applications),
        upsert_on_replica (an upsert is decided on a lagging replica) or new_principal_owned (an application owns a
        service principal that it creates without naming an owner).
        """
        found = self._tenant(tenant)
        for name, value in switches.items():
            if name not in ("list_with_owned_by", "user_consent", "upsert_on_replica", "new_principal_owned"):
                raise ValueError(f"unknown switch {name}")
            setattr(found, name, value)
        return {}

    def disable_by_microsoft(self, tenant: str, app_id: str, status: str | None) -> dict[str, Any]:
        """Set disabledByMicrosoftStatus of the application {app_id} to {status}."""
        found = self._tenant(tenant)
        application = found.application(app_id)
        if application is None:
            raise KeyError(app_id)
        application.body["disabledByMicrosoftStatus"] = status
        store(found, application)
        return {}

    def token(self, tenant: str, **options: Any) -> dict[str, str]:
        """Return a token {audience, lifetime}, by default for Graph, that may do everything.

        With the lab's user agent it reads the primary replica.
        """
        return {"access_token": self._world.lab_token(self._tenant(tenant), **options)}

    def set_managed_identity(self, tenant: str, permissions: list[str], user_assigned: bool = False) -> dict[str, Any]:
        """Give an App Service of the tenant an identity {permissions, user_assigned}. Returns its client_id and
        environment.
        """
        return self._world.identity.host(self._tenant(tenant), permissions, user_assigned)

    def workload_token(
        self, subject: str, issuer: str, audience: str = "api://AzureADTokenExchange", **options: Any
    ) -> dict[str, str]:
        """Return a workload's token {issuer, subject, audience, lifetime} for federated credentials."""
        return {"token": self._world.workload_token(issuer, subject, audience, **options)}

    def start_github_job(self, repository: str, ref: str = "refs/heads/main") -> dict[str, Any]:
        """Start a GitHub Actions job {repository, ref}. Returns its issuer, subject and environment."""
        return self._world.github.start_job(repository, ref)

    def azure_cli_token(self, upn: str, resource: str, tenant: str | None = None) -> dict[str, Any]:
        """Return what `az account get-access-token` prints for the user {upn, resource, tenant}, or an error."""
        try:
            return self._world.azure_cli_token(upn, resource, tenant)
        except StsError as error:
            return {"error": str(error)}

    def add_webhook(self, takes: str = "json") -> dict[str, str]:
        """Add an incoming webhook {takes: json, slack or teams}. Returns its url, which is a secret."""
        return {"url": self._world.webhooks.add(takes)}

    async def add_console(self, name: str, **options: Any) -> dict[str, Any]:
        """Add a console {name, kind, second_factor, admin, http_redirect}."""
        return console_json(await self._world.add_console(name, **options))

    def settings(self, console: str) -> Any:
        """The stored settings, secrets in clear."""
        return self._world.consoles[console].settings()

    def put_settings(self, console: str, document: Any) -> dict[str, Any]:
        """Store settings {document} without the client's knowledge."""
        self._world.consoles[console].put_settings(document)
        return {}

    def mailbox(self, console: str) -> list[dict[str, str]]:
        """The emails sent, oldest first."""
        return self._world.consoles[console].accounts.mailbox

    def sessions(self, console: str) -> list[dict[str, Any]]:
        """The open sessions, without their tokens."""
        return [
            {
                "user": item.account.name,
                "is_admin": item.account.is_admin,
                "id": item.id,
                "uuid": item.uuid,
                "device": item.device,
                "created": item.created,
            }
            for item in self._world.consoles[console].accounts.sessions()
        ]

    def end_sessions(self, console: str) -> None:
        """End all sessions, as an administrator does to sign out all users."""
        accounts = self._world.consoles[console].accounts
        for session in accounts.sessions():
            accounts.close(session)

    def console_users(self, console: str) -> list[dict[str, Any]]:
        """The console's users, each with its guid."""
        accounts = self._world.consoles[console].accounts.by_name.values()
        return [{"guid": account.guid, **account.payload()} for account in accounts]

    def change_console_user(self, console: str, name: str, **members: Any) -> dict[str, Any]:
        """Change {is_admin, status, third_auth_type} of the user {name}, who is added if missing.

        A user with a third_auth_type has no password. Returns the user.
        """
        return self._world.consoles[console].accounts.change(name, **members).payload()

    def restart_console(self, console: str) -> dict[str, Any]:
        """Restart the console's server."""
        self._world.consoles[console].restart()
        return {}

    def set_console_switches(self, console: str, **switches: Any) -> dict[str, Any]:
        """Set switches of the console's dialect, such as secrets or login_options. Returns all of them."""
        found = self._world.consoles[console]
        for name, value in switches.items():
            if name not in found.switches:
                raise ValueError(f"unknown switch {name}; known switches: {', '.join(found.switches)}")
            found.switches[name] = value
        return found.switches

    def order_fault(self, **order: Any) -> dict[str, Any]:
        """Order a fault {service, method, path_regex, times} and its effect.

        status, json, body, html: the response. headers: added to it, or to the service's own response. delay: wait
        first. cut: reset the connection "before" or "after" the request takes effect, or within the "body" of the
        response. served: the request takes effect first, whatever else is ordered. redirect: respond with 302 (or
        status) to this URL. truncate: cut the body of the response in half. garble: respond with something other than
        HTTP. pad: add this many bytes to the body. drip: seconds between two bytes of the body. mutate: change a member
        of a JSON response, see mutation.py. throttle: true, or the Retry-After of a 429. deny: an AADSTS code, or the
        code of a recorded error of Graph. by: only for requests of client, console or lab. then: further orders, active
        once this one has affected its last request.
        """
        self._world.faults.order(Fault.from_json(order))
        return {}

    def open_faults(self) -> list[str]:
        """The paths of the faults that are still active."""
        return self._world.faults.open()

    def met_faults(self) -> int:
        """How many requests were affected by a fault since the faults were cleared."""
        return self._world.faults.met

    def clear_faults(self) -> dict[str, Any]:
        """Forget all faults."""
        self._world.faults.clear()
        return {}

    def hold(self, request: int, done: bool = False) -> dict[str, Any]:
        """Hold the client's {request}-th request from now on (the first is 1), and all later ones. It is not served,
        or, if {done}, served without a response.
        """
        self._world.hold.order(request, done)
        return {}

    async def wait_for_held(self) -> dict[str, bool]:
        """Whether the request is held, as soon as it is, or after a few seconds."""
        return {"held": await self._world.hold.wait()}

    def release(self) -> dict[str, Any]:
        """Reset the connections of held requests, and stop holding."""
        self._world.hold.release()
        return {}

    def requests(self, service: str | None = None) -> list[dict[str, Any]]:
        """All requests except those to control, or those to {service}. `by` is client, console or lab."""
        return [entry for entry in self._world.log.entries(service) if entry["service"] != self.name]

    def clear_requests(self) -> dict[str, Any]:
        """Forget all requests."""
        self._world.log.clear()
        return {}

    def endpoints(self) -> list[tuple[str, str, str]]:
        """Service, method and path, without IDs, of every request of the product since the start."""
        return sorted(self._world.log.endpoints)

    def violations(self) -> list[dict[str, str]]:
        """Every request whose body violated Graph's published types {method, path, message}, except the lab's own."""
        return self._world.graph.violations

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the lab's clock by {seconds}."""
        self._world.clock.advance(seconds)
        return {"time": self._world.clock.time()}

    def set_lag(self, seconds: float, secret_seconds: float) -> dict[str, Any]:
        """Set how long replication takes: {seconds} for objects, {secret_seconds} for secrets at the token endpoint."""
        self._world.directory.lag = seconds
        self._world.directory.secret_lag = secret_seconds
        return {}

    def set_latency(self, seconds: float) -> dict[str, Any]:
        """Delay each request by {seconds}, independent of faults, except those to control and to managed identities."""
        self._world.latency.seconds = seconds
        return {}

    def secrets(self) -> list[str]:
        """Every secret value that exists or existed."""
        return self._world.vault.all()


def tenant_json(tenant: Tenant) -> dict[str, Any]:
    """Return a tenant as the control API shows it."""
    return {
        "tenant_id": tenant.id,
        "domain": tenant.domain,
        "users": {user.upn: user.password for user in tenant.users.values()},
        "user_ids": {user.upn: user.oid for user in tenant.users.values()},
        "automation": tenant.automation,
    }


def console_json(console: Console) -> dict[str, Any]:
    """Return a console as the control API shows it."""
    account = next(iter(console.accounts.by_name.values()))
    return {
        "name": console.name,
        "kind": console.kind,
        "url": console.url,
        "http_url": console.http_url,
        "username": account.name,
        "password": account.password,
        "totp_secret": account.totp_secret,
        "api_token": console.api_token,
        "email": account.email,
    }
