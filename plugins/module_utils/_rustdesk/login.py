# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Signing in to a console as RustDesk's own client does, with a second factor, and signing out.

Source: RustDesk's client (flutter/lib/common/hbbs/hbbs.dart, flutter/lib/models/user_model.dart).
"""

from __future__ import annotations

import base64
import math
import re
import secrets
import time
import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import totp
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import SAID
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import repeated

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

# The statuses with which consoles refuse a login.
REFUSED = (200, 400, 401, 403)
CHECK = "Check username and password, and that the account is enabled"
MAIL = "Check the console's SMTP settings, or use an account for automation that has TOTP"
# The members of a login's answer that are read (hbbs.dart)
ANSWER = {"access_token": str, "type": str, "tfa_type": str, "secret": str, "user": {"name": str, "is_admin": bool}}
# How the console names the sessions of this collection, in its list of devices for example.
DEVICE_NAME = "deskops.rustdesk_sso"
# How many one-time codes a sign-in tries
TOTP_CODES = 3
CLIENT_PREFIX = "deskops-rustdesk-sso-"


def new_client() -> str:
    """The ID of a client of its own, for one session.

    A logout ends all sessions of its client (rustdesk_console 1.8.0 [rec]), so that a shared one would end others'.
    """
    return CLIENT_PREFIX + secrets.token_hex(8)


def client_members(client: str) -> dict[str, str]:
    """The members by which requests name the ``client``, as RustDesk's clients send them."""
    return {"id": client, "uuid": base64.b64encode(client.encode()).decode()}


# What a login is answered where a password alone does not do and no code can be sent: what it means, and what to do
# (src/modules/auth/services of rustdesk_console 1.8.0 [src]).
UNFINISHED = {
    "enforce_tfa": (
        "the console demands a second factor of this account, which has none yet",
        "Set up TOTP for the account and set totp_secret to its secret. If that needs a sign-in, another administrator"
        " has to stop enforcing the second factor for it first",
    ),
    "passkey_check": (
        "the console asks for a passkey, which only a person can present",
        "Turn off the passkey as second factor of this account, or use an account for automation that has TOTP",
    ),
}


