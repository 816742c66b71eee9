# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""From options to a console that has signed in, and out of it again."""

from __future__ import annotations

import typing as t
from contextlib import contextmanager

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import console
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection, check_url


@contextmanager
def signed_in(params: t.Mapping[str, t.Any]) -> t.Iterator[console.Console]:
    """The console that the shared options ``params`` name, signed in; the session is closed in any case.

    Raises InputError for an unusable address, ServiceError when the console cannot be reached or refuses.
    """
    http = Http(params["ca_path"], params["timeout"])
    connection = Connection(check_url(params["console_url"], "console_url"), http)
    try:
        connection.login(params)
        yield console.choose(params["console"])(connection, params["contract"])
    finally:
        connection.logout()
        http.close()
