# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Requests to a RustDesk console's API; every unexpected response becomes an error with a hint.

Source: RustDesk's official scripts (res/*.py, check_response) for the conventions of responses.
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

# Every client secret of Entra has this mark from the fourth character on (Microsoft's credential scanners [doc]).
ENTRA_SECRET = re.compile(r"[A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{20,}")
LONGEST_QUOTE = 300
# The hint if a session has ended, and renewing it was not possible or did not help
SESSION_ENDED = (
    "The session has ended. Run the playbook again. If this repeats, check that no other program signs this user out,"
    " or use a dedicated account for automation"
)
# The code in every response of rustdesk_api to a banned address, with HTTP 200 (http/middleware/limiter.go [src])
BANNED = 423
BAN = "banned"
BAN_HINT = (
    "Correct username and password, then wait 30 minutes or restart the console. The console's setting ban-threshold"
    " (RUSTDESK_API_APP_BAN_THRESHOLD) is the number of failures before a ban"
)
# The code of an error with the console's own text
CONSOLE_ERROR = "error"


class Connection:
    """Requests to one console. ``headers`` are sent with each request; a sign-in adds its token to them."""

    def __init__(
        self,
        url: str,
        http: _http.Http,
        gateway: t.Mapping[str, str] | None = None,
        option: str = "console_url",
        ca: str = "ca_path",
    ) -> None:
        """``url`` is the console's address, the value of ``option`` without a trailing slash.

        ``ca`` is the option that holds its CA, ``gateway`` the headers for an access gateway, which contain secrets.
        """
        self.url = url
        self._http = http
        self.asks = _causes.Asked(url, option, ca, http.proxy, timeout=http.timeout)
        self._gateway = dict(gateway or {})
        self.headers: dict[str, str] = {}
        # True if the console accepts the address that a client uses, or its type is unknown
        self.takes_api_domain = True
        # True once the console has answered a request
        self.asked = False
        # The console's clock, from its latest response
        self.now: datetime | None = None
        # Signs in again if a session from an earlier task has ended; None if that is not possible
        self.renew: t.Callable[[], None] | None = None
        self._secrets: set[str] = set(self._gateway.values())

    @property
    def has_gateway_headers(self) -> bool:
        """True if requests have headers that RustDesk's clients do not send."""
        return bool(self._gateway)

    def notify(self, text: str) -> None:
        """Report a wait to the user."""
        if self._http.notify:
            self._http.notify(text)

    def without_session(self, url: str = "") -> Connection:
        """Return a connection without a session to the same console, or to another ``url`` for it, which is then the
        value of O(callback_url). The gateway's headers are not sent to another origin."""
        same = not url or _addresses.origin(url) == _addresses.origin(self.url)
        option = "callback_url" if url else self.asks.option
        made = Connection(url or self.url, self._http, self._gateway if same else None, option, self.asks.ca)
        made.takes_api_domain = self.takes_api_domain
        return made

    def keep_secret(self, *values: t.Any) -> None:
        """Mask ``values`` in all messages that quote the console from now on."""
        self._secrets.update(value for value in values if isinstance(value, str) and value)

    def call(
        self, method: str, path: str, attempted: str, *, json: t.Any = None, repeatable: bool | None = None
    ) -> t.Any:
        """Send one request and return the response's JSON value; None for an empty response.

        ``attempted`` begins the error message, ``repeatable`` is that of Http.send(). Raises ServiceError for anything
        but success, and AmbiguousError if a request that is not repeatable received no response or an unreadable one.
        """
        response = self.ask(method, path, attempted, json=json, repeatable=repeatable)
        if response.status_code == 401 and self.renew_once():
            response = self.ask(method, path, attempted, json=json, repeatable=repeatable)
        repeats = _http.is_repeatable(method, repeatable)
        return self._read(response, method, path, attempted, repeats=repeats)

    def ask(
        self, method: str, path: str, attempted: str, *, json: t.Any = None, repeatable: bool | None = None
    ) -> t.Any:
        """Send one request and return the console's response, whatever its status; see call().

        Raises ServiceError if something else answers in the console's place, with the name of the cause as its code.
        """
        # By default, some consoles answer in Chinese
        headers = {"Accept": "application/json", "Accept-Language": "en", **self._gateway, **self.headers}
        repeats = _http.is_repeatable(method, repeatable)
        try:
            response = self._http.send(method, self.url + path, repeatable=repeatable, json=json, headers=headers)
        except _http.requests.RequestException as error:
            raise self._no_answer(attempted, error, repeats=repeats) from error
        self.asked = True
        try:
            other = _answers.of_answer(response, self.asks, self._gateway)
        except ValueError as error:  # from an invalid address in a redirect
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
        """Raise ServiceError if the ``response`` to GET ``path`` is from a reverse proxy that cannot reach the
        console."""
        if _is_unreached(response.status_code):
            self._read(response, "GET", path, attempted)

    def renew_once(self) -> bool:
        """Sign in again if that is possible and was not done before; return whether it was done."""
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
        content_type, wait = response.headers.get("Content-Type", ""), waits.wish(response)
        try:
            value = response.json() if response.content else None
            readable = True
        except ValueError:
            value, readable = None, False
        complaint = self.quotable(_complaint(value, status)) if isinstance(value, dict) else None

        def refusal(
            answer: str, hint: str, code: str | None = None, kind: type[ServiceError] = ServiceError
        ) -> ServiceError:
            identifier = _answers.request_id(response)
            return kind(attempted, answer=answer, hint=hint, status=status, code=code, request_id=identifier)

        if 300 <= status < 400:
            target = response.headers.get("Location", "nowhere")
            raise refusal(
                f"{method} {path} was redirected ({status}) to {target}",
                f"Set {self.asks.option} to the target of the redirect. Redirects are not followed, because that would "
                "turn a POST into a GET",
            )
        if isinstance(value, dict) and BANNED in (status, value.get("code")):
            raise refusal(f"the console has banned this address after failed sign-ins ({BANNED})", BAN_HINT, BAN)
        if complaint:
            raise refusal(f"the console answered {status}: {complaint}{wait}", self._hint(status, path), CONSOLE_ERROR)
        if status == 405:
            allowed = response.headers.get("Allow", "nothing else")
            raise refusal(f"{method} {path} is not allowed (405, allows {allowed})", self._hint(status, path))
        if not 200 <= status < 300:
            raise refusal(f"{method} {path} was answered {status} {response.reason}{wait}", self._hint(status, path))
        if not readable:
            what = "with an HTML page" if "html" in content_type else f"with {content_type or 'data'} that is not JSON"
            raise refusal(
                f"{method} {path} was answered {what}",
                f"Check {self.asks.option}: a proxy or another web server answers, or this server has no such API",
                kind=ServiceError if repeats or "html" in content_type else AmbiguousError,
            )
        return value

    def quotable(self, text: t.Any) -> str | None:
        """Return the console's ``text``, shortened, with known secrets and anything like a secret of Entra masked."""
        if not text:
            return None
        shown = str(text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            shown = shown.replace(secret, "********")
        shown = ENTRA_SECRET.sub("********", shown)
        return quoted(shown, LONGEST_QUOTE)


def _complaint(value: dict[str, t.Any], status: int) -> t.Any:
    """Return the console's error text: ``error`` makes any response a refusal (check_response). If the response also
    has a ``message``, that is the text, and ``error`` only the name of the status (NestJS)."""
    if 200 <= status < 300:
        return value.get("error")
    message = value.get("message")
    return ("; ".join(map(str, message)) if isinstance(message, list) else message) or value.get("error")


def _is_unreached(status: int) -> bool:
    """True for the statuses of a reverse proxy that cannot reach the console; Cloudflare's are 520 and above."""
    return status in (502, 503, 504) or 520 <= status < 530


def _hint(status: int, path: str) -> str:
    if status == 401:
        return "Check username and password"
    if status == 403:
        return "Check that the user is an administrator who may change settings"
    if status in (404, 405):
        return f"This server's API differs from the known one ({path}): see the option contract"
    if _is_unreached(status):
        return "A reverse proxy cannot reach the console: check that the console is running, and check the proxy's log"
    if status == 429:
        return "The console limits the rate of requests: wait a minute and run the playbook again"
    return "Check the console log"
