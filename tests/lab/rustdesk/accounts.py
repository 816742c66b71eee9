# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, second factors and sessions of a console."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..clock import Clock
from ..vault import Vault
from . import totp

# One session per login, for thirty days [doc].
SESSION_SECONDS = 30 * 24 * 3600
STEP_SECONDS = 600
CODE_SECONDS = 300
# How an account signs in, in addition to its password. With `enforced`, it needs a second factor but has none yet.
SECOND_FACTORS = ("totp", "email", "passkey", "enforced")


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
    status: int = 1
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    # The time step of the newest TOTP code that opened a session
    totp_step: int = 0

    def payload(self) -> dict[str, Any]:
        """Return the user as login and currentUser show it."""
        return {
            "name": self.name,
            "display_name": self.display_name,
            "avatar": "",
            "email": self.email,
            "note": "",
            "status": self.status,
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
    """A refused login. The text is the console's response."""


class MailError(LoginError):
    """A login whose code could not be sent by email."""


@dataclass
class Accounts:
    """All accounts and sessions of one console."""

    clock: Clock
    vault: Vault
    session_seconds: float = SESSION_SECONDS
    # A dialect's own tokens
    new_token: Callable[[Account], str] | None = None
    # A TOTP code opens only one session, as RFC 6238 section 5.2 requires.
    totp_once: bool = False
    # The length of a dialect's TOTP secrets in bytes
    totp_bytes: int = 20
    # How many time steps before and after its own the console accepts
    totp_window: int = 1
    # Whether the console can send emails
    sends_mail: bool = True
    by_name: dict[str, Account] = field(default_factory=dict)
    mailbox: list[dict[str, str]] = field(default_factory=list)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _steps: dict[str, _Step] = field(default_factory=dict)
    _identities: dict[tuple[str, str], Account] = field(default_factory=dict)

    def add(self, name: str, password: str, is_admin: bool, second_factor: str | None) -> Account:
        """Add a local account. second_factor is None or one of SECOND_FACTORS."""
        if second_factor not in (None, *SECOND_FACTORS):
            raise ValueError(f"second_factor is null or one of {', '.join(SECOND_FACTORS)}")
        account = Account(name, self.vault.keep(password), is_admin, f"{name}@console.example", second_factor)
        if second_factor == "totp":
            account.totp_secret = self.vault.keep(totp.new_secret(self.totp_bytes))
        self.by_name[name] = account
        return account

    def change(self, name: str, **members: Any) -> Account:
        """Change is_admin, status or third_auth_type of an account, which is added if missing.

        An account with a third_auth_type has no password: its user signs in only through the provider.
        """
        unknown = set(members) - {"is_admin", "status", "third_auth_type"}
        if unknown:
            raise ValueError(f"unknown members {', '.join(sorted(unknown))}")
        account = self.by_name.get(name) or self.add(name, self.vault.token(12), False, None)
        for member, value in members.items():
            setattr(account, member, value)
        if account.third_auth_type:
            account.password = None
        return account

    def verified(self, body: dict[str, Any]) -> Account | None:
        """Return the account that matches the user name and password in a login's body."""
        account = self.by_name.get(str(body.get("username", "")))
        sent = str(body.get("password", ""))
        if account is None or account.password is None:
            return None
        return account if secrets.compare_digest(account.password.encode(), sent.encode()) else None

    def login(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the response to POST /api/login. Raises LoginError."""
        if body.get("type") in ("email_code", "tfa_code"):
            return self._second_step(body)
        account = self.verified(body)
        if account is None:
            raise LoginError("Wrong credentials")
        if account.status != 1:
            raise LoginError("User is disabled")
        if account.second_factor is None:
            return self.open(account, body)
        if account.second_factor == "enforced":
            return {"type": "enforce_tfa", "user": account.payload()}
        if account.second_factor == "passkey":
            options = {"challenge": self.vault.token(32), "allowCredentials": [], "userVerification": "preferred"}
            secret = self.vault.token(24)
            return {
                "type": "passkey_check",
                "secret": secret,
                "passkey_options": options,
                "user": account.payload(),
            }
        kind = "tfa_check" if account.second_factor == "totp" else "email_check"
        if kind == "email_check" and not self.sends_mail:
            raise MailError("The code could not be sent")
        step = _Step(account, kind, self.clock.time())
        if kind == "email_check":
            step.code = f"{secrets.randbelow(1_000_000):06d}"
            self.mailbox.append({"to": account.email, "subject": "Login verification code", "code": step.code})
        secret = self.vault.token(24)
        self._steps[secret] = step
        # The type is email_check for both second factors [doc].
        return {"type": "email_check", "tfa_type": kind, "secret": secret, "user": account.payload()}

    def _second_step(self, body: dict[str, Any]) -> dict[str, Any]:
        step = self._steps.get(str(body.get("secret", "")))
        now = self.clock.time()
        if step is None or step.created + STEP_SECONDS < now or body.get("username") != step.account.name:
            raise LoginError("Login session expired, please login again")
        if step.kind == "tfa_check":
            right = self._totp_is_right(step.account, str(body.get("tfaCode", "")))
        else:
            right = step.created + CODE_SECONDS >= now and body.get("verificationCode") == step.code
        if not right:
            raise LoginError("Wrong verification code")
        del self._steps[str(body["secret"])]
        return self.open(step.account, body)

    def _totp_is_right(self, account: Account, code: str) -> bool:
        # The user's device has its own clock, which the lab cannot move.
        now = int(time.time()) // totp.SECONDS
        for step in range(now - self.totp_window, now + self.totp_window + 1):
            if secrets.compare_digest(totp.code_of(account.totp_secret, step).encode(), code.encode()):
                if self.totp_once and step <= account.totp_step:
                    return False
                account.totp_step = step
                return True
        return False

    def open(self, account: Account, body: dict[str, Any]) -> dict[str, Any]:
        """Open a session and return the login response."""
        token = self.vault.keep(self.new_token(account)) if self.new_token else self.vault.token(32)
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
        """Return the open session of an Authorization header."""
        scheme, _space, token = authorization.partition(" ")
        return self.of_token(token) if scheme.lower() == "bearer" else None

    def of_token(self, token: str) -> Session | None:
        """Return the open session of a token."""
        session = self._sessions.get(token)
        if session and session.created + self.session_seconds <= self.clock.time():
            del self._sessions[token]
            return None
        return session

    def close(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.token, None)

    def close_client(self, account: Account, client: dict[str, Any]) -> None:
        """End all sessions of an account that were opened with these values of `id` and `uuid`."""
        for session in [session for session in self._sessions.values() if session.account is account]:
            if client and all(getattr(session, name) == value for name, value in client.items()):
                self.close(session)

    def sessions(self) -> list[Session]:
        """Return the open sessions."""
        horizon = self.clock.time() - self.session_seconds
        return [session for session in self._sessions.values() if session.created > horizon]

    def from_claims(self, provider: str, claims: dict[str, Any]) -> Account:
        """Return the account of an identity, which is created at its first sign-in.

        The name comes from the first of preferred_username, nickname, name and the email's local part that is not
        empty, cut at ``@``. If it is taken, the provider's name is appended [iss].
        """
        known = self.of_identity(provider, claims)
        if known:
            return known
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
        return self.link(provider, claims, account)

    def of_identity(self, provider: str, claims: dict[str, Any]) -> Account | None:
        """Link an account to a provider's user."""
        return self._identities.get((provider, str(claims["sub"])))

    def link(self, provider: str, claims: dict[str, Any], account: Account) -> Account:
        """Add an account that belongs to a provider's user."""
        self.by_name[account.name] = self._identities[provider, str(claims["sub"])] = account
        return account


def new_api_token(vault: Vault) -> str:
    """Create a token as on the console's tokens page. Its scopes never cover the OIDC settings [iss]."""
    return vault.keep("rapi_" + base64.urlsafe_b64encode(secrets.token_bytes(24)).decode())
