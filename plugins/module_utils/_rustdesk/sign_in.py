# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The unauthenticated requests of a RustDesk client before a user signs in; read only.

Source: RustDesk's client, flutter/lib/models/user_model.dart and src/hbbs_http/account.rs.
"""

from __future__ import annotations

import base64
import json
import secrets
import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.open_outcome import repeated
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider_types import same_name

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection

COMMON = "common-oidc/"
SINGLE = "oidc/"
# Characters; no authorization request is that long
LONGEST_URL = 8000
DEVICE_INFO = {"os": "linux", "type": "client", "name": "ansible"}


@dataclass(frozen=True)
class Begun:
    """A sign-in that waits for its user at ``url``; the client polls for it with ``code``."""

    url: str
    code: str


def new_client() -> dict[str, str]:
    """Return the ID and UUID of a new client, which never registers with a server.

    Each sign-in has its own: rustdesk_console begins at most five sign-ins a minute for an ID (1.8.0 [src]), so a
    shared one would delay others. RustDesk's IDs are digits; neither value has characters that a URL escapes.
    """
    return {
        "id": str(10**9 + secrets.randbelow(9 * 10**9)),
        "uuid": base64.b64encode(secrets.token_hex(12).encode()).decode(),
    }


def login_options(connection: Connection) -> list[str]:
    """Return the names of the providers that the console offers, in either format of the response."""
    attempted = f"Reading the login options of {connection.url} failed"
    try:
        answer = connection.call("GET", "/api/login-options", attempted)
    except ServiceError as error:
        if error.status != 404:
            raise
        answer = connection.call("GET", "/api/oidc/login-options", attempted)  # before August 2023 [src]
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise ServiceError(
            attempted, answer="the response is not a list of names", hint=f"Check {connection.asks.option}"
        )
    names = [item[len(SINGLE) :] for item in answer if item.startswith(SINGLE)]
    for item in answer:
        if item.startswith(COMMON):
            names.extend(_common_names(item[len(COMMON) :], attempted, connection.asks.option))
    return list(dict.fromkeys(names))


def offered(names: t.Sequence[str], name: str, console_type: str | None) -> str | None:
    """Return the spelling of ``name`` among the ``names`` that a console of this type offers; None if it is not
    offered."""
    return name if name in names else next((item for item in names if same_name(item, name, console_type)), None)


def authorization_url(connection: Connection, name: str, api_domain: str = "") -> str:
    """Return the URL to which the console sends a user of provider ``name``; the console performs OIDC discovery for
    it.

    ``api_domain`` is the address that the client claims to use, by default that of the connection. Raises ServiceError
    if the console begins no sign-in.
    """
    return begin(connection, name, new_client(), api_domain).url


def begin(connection: Connection, name: str, client: t.Mapping[str, str], api_domain: str = "") -> Begun:
    """Begin a sign-in with provider ``name``, for the client with the ``id`` and ``uuid`` of ``client``.

    Raises ServiceError if the console refuses. See authorization_url() for ``api_domain``.
    """
    attempted = f"Beginning a sign-in with {name} at {connection.url} failed"
    # Recent clients send their address, by which consoles choose among their trusted origins; older consoles refuse it.
    request = {"op": name, **client, "deviceInfo": DEVICE_INFO}
    domain = {"apiDomain": api_domain or connection.url} if connection.takes_api_domain else {}

    def send(body: dict[str, t.Any]) -> t.Any:
        # A sign-in that no user finishes is harmless
        return repeated(lambda: connection.call("POST", "/api/oidc/auth", attempted, json=body))

    try:
        answer = send({**request, **domain})
    except ServiceError as error:
        if not domain or error.status != 400 or "apiDomain" not in (error.answer or ""):
            raise
        connection.takes_api_domain = False
        answer = send(request)
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        raise ServiceError(attempted, answer="the response has no url", hint="Check the console log")
    return Begun(str(answer["url"]), str(answer.get("code") or ""))


def check_shown(begun: Begun, attempted: str) -> None:
    """Raise ServiceError, which begins with ``attempted``, for a URL that is not safe to show to a user: one without
    https, or with characters that a terminal does not print unchanged."""
    try:
        parts = urlsplit(begun.url)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not (usable and begun.url.isascii() and begun.url.isprintable() and len(begun.url) <= LONGEST_URL):
        raise ServiceError(
            attempted,
            answer="the authorization URL that the console returned is not an https URL",
            hint="Run the playbook site, and check the provider's endpoints in the console",
        )


def sent_callback_url(connection: Connection, name: str) -> str | None:
    """Return the callback URL that the console sends with provider ``name``, for consoles that do not show it; None if
    the console begins no sign-in."""
    try:
        return redirect_uri(authorization_url(connection, name))
    except ServiceError:
        return None


def redirect_uri(url: str) -> str | None:
    """Return the ``redirect_uri`` of an authorization URL; None if it has none."""
    try:
        return parse_qs(urlsplit(url).query).get("redirect_uri", [None])[0]
    except ValueError:
        return None


def _common_names(text: str, attempted: str, option: str) -> t.Iterator[str]:
    try:
        for entry in json.loads(text) or []:  # Go returns null for an empty list [src]
            yield str(entry["name"])
    except (ValueError, TypeError, KeyError) as error:
        raise ServiceError(attempted, answer="its list of providers cannot be read", hint=f"Check {option}") from error
