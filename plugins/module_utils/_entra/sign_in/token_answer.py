# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Check that a response of the token endpoint is well-formed (RFC 6749, sections 5.1 and 5.2); pure.

azure-identity does not check: it raises KeyError, ValueError or AttributeError for a malformed response, and quotes
the response in its error, including unmasked secrets [src].
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import waits

# The syntax of a bearer token (RFC 6750)
BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# Members that azure-identity reads as whole numbers [src]
SECONDS = ("expires_in", "expires_on", "refresh_in")
WHOLE = re.compile(r"[0-9]{1,12}")


class MalformedTokenAnswer(Exception):
    """A malformed response of the token endpoint; the message quotes nothing of it."""


def check(response: t.Any) -> None:
    """Raise MalformedTokenAnswer unless ``response`` (of requests) has a usable token or an error document."""
    status = f"HTTP {response.status_code}"
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        what = "an empty body" if not response.content else "a body that is not a JSON object"
        raise MalformedTokenAnswer(f"{status} with {what}{waits.wish(response)}")
    if response.status_code != 200:
        if not isinstance(document.get("error"), str):
            raise MalformedTokenAnswer(f"{status} without an error{waits.wish(response)}")
        return
    token = document.get("access_token")
    if not isinstance(token, str) or not token:
        raise MalformedTokenAnswer(f"{status} without an access_token")
    if not BEARER.fullmatch(token):
        raise MalformedTokenAnswer(
            f"{status} with an access_token that contains characters that are not valid in a token"
        )
    for member in SECONDS:
        if member in document and not _is_whole(document[member]):
            raise MalformedTokenAnswer(f"{status} with {member} that is not a number of seconds")
    if not {"expires_in", "expires_on"} & set(document):
        raise MalformedTokenAnswer(f"{status} without expires_in")


def _is_whole(value: t.Any) -> bool:
    if isinstance(value, str):
        return WHOLE.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12
