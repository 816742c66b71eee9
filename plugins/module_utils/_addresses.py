# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Compare URLs as the web does; pure.

The comparison only decides what belongs together. It never changes what is registered or written, because Entra and
RustDesk compare redirect URIs byte for byte.
"""

from __future__ import annotations

import ipaddress
import typing as t
from urllib.parse import SplitResult, urlsplit

try:
    import idna
except ImportError:  # requests brings it
    idna = None  # type: ignore[assignment]

DEFAULT_PORTS = {"http": 80, "https": 443}


def same(one: str, other: str) -> bool:
    """True if ``one`` and ``other`` are the same address.

    The case of scheme and host, a default port, a trailing slash, and the form of an international domain name or an
    IPv6 address make no difference [doc: WHATWG URL]. Path and query do.
    """
    return key(one) == key(other)


def key(url: str) -> str:
    """Return the normal form that all spellings of an address share; text that is not a URL is returned unchanged."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if not parts.hostname:
        return url
    authority = _host(parts.hostname)
    if port not in (None, DEFAULT_PORTS.get(parts.scheme)):
        authority += f":{port}"
    user, at, _host_and_port = parts.netloc.rpartition("@")
    path = parts.path.rstrip("/")
    return SplitResult(parts.scheme, user + at + authority, path, parts.query, parts.fragment).geturl()


def origin(url: str) -> str:
    """Return the scheme, host and port of an address, as key() writes them."""
    return "/".join(key(url).split("/")[:3])


def spellings(of: t.Iterable[str], known: t.Iterable[str]) -> set[str]:
    """Return the ``known`` addresses that are the same as one in ``of``."""
    keys = {key(url) for url in of}
    return {url for url in known if key(url) in keys}


def _host(host: str) -> str:
    """Return the normal form of a host name or IP address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ascii_host(host)
    return f"[{address.compressed}]" if address.version == 6 else address.compressed


def ascii_host(host: str) -> str:
    """Return the ASCII form of a host name in lower case; ``host`` itself in lower case if it has none."""
    if host.isascii():  # IDNA rejects a name with an underscore
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode().lower() if idna else host.encode("idna").decode().lower()
    except UnicodeError:  # idna.IDNAError is one
        return host.lower()
