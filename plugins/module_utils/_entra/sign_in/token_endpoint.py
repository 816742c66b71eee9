# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Ask the token endpoint whether it accepts a client secret."""

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

# Answers that mean "this secret does not work"; a new secret gives the same until it is replicated
# (AzureAD active-directory-dotnetcore-daemon-v2 #87 for 7000222 on a brand-new one [iss]).
REJECTED = frozenset({"7000215", "7000222"})
# The application or its service principal is not (yet) known where the token is asked for.
NOT_THERE = frozenset({"700016", "7000229"})


@dataclass(frozen=True)
class Verdict:
    """What the token endpoint says of a client secret: ``accepted`` is None when it could not tell.

    ``now`` is the endpoint's clock, where it answered.
    """

    accepted: bool | None
    code: str | None = None
    answer: str | None = None
    now: datetime | None = None
    # What to do where the endpoint was not reached
    hint: str | None = None


@dataclass(frozen=True)
class TokenEndpoint:
    """The token endpoint at ``url``, asked as the application ``client_id`` for a token with ``scope``."""

    http: Http
    url: str
    scope: str
    client_id: str

    def check(self, secret: str) -> Verdict:
        """Ask for a client-credentials token with ``secret`` and throw the token away.

        An answer that is about something else than the secret gives ``accepted=None``.
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
            return Verdict(None, None, answer, now, "Check the proxies on the way")
        code, answer, _request = discovery.refusal(document if isinstance(document, dict) else {})
        return Verdict(False if code in REJECTED else None, code, answer + waits.wish(response), now)

    async def ask(self, secret: str) -> Verdict:
        """The same without blocking other tasks."""
        return await asyncio.to_thread(self.check, secret)


def _accepted(response: t.Any, now: datetime | None) -> Verdict:
    """What an answer with status 200 says, which a proxy may have given as well."""
    try:
        token_answer.check(response)
    except token_answer.MalformedTokenAnswer as error:
        return Verdict(None, None, str(error), now, "Check authority_host, and the proxies on the way")
    return Verdict(True, now=now)
