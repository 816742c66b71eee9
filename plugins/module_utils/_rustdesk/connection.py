# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""HTTP with a RustDesk console's API: every odd answer becomes an error that helps.

Source: RustDesk's official scripts (res/*.py, check_response) for the conventions of answers.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses, _answers, _causes, _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import (
    AmbiguousError,
    ServiceError,
    quoted,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, dates, waits

# Every client secret that Entra makes has this mark from the fourth sign on (Microsoft's credential scanners [doc]).
ENTRA_SECRET = re.compile(r"[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{20,}")
LONGEST_QUOTE = 300
# What to do where a session that was open is no longer there, and renewing it was not possible or did not help.
SESSION_ENDED = (
    "The session has ended. Run the playbook again. If this repeats, check that no other program signs this user out,"
    " or use an account for automation alone"
)
# How rustdesk_api answers everything to an address that it has banned: this code, in HTTP 200
# (http/middleware/limiter.go [src]).
BANNED = 423
BAN = "banned"
BAN_HINT = (
    "Correct username and password, then wait 30 minutes or restart the console. How many failures it takes is the"
    " setting ban-threshold (RUSTDESK_API_APP_BAN_THRESHOLD)"
)
# The code of an error whose text is the console's own.
SAID = "error"


class Connection:
    """HTTP with one console; ``headers`` go with each request, and hold what a sign-in gave."""

    def __init__(
        self,
        url: str,
        http: _http.Http,
        gateway: t.Mapping[str, str] | None = None,
        option: str = "console_url",
        ca: str = "ca_path",
    ) -> None:
        """``url`` is the console's address, the value of ``option`` without a slash at the end.

        ``ca`` is the option of its CA, ``gateway`` are headers for an access gateway, which hold secrets.
        """
        self.url = url
        self._http = http
        self.asks = _causes.Asked(url, option, ca, http.proxy, timeout=http.timeout)
        self._gateway = dict(gateway or {})
        self.headers: dict[str, str] = {}
        # Whether it takes the address that a client uses; it is asked where its type is not known
        self.takes_api_domain = True
        # Whether it has answered anything yet
        self.asked = False
        # The console's clock, from its latest answer
        self.now: datetime | None = None
        # Signs in again when a session that was handed over is no longer there; None where there is no other way in.
        self.renew: t.Callable[[], None] | None = None
        self._secrets: set[str] = set(self._gateway.values())

    @property
    def has_gateway_headers(self) -> bool:
        """Whether requests have headers that RustDesk's clients do not send."""
        return bool(self._gateway)

    def tell(self, text: str) -> None:
        """Show the user what is waited for."""
        if self._http.tell:
            self._http.tell(text)

    def without_session(self, url: str = "") -> Connection:
        """A connection to the same console as anybody has it, or to another ``url`` of it, which is then the value of
        O(callback_url). The gateway's headers go to no other origin."""
        same = not url or _addresses.origin(url) == _addresses.origin(self.url)
        option = "callback_url" if url else self.asks.option
        made = Connection(url or self.url, self._http, self._gateway if same else None, option, self.asks.ca)
        made.takes_api_domain = self.takes_api_domain
        return made

    def keep_secret(self, *values: t.Any) -> None:
        """Take ``values`` out of whatever the console says from now on, where a message quotes it."""
        self._secrets.update(value for value in values if isinstance(value, str) and value)

    def call(
        self, method: str, path: str, attempted: str, *, json: t.Any = None, repeatable: bool | None = None
    ) -> t.Any:
        """Send one request and give the answer's JSON value; None for an empty answer.

        ``attempted`` begins the error message, ``repeatable`` is that of Http.send(). Raises ServiceError for anything
        that is not a plain success, and AmbiguousError where a request that is not repeatable got no answer, or one
        that cannot be read.
        """
        response = self.ask(method, path, attempted, json=json, repeatable=repeatable)
        if response.status_code == 401 and self.renew_once():
            response = self.ask(method, path, attempted, json=json, repeatable=repeatable)
        repeats = _http.is_repeatable(method, repeatable)
        return self._read(response, method, path, attempted, repeats=repeats)

    def ask(
        self, method: str, path: str, attempted: str, *, json: t.Any = None, repeatable: bool | None = None
    ) -> t.Any:
        """Send one request and give the console's answer, whatever it is; see call().

        Raises ServiceError where something else answers in its place, with the name of the cause as its code.
        """
        # Without a language, some consoles answer in Chinese
        headers = {"Accept": "application/json", "Accept-Language": "en", **self._gateway, **self.headers}
        repeats = _http.is_repeatable(method, repeatable)
        try:
            response = self._http.send(method, self.url + path, repeatable=repeatable, json=json, headers=headers)
        except _http.requests.RequestException as error:
            raise self._no_answer(attempted, error, repeats=repeats) from error
        self.asked = True
        try:
            other = _answers.of_answer(response, self.asks, self._gateway)
        except ValueError as error:  # of an address that is none
            raise self._no_answer(attempted, bounds.UnreadableAnswer(), repeats=repeats) from error
        if other:
            raise ServiceError(
                attempted,
                answer=self.quotable(other.answer),
                hint=other.hint,
                status=response.status_code,
                code=other.name,
                request_id=_answers.request_id(response),
            )
        self.now = dates.of_answer(response) or self.now
        return response

    def check_behind_proxy(self, response: t.Any, path: str, attempted: str) -> None:
        """Raise ServiceError if a reverse proxy gave the ``response`` to GET ``path``, as it reaches no console."""
        if _is_unreached(response.status_code):
            self._read(response, "GET", path, attempted)

    def renew_once(self) -> bool:
        """Sign in again where that is possible and was not done before; whether it was done."""
        renew, self.renew = self.renew, None
        if renew:
            renew()
        return renew is not None

    def _hint(self, status: int, path: str) -> str:
        return SESSION_ENDED if status == 401 and self.headers else _hint(status, path)

    def _no_answer(self, attempted: str, error: Exception, *, repeats: bool) -> ServiceError:
        cause = _causes.of_exception(error, self.asks)
        if cause.open and not repeats:
            return AmbiguousError(attempted, answer=_causes.lost(error, cause), hint=cause.hint)
        return ServiceError(attempted, answer=cause.answer, hint=cause.hint)

    def _read(self, response: t.Any, method: str, path: str, attempted: str, *, repeats: bool = True) -> t.Any:
        status = response.status_code
        content_type, asks = response.headers.get("Content-Type", ""), waits.wish(response)
        try:
            value = response.json() if response.content else None
            readable = True
        except ValueError:
            value, readable = None, False
        said = self.quotable(_complaint(value, status)) if isinstance(value, dict) else None

        def refusal(
            answer: str, hint: str, code: str | None = None, kind: type[ServiceError] = ServiceError
        ) -> ServiceError:
            identifier = _answers.request_id(response)
            return kind(attempted, answer=answer, hint=hint, status=status, code=code, request_id=identifier)

        if 300 <= status < 400:
            target = response.headers.get("Location", "nowhere")
            raise refusal(
                f"{method} {path} was redirected ({status}) to {target}",
                f"Set {self.asks.option} to the address where it leads; following it would turn a POST into a GET",
            )
        if isinstance(value, dict) and BANNED in (status, value.get("code")):
            raise refusal(f"the console has banned this address after failed sign-ins ({BANNED})", BAN_HINT, BAN)
        if said:
            raise refusal(
                f"the console answered {status}: {said}{waits.wish(response)}", self._hint(status, path), SAID
            )
        if status == 405:
            allowed = response.headers.get("Allow", "nothing else")
            raise refusal(f"{method} {path} is not allowed there (405, allows {allowed})", self._hint(status, path))
        if not 200 <= status < 300:
            raise refusal(f"{method} {path} answered {status} {response.reason}{asks}", self._hint(status, path))
        if not readable:
            what = "an HTML page" if "html" in content_type else f"{content_type or 'something'} that is not JSON"
            raise refusal(
                f"{method} {path} answered {what}",
                f"Check {self.asks.option}: a proxy or another web server answers, or this server has no such API",
                kind=ServiceError if repeats or "html" in content_type else AmbiguousError,
            )
        return value

    def quotable(self, text: t.Any) -> str | None:
        """What the console said, shortened, without any secret that is known or that looks like one of Entra."""
        if not text:
            return None
        said = str(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            said = said.replace(secret, "********")
        said = ENTRA_SECRET.sub("********", said)
        return quoted(said, LONGEST_QUOTE)


def _complaint(value: dict[str, t.Any], status: int) -> t.Any:
    """What the console complains of: ``error`` makes any answer a refusal (check_response); where an answer has a
    ``message`` as well, that is the text and ``error`` only the name of the status (NestJS)."""
    if 200 <= status < 300:
        return value.get("error")
    message = value.get("message")
    return ("; ".join(map(str, message)) if isinstance(message, list) else message) or value.get("error")


def _is_unreached(status: int) -> bool:
    """Whether a reverse proxy answers that does not reach the console; those of Cloudflare are from 520 on."""
    return status in (502, 503, 504) or 520 <= status < 530


def _hint(status: int, path: str) -> str:
    if status == 401:
        return "Check username and password"
    if status == 403:
        return "Check that the user is an administrator with the right to change settings"
    if status in (404, 405):
        return f"This server's API differs from what is known ({path}): see the option contract"
    if _is_unreached(status):
        return (
            "A reverse proxy answers that does not reach the console: check that the console runs, and the proxy's log"
        )
    if status == 429:
        return "The console limits how often it is asked: wait a minute and run again"
    return "Look into the console's log"
