# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Sign in to a console as RustDesk's client does, including a second factor, and sign out.

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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import CONSOLE_ERROR
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import repeated

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

# The statuses of a rejected login
REFUSED = (200, 400, 401, 403)
CHECK = "Check username and password, and that the account is enabled"
MAIL = "Check the console's SMTP settings, or use a dedicated account with TOTP for automation"
# The members of a login's response that are read (hbbs.dart)
ANSWER = {"access_token": str, "type": str, "tfa_type": str, "secret": str, "user": {"name": str, "is_admin": bool}}
# The name of this collection's sessions in the console, for example in its list of devices
DEVICE_NAME = "deskops.rustdesk_sso"
# The most one-time codes that a sign-in tries
TOTP_CODES = 3
CLIENT_PREFIX = "deskops-rustdesk-sso-"


def new_client() -> str:
    """Return a new client ID for one session.

    A logout ends all sessions of its client (rustdesk_console 1.8.0 [rec]), so clients are not shared.
    """
    return CLIENT_PREFIX + secrets.token_hex(8)


def client_members(client: str) -> dict[str, str]:
    """Return the members that identify the ``client`` in requests, as RustDesk's clients send them."""
    return {"id": client, "uuid": base64.b64encode(client.encode()).decode()}


# The login types that cannot be completed automatically: the meaning and the hint
# (src/modules/auth/services of rustdesk_console 1.8.0 [src])
UNFINISHED = {
    "enforce_tfa": (
        "the console requires a second factor, but this account has none yet",
        "Set up TOTP for the account and set totp_secret to its secret. If that requires a sign-in, another"
        " administrator must first stop enforcing the second factor for it",
    ),
    "passkey_check": (
        "the console requires a passkey, which only a person can present",
        "Turn off the passkey as this account's second factor, or use a dedicated account with TOTP for automation",
    ),
}


