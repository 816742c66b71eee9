# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The console types. Each is one class with the same methods, in a file in the folder consoles; only that file knows
its wire format.
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import BANNED, CONSOLE_ERROR
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro import Pro
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.pro_document import (
    DEFAULT_CONTRACT,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_api import RustdeskApi
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.consoles.rustdesk_console import (
    RustdeskConsole,
)

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Plan, Provider, Tested


class Console(t.Protocol):
    """The interface of a console for the modules. ``supports`` are the options of providers and of the console itself
    that it supports.

    ``takes_api_domain`` is true if it accepts the address that a client uses; see sign_in.authorization_url().
    """

    type: str
    takes_api_domain: bool
    supports: frozenset[str]
    # Seconds that a user has to sign in; None if unknown
    sign_in_lasts: float | None
    # The ID of the client that opened the session; None if the console does not need one
    client: str | None
    # True if only the client that began a sign-in, by ID and UUID, can collect it
    asks_for_client: bool

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides how settings are read and written."""

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in with the console options and return the session's token."""

    def seen(self) -> str | None:
        """Return the data read so far, for resume(), including secrets; None if the console should be read again."""

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Continue the session of ``token``, which was opened as ``client``."""

    @property
    def wrote(self) -> bool:
        """True if look_again() has anything to check."""

    def look_again(self) -> None:
        """Raise ConflictError if another process has overwritten the changes of this session. Later reads fetch the
        data again."""

    def logout(self) -> None:
        """Close the session, if there is one."""

    def providers(self, name: str) -> list[Provider]:
        """Return all providers in the console's order; ``name`` with its client secret, if the console returns it."""

    def settings(self) -> dict[str, t.Any]:
        """Return the console's own settings, by option."""

    def warnings(self, plan: Plan) -> list[str]:
        """Return warnings for the user about ``plan``."""

    def local_administrators(self) -> list[str] | None:
        """Return the administrators who can sign in without an identity provider; None if unknown."""

    def authorized_users(self) -> int | None:
        """Return the number of users who sign in with an identity provider; None if unknown."""

    def user_names(self) -> set[str]:
        """Return the names of all users. Raises ServiceError if the console does not list them."""

    def check(self, plan: Plan) -> None:
        """Raise InputError or ServiceError if this console cannot apply ``plan``; sends no request."""

    def apply(self, plan: Plan) -> None:
        """Write the changes of ``plan``, verify them, and leave all other settings unchanged."""


@t.runtime_checkable
class KeepsDiscovery(t.Protocol):
    """A console that caches a failed discovery, so that sign-ins keep failing after the issuer is back."""

    def test_discovery(self, name: str) -> Tested | None:
        """Run the console's test of its discovery for the provider ``name``; None if it has no such provider.

        If the test succeeds, the console drops its cache. Raises ServiceError if the console refuses the test.
        """


@t.runtime_checkable
class ListsSessions(t.Protocol):
    """A console that lists the sessions of an account, with the names of their devices."""

    def end_abandoned_sessions(self) -> list[str]:
        """End the sessions that earlier runs left open; see abandoned(). Return a warning for each refusal. Without a
        list of sessions, do nothing."""


CONSOLES: dict[str, type[Console]] = {console.type: console for console in (Pro, RustdeskConsole, RustdeskApi)}
# One harmless request for each type: the path and the type that it detects, without a session
PROBES = (
    (DEFAULT_CONTRACT["settings_path"], "pro"),
    ("/api/oidc-providers?current=1&pageSize=1", "rustdesk_console"),
    ("/api/admin/oauth/list?page=1&page_size=1", "rustdesk_api"),
)


def choose(params: t.Mapping[str, t.Any], connection: Connection) -> type[Console]:
    """Return the class for the option O(console_type); V(auto) detects it by requests that change nothing and contain
    no password.

    A RustDesk server of an unknown type is treated as Pro, whose own checks report the problem. Raises ServiceError if
    no RustDesk server answers, so that the password is not sent to another service.
    """
    if params["console_type"] != "auto":
        return CONSOLES[params["console_type"]]
    if params.get("contract"):
        return Pro
    detected = detect(connection) or "pro"
    if detected == "pro":
        _check_rustdesk(connection)
    return CONSOLES[detected]


def _check_rustdesk(connection: Connection) -> None:
    """Raise ServiceError if no RustDesk server answers: many other servers require a session for every path, like
    Pro."""
    try:
        sign_in.login_options(connection)
    except ServiceError as error:
        other = error.code is not None and error.code != CONSOLE_ERROR
        known = other or error.status is None or 300 <= error.status < 400
        hint = error.hint if known else "Check console_url, or set console_type if this is a RustDesk console"
        raise ServiceError(
            f"No RustDesk console was found at {connection.url}",
            answer=error.answer,
            hint=hint,
            status=error.status,
            code=error.code,
        ) from error


def detect(connection: Connection) -> str | None:
    """Return the type of the console; None if it is unknown. Raises ServiceError if there is no response.

    The first probe identifies Pro (it requires a session) and rustdesk_console (NestJS reports that the path does not
    exist); rustdesk_api answers every request with 200 and a code.
    """
    for path, probed in PROBES:
        attempted = f"Detecting the type of the console {connection.url} failed"
        response = connection.ask("GET", path, attempted)
        connection.check_behind_proxy(response, path, attempted)
        try:
            value = response.json()
        except ValueError:
            value = None
        found = value if isinstance(value, dict) else {}
        if found.get("statusCode") in (401, 404) and "message" in found:
            return "rustdesk_console"
        if found.get("code") == BANNED:  # only this type answers with this code, on every path
            return "rustdesk_api"
        if probed == "pro" and (response.status_code in (401, 403) or isinstance(found.get("providers"), list)):
            return probed
        if probed == "rustdesk_api" and response.status_code == 200 and found.get("code") == 403:
            return probed
    return None
