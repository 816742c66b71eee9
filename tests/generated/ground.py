# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant of the examples: creates a present state, reads all of it, and cleans up."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from generated import words
from generated.states import State
from requests import Response

from lab.client import Lab

Document = dict[str, Any]
ALLOWED = [
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "User.Read.All",
    "Group.Read.All",
]
CERTIFICATES = 4
# Seconds; longer than any run of the tests
LONG = 7 * 86400
LOGOS = (b"\x89PNG\r\n\x1a\nfirst", b"GIF89a second", b"\xff\xd8\xff third")
DELETED = "/directory/deletedItems/microsoft.graph.application"
DELETED_PRINCIPALS = "/directory/deletedItems/microsoft.graph.servicePrincipal"
# The tenant never has more objects than the lab's page size.
LISTS = ("/applications", "/servicePrincipals", "/oauth2PermissionGrants", DELETED)
BATCH = 20


class Ground:
    """A tenant with users, groups and two other applications; ``facts`` are the values of the placeholders."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.tenant = lab.add_tenant("generated.example")
        self.tenant.set_permissions(ALLOWED)
        self._headers = {"Authorization": f"Bearer {self.tenant.token(lifetime=LONG)}"}
        self.facts: dict[str, str] = {}
        for name in words.USERS:
            upn = f"{name}@{self.tenant.domain}"
            if upn not in self.tenant.user_ids:
                self.tenant.add_user(name)
            self.facts |= {name: self.tenant.user_ids[upn], f"upn:{name}": upn}
        self.facts |= {f"group:{name}": self.tenant.add_group(name, []) for name in words.GROUPS}
        # The content of the tenant when the application was deleted
        self.buried: Document = {}
        self._add_certificates(folder)
        for number, content in enumerate(LOGOS):
            path = folder / f"logo{number}"
            path.write_bytes(content)
            self.facts[f"logo:{number}"] = str(path)
        automation = self.graph("GET", f"/servicePrincipals(appId='{self.tenant.automation['client_id']}')")
        self.facts |= {"automation": automation["id"], "domain": self.tenant.domain}
        graph = self.graph("GET", f"/servicePrincipals(appId='{words.GRAPH}')")
        client = self._add_other({"displayName": "Client"})
        fleet = self._add_other(_fleet())
        self.facts |= {"client": client["id"], "fleet_app_id": fleet["appId"]}
        self.resources = {"Microsoft Graph": graph["id"], words.FLEET: fleet["id"]}
        # Graph's defaults for an application and a service principal without members
        self.blank_application = self.graph("POST", "/applications", {"displayName": "blank"})
        self.blank_principal = self.graph("POST", "/servicePrincipals", {"appId": self.blank_application["appId"]})
        self.graph("DELETE", f"/applications/{self.blank_application['id']}")
        self.graph("DELETE", f"/directory/deletedItems/{self.blank_application['id']}")
        self._kept = {item["id"] for item in self.graph("GET", "/applications")["value"]}
        self.entra = {
            "tenant_id": self.tenant.tenant_id,
            "client_id": self.tenant.automation["client_id"],
            "client_secret": self.tenant.automation["client_secret"],
            "authority_host": lab.login_url,
            "graph_endpoint": lab.graph_url,
            "ca_path": lab.ca_path,
            "wait_timeout": 5,
        }

    def _add_certificates(self, folder: Path) -> None:
        for number in range(CERTIFICATES):
            key = ec.generate_private_key(ec.SECP256R1())
            name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"desk{number}")])
            now = datetime.now(timezone.utc)
            builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(400))
            certificate = builder.sign(key, hashes.SHA256())
            path = folder / f"certificate{number}.pem"
            path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            der = certificate.public_bytes(serialization.Encoding.DER)
            self.facts |= {
                f"pem:{number}": path.read_text(),
                f"path:{number}": str(path),
                f"der:{number}": base64.b64encode(der).decode(),
                f"thumbprint:{number}": hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
            }

    def _add_other(self, document: Document) -> Document:
        application = self.graph("POST", "/applications", document)
        return self.graph("POST", "/servicePrincipals", {"appId": application["appId"]})

    def graph(self, method: str, path: str, body: Any = None, **options: Any) -> Document:
        """Send a request with all permissions; it must succeed."""
        response = self._send(method, path, json=body, **options)
        assert response.ok, (method, path, body, response.text)
        return response.json() if response.content else {}

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Response:
        """Like Tenant.graph, with one token for all requests."""
        url = f"{self.lab.graph_url}/v1.0{path}"
        return self.lab.http.request(method, url, headers={**self._headers, **(headers or {})}, timeout=20, **options)

    def batch(self, requests: list[tuple[str, str, Any]]) -> list[Any]:
        """Send several requests in batches; return the bodies of the responses."""
        bodies = []
        for start in range(0, len(requests), BATCH):
            steps = [
                {"id": str(number), "method": method, "url": path}
                | ({"body": body, "headers": {"Content-Type": "application/json"}} if body is not None else {})
                for number, (method, path, body) in enumerate(requests[start : start + BATCH])
            ]
            answers = {item["id"]: item for item in self.graph("POST", "/$batch", {"requests": steps})["responses"]}
            for step in steps:
                answer = answers[step["id"]]
                assert answer["status"] < 300, (step, answer)
                bodies.append(answer.get("body"))
        return bodies

    def resolve(self, value: Any) -> Any:
        """``value`` with its placeholders replaced."""
        if isinstance(value, dict):
            return {name: self.resolve(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, str):
            return re.sub(r"<([^<>]+)>", lambda match: self.facts.get(match[1], match[0]), value)
        return value

    def key_of(self, secret: str | None) -> str | None:
        """Return the key ID of a client secret of the present state."""
        name = next((name for name, fact in self.facts.items() if fact == secret and name.startswith("secret:")), None)
        return self.facts[name.replace("secret", "key")] if name else None

    def make(self, state: State) -> None:
        """Create the present state; from then on, the placeholders that name its parts are facts."""
        now = datetime.now(timezone.utc)
        document = self.resolve(state["application"])
        document["owners@odata.bind"] = [
            f"{self.lab.graph_url}/v1.0/directoryObjects/{key}" for key in self.resolve(state["owners"])
        ]
        document["passwordCredentials"] = [
            {
                "displayName": item["displayName"],
                # A minute ago at the latest, so that all can be used now
                "startDateTime": _stamp(now + timedelta(item["start_days"], number - 60)),
                "endDateTime": _stamp(now + timedelta(item["end_days"], number)),
            }
            for number, item in enumerate(state["passwords"])
        ]
        document["keyCredentials"] = [self._key(item) for item in state["keys"]]
        application = self.graph("POST", "/applications", document)
        self.facts |= {"object_id": application["id"], "app_id": application["appId"]}
        for number, made in enumerate(reversed(application["passwordCredentials"])):
            self.facts |= {f"secret:{number}": made["secretText"], f"key:{number}": made["keyId"]}
        path = f"/applications/{application['id']}"
        steps: list[tuple[str, str, Any]] = []
        if state["own_uri"]:
            uris = [*document.get("identifierUris", []), f"api://{application['appId']}"]
            steps.append(("PATCH", path, {"identifierUris": uris}))
        for name, item in state["federated"].items():
            trusted = {"name": name, "issuer": item["issuer"], "subject": f"{name}:{item['branch']}"}
            rest = {"audiences": item.get("audiences", [words.AUDIENCE]), "description": item.get("description")}
            steps.append(("POST", f"{path}/federatedIdentityCredentials", {**trusted, **rest}))
        if state["principal"]:
            steps += self._make_principal(application, state["principal"])
        if steps:
            self.batch(steps)
        if state["logo"] is not None:
            headers = {"Content-Type": "image/png"}
            self.graph("PUT", f"{path}/logo", data=LOGOS[state["logo"]], headers=headers)
        if state["deleted"]:
            self.buried = self.snapshot()
            self.graph("DELETE", path)

    def _key(self, item: Document) -> Document:
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": self.facts[f"der:{item['certificate']}"]}
        if item["displayName"]:
            key["displayName"] = item["displayName"]
        if item["certificate"] == CERTIFICATES - 1:  # one that is never declared, with its own identifier
            key["customKeyIdentifier"] = base64.b64encode(b"by hand").decode()
        return key

    def _make_principal(self, application: Document, wanted: Document) -> list[tuple[str, str, Any]]:
        document = {"appId": application["appId"], **self.resolve(wanted["members"])}
        key = self.graph("POST", "/servicePrincipals", document)["id"]
        steps: list[tuple[str, str, Any]] = []
        for grant in wanted["grants"]:
            kind = {"consentType": "Principal" if grant["principal"] else "AllPrincipals"}
            ends = {"clientId": key, "resourceId": self.resources[grant["resource"]]}
            person = {"principalId": self.resolve(grant["principal"])} if grant["principal"] else {}
            steps.append(("POST", "/oauth2PermissionGrants", {**ends, **kind, **person, "scope": grant["scope"]}))
        for resource, role in wanted["held"]:
            there = self.resources[resource]
            document = {"principalId": key, "resourceId": there, "appRoleId": words.PERMISSIONS[resource][1][role]}
            steps.append(("POST", f"/servicePrincipals/{there}/appRoleAssignedTo", document))
        for person, role in wanted["assigned"]:
            document = {"principalId": self.resolve(person), "resourceId": key, "appRoleId": role}
            steps.append(("POST", f"/servicePrincipals/{key}/appRoleAssignedTo", document))
        return steps

    def snapshot(self) -> Document:
        """Return the whole content of the tenant: each object by its identifier."""
        applications, principals, grants, deleted = (
            answer["value"] for answer in self.batch([("GET", path, None) for path in LISTS])
        )
        steps = [("GET", f"/applications/{item['id']}/owners?$select=id", None) for item in applications]
        steps += [("GET", f"/applications/{item['id']}/federatedIdentityCredentials", None) for item in applications]
        steps += [("GET", f"/servicePrincipals/{item['id']}/appRoleAssignedTo", None) for item in principals]
        answers = [answer["value"] for answer in self.batch(steps)]
        count = len(applications)
        for item, owners, federated in zip(applications, answers[:count], answers[count:], strict=False):
            item["owners"] = [owner["id"] for owner in owners]
            item["federated"] = federated
        assignments = [item for answer in answers[2 * count :] for item in answer]
        return {
            "applications": {item["id"]: item for item in applications},
            "principals": {item["id"]: item for item in principals},
            "deleted": {item["id"]: item for item in deleted},
            "grants": {(g["clientId"], g["resourceId"], g["principalId"]): g for g in grants},
            "assignments": {(a["principalId"], a["resourceId"], a["appRoleId"]): a for a in assignments},
        }

    def logo(self, object_id: str) -> bytes | None:
        """Return the logo of an application."""
        response = self._send("GET", f"/applications/{object_id}/logo")
        return response.content if response.ok else None

    def clean(self) -> None:
        """Delete permanently all objects that an example created or left."""
        listed, deleted = self.batch([("GET", "/applications", None), ("GET", DELETED, None)])
        made = [item["id"] for item in listed["value"] if item["id"] not in self._kept]
        gone = [*made, *(item["id"] for item in deleted["value"])]
        steps = [("DELETE", f"/applications/{key}", None) for key in made]
        steps += [("DELETE", f"/directory/deletedItems/{key}", None) for key in gone]
        if steps:
            self.batch(steps)
        principals = self.graph("GET", DELETED_PRINCIPALS)["value"]
        if principals:
            self.batch([("DELETE", f"/directory/deletedItems/{item['id']}", None) for item in principals])
        self.lab.clear_requests()
        for name in [
            name for name in self.facts if name in ("object_id", "app_id") or name.startswith(("secret:", "key:"))
        ]:
            del self.facts[name]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _fleet() -> Document:
    scope = {"type": "User", "isEnabled": True, "adminConsentDisplayName": "x", "adminConsentDescription": "x"}
    role = {"allowedMemberTypes": ["Application"], "isEnabled": True, "displayName": "x", "description": "x"}
    scopes = [{"id": key, "value": value, **scope} for value, key in words.FLEET_SCOPES.items()]
    roles = [{"id": key, "value": value, **role} for value, key in words.FLEET_ROLES.items()]
    return {"displayName": words.FLEET, "api": {"oauth2PermissionScopes": scopes}, "appRoles": roles}
