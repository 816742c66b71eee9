# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""A session with a RustDesk console's API: sign in, ask, sign out; every odd answer becomes an error that helps.

Sources: RustDesk's client (flutter/lib/common/hbbs/hbbs.dart, flutter/lib/models/user_model.dart) and its official
scripts (res/*.py, check_response) for the sign-in and the conventions of answers.
"""

from __future__ import annotations

import re
import typing as t
from contextlib import suppress
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    InputError,
    MissingLibraryError,
    ServiceError,
)

PYOTP_REQUIREMENT = "pyotp>=2.9"
# Every client secret that Entra makes has this mark from the fourth sign on (Microsoft's credential scanners [doc]).
ENTRA_SECRET = re.compile(r"[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{20,}")
LONGEST_QUOTE = 300
# The same for each run: the console keeps one session for each of these.
DEVICE: dict[str, t.Any] = {
    "id": "deskops-rustdesk-sso",
    "uuid": "ZGVza29wcy1ydXN0ZGVzay1zc28=",
    "deviceInfo": {"os": "linux", "type": "browser", "name": "deskops.rustdesk_sso"},
}


def check_url(url: str, option: str) -> str:
    """``url`` without a slash at the end; raises InputError when it is not the http(s) address of a server."""
    hint = "Write it as https://host[:port]"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # the property raises ValueError for a bad port
    except ValueError as error:
        raise InputError(f"{option} is not an URL", hint=hint) from error
    if "@" in parts.netloc:  # not quoted, as it may hold a password
        raise InputError(f"{option} holds a user name", hint=f"{hint}, and give name and password as options")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"{option} is not the address of a console: {url}", hint=hint)
    return url.rstrip("/")


class Connection:
    """HTTP with one console, unauthenticated until login()."""

    def __init__(self, url: str, http: _http.Http) -> None:
        """``url`` is the console's address without a slash at the end."""
        self.url = url
        self._http = http
        self._token: str | None = None
        self._secrets: set[str] = set()

    def keep_secret(self, *values: t.Any) -> None:
        """Take ``values`` out of whatever the console says from now on, where a message quotes it."""
        self._secrets.update(value for value in values if isinstance(value, str) and value)

    def call(self, method: str, path: str, attempted: str, *, json: t.Any = None) -> t.Any:
        """Send one request and give the answer's JSON value; None for an empty answer.

        ``attempted`` begins the error message. Raises ServiceError for anything that is not a plain success, and
        AmbiguousError where a write got no answer.
        """
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            response = self._http.send(method, self.url + path, json=json, headers=headers)
        except _http.requests.RequestException as error:
            raise self._no_answer(method, attempted, error) from error
        return self._read(response, method, path, attempted)

    def login(self, params: t.Mapping[str, t.Any]) -> None:
        """Sign in with the console options ``params``, through a second factor where the console asks for one.

        Raises ServiceError naming the option to change, MissingLibraryError when a TOTP code is needed without pyotp.
        """
        attempted = f"Signing in to the console {self.url} as {params['username']} failed"
        self.keep_secret(params["password"], params.get("totp_secret"), params.get("verification_code"))
        if self.url.startswith("http://"):
            # Something harmless first: were it redirected, the password would have gone over the wire for nothing.
            self.call("GET", "/api/login-options", attempted)
        if params.get("verification_code") and params.get("verification_secret"):
            answer = self._second_factor(
                params, attempted, params["username"], params["verification_secret"], params["verification_code"], ""
            )
        else:
            request = {
                "username": params["username"],
                "password": params["password"],
                "autoLogin": True,
                "type": "account",
                **DEVICE,
            }
            answer = self._login_call(request, attempted, "Check username and password")
            if answer.get("type") == "email_check":
                answer = self._challenged(params, attempted, answer)
        if not isinstance(answer.get("access_token"), str):
            raise ServiceError(
                attempted,
                answer=f"the answer has no access token (type {answer.get('type')})",
                hint="Check that console_url is a RustDesk console",
            )
        self._token = answer["access_token"]
        self.keep_secret(self._token)
        if _user(answer).get("is_admin") is False:
            self.logout()
            raise ServiceError(
                attempted,
                answer="this user is not an administrator of the console",
                hint="Set username to an administrator, or make this user one",
            )

    def logout(self) -> None:
        """Close the session; a console that refuses is left alone, as the session ends by itself."""
        if not self._token:
            return
        with suppress(ServiceError):
            self.call("POST", "/api/logout", "Signing out failed", json={"id": DEVICE["id"], "uuid": DEVICE["uuid"]})
        self._token = None

    def _challenged(self, params: t.Mapping[str, t.Any], attempted: str, answer: dict[str, t.Any]) -> dict[str, t.Any]:
        """The second step of a login; its type is email_check for e-mail codes and TOTP alike (hbbs.dart)."""
        totp = answer.get("tfa_type") == "tfa_check"
        code = params.get("verification_code")
        if totp and params.get("totp_secret"):
            code = _totp(params["totp_secret"])
        if not code:
            wants = "a one-time code (TOTP)" if totp else "the code that it has just sent by e-mail"
            option = (
                "Set totp_secret to the account's TOTP secret"
                if totp
                else (
                    "Set verification_code to it and verification_secret to this error's verification_secret, or use"
                    " an account for automation that has TOTP"
                )
            )
            raise ChallengeError(attempted, f"the console asks for {wants}", option, str(answer.get("secret") or ""))
        name = _user(answer).get("name") or params["username"]
        return self._second_factor(params, attempted, name, answer.get("secret"), code, code if totp else "")

    def _second_factor(
        self, params: t.Mapping[str, t.Any], attempted: str, name: str, secret: t.Any, code: str, tfa_code: str
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
        return self._login_call(request, attempted, "Check totp_secret or verification_code, and the clocks")

    def _login_call(self, request: dict[str, t.Any], attempted: str, hint: str) -> dict[str, t.Any]:
        try:
            answer = self.call("POST", "/api/login", attempted, json=request)
        except ServiceError as error:
            if error.status in (200, 400, 401, 403) and error.code == "error":
                raise ServiceError(attempted, answer=error.answer, hint=hint, status=error.status) from error
            raise
        if not isinstance(answer, dict):
            raise ServiceError(attempted, answer="the answer is not a JSON object", hint="Check console_url")
        return answer

    def _no_answer(self, method: str, attempted: str, error: Exception) -> ServiceError:
        reason = _http.why(error)
        if isinstance(error, _http.requests.exceptions.SSLError):
            return ServiceError(attempted, answer=f"TLS failed: {reason}", hint="Set ca_path to the CA of the console")
        asked = isinstance(error, _http.requests.exceptions.ReadTimeout) or "Connection aborted" in str(error)
        if asked and method != "GET":
            return AmbiguousError(attempted, answer=f"the connection failed after the request was sent: {reason}")
        return ServiceError(
            attempted, answer=f"no connection to {self.url}: {reason}", hint="Check console_url and the network"
        )

    def _read(self, response: t.Any, method: str, path: str, attempted: str) -> t.Any:
        status = response.status_code
        content_type = response.headers.get("Content-Type", "")
        try:
            value = response.json() if response.content else None
            readable = True
        except ValueError:
            value, readable = None, False
        said = self._quotable(value.get("error") or value.get("message")) if isinstance(value, dict) else None

        def refusal(answer: str, hint: str, code: str | None = None) -> ServiceError:
            return ServiceError(attempted, answer=answer, hint=hint, status=status, code=code)

        if 300 <= status < 400:
            target = response.headers.get("Location", "nowhere")
            raise refusal(
                f"{method} {path} was redirected ({status}) to {target}",
                "Set console_url to the address where it leads; following it would turn a POST into a GET",
            )
        if said:
            raise refusal(f"the console answered {status}: {said}", _hint(status, path), "error")
        if status == 405:
            allowed = response.headers.get("Allow", "nothing else")
            raise refusal(f"{method} {path} is not allowed there (405, allows {allowed})", _hint(status, path))
        if not 200 <= status < 300:
            raise refusal(f"{method} {path} answered {status} {response.reason}", _hint(status, path))
        if not readable:
            kind = "an HTML page" if "html" in content_type else f"{content_type or 'something'} that is not JSON"
            raise refusal(
                f"{method} {path} answered {kind}",
                "Check console_url: a proxy or another web server answers there, or this server has no such API",
            )
        return value

    def _quotable(self, text: t.Any) -> str | None:
        """What the console said, shortened, without any secret that is known or that looks like one of Entra."""
        if not text:
            return None
        quoted = str(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            quoted = quoted.replace(secret, "********")
        quoted = ENTRA_SECRET.sub("********", quoted)
        return quoted if len(quoted) <= LONGEST_QUOTE else quoted[:LONGEST_QUOTE] + " ..."


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


def _hint(status: int, path: str) -> str:
    if status in (401, 403):
        return "Check username and password, and that the user is an administrator with the right to change settings"
    if status in (404, 405):
        return f"This server's API differs from what is known ({path}): see the option contract"
    if status == 429:
        return "The console limits how often it is asked: wait a minute and run again"
    return "Look into the console's log"


def _user(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    user = answer.get("user")
    return user if isinstance(user, dict) else {}


def _totp(secret: str) -> str:
    try:
        import pyotp
    except ImportError as error:
        raise MissingLibraryError(PYOTP_REQUIREMENT) from error
    try:
        return str(pyotp.TOTP(secret.replace(" ", "")).now())
    except ValueError as error:  # binascii.Error is one; its text would hold a part of the secret
        raise InputError("totp_secret is not a base32 secret", hint="Copy it again from the console") from error
