# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, second factors and sessions of a console."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

import pyotp

from ..clock import Clock
from ..vault import Vault

# One session a login, thirty days [doc].
SESSION_SECONDS = 30 * 24 * 3600
STEP_SECONDS = 600
CODE_SECONDS = 300


@dataclass
class Account:
    """A user of the console."""

    name: str
    password: str | None
    is_admin: bool = False
    email: str = ""
    second_factor: str | None = None
    totp_secret: str = ""
    third_auth_type: str = ""
    display_name: str = ""

    def payload(self) -> dict[str, Any]:
        """The user as login and currentUser show it."""
        return {
            "name": self.name,
            "display_name": self.display_name,
            "avatar": "",
            "email": self.email,
            "note": "",
            "status": 1,
            "is_admin": self.is_admin,
            "third_auth_type": self.third_auth_type,
            "info": {},
        }


@dataclass
class Session:
    """One login."""

    token: str
    account: Account
    id: str
    uuid: str
    device: dict[str, Any]
    created: float


@dataclass
class _Step:
    """A login that waits for its second factor."""

    account: Account
    kind: str
    created: float
    code: str = ""


class LoginError(Exception):
    """A refused login; the text is what the console answers."""


@dataclass
class Accounts:
    """All accounts and sessions of one console."""

    clock: Clock
    vault: Vault
    by_name: dict[str, Account] = field(default_factory=dict)
    mailbox: list[dict[str, str]] = field(default_factory=list)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _steps: dict[str, _Step] = field(default_factory=dict)
    _identities: dict[tuple[str, str], Account] = field(default_factory=dict)

    def add(self, name: str, password: str, is_admin: bool, second_factor: str | None) -> Account:
        """A local account; second_factor is None, ``totp`` or ``email``."""
        if second_factor not in (None, "totp", "email"):
            raise ValueError("second_factor is null, 'totp' or 'email'")
        account = Account(name, self.vault.keep(password), is_admin, f"{name}@console.example", second_factor)
        if second_factor == "totp":
            account.totp_secret = self.vault.keep(pyotp.random_base32())
        self.by_name[name] = account
        return account

    def login(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to POST /api/login; raises LoginError."""
        if body.get("type") == "email_code":
            return self._second_step(body)
        account = self.by_name.get(str(body.get("username", "")))
        sent = str(body.get("password", ""))
        if (
            account is None
            or account.password is None
            or not secrets.compare_digest(account.password.encode(), sent.encode())
        ):
            raise LoginError("Wrong credentials")
        if account.second_factor is None:
            return self.open(account, body)
        kind = "tfa_check" if account.second_factor == "totp" else "email_check"
        step = _Step(account, kind, self.clock.time())
        if kind == "email_check":
            step.code = f"{secrets.randbelow(1_000_000):06d}"
            self.mailbox.append({"to": account.email, "subject": "Login verification code", "code": step.code})
        secret = self.vault.token(24)
        self._steps[secret] = step
        # The type is email_check for both kinds [doc].
        return {"type": "email_check", "tfa_type": kind, "secret": secret, "user": account.payload()}

    def _second_step(self, body: dict[str, Any]) -> dict[str, Any]:
        step = self._steps.get(str(body.get("secret", "")))
        now = self.clock.time()
        if step is None or step.created + STEP_SECONDS < now or body.get("username") != step.account.name:
            raise LoginError("Login session expired, please login again")
        if step.kind == "tfa_check":
            # The user's device has its own clock, which the lab cannot move.
            right = pyotp.TOTP(step.account.totp_secret).verify(str(body.get("tfaCode", "")), valid_window=1)
        else:
            right = step.created + CODE_SECONDS >= now and body.get("verificationCode") == step.code
        if not right:
            raise LoginError("Wrong verification code")
        del self._steps[str(body["secret"])]
        return self.open(step.account, body)

    def open(self, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        """Open a session and give the login answer."""
        token = self.vault.token(32)
        device = body.get("deviceInfo")
        self._sessions[token] = Session(
            token,
            account,
            str(body.get("id", "")),
            str(body.get("uuid", "")),
            device if isinstance(device, dict) else {},
            self.clock.time(),
        )
        return {
            "access_token": token,
            "type": "access_token",
            "tfa_type": "",
            "secret": "",
            "user": account.payload(),
        }

    def session(self, authorization: str) -> Session | None:
        """The open session of an Authorization header."""
        scheme, _space, token = authorization.partition(" ")
        session = self._sessions.get(token) if scheme.lower() == "bearer" else None
        if session and session.created + SESSION_SECONDS <= self.clock.time():
            del self._sessions[token]
            return None
        return session

    def close(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.token, None)

    def sessions(self) -> list[Session]:
        """The sessions that are open now."""
        horizon = self.clock.time() - SESSION_SECONDS
        return [session for session in self._sessions.values() if session.created > horizon]

    def from_claims(self, provider: str, claims: dict[str, Any]) -> Account:
        """The account of an identity, made at its first sign-in.

        The name comes from the first of preferred_username, nickname, name and the e-mail's local part that is
        not empty, cut at ``@``; a clash appends the provider's name [iss].
        """
        identity = (provider, str(claims["sub"]))
        if identity in self._identities:
            return self._identities[identity]
        candidates = [claims.get(name) for name in ("preferred_username", "nickname", "name", "email")]
        name = next((str(text).split("@", 1)[0] for text in candidates if text), "")
        if not name:
            raise LoginError("User name is empty")
        while name in self.by_name:
            name += f"-{provider}"
        account = Account(
            name,
            None,
            email=str(claims.get("email") or ""),
            third_auth_type=provider,
            display_name=str(claims.get("name") or ""),
        )
        self.by_name[name] = self._identities[identity] = account
        return account


def new_api_token(vault: Vault) -> str:
    """A token of the console's tokens page; its scopes never reach the OIDC settings [iss]."""
    return vault.keep("rapi_" + base64.urlsafe_b64encode(secrets.token_bytes(24)).decode())
