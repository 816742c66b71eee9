# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Signing in to a console as RustDesk's own client does, with a second factor, and signing out.

Source: RustDesk's client (flutter/lib/common/hbbs/hbbs.dart, flutter/lib/models/user_model.dart).
"""

from __future__ import annotations

import time
import typing as t
from contextlib import suppress

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import totp
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import SAID

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

# The statuses with which consoles refuse a login.
REFUSED = (200, 400, 401, 403)
# The same for each run: the console keeps one session for each of these.
DEVICE: dict[str, t.Any] = {
    "id": "deskops-rustdesk-sso",
    "uuid": "ZGVza29wcy1ydXN0ZGVzay1zc28=",
    "deviceInfo": {"os": "linux", "type": "browser", "name": "deskops.rustdesk_sso"},
}


class SignedInLikeAClient:
    """A console whose administrators sign in by the request that RustDesk's clients send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in with the console options ``params``; gives the session's token. Raises as the function login()."""
        return login(self._connection, params)

    def seen(self) -> str | None:
        """Nothing: this console is read again."""
        return None

    def resume(self, token: str, seen: str | None = None) -> None:
        """Go on with the session of ``token``."""
        use(self._connection, token)

    @property
    def wrote(self) -> bool:
        """Never: this console writes each provider separately."""
        return False

    def look_again(self) -> None:
        """Nothing: this console writes each provider separately."""

    def logout(self) -> None:
        """Close the session, if there is one."""
        logout(self._connection)


def login(connection: Connection, params: t.Mapping[str, t.Any]) -> str:
    """Sign in with the console options ``params``, through a second factor where the console asks for one, and give the
    session's token.

    Raises ServiceError naming the option to change, InputError for a TOTP secret that cannot be one.
    """
    attempted = f"Signing in to the console {connection.url} as {params['username']} failed"
    connection.keep_secret(params["password"], params.get("totp_secret"), params.get("verification_code"))
    if connection.url.lower().startswith("http://") and not connection.asked:
        # Something harmless first: were it redirected, the password would have gone over the wire for nothing.
        connection.call("GET", "/api/login-options", attempted)
    if params.get("verification_code") and params.get("verification_secret"):
        answer = _second_factor(
            connection,
            params,
            attempted,
            params["username"],
            params["verification_secret"],
            params["verification_code"],
            "",
        )
    else:
        request = {
            "username": params["username"],
            "password": params["password"],
            "autoLogin": True,
            "type": "account",
            **DEVICE,
        }
        answer = _call(connection, request, attempted, "Check username and password")
        if answer.get("type") == "email_check":
            answer = _challenged(connection, params, attempted, answer)
    if not isinstance(answer.get("access_token"), str):
        raise ServiceError(
            attempted,
            answer=f"the answer has no access token (type {answer.get('type')})",
            hint="Check that console_url is a RustDesk console",
        )
    token: str = answer["access_token"]
    use(connection, token)
    if _user(answer).get("is_admin") is False:
        logout(connection)
        raise ServiceError(
            attempted,
            answer="this user is not an administrator of the console",
            hint="Set username to an administrator, or make this user one",
        )
    return token


def use(connection: Connection, token: str) -> None:
    """Go on with the session of ``token``."""
    connection.keep_secret(token)
    connection.headers["Authorization"] = f"Bearer {token}"


def logout(connection: Connection) -> None:
    """Close the session; a console that refuses is left alone, as the session ends by itself."""
    if "Authorization" not in connection.headers:
        return
    with suppress(ServiceError):
        connection.call("POST", "/api/logout", "Signing out failed", json={"id": DEVICE["id"], "uuid": DEVICE["uuid"]})
    del connection.headers["Authorization"]


def _challenged(
    connection: Connection, params: t.Mapping[str, t.Any], attempted: str, answer: dict[str, t.Any]
) -> dict[str, t.Any]:
    """The second step of a login; its type is email_check for e-mail codes and TOTP alike (hbbs.dart)."""
    by_totp = answer.get("tfa_type") == "tfa_check"
    code = params.get("verification_code")
    if by_totp and params.get("totp_secret"):
        code = totp.code(params["totp_secret"], time.time())
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
        raise ChallengeError(attempted, f"the console asks for {wants}", option, str(answer.get("secret") or ""))
    name = _user(answer).get("name") or params["username"]
    try:
        return _second_factor(connection, params, attempted, name, answer.get("secret"), code, code if by_totp else "")
    except ServiceError as error:
        if not (by_totp and params.get("totp_secret") and error.status in REFUSED):
            raise
    # A code opens one session (RFC 6238, 5.2), and that of a run just before may have it: the next one is good already,
    # as clocks may differ by a step. Some consoles take the code of their own step alone, which may have just begun.
    current = totp.code(params["totp_secret"], time.time())
    again = current if current != code else totp.code(params["totp_secret"], time.time() + totp.SECONDS)
    return _second_factor(connection, params, attempted, name, answer.get("secret"), again, again)


def _second_factor(
    connection: Connection,
    params: t.Mapping[str, t.Any],
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
        **DEVICE,
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
    return answer


class ChallengeError(ServiceError):
    """The console asks for a second factor that was not given.

    ``verification_secret`` names this attempt; with the code it completes it. By itself it opens nothing.
    """

    def __init__(self, attempted: str, answer: str, hint: str, verification_secret: str) -> None:
        super().__init__(attempted, answer=answer, hint=hint)
        self.verification_secret = verification_secret

    def as_result(self) -> dict[str, t.Any]:
        """As of every error, with the attempt's name."""
        result = super().as_result()
        result["error"]["verification_secret"] = self.verification_secret
        return result


def _user(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    user = answer.get("user")
    return user if isinstance(user, dict) else {}
