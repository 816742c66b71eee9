# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The option O(headers), for an access gateway in front of the console. Its values are never quoted."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError

NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
# requests would quote any other value in its error
VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
# Headers of the console's session, the request's body and the connection
RESERVED = (
    "accept",
    "api-token",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
)


def check_headers(headers: t.Mapping[str, t.Any] | None, option: str = "headers") -> dict[str, str]:
    """Return the headers for each request to the console; raises InputError, which never quotes a value."""
    found = {}
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(f"{option} has an invalid header name", hint="Write each header as name: value")
        if name.lower() in RESERVED:
            raise InputError(f"{option} has {name}", answer="the session with the console uses it", hint="Remove it")
        text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not VALUE.fullmatch(text):
            raise InputError(
                f"{option} has a value for {name} that cannot be sent",
                answer="it must consist of printable ASCII characters, without leading or trailing spaces",
                hint="Copy it again from the gateway",
            )
        found[name] = text
    return found


def of_verification(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the headers for O(public_url): the secrets are only sent to the origin of O(console_url), if it is set."""
    headers = check_headers(params["headers"])
    console_url = params["console_url"]
    same = not console_url or _addresses.origin(console_url) == _addresses.origin(params["public_url"])
    return headers if same else {}
