# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The console types. Each is one class with the same verbs, in one file of the folder consoles; nothing else knows
its wire format.
"""

from __future__ import annotations

import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import BANNED, SAID
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
    """What the modules ask of a console. ``supports`` are the options of a provider and of the console that it has.

    ``takes_api_domain`` is whether it takes the address that a client uses; see sign_in.authorization_url().
    """

    type: str
    takes_api_domain: bool
    supports: frozenset[str]
    # Seconds that a user has to sign in; None where that is not known
    sign_in_lasts: float | None
    # The ID of the client as which the session was begun; None where the console does not want one
    client: str | None
    # Whether it gives a finished sign-in only to the client, by ID and UUID, that began it
    asks_for_client: bool

    def __init__(self, connection: Connection, contract: t.Mapping[str, t.Any] | None) -> None:
        """``contract`` overrides how settings are read and written."""

    def login(self, params: t.Mapping[str, t.Any]) -> str:
        """Sign in with the console options and give the session's token."""

    def seen(self) -> str | None:
        """What was read, for resume(), with its secrets; None where the console is to be read again."""

    def resume(self, token: str, seen: str | None = None, client: str | None = None) -> None:
        """Go on with the session of ``token``, which was begun as ``client``."""

    @property
    def wrote(self) -> bool:
        """Whether look_again() has anything to do."""

    def look_again(self) -> None:
        """Raise ConflictError if another process has overwritten what was written in this session. What is asked for
        afterwards is read anew."""

    def logout(self) -> None:
        """Close the session, if there is one."""

    def providers(self, name: str) -> list[Provider]:
        """All providers, in the console's order; that of ``name`` with its secret, if the console gives it back."""

    def settings(self) -> dict[str, t.Any]:
        """The console's own settings by option, of those that it has."""

    def warnings(self, plan: Plan) -> list[str]:
        """What the user should know before ``plan`` is applied."""

    def local_administrators(self) -> list[str] | None:
        """The administrators who can sign in without an identity provider; None where the console does not tell."""

    def authorized_users(self) -> int | None:
        """How many users sign in with an identity provider; None where the console does not tell."""

    def user_names(self) -> set[str]:
        """The names of all users. Raises ServiceError where the console does not tell them."""

    def check(self, plan: Plan) -> None:
        """Raise InputError or ServiceError where ``plan`` is not for this console; asks and writes nothing."""

    def apply(self, plan: Plan) -> None:
        """Write what ``plan`` changes, read it back, and leave all else as it was."""


@t.runtime_checkable
class KeepsDiscovery(t.Protocol):
    """A console that keeps a discovery that failed, so that no sign-in begins although the issuer is back."""

    def test_discovery(self, name: str) -> Tested | None:
        """Have the console test its discovery for the provider ``name``; None if it has no such provider.

        If the test succeeds, the console keeps nothing of before. Raises ServiceError if it refuses.
        """


@t.runtime_checkable
class ListsSessions(t.Protocol):
    """A console that lists the sessions of an account, with the names of their devices."""

    def end_abandoned_sessions(self) -> list[str]:
        """End the sessions that earlier runs have left open; see abandoned(). Gives what the console refuses, in
        words. A console that does not list them refuses nothing."""


CONSOLES: dict[str, type[Console]] = {console.type: console for console in (Pro, RustdeskConsole, RustdeskApi)}
# One harmless request for each type: the path, and what tells it from the others when nobody is signed in.
PROBES = (
    (DEFAULT_CONTRACT["settings_path"], "pro"),
    ("/api/oidc-providers?current=1&pageSize=1", "rustdesk_console"),
    ("/api/admin/oauth/list?page=1&page_size=1", "rustdesk_api"),
)


def choose(params: t.Mapping[str, t.Any], connection: Connection) -> type[Console]:
    """The class for the option O(console_type); V(auto) detects it by requests that change nothing and hold no
    password.

    A RustDesk server that is none of those that are known counts as Pro, whose own checks say what is wrong. Raises
    ServiceError where no RustDesk server answers, so that nobody else is told the password.
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
    """Raise ServiceError where no RustDesk server answers: many others want a session for every path too."""
    try:
        sign_in.login_options(connection)
    except ServiceError as error:
        other = error.code is not None and error.code != SAID
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
    """The type of the console that answers there; None for one that is not known. Raises ServiceError if none answers.

    The first probe decides for Pro (it wants a session) and for rustdesk_console (NestJS says that it has no such
    path); rustdesk_api answers everything with 200 and a code.
    """
    for path, probed in PROBES:
        attempted = f"Detecting the type of the console {connection.url} failed"
        response = connection.ask("GET", path, attempted)
        connection.check_behind_proxy(response, path, attempted)
        try:
            value = response.json()
        except ValueError:
            value = None
        told = value if isinstance(value, dict) else {}
        if told.get("statusCode") in (401, 404) and "message" in told:
            return "rustdesk_console"
        if told.get("code") == BANNED:  # only this type answers so, to each path
            return "rustdesk_api"
        if probed == "pro" and (response.status_code in (401, 403) or isinstance(told.get("providers"), list)):
            return probed
        if probed == "rustdesk_api" and response.status_code == 200 and told.get("code") == 403:
            return probed
    return None
