# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""A proxy set by an option or the environment, and why a request did not get through it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

# The errors of requests and httpx for a proxy's 407
WANTS_PASSWORD = re.compile(r"Tunnel connection failed: 407|^407\b")
# The default port of each scheme in requests
PORTS = {"http": 80, "https": 443, "socks5h": 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy. ``url`` may contain credentials. ``name`` is for messages; it is not a URL, because Ansible masks the
    option's value."""

    url: str = field(repr=False)
    name: str
    option: str
    # True if the environment sets it
    outside: bool = False

    @property
    def socks(self) -> bool:
        """True if PySocks is needed."""
        return self.url.startswith("socks")

    def failure(self, reason: str, causes: set[str], url: str, address: str) -> tuple[str, str]:
        """Return the answer and the hint for a request to ``url`` that did not get through the proxy.

        ``causes`` names the classes of the exceptions, ``reason`` is the text of the innermost one, and ``address`` the
        option that holds the URL.
        """
        around = ", or add the host to NO_PROXY" if self.outside else ""
        if WANTS_PASSWORD.search(reason) or "SOCKS5AuthError" in causes:
            return self.refusal
        refused = re.search(r"Tunnel connection failed: (\d{3}.*)", reason)
        if not refused and causes & {"ProxyError"} and re.match(r"[1-5]\d\d\b", reason):  # httpx
            refused = re.match(r"(.*)", reason)
        if refused or "SOCKS5Error" in causes:
            return (
                f"the {self.name} does not connect to {url}: {refused.group(1) if refused else reason}",
                f"Check {address}, and allow the address in the proxy, or correct {self.option}{around}",
            )
        return f"no connection through the {self.name}: {reason}", f"Check {self.option} and the network{around}"

    @property
    def refusal(self) -> tuple[str, str]:
        """The answer and the hint if the proxy requires a user name and password, or rejects them."""
        return (
            f"the {self.name} requires a valid user name and password (407)",
            f"Set {self.option} to a URL with a user name and password, percent-encoded",
        )


def of_environment(url: str) -> Proxy | None:
    """Return the proxy that the environment sets for requests to ``url``, for messages; None if there is none."""
    try:
        from requests.utils import should_bypass_proxies
    except ImportError:
        return None
    host = urlsplit(url).hostname
    if not host or should_bypass_proxies(url, no_proxy=None):
        return None
    for option in (f"{urlsplit(url).scheme}_proxy", "all_proxy"):
        name = next((name for name in (option, option.upper()) if os.environ.get(name)), "")
        if name:
            return Proxy("", _named(os.environ[name]), f"the environment variable {name}", outside=True)
    return None


def _named(url: str) -> str:
    """Return the name of a proxy from the environment, which is used whatever its URL looks like."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "proxy of the environment"
    shown = f"[{host}]" if ":" in (host or "") else host
    return f"{parts.scheme} proxy {shown}:{port or PORTS.get(parts.scheme, 1080)}"


def check_proxy(url: str | None, option: str) -> Proxy | None:
    """Return the proxy for an ``option``'s value; None if it is empty.

    Raises InputError, which never quotes the value, if it is not the URL of a proxy.
    """
    if not url:
        return None
    hint = "Write it as http://[name:password@]host:port, or with https:// or socks5h://; percent-encode the password"
    scheme = url.partition(":")[0].lower()
    if scheme in ("socks4", "socks4a", "socks5"):
        raise InputError(f"{option} has the scheme {scheme}", answer="the proxy must resolve host names", hint=hint)
    if _input.url_problem(url, schemes=tuple(PORTS), user=True) or urlsplit(url).path.strip("/"):
        raise InputError(f"{option} is not the URL of an http, https or socks5h proxy", hint=hint)
    host, port = urlsplit(url).hostname or "", urlsplit(url).port
    shown = f"[{host}]" if ":" in host else host
    # requests looks for "socks" in lower case
    written = scheme + url[len(scheme) :]
    return Proxy(written, f"{scheme} proxy {shown}:{port or PORTS[scheme]}", option)
