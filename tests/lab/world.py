# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All servers of one lab, and operations on them."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from .clock import Clock, stamp
from .directory import ClientSecret, Directory, Record, Tenant, User
from .entra import credentials, objects, permissions
from .entra.first_party import graph_principal
from .entra.graph import Graph
from .entra.graph_policies import new_policy
from .entra.keys import SigningKey, thumbprint
from .entra.login import Login
from .entra.managed_identity import ManagedIdentity
from .entra.token import APP_TOKEN_SECONDS
from .errors import StsError
from .faults import Fault, Faults
from .github import GitHub
from .hold import Hold
from .requests_log import RequestsLog
from .rustdesk.console import Console
from .rustdesk.dialects import DIALECTS
from .server import Latency, Server, Service
from .tls import Authority
from .vault import Vault
from .webhook import Webhooks

AUTOMATION_ROLES = ["Application.ReadWrite.OwnedBy"]
# The application that Azure CLI signs users in with, in every tenant
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


class World:
    """The lab's state and servers."""

    def __init__(self, lag: float = 0.0, secret_lag: float = 0.0) -> None:
        self.clock = Clock()
        self.log = RequestsLog()
        self.faults = Faults()
        self.latency = Latency()
        self.hold = Hold()
        self.vault = Vault()
        self.authority = Authority()
        self.directory = Directory(self.clock, lag, secret_lag)
        self.key = SigningKey()
        self.workloads = SigningKey()
        self.login = Login(self.directory, self.vault, self.key, self.workloads)
        self.graph = Graph(self.directory, self.vault, self.key)
        self.identity = ManagedIdentity(self.directory, self.vault, self.login)
        self.github = GitHub(self.vault, self.workload_token)
        self.webhooks = Webhooks(self.vault)
        # One key for the certificates of all tenants, because creating one takes longer than the rest of a tenant.
        self._automation_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.consoles: dict[str, Console] = {}
        self._servers: list[Server] = []

    async def start(self) -> None:
        """Start the login and Graph servers, the token servers of workloads, and the webhooks."""
        self.login.url = await self.serve(self.login)
        self.graph.url = await self.serve(self.graph)
        self.login.graph_url = self.graph.url
        # On its host, App Service uses plain HTTP [doc].
        self.identity.url = await self.serve(self.identity, tls=False, near=True)
        self.github.url = await self.serve(self.github)
        self.webhooks.url = await self.serve(self.webhooks)

    async def serve(self, service: Service, port: int = 0, tls: bool = True, near: bool = False) -> str:
        """Start a server for a service, and return its URL. A server ``near`` its clients has no latency."""
        context = self.authority.server_context() if tls else None
        latency = Latency() if near else self.latency
        server = Server(service, self.clock, self.log, self.faults, latency, context, self.hold)
        url = await server.start(port)
        self._servers.append(server)
        return url

    async def stop(self) -> None:
        """Stop all servers and delete the temporary files."""
        for server in self._servers:
            await server.stop()
        self.authority.remove()

    def add_tenant(self, domain: str) -> Tenant:
        """Add a tenant with two users and an automation application that has a secret and a certificate."""
        tenant = self.directory.add_tenant(domain)
        tenant.policy = new_policy()
        for name in ("alice", "bob"):
            self.add_user(tenant, name)
        graph = graph_principal(stamp(self.clock.now()))
        tenant.service_principals.seed(graph["id"], Record(graph))
        body = objects.new_application(_guid(), tenant.domain, stamp(self.clock.now(), 7))
        body["displayName"] = "automation"
        secret = self.vault.client_secret()
        key_id, certificate_id = _guid(), _guid()
        key = self._automation_key
        certificate = _self_signed(f"automation.{tenant.domain}", key)
        ends = stamp(self.clock.now() + timedelta(days=365 * 50))
        starts = stamp(self.clock.now() - timedelta(days=1))
        body["passwordCredentials"] = [
            {
                "customKeyIdentifier": None,
                "displayName": "automation",
                "endDateTime": ends,
                "hint": secret[:3],
                "keyId": key_id,
                "secretText": None,
                "startDateTime": starts,
            }
        ]
        body["keyCredentials"] = [
            {
                "customKeyIdentifier": thumbprint(certificate),
                "displayName": certificate.subject.rfc4514_string(),
                "endDateTime": ends,
                "key": None,
                "keyId": certificate_id,
                "startDateTime": starts,
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
            }
        ]
        # Both are in the past, so that no replica still lacks them.
        tenant.client_secrets[key_id] = ClientSecret(secret, 0.0)
        tenant.certificates[certificate_id] = certificate
        principal = objects.new_service_principal(body, tenant.id, stamp(self.clock.now()))
        tenant.applications.seed(body["id"], Record(body))
        tenant.service_principals.seed(principal["id"], Record(principal))
        tenant.roles[body["appId"]] = list(AUTOMATION_ROLES)
        tenant.automation = {
            "client_id": body["appId"],
            "client_secret": secret,
            "object_id": principal["id"],
            "application_object_id": body["id"],
            **self._write_certificate(tenant, certificate, key),
        }
        return tenant

    def _write_certificate(
        self, tenant: Tenant, certificate: x509.Certificate, key: rsa.RSAPrivateKey
    ) -> dict[str, str]:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + certificate.public_bytes(serialization.Encoding.PEM)
        password = self.vault.token(12)
        pfx = pkcs12.serialize_key_and_certificates(
            b"automation", key, certificate, None, serialization.BestAvailableEncryption(password.encode())
        )
        return {
            "certificate_path": str(self.authority.write(f"{tenant.domain}.pem", pem)),
            "certificate_pfx_path": str(self.authority.write(f"{tenant.domain}.pfx", pfx)),
            "certificate_pfx_password": password,
        }

    def add_user(self, tenant: Tenant, name: str) -> User:
        """Add a user to a tenant, with an email address and a password."""
        upn = f"{name}@{tenant.domain}"
        user = User(upn, self.vault.token(12), name.capitalize(), email=upn)
        tenant.users[upn.lower()] = user
        return user

    def lab_token(self, tenant: Tenant, audience: str = "", lifetime: int = APP_TOKEN_SECONDS) -> str:
        """Return an access token that may do everything."""
        return self.login.tokens.app_token(tenant, "lab", "", permissions.EVERYTHING, audience, lifetime)

    def azure_cli_token(self, upn: str, resource: str, tenant: str | None) -> dict[str, Any]:
        """Return Azure CLI's response to a user who may do everything. Raises AADSTS50020 in another tenant."""
        found = self.directory.user(upn)
        if found is None:
            raise KeyError(upn)
        home, user = found
        wanted = self.directory.tenant(tenant) if tenant else home
        if wanted is not home:
            facts = {"user": upn, "user_tenant": home.id, "app_id": AZURE_CLI, "app_name": "Microsoft Azure CLI"}
            raise StsError(50020, tenant_name=wanted.name if wanted else str(tenant), **facts)
        token = self.login.tokens.user_token(home, AZURE_CLI, user.oid, permissions.EVERYTHING, resource)
        ends = int(self.clock.time()) + APP_TOKEN_SECONDS
        return {
            "accessToken": token,
            "expiresOn": datetime.fromtimestamp(ends).strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ006  # as azure-cli
            "expires_on": ends,
            "subscription": home.id,
            "tenant": home.id,
            "tokenType": "Bearer",
        }

    def workload_token(self, issuer: str, subject: str, audience: str, lifetime: int = 3600) -> str:
        """Return a workload's token that a federated credential can trust."""
        now = int(time.time())
        claims = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + lifetime}
        return self.vault.keep(self.workloads.sign(claims))

    async def add_console(
        self,
        name: str,
        kind: str = "pro",
        second_factor: str | None = None,
        admin: bool = True,
        http_redirect: bool = False,
        port: int = 0,
    ) -> Console:
        """Add a console with one account. Raises ValueError if the name is taken or the type is unknown."""
        if name in self.consoles or name in ("graph", "login", "control", "webhook"):
            raise ValueError(f"the name {name} is taken")
        if kind not in DIALECTS:
            raise ValueError(f"unknown type {kind}; known types: {', '.join(DIALECTS)}")
        if second_factor is not None and second_factor not in DIALECTS[kind].second_factors:
            raise ValueError(f"{kind} has no second factor {second_factor}")
        console = DIALECTS[kind](name, self.clock, self.vault, self.authority.client_context())
        console.accounts.add("admin", self.vault.token(12), admin, second_factor)
        console.url = await self.serve(console, port)
        if http_redirect:
            console.http_url = await self.serve(_HttpRedirect(console), tls=False)
        self.consoles[name] = console
        return console

    def applications(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Return all applications from the primary replica."""
        return [objects.shown(credentials.without_secrets(record.body)) for record in tenant.applications.all()]


class _HttpRedirect:
    """A proxy's plain HTTP port, which redirects every request to HTTPS with 301 [iss]."""

    def __init__(self, console: Console) -> None:
        self.name = console.name
        self._console = console

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Redirect."""
        return web.Response(status=301, headers={"Location": self._console.url + request.raw_path})

    def refusal(self, fault: Fault) -> web.Response:
        """Respond as the console itself does."""
        return self._console.refusal(fault)


def _guid() -> str:
    return str(uuid.uuid4())


def _self_signed(name: str, key: rsa.RSAPrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * 50))
        .sign(key, hashes.SHA256())
    )
