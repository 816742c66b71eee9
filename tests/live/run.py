# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the cases: its services, signed in, and their common state."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from live import contract_consoles, contract_entra, vocabulary
from live.made import Made
from live.sanitizer import Sanitizer
from live.service import Budget, Notes, Service
from live.target import ConsoleTarget, Target, TenantTarget

CLIENT = "rustdesk-sso-live"


class Run:
    """The services of a target. A change may take ``patience`` seconds, with ``pause`` seconds between two reads."""

    def __init__(self, target: Target, patience: float, pause: float, output: Callable[[str], None] = print) -> None:
        self.target = target
        self.notes = Notes(Sanitizer(target.words))
        self.budget = Budget(target.requests)
        self.made = Made(self.budget, output)
        self._waits = {"patience": patience, "pause": pause, "verify": target.ca_path or True}
        self._roles: frozenset[str] | None = None
        self._graph: Service | None = None
        self.caller = ""

    def _service(self, name: str, url: str, expected: Any) -> Service:
        return Service(name, url, expected, self.notes, self.budget, **self._waits)

    # Entra

    @property
    def tenant(self) -> TenantTarget:
        """The tenant of a run that has one."""
        assert self.target.tenant
        return self.target.tenant

    def login(self) -> Service:
        """Return the login endpoints."""
        self.notes.sanitizer.learn(self.tenant.tenant_id, self.tenant.client_id, self.tenant.client_secret)
        return self._service("login", self.tenant.login_url, contract_entra.LOGIN)

    def graph(self) -> Service:
        """Graph, signed in as the automation."""
        if self._graph is None:
            form = token_form(self.tenant.client_id, self.tenant.client_secret, self.tenant.graph_url)
            answer = self.login().call("token", f"/{self.tenant.tenant_id}/oauth2/v2.0/token", data=form)
            token = str(answer.body["access_token"]) if answer.status == 200 else ""
            assert token, f"The automation cannot sign in: HTTP {answer.status}"
            claims = _claims(token)
            self._roles, self.caller = frozenset(claims.get("roles") or []), str(claims.get("oid") or "")
            self._graph = self._service("graph", self.tenant.graph_url, contract_entra.GRAPH)
            self._graph.keep_secret(token)
            self._graph.headers["Authorization"] = f"Bearer {token}"
        return self._graph

    def lacks(self, *alternatives: str) -> bool:
        """Return whether the automation has none of these permissions."""
        self.graph()
        assert self._roles is not None
        return not self._roles & {*alternatives, "Directory.ReadWrite.All"}

    # Consoles

    def console(self, target: ConsoleTarget) -> Service:
        """Return a console, not signed in yet."""
        self.notes.sanitizer.learn(target.password, target.totp_secret, urlsplit(target.url).hostname)
        if target.username.lower() not in vocabulary.words():  # such as admin, which identifies no user
            self.notes.sanitizer.learn(target.username)
        return self._service(target.kind, target.url, contract_consoles.CONSOLES[target.kind])


def token_form(client_id: str, secret: str, graph_url: str) -> dict[str, str]:
    """Return the form of a token request for Graph with client credentials."""
    scope = f"{graph_url}/.default"
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}


def client() -> dict[str, Any]:
    """Return the members by which a console identifies a client, as RustDesk's clients send them; new each time."""
    name = f"{CLIENT}-{secrets.token_hex(5)}"
    return {"id": name, "uuid": base64.b64encode(name.encode()).decode()}


def sign_in(console: Service, target: ConsoleTarget, who: dict[str, Any]) -> None:
    """Sign in to a console as the administrator, with TOTP if the console requests it."""
    if target.kind == "rustdesk_api":
        body = {"username": target.username, "password": target.password, "platform": "linux"}
        answer = console.call("sign in", "/api/admin/login", body)
        assert answer.body.get("code") == 0, "The console refuses the sign-in. Check its response in the records"
        token = str(answer.body["data"]["token"])
        console.headers["api-token"] = token
    else:
        device = {"os": "linux", "type": "browser", "name": CLIENT}
        body = {"username": target.username, "autoLogin": True, **who, "deviceInfo": device}
        first = {**body, "type": "account", "password": target.password}
        if target.totp_secret:
            answer = console.quietly("POST", "/api/login", first)
            body |= {
                "type": "email_code",
                "secret": answer.body.get("secret"),
                "verificationCode": totp(target.totp_secret),
            }
            answer = console.call("sign in", "/api/login", {**body, "tfaCode": body["verificationCode"]})
        else:
            answer = console.call("sign in", "/api/login", first)
        assert answer.body.get("access_token"), "The console refuses the sign-in. Check its response in the records"
        token = str(answer.body["access_token"])
        console.headers["Authorization"] = f"Bearer {token}"
    console.keep_secret(token)


def sign_out(console: Service, kind: str, who: dict[str, Any]) -> None:
    """End the session of sign_in()."""
    token = console.headers.pop("api-token", "")
    if token:
        console.headers["Authorization"] = f"Bearer {token}"
    console.call("sign out", "/api/logout", who if kind != "rustdesk_api" else {})
    console.headers.pop("Authorization", None)


def totp(secret: str) -> str:
    """Return the current code (RFC 6238)."""
    key = base64.b32decode(secret.replace(" ", "").upper() + "=" * (-len(secret.replace(" ", "")) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def _claims(token: str) -> dict[str, Any]:
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
