# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Test at the token endpoint whether Entra accepts a client secret."""

from __future__ import annotations

import asyncio
import typing as t
from dataclasses import dataclass

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _answers, _causes, _http
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in import discovery, token_answer
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._exchange import dates, waits

if t.TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._http import Http

# Codes for a client secret that does not work. A new one gets them too until it has replicated
# (AzureAD active-directory-dotnetcore-daemon-v2 #87 for 7000222 [iss]).
REJECTED = frozenset({"7000215", "7000222"})
# Codes for an application or service principal that the token endpoint does not know (yet)
NOT_THERE = frozenset({"700016", "7000229"})


@dataclass(frozen=True)
class Verdict:
    """The token endpoint's verdict on a client secret: ``accepted`` is None if it is unknown.

    ``now`` is the endpoint's clock, if it answered.
    """

    accepted: bool | None
    code: str | None = None
    answer: str | None = None
    now: datetime | None = None
    # The next step if the endpoint was not reached
    hint: str | None = None


@dataclass(frozen=True)
class TokenEndpoint:
    """The token endpoint at ``url``, for tokens with ``scope`` for the application ``client_id``."""

    http: Http
    url: str
    scope: str
    client_id: str

    def check(self, secret: str) -> Verdict:
        """Request a client-credentials token with ``secret`` and discard the token.

        A response that is not about the secret gives ``accepted=None``.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": secret,
            "scope": self.scope,
        }
        asked = _causes.Asked(self.url, "authority_host", timeout=self.http.timeout)
        try:
            response = self.http.send("POST", self.url, data=form, repeatable=True)
        except _http.requests.RequestException as error:
            cause = _causes.of_exception(error, asked)
            return Verdict(None, None, cause.answer, hint=cause.hint)
        now = dates.of_answer(response)
        if response.status_code == 200:
            return _accepted(response, now)
        try:
            document = response.json()
        except ValueError:
            other = _answers.of_answer(response, asked)
            if other:
                return Verdict(None, None, other.answer, now, other.hint)
            answer = f"HTTP {response.status_code}{waits.wish(response)}"
            return Verdict(None, None, answer, now, "Check any proxy in between")
        code, answer, _request = discovery.refusal(document if isinstance(document, dict) else {})
        return Verdict(False if code in REJECTED else None, code, answer + waits.wish(response), now)

    async def ask(self, secret: str) -> Verdict:
        """Run ``check`` without blocking the event loop."""
        return await asyncio.to_thread(self.check, secret)


def _accepted(response: t.Any, now: datetime | None) -> Verdict:
    """Return the verdict for a response with status 200, which may come from a proxy."""
    try:
        token_answer.check(response)
    except token_answer.MalformedTokenAnswer as error:
        return Verdict(None, None, str(error), now, "Check authority_host and any proxy in between")
    return Verdict(True, now=now)
