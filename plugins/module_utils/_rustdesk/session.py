# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Sign in to a console according to the options, and sign out at the end."""

from __future__ import annotations

import typing as t
from contextlib import contextmanager

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._proxy import check_proxy
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import callback_url, console
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.callback_url import Verdict
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.gateway_headers import check_headers
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider, find


class Session:
    """A session with a console over ``connection``; a later task can continue it with ``handed_over``."""

    def __init__(self, connection: Connection, console_: console.Console, token: str) -> None:
        self.connection = connection
        self.console = console_
        self.token = token

    @property
    def handed_over(self) -> dict[str, str | None]:
        """The value for the option O(session); contains secrets."""
        console_ = self.console
        return {"type": console_.type, "token": self.token, "client": console_.client, "seen": console_.seen()}

    def begins(self, provider: Provider) -> bool | None:
        """Return whether the console begins a sign-in with ``provider``; None if a failure may be temporary."""
        return callback_url.begins(self.connection.without_session(), provider)

    def look_at(self, wanted: str, providers: t.Sequence[Provider], present: str | None, first: str) -> Verdict:
        """Return whether the callback URL ``wanted`` leads to this console; see callback_url.look(). ``first`` is the
        name of the provider to try first."""
        if "callback_url" not in self.console.supports:
            return Verdict()
        outside = self.connection.without_session
        return callback_url.look(
            outside(), outside, providers, present, wanted, find(providers, first, self.console.type)
        )


@contextmanager
def signed_in(params: t.Mapping[str, t.Any], notify: t.Callable[[str], None] | None = None) -> t.Iterator[Session]:
    """Open a session with the console given by the shared options ``params``.

    With O(session), the session of an earlier task is continued. If it has expired, it is renewed once, unless that
    requires a code sent by e-mail. At the end the session is closed, unless O(keep_session) is set and nothing failed.
    ``notify`` is that of Http.
    Raises InputError for an unusable address, ServiceError if the console cannot be reached or rejects the sign-in.
    """
    url, proxy = _input.url(params["console_url"], "console_url"), check_proxy(params["proxy"], "proxy")
    headers = check_headers(params["headers"])
    http = Http(params["ca_path"], params["timeout"], proxy, notify)
    connection = Connection(url, http, headers)
    earlier = params.get("session")
    chosen: console.Console | None = None
    keep = False
    try:
        if earlier:
            chosen = console.CONSOLES[earlier["type"]](connection, params["contract"])
            chosen.resume(earlier["token"], earlier["seen"], earlier["client"])
            session = Session(connection, chosen, earlier["token"])
        else:
            chosen = console.choose(params, connection)(connection, params["contract"])
            session = Session(connection, chosen, chosen.login(params))

        def renew() -> None:
            session.token = session.console.login(params)

        connection.takes_api_domain = chosen.takes_api_domain
        alone = params["username"] and params["password"] and not params.get("verification_code")
        connection.renew = renew if alone else None
        yield session
        keep = bool(params.get("keep_session"))
    finally:
        connection.renew = None
        if chosen and not keep:
            chosen.logout()
        http.close()