class SignedInLikeAClient:
    """A console whose administrators sign in with the request that RustDesk's clients send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.client: str | None = None

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in with the console options ``params`` and return the session's token. Raises as the function
        login()."""
        self.client, token = login(self._connection, params, self.client)
        return token

    def seen(self) -> str | None:
        """Return None, because this console is read again."""
        return None

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Continue the session of ``token``, which was opened as ``client``."""
        self.client = client
        use(self._connection, token)

    @property
    def wrote(self) -> bool:
        """Always false, because this console writes each provider separately."""
        return False

    def look_again(self) -> None:
        """Do nothing, because this console writes each provider separately."""

    def logout(self) -> None:
        """Close the session, if there is one."""
        logout(self._connection, self.client)


def login(connection: Connection, params: t.Mapping[str, t.Any], client: str | None = None) -> tuple[str, str]:
    """Sign in with the console options ``params``, and with a second factor if the console requires one. Return the
    client's ID and the session's token.

    ``client`` is the client whose session is renewed, so that a logout ends both sessions; by default a new one.
    Raises ServiceError naming the option to change, InputError for an invalid TOTP secret.
    """
    attempted = attempt(connection, params)
    connection.keep_secret(params["password"], params.get("totp_secret"), params.get("verification_code"))
    connection.headers.pop("Authorization", None)
    if connection.url.lower().startswith("http://") and not connection.asked:
        # A harmless request first, so that the password is not sent in clear text if the address redirects to https.
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

        # A code opens only one session, so both steps are repeated together
        answer = sign_in() if params.get("verification_code") else repeated(sign_in)
    if not isinstance(answer.get("access_token"), str):
        if answer.get("type") in UNFINISHED:
            demanded, hint = UNFINISHED[answer["type"]]
            raise ServiceError(attempted, answer=demanded, hint=hint, code=answer["type"])
        raise ServiceError(
            attempted,
            answer=f"the response has no access token (type {answer.get('type')})",
            hint="Check that console_url is a RustDesk console",
        )
    token = _documents.token(answer, "access_token", attempted)
    use(connection, token)
    if _user(answer).get("is_admin") is False:
        logout(connection, client)
        raise ServiceError(
            attempted,
            answer="this user is not an administrator of the console",
            hint="Set username to an administrator, or make this user an administrator",
            code="not_administrator",
        )
    return client, token


def refusal(status: int | None, message: str | None) -> tuple[str | None, str]:
    """Return why a password was rejected, None if the console's own text ``message`` explains it, and what to do next.

    rustdesk_console answers 400, in Chinese, if it cannot request the second factor (auth-email.service.ts,
    auth-passkey.service.ts [src]).
    """
    if status != 400:
        return None, CHECK
    if re.search("passkey", message or "", re.IGNORECASE):
        return f"the console cannot request the account's passkey: {message}", UNFINISHED["passkey_check"][1]
    if re.search("mail|邮件|邮箱", message or "", re.IGNORECASE):
        return f"the console could not send the sign-in code by e-mail: {message}", MAIL
    return None, f"{CHECK}. If it uses codes by e-mail: {MAIL}"


def attempt(connection: Connection, params: t.Mapping[str, t.Any]) -> str:
    """Return the beginning of a sign-in's error message.

    Ansible masks the password in all output. A user name that contains the password is left out, because the mask would
    reveal that.
    """
    name, password = params["username"], params["password"]
    user = "" if password and password in name else f" as {name}"
    return f"Signing in to the console {connection.url}{user} failed"


def begun_login(verification_secret: str) -> tuple[str, str]:
    """Return the client's ID and the console's secret from the ``verification_secret`` of an earlier login."""
    client, separator, secret = verification_secret.partition(":")
    if separator and client.startswith(CLIENT_PREFIX):
        return client, secret
    return new_client(), verification_secret


def use(connection: Connection, token: str) -> None:
    """Continue the session of ``token``."""
    connection.keep_secret(token)
    connection.headers["Authorization"] = f"Bearer {token}"


def logout(connection: Connection, client: str | None) -> None:
    """Close the session that was opened as ``client``, and no other. A refusal is ignored, because the session expires
    anyway."""
    if "Authorization" not in connection.headers:
        return
    with suppress(ServiceError):
        connection.call("POST", "/api/logout", "Signing out failed", json=client_members(client) if client else {})
    del connection.headers["Authorization"]


def _with_password(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str
) -> dict[str, t.Any]:
    """Perform a login with both of its steps, if it has two."""
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
        if error.code != CONSOLE_ERROR or error.status not in REFUSED:
            raise
        meant, hint = refusal(error.status, error.answer)
        raise error.but(answer=meant, hint=hint) from error
    if answer.get("type") == "email_check":
        return _challenged(connection, params, client, attempted, answer)
    return answer


def _challenged(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str, answer: dict[str, t.Any]
) -> dict[str, t.Any]:
    """Perform the second step of a login; its type is email_check for e-mail codes and TOTP alike (hbbs.dart)."""
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
                "Set verification_code to the code and verification_secret to this error's verification_secret, or use"
                " a dedicated account with TOTP for automation"
            )
        )
        # With TOTP, no second run is needed
        begun = "" if by_totp else f"{client}:{secret or ''}"
        raise ChallengeError(attempted, f"the console requires {wants}", option, begun)
    return _second_factor(connection, params, client, attempted, name, secret, code, code if by_totp else "")


def _with_totp(
    connection: Connection, params: t.Mapping[str, t.Any], client: str, attempted: str, name: str, secret: t.Any
) -> dict[str, t.Any]:
    """Perform the second step with one-time codes from O(totp_secret), sending each code only once.

    A code opens one session (RFC 6238, 5.2), and a run just before may have used it. The next code usually works
    already, because consoles allow for clocks that differ by a step. Some consoles only accept the code of the current
    step, which may have just begun. If two recent runs have used both codes, the one after is awaited, once.
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
    """Wait until ``step`` begins."""
    seconds = step * totp.SECONDS - time.time()
    if seconds <= 0:
        return
    connection.notify(
        f"The console {connection.url} rejected two one-time codes, which earlier sign-ins may have used: waiting "
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
        connection, request, attempted, "Check totp_secret or verification_code, and the clocks; a code works only once"
    )


def _call(connection: Connection, request: dict[str, t.Any], attempted: str, hint: str) -> dict[str, t.Any]:
    try:
        answer = connection.call("POST", "/api/login", attempted, json=request)
    except ServiceError as error:
        if error.status in REFUSED and error.code == CONSOLE_ERROR:
            raise error.but(hint=hint) from error
        raise
    if not isinstance(answer, dict):
        raise ServiceError(attempted, answer="the response is not a JSON object", hint="Check console_url")
    _documents.check(answer, ANSWER, attempted)
    return answer


class ChallengeError(ServiceError):
    """The console requires a second factor that was not supplied.

    ``verification_secret`` identifies this attempt; together with the code it completes the sign-in, alone it grants
    nothing. It is empty if another run needs no code from this attempt.
    """

    def __init__(self, attempted: str, answer: str, hint: str, verification_secret: str) -> None:
        super().__init__(attempted, answer=answer, hint=hint, code="second_factor")
        self.verification_secret = verification_secret

    def as_result(self) -> dict[str, t.Any]:
        """Return the result, with ``verification_secret`` if it is needed to continue."""
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