class SignedInLikeAClient:
    """A console whose administrators sign in by the request that RustDesk's clients send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.client: str | None = None

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in with the console options ``params``; gives the session's token. Raises as the function login()."""
        self.client, token = login(self._connection, params, self.client)
        return token

    def seen(self) -> str | None:
        """Nothing: this console is read again."""
        return None

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Go on with the session of ``token``, which was begun as ``client``."""
        self.client = client
        use(self._connection, token)

    @property
    def wrote(self) -> bool:
        """Never: this console writes each provider separately."""
        return False

    def look_again(self) -> None:
        """Nothing: this console writes each provider separately."""

    def logout(self) -> None:
        """Close the session, if there is one."""
        logout(self._connection, self.client)


def login(connection: Connection, params: t.Mapping[str, t.Any], client: str | None = None) -> tuple[str, str]:
    """Sign in with the console options ``params``, through a second factor where the console asks for one, and give the
    client's ID and the session's token.

    ``client`` is the one whose session is renewed, so that a logout ends what is left of both; by default a new one.
    Raises ServiceError naming the option to change, InputError for a TOTP secret that cannot be one.
    """
    attempted = attempt(connection, params)
    connection.keep_secret(params["password"], params.get("totp_secret"), params.get("verification_code"))
    connection.headers.pop("Authorization", None)
    if connection.url.lower().startswith("http://") and not connection.asked:
        # Something harmless first: were it redirected, the password would have gone over the wire for nothing.
        connection.call("GET", "/api/login-options", attempted)
    if params.get("verification_code") and params.get("verification_secret"):
        client, secret = begun_login(params["verification_secret"])
        code = params["verification_code"]
        answer = _second_factor(connection, params, client, attempted, params["username"], secret, code, "")
    else:
        client = client or new_client()
        asked = client

        def sign_in() -> dict[str, t.Any]:
            return _with_password(connection, params, asked, attempted)

        # The second step opens one session with its code and its secret, so that both steps are repeated
        answer = sign_in() if params.get("verification_code") else repeated(sign_in)
    if not isinstance(answer.get("access_token"), str):
        if answer.get("type") in UNFINISHED:
            demanded, hint = UNFINISHED[answer["type"]]
            raise ServiceError(attempted, answer=demanded, hint=hint, code=answer["type"])
        raise ServiceError(
            attempted,
            answer=f"the answer has no access token (type {answer.get('type')})",
            hint="Check that console_url is a RustDesk console",
        )
    token = _documents.token(answer, "access_token", attempted)
    use(connection, token)
    if _user(answer).get("is_admin") is False:
        logout(connection, client)
        raise ServiceError(
            attempted,
            answer="this user is not an administrator of the console",
            hint="Set username to an administrator, or make this user one",
            code="not_administrator",
        )
    return client, token


def refusal(status: int | None, said: str | None) -> tuple[str | None, str]:
    """What a password was refused for, None if the console's own words say it, and what to do next.

    rustdesk_console answers 400 where it cannot ask for the second factor, in Chinese (auth-email.service.ts,
    auth-passkey.service.ts [src]).
    """
    if status != 400:
        return None, CHECK
    if re.search("passkey", said or "", re.IGNORECASE):
        return f"the console cannot ask for the account's passkey: {said}", UNFINISHED["passkey_check"][1]
    if re.search("mail|邮件|邮箱", said or "", re.IGNORECASE):
        return f"the console could not send the sign-in code by e-mail: {said}", MAIL
    return None, f"{CHECK}. If it signs in with codes by e-mail: {MAIL}"


def attempt(connection: Connection, params: t.Mapping[str, t.Any]) -> str:
    """The words with which an error of a sign-in begins.

    Ansible masks the password in all output: a user name that holds it is left out, as its mask would tell just that.
    """
    name, password = params["username"], params["password"]
    told = "" if password and password in name else f" as {name}"
    return f"Signing in to the console {connection.url}{told} failed"


def begun_login(verification_secret: str) -> tuple[str, str]:
    """The client's ID and the console's own secret of the login that ended with this ``verification_secret``."""
    client, separator, secret = verification_secret.partition(":")
    if separator and client.startswith(CLIENT_PREFIX):
        return client, secret
    return new_client(), verification_secret


def use(connection: Connection, token: str) -> None:
    """Go on with the session of ``token``."""
    connection.keep_secret(token)
    connection.headers["Authorization"] = f"Bearer {token}"


def logout(connection: Connection, client: str | None) -> None:
    """Close the session that was begun as ``client``, and no other; a console that refuses is left alone, as the
    session expires."""
    if "Authorization" not in connection.headers:
        return
    with suppress(ServiceError):
        connection.call("POST", "/api/logout", "Signing out failed", json=client_members(client) if client else {})
    del connection.headers["Authorization"]


def _with_password(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str
) -> dict[str, t.Any]:
    """Both steps of a login, if it has two."""
    request = {
        "username": params["username"],
        "password": params["password"],
        "autoLogin": True,
        "type": "account",
        **_device(client),
    }
    try:
        answer = _call(connection, request, attempted, CHECK)
    except ServiceError as error:
        if error.code != SAID or error.status not in REFUSED:
            raise
        meant, hint = refusal(error.status, error.answer)
        raise error.but(answer=meant, hint=hint) from error
    if answer.get("type") == "email_check":
        return _challenged(connection, params, client, attempted, answer)
    return answer


def _challenged(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str, answer: dict[str, t.Any]
) -> dict[str, t.Any]:
    """The second step of a login; its type is email_check for e-mail codes and TOTP alike (hbbs.dart)."""
    by_totp = answer.get("tfa_type") == "tfa_check"
    name = _user(answer).get("name") or params["username"]
    secret = answer.get("secret")
    if by_totp and params.get("totp_secret"):
        return _with_totp(connection, params, client, attempted, name, secret)
    code = params.get("verification_code")
    if not code:
        wants = "a one-time code (TOTP)" if by_totp else "the code that it has just sent by e-mail"
        option = (
            "Set totp_secret to the account's TOTP secret"
            if by_totp
            else (
                "Set verification_code to it and verification_secret to this error's verification_secret, or use"
                " an account for automation that has TOTP"
            )
        )
        # A code by TOTP needs no second run
        begun = "" if by_totp else f"{client}:{secret or ''}"
        raise ChallengeError(attempted, f"the console asks for {wants}", option, begun)
    return _second_factor(connection, params, client, attempted, name, secret, code, code if by_totp else "")


def _with_totp(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str, name: str, secret: t.Any
) -> dict[str, t.Any]:
    """The second step with one-time codes of O(totp_secret), none of which is sent twice.

    A code opens one session (RFC 6238, 5.2), and that of a run just before may have it: the next one is good already,
    as clocks may differ by a step. Some consoles take the code of their own step alone, which may have just begun.
    Two runs just before may have had both: then the one after is waited for, once.
    """
    step = totp.step(time.time())
    for attempt in range(TOTP_CODES):
        if attempt:
            step = max(step + 1, totp.step(time.time()))
        _wait_for(connection, step - 1)
        code = totp.code(params["totp_secret"], step * totp.SECONDS)
        try:
            return _second_factor(connection, params, client, attempted, name, secret, code, code)
        except ServiceError as error:
            if error.status not in REFUSED or attempt == TOTP_CODES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _wait_for(connection: Connection, step: int) -> None:
    """Wait until ``step`` has begun."""
    seconds = step * totp.SECONDS - time.time()
    if seconds <= 0:
        return
    connection.tell(
        f"The console {connection.url} refused two one-time codes, which earlier sign-ins may have used: waiting "
        f"{math.ceil(seconds)} s for the next one"
    )
    time.sleep(seconds)


def _second_factor(
    connection: Connection,
    params: t.Mapping[str, t.Any],
    client: str,
    attempted: str,
    name: str,
    secret: t.Any,
    code: str,
    tfa_code: str,
) -> dict[str, t.Any]:
    request = {
        "username": name,
        "autoLogin": True,
        "type": "email_code",
        "verificationCode": code,
        "secret": secret,
        **_device(client),
    }
    if tfa_code or params.get("totp_secret"):
        request["tfaCode"] = tfa_code or code
    return _call(
        connection, request, attempted, "Check totp_secret or verification_code, and the clocks; no code is taken twice"
    )


def _call(connection: Connection, request: dict[str, t.Any], attempted: str, hint: str) -> dict[str, t.Any]:
    try:
        answer = connection.call("POST", "/api/login", attempted, json=request)
    except ServiceError as error:
        if error.status in REFUSED and error.code == SAID:
            raise error.but(hint=hint) from error
        raise
    if not isinstance(answer, dict):
        raise ServiceError(attempted, answer="the answer is not a JSON object", hint="Check console_url")
    _documents.check(answer, ANSWER, attempted)
    return answer


class ChallengeError(ServiceError):
    """The console asks for a second factor that was not given.

    ``verification_secret`` names this attempt; with the code it completes it. By itself it opens nothing. It is empty
    where another run needs no code of this attempt.
    """

    def __init__(self, attempted: str, answer: str, hint: str, verification_secret: str) -> None:
        super().__init__(attempted, answer=answer, hint=hint, code="second_factor")
        self.verification_secret = verification_secret

    def as_result(self) -> dict[str, t.Any]:
        """As of every error, with the attempt's name if it is needed to go on."""
        result = super().as_result()
        if self.verification_secret:
            result["error"]["verification_secret"] = self.verification_secret
        return result


def _device(client: str) -> dict[str, t.Any]:
    device = {"os": "linux", "type": "browser", "name": DEVICE_NAME}
    return {**client_members(client), "deviceInfo": device}


def _user(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    user = answer.get("user")
    return user if isinstance(user, dict) else {}
