# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""A proxy that an option names, and why a request did not get through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

# The port of each scheme that requests takes if the URL has none
PORTS = {"http": 80, "https": 443, "socks5h": 1080}


@dataclass(frozen=True)
class Proxy:
    """``url`` holds credentials. ``name`` is for messages; it is no URL, because Ansible masks the option's value."""

    url: str = field(repr=False)
    name: str
    option: str

    @property
    def socks(self) -> bool:
        """Whether PySocks is needed."""
        return self.url.startswith("socks")

    def failure(self, reason: str, causes: set[str], url: str) -> tuple[str, str]:
        """What to tell of a request to ``url`` that did not get through the proxy: the answer and the hint.

        ``reason`` is the text of the innermost of the exceptions that are named by ``causes``.
        """
        if "Tunnel connection failed: 407" in reason or "SOCKS5AuthError" in causes:
            return self.refusal
        if "Tunnel connection failed" in reason or "SOCKS5Error" in causes:
            return (
                f"the {self.name} does not connect to {url}: {reason}",
                f"Check console_url, and allow the address in the proxy, or correct {self.option}",
            )
        return f"no connection through the {self.name}: {reason}", f"Check {self.option} and the network"

    @property
    def refusal(self) -> tuple[str, str]:
        """The error if the proxy requires a name and a password, or refuses these."""
        return (
            f"the {self.name} does not accept the request without a valid name and password (407)",
            f"Set {self.option} to a URL with name and password, percent-encoded",
        )


def check_proxy(url: str | None, option: str) -> Proxy | None:
    """The proxy for an ``option``'s value, None if there is none.

    Raises InputError, which never quotes the value, if it is not the URL of a proxy.
    """
    if not url:
        return None
    hint = "Write it as http://[name:password@]host:port, or with https:// or socks5h://; percent-encode the password"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    scheme = parts.scheme
    if scheme in ("socks4", "socks4a", "socks5"):
        raise InputError(f"{option} has the scheme {scheme}", answer="the proxy has to resolve names", hint=hint)
    rest = parts.path.strip("/") or parts.query or parts.fragment
    if scheme not in PORTS or not host or rest or any(sign.isspace() for sign in url):
        raise InputError(f"{option} is not the URL of an http, https or socks5h proxy", hint=hint)
    shown = f"[{host}]" if ":" in host else host
    # requests looks for "socks" in lower case
    written = scheme + url[len(scheme) :]
    return Proxy(written, f"{scheme} proxy {shown}:{port or PORTS[scheme]}", option)
