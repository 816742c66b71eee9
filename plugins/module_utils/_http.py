# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""HTTP with requests, for consoles and login endpoints: TLS, timeouts, and retries of requests that are safe to
repeat."""

from __future__ import annotations

import importlib.util
import math
import ssl
import time
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _causes, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError, MissingLibraryError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import bounds, requests_adapter, waits

try:
    import requests
    from urllib3.exceptions import MaxRetryError, ResponseError
    from urllib3.util.retry import Retry
except ImportError:
    HAS_REQUESTS = False
    Retry = object  # type: ignore[assignment,misc]  # a stand-in, so that the class below can be defined
else:
    HAS_REQUESTS = True

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import Proxy

__all__ = [
    "HAS_REQUESTS",
    "REQUESTS_REQUIREMENT",
    "Http",
    "check_ca",
    "is_repeatable",
    "requests",
    "session",
    "trust",
]

REQUESTS_REQUIREMENT = "requests>=2.31"
CA_HINT = "Set it to a PEM file with the CA's certificate"
SOCKS_REQUIREMENT = "PySocks>=1.7"
# Waits of at least this many seconds are reported.
NOTICEABLE = 3.0
NO_ATTEMPTS = waits.Attempts()

Notify = t.Callable[[str], None]


class _Retry(Retry):
    """urllib3's Retry with the waits of _exchange.waits. It does not read the responses that it discards.

    It reports the waits that a service requests.
    """

    RETRY_AFTER_STATUS_CODES = frozenset()  # urllib3 would also repeat these

    def __init__(
        self,
        *arguments: t.Any,
        notify: Notify | None = None,
        request: str = "",
        budget: waits.Budget = waits.USUAL,
        attempts: waits.Attempts = NO_ATTEMPTS,
        **options: t.Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._notify = notify
        self._request = request
        self._budget = budget
        self._attempts = attempts
        self._began = time.monotonic()

    def new(self, **options: t.Any) -> t.Any:
        """Return the next attempt; urllib3 creates it from the options that it knows."""
        own = {"notify": self._notify, "request": self._request, "budget": self._budget, "attempts": self._attempts}
        return super().new(**{**own, **options})

    def sleep(self, response: t.Any = None) -> None:
        """Wait before the next attempt."""
        super().sleep(response)
        self._began = time.monotonic()

    def get_backoff_time(self) -> float:
        """Return the seconds to wait if the service requests no wait."""
        return waits.pause(self._attempts.made)

    def sleep_for_retry(self, response: t.Any) -> bool:
        """Wait as long as the service requests; return whether it requests a wait."""
        seconds = self.get_retry_after(response) or 0.0
        if self._notify and seconds >= NOTICEABLE:
            self._notify(f"{self._request} was answered {response.status}: retrying in {math.ceil(seconds)} s")
        return super().sleep_for_retry(response)

    def get_retry_after(self, response: t.Any) -> float | None:
        """Return the seconds of one wait; increment() has checked that the budget allows it."""
        wanted = waits.retry_after(response.headers)
        return None if wanted is None else min(wanted, waits.LONGEST)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: t.Any = None,
        error: Exception | None = None,
        _pool: t.Any = None,
        _stacktrace: t.Any = None,
    ) -> t.Any:
        """Return the state for the next attempt. Raises MaxRetryError if TLS or a proxy refuses the request, its time
        is used up, or the requested wait exceeds the budget."""
        attempts = self._attempts.after(time.monotonic() - self._began)
        if error and (_causes.is_final(error) or not attempts.is_left):
            raise MaxRetryError(_pool, url or "", error)
        wanted = 0.0
        if response is not None:
            # To keep the connection, urllib3 would read the whole response, however large it is.
            response.drain_conn = lambda: (response.close(), response.release_conn())
            wanted = waits.retry_after(response.headers) or 0.0
            lasts = response.status == 500 and attempts.made >= waits.ATTEMPTS_AT_500
            if self._budget.wait(wanted) is None or lasts or not attempts.is_left:
                raise MaxRetryError(_pool, url or "", ResponseError("not retried"))
        following = super().increment(method, url, response, error, _pool, _stacktrace)
        following._budget = self._budget.after(wanted)
        following._attempts = attempts
        place = f"{_pool.host}:{_pool.port}" if _pool else ""
        # Without the query, which may contain the code of a sign-in
        following._request = f"{method} {place}{(url or '').partition('?')[0]}"
        return following


class Http:
    """A requests session with one CA, one timeout and one retry policy.

    Redirects are never followed, because a 301 or 302 turns a POST into a GET.
    Only GET is repeated automatically: after a failed connection, after 502, 503 and 504, and less often after 500.
    ``repeatable`` marks other requests that are just as harmless, or a GET that is not. After 429, nothing was done, so
    any request is repeated. No request is repeated once its time is used up.
    """

    def __init__(
        self,
        ca_path: str | None,
        timeout: float,
        proxy: Proxy | None = None,
        notify: Notify | None = None,
        wait_timeout: float = waits.BUDGET,
    ) -> None:
        """``ca_path`` is a PEM file to trust instead of the system's store.

        ``timeout`` is in seconds for each attempt of a request, including its whole response; ``wait_timeout`` is the
        limit for all waits that a service requests for one request. ``notify`` receives a sentence before each wait.

        All requests go through ``proxy``, regardless of the environment; without it, the environment's proxy applies.
        Raises MissingLibraryError if requests is not installed, InputError if the file cannot be used.
        """
        if not HAS_REQUESTS:
            raise MissingLibraryError(REQUESTS_REQUIREMENT)
        if proxy and proxy.socks and not importlib.util.find_spec("socks"):
            raise MissingLibraryError(SOCKS_REQUIREMENT)
        self.proxy, self.notify = proxy, notify
        trust(ca_path)
        self._verify: str | bool = ca_path or True
        self.timeout = timeout
        budget = waits.Budget(wait_timeout)
        self._safe, self._unsafe = (session(repeats(timeout, budget, notify, safe=safe)) for safe in (True, False))

    def send(self, method: str, url: str, *, repeatable: bool | None = None, **kwargs: t.Any) -> requests.Response:
        """Send one request and return the response, whatever its status.

        Raises requests.RequestException, including for a response that cannot be read.
        """
        chosen = self._safe if is_repeatable(method, repeatable) else self._unsafe
        try:
            # verify is passed with each request because REQUESTS_CA_BUNDLE overrides Session.verify.
            return chosen.request(
                method,
                url,
                verify=self._verify,
                timeout=self.timeout,
                allow_redirects=False,
                # Passed with each request because NO_PROXY overrides Session.proxies.
                proxies={"http": self.proxy.url, "https": self.proxy.url} if self.proxy else None,
                **kwargs,
            )
        except requests.RequestException:
            raise
        except ValueError as error:  # requests parses the target of a redirect even if it does not follow it
            raise requests_adapter.unreadable(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._safe.close()
        self._unsafe.close()


def is_repeatable(method: str, repeatable: bool | None) -> bool:
    """True if a request without a response may be sent again; ``repeatable`` is the caller's choice, if any."""
    return method == "GET" if repeatable is None else repeatable


