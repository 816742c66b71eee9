# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""What a RustDesk client sees before a user signs in: the same unauthenticated requests, read only.

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
# More than any authorization request has
LONGEST_URL = 8000
DEVICE_INFO = {"os": "linux", "type": "client", "name": "ansible"}


@dataclass(frozen=True)
class Begun:
    """A sign-in that waits for its user at ``url``; the client asks for it by ``code``."""

    url: str
    code: str


def new_client() -> dict[str, str]:
    """The ID and UUID of a client that nobody has seen yet, which never registers with a server.

    Each sign-in has its own: rustdesk_console begins five a minute for an ID, whoever sends it (1.8.0 [src]), so that
    others would wait. RustDesk's IDs are digits; neither value has a sign that is written otherwise in a URL.
    """
    return {
        "id": str(10**9 + secrets.randbelow(9 * 10**9)),
        "uuid": base64.b64encode(secrets.token_hex(12).encode()).decode(),
    }


def login_options(connection: Connection) -> list[str]:
    """The names of the providers that the console offers, of both forms that consoles answer with."""
    attempted = f"Reading the login options of {connection.url} failed"
    try:
        answer = connection.call("GET", "/api/login-options", attempted)
    except ServiceError as error:
        if error.status != 404:
            raise
        answer = connection.call("GET", "/api/oidc/login-options", attempted)  # before August 2023 [src]
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise ServiceError(
            attempted, answer="the answer is not a list of names", hint=f"Check {connection.asks.option}"
        )
    names = [item[len(SINGLE) :] for item in answer if item.startswith(SINGLE)]
    for item in answer:
        if item.startswith(COMMON):
            names.extend(_common_names(item[len(COMMON) :], attempted, connection.asks.option))
    return list(dict.fromkeys(names))


def offered(names: t.Sequence[str], name: str, console_type: str | None) -> str | None:
    """The provider ``name`` as a console of this type that offers ``names`` spells it; None where it is not offered."""
    return name if name in names else next((item for item in names if same_name(item, name, console_type)), None)


def authorization_url(connection: Connection, name: str, api_domain: str = "") -> str:
    """The URL to which the console sends a user of provider ``name``; makes the console do OIDC discovery now.

    ``api_domain`` is the address that a client says it uses, by default that of the connection. Raises ServiceError if
    the console begins no sign-in.
    """
    return begin(connection, name, new_client(), api_domain).url


def begin(connection: Connection, name: str, client: t.Mapping[str, str], api_domain: str = "") -> Begun:
    """Begin a sign-in with provider ``name``, for the client with the ``id`` and ``uuid`` of ``client``.

    Raises ServiceError if the console refuses. See authorization_url() for ``api_domain``.
    """
    attempted = f"Beginning a sign-in with {name} at {connection.url} failed"
    # Recent clients tell the address they use, by which a console chooses among its trusted origins; others refuse it.
    request = {"op": name, **client, "deviceInfo": DEVICE_INFO}
    told = {"apiDomain": api_domain or connection.url} if connection.takes_api_domain else {}

    def send(body: dict[str, t.Any]) -> t.Any:
        # A sign-in that was begun and that nobody finishes is harmless
        return repeated(lambda: connection.call("POST", "/api/oidc/auth", attempted, json=body))

    try:
        answer = send({**request, **told})
    except ServiceError as error:
        if not told or error.status != 400 or "apiDomain" not in (error.answer or ""):
            raise
        connection.takes_api_domain = False
        answer = send(request)
    if not isinstance(answer, dict) or not isinstance(answer.get("url"), str):
        raise ServiceError(attempted, answer="the answer has no url", hint="Look into the console's log")
    return Begun(str(answer["url"]), str(answer.get("code") or ""))


def check_shown(begun: Begun, attempted: str) -> None:
    """Raise ServiceError, which begins with ``attempted``, for a URL that nobody should open because a console says so:
    one without https, or with signs that a terminal does not show as they are."""
    try:
        parts = urlsplit(begun.url)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not (usable and begun.url.isascii() and begun.url.isprintable() and len(begun.url) <= LONGEST_URL):
        raise ServiceError(
            attempted,
            answer="the authorization URL that the console gives is not an https URL",
            hint="Run the playbook site, and check the provider's endpoints in the console",
        )


def sent_callback_url(connection: Connection, name: str) -> str | None:
    """The callback URL that the console sends with provider ``name``, where it does not tell it otherwise; None where
    it begins no sign-in."""
    try:
        return redirect_uri(authorization_url(connection, name))
    except ServiceError:
        return None


def redirect_uri(url: str) -> str | None:
    """The ``redirect_uri`` of an authorization URL; None where it has none."""
    try:
        return parse_qs(urlsplit(url).query).get("redirect_uri", [None])[0]
    except ValueError:
        return None


def _common_names(text: str, attempted: str, option: str) -> t.Iterator[str]:
    try:
        for entry in json.loads(text) or []:  # Go gives null for an empty list [src]
            yield str(entry["name"])
    except (ValueError, TypeError, KeyError) as error:
        raise ServiceError(attempted, answer="its list of providers cannot be read", hint=f"Check {option}") from error