def trust(ca_path: str | None, option: str = "ca_path") -> ssl.SSLContext | None:
    """Return a TLS context that trusts only the PEM file ``ca_path``, the value of ``option``; None without a file.

    Raises InputError if the file cannot be read.
    """
    if not ca_path:
        return None
    check_ca(ca_path, option)
    try:
        return ssl.create_default_context(cafile=ca_path)
    except (OSError, ValueError) as error:
        raise _no_ca(ca_path, option, str(error)) from error


def check_ca(ca_path: str | None, option: str = "ca_path") -> None:
    """Raise InputError in the cases that need no parsing; trust() takes much longer for a large bundle."""
    if ca_path and b"-----BEGIN" not in _input.readable_file(ca_path, option, CA_HINT):
        raise _no_ca(ca_path, option, "it contains no certificate")


def _no_ca(ca_path: str, option: str, why: str) -> InputError:
    attempted = f"{option} {_input.path_end(ca_path)} cannot be read as a PEM file"
    return InputError(attempted, answer=why, hint=CA_HINT)


def repeats(
    timeout: float, budget: waits.Budget = waits.USUAL, notify: Notify | None = None, *, safe: bool = True
) -> Retry:
    """Return the retry policy of a request; ``safe`` means that it may be carried out several times.

    ``timeout`` is for one attempt, in seconds. If no connection was established, any request is safe to repeat.
    """
    return _Retry(
        total=waits.ATTEMPTS - 1,
        read=None if safe else 0,
        other=None if safe else 0,
        status_forcelist=waits.PASSING | {500} if safe else waits.NOTHING_DONE,
        allowed_methods=None,
        raise_on_status=False,
        notify=notify,
        budget=budget,
        attempts=waits.Attempts(timeout),
    )


def session(retry: Retry | None = None) -> requests.Session:
    """Return a requests session that reads bounded responses and repeats according to ``retry``, by default never."""
    made = requests.Session()
    made.auth = _no_netrc
    made.headers["Accept-Encoding"] = bounds.ACCEPTED
    for scheme in ("https://", "http://"):
        made.mount(scheme, requests_adapter.Adapter(max_retries=retry or 0))
    return made


def _no_netrc(request: t.Any) -> t.Any:
    """Keep requests from replacing the Authorization header with the host's credentials in ~/.netrc."""
    return request
