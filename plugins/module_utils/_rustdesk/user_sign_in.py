# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Wait for a user to sign in with a browser, as RustDesk's client does, and end the user's session.

Source: RustDesk's client, src/hbbs_http/account.rs [src]. The client that begins a sign-in collects its session by an
ID and a UUID. Both are new for each attempt and never shown, so that knowing the URL is not enough to collect it.
"""

from __future__ import annotations

import time
import typing as t
from contextlib import suppress
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _documents
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError, ServiceError, sentence
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import login, sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import CONSOLE_ERROR, Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import KeepsDiscovery

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import Console

# The text with which all consoles report an unfinished sign-in, with various statuses
PENDING = "No authed oidc is found"
# Seconds between two requests; rustdesk_console allows 120 a minute [src]
PAUSE = 2.0
# Statuses for a session that has ended (user_model.dart)
NO_SESSION = (400, 401)
# The outcomes of a request for the session, if it did not return the session
WAITING, UNANSWERED, COLLECTED, REFUSED = "waiting", "unanswered", "collected", "refused"
# The code of the error for a login response without a session
NO_TOKEN = "no_access_token"
# The errors on Microsoft's pages that keep a user from returning to the console (Microsoft Learn [doc])
CODES = (
    (
        "AADSTS50105",
        "the application is for assigned users only. Assign the user or a group "
        "(rustdesk_sso_app_allowed_groups, rustdesk_sso_app_allowed_users or rustdesk_sso_app_assignments)",
    ),
    (
        "AADSTS65001 or AADSTS90094",
        "users cannot give consent themselves. Grant admin consent (rustdesk_sso_app_admin_consent)",
    ),
    ("AADSTS50020", "the account is from another tenant. Use an account of this tenant, or invite it as a guest"),
    ("AADSTS50011", "the redirect URI is not registered. Run the playbook site"),
    ("AADSTS53003", "Conditional Access blocks the sign-in. See the sign-in logs in Entra for the policy"),
)


@dataclass(frozen=True)
class Account:
    """The user's account in the console. ``new`` and ``administrator`` are None if unknown."""

    name: str
    new: bool | None
    administrator: bool | None

    def result(self) -> dict[str, t.Any]:
        """Return the account as in the task's result."""
        return asdict(self)


def account(answer: t.Mapping[str, t.Any], names_before: t.Collection[str] | None) -> Account:
    """Return the account in a login ``answer`` (hbbs.dart, UserPayload); ``names_before`` are the users before, if
    known."""
    user = answer.get("user")
    user = user if isinstance(user, dict) else {}
    name, is_admin = user.get("name"), user.get("is_admin")
    return Account(
        name if isinstance(name, str) else "",
        None if names_before is None or not name else name not in names_before,
        is_admin if isinstance(is_admin, bool) else None,
    )


def report(url: str, found: Account) -> str:
    """Describe the result of a sign-in to the console at ``url``."""
    known, unknown = [], []
    for value, yes, no in (
        (found.new, "is new", "existed before"),
        (found.administrator, "is an administrator", "is not an administrator"),
    ):
        if value is None:
            unknown.append(f"It is unknown whether the account {yes}")
        else:
            known.append(yes if value else no)
    sentences = [
        f"Sign-in to {url} works",
        f"The user has the account {found.name or '(without a name)'}"
        + (f", which {' and '.join(known)}" if known else ""),
        *unknown,
        "The session was ended",
        *(["The account stays in the console"] if found.new else []),
    ]
    return ". ".join(sentences) + "."


def span(seconds: float) -> str:
    """Return a time span as text, such as ``5 minutes``."""
    number, unit = (seconds, "second") if seconds % 60 else (seconds / 60, "minute")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def invitation(url: str, begun: sign_in.Begun, seconds: float, *, collectable: bool) -> str:
    """Return the text for the person who signs in; ``collectable`` if knowing the URL is enough to collect the
    session."""
    warning = "Keep this URL to yourself: anyone who has it can take over the session.\n" if collectable else ""
    return (
        f"To sign in to {url} as a user, open this URL in a browser within {span(seconds)}:\n{warning}\n{begun.url}\n"
    )


def outcome(error: ServiceError, *, asks_for_client: bool) -> str:
    """Classify the ``error`` of a request for the session."""
    answer = error.answer or ""
    if PENDING in answer:
        return WAITING
    if error.code == NO_TOKEN:
        return REFUSED
    if error.code != CONSOLE_ERROR or error.status is None or error.status == 429 or error.status >= 500:
        return UNANSWERED
    # rustdesk_api returns the same text for collected, expired and unknown sign-ins, in the server's language [src]
    if "consumed" in answer or (error.status == 400 and not asks_for_client):
        return COLLECTED
    return REFUSED


class UserSignIn:
    """One attempt at the console of ``connection``, whose type is ``console_type`` if known."""

    def __init__(self, connection: Connection, console_type: type[Console] | None) -> None:
        self._connection = connection
        self._type = console_type
        self._client = sign_in.new_client()
        self._attempted = f"Trying a sign-in to {connection.url} failed"
        connection.keep_secret(*self._client.values())
        connection.takes_api_domain = console_type is None or console_type.takes_api_domain

    @property
    def asks_for_client(self) -> bool:
        """True if only this client can collect the session."""
        return self._type is None or self._type.asks_for_client

    def seconds_to_wait(self, wanted: float) -> float:
        """Return how long to wait for a user, at most as long as a sign-in lasts in this type of console."""
        lasts = self._type.sign_in_lasts if self._type else None
        return wanted if lasts is None else min(wanted, lasts)

    def begin(self, name: str) -> sign_in.Begun:
        """Begin a sign-in with provider ``name``. Raises ServiceError if the console does not offer it, or refuses."""
        names = sign_in.login_options(self._connection)
        offered = sign_in.offered(names, name, self._type.type if self._type else None)
        if offered is None:
            has = f"it offers {', '.join(names)}" if names else "it offers none"
            raise ServiceError(
                self._attempted,
                answer=f"the console does not offer {name}: {has}",
                hint="Run the playbook site, which configures the provider",
            )
        try:
            begun = sign_in.begin(self._connection, offered, self._client)
        except ServiceError as error:
            keeps = self._type is not None and issubclass(self._type, KeepsDiscovery)
            if not keeps or error.status != 500:
                raise
            raise error.but(
                hint="Run the playbook site, which resets the failed discovery that this console caches"
            ) from error
        if not begun.code:
            raise ServiceError(self._attempted, answer="the response has no code", hint="Check the console log")
        sign_in.check_shown(begun, self._attempted)
        return begun

    def wait(self, begun: sign_in.Begun, seconds: float) -> dict[str, t.Any]:
        """Poll for the session until a user has finished signing in; return the console's login response.

        Raises ServiceError if no user has within ``seconds``, or if the console refuses.
        """
        deadline = time.monotonic() + seconds
        lost = False
        while True:
            unanswered: ServiceError | None = None
            try:
                return self._ask(begun)
            except ServiceError as error:
                meaning = outcome(error, asks_for_client=self.asks_for_client)
                if meaning in (COLLECTED, REFUSED):
                    raise self._refusal(error, meaning) from error
                unanswered = error if meaning == UNANSWERED else None
                lost = lost or isinstance(error, AmbiguousError)
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._timed_out(seconds, unanswered, lost=lost)
            time.sleep(min(PAUSE, left))

    def close(self, answer: t.Mapping[str, t.Any], found: Account) -> None:
        """End the session of a login ``answer`` with the account ``found``, and verify that it has ended.

        Raises ServiceError if it has not, or if that is unknown.
        """
        url, name = self._connection.url, found.name
        attempted = f"Sign-in to {url} works, but the session of {name} was not ended"
        hint = f"End the sessions of {name} in the console"
        login.use(self._connection, answer["access_token"])
        with suppress(ServiceError):  # the next request verifies the result
            self._connection.call("POST", "/api/logout", attempted, json=self._client, repeatable=True)
        try:
            self._connection.call("POST", "/api/currentUser", attempted, json=self._client, repeatable=True)
        except ServiceError as error:
            if error.status not in NO_SESSION and (error.status, error.code) != (200, CONSOLE_ERROR):
                raise error.but(hint=hint) from error
        else:
            raise ServiceError(attempted, answer="the session is still valid after the logout", hint=hint)
        finally:
            del self._connection.headers["Authorization"]

    def _ask(self, begun: sign_in.Begun) -> dict[str, t.Any]:
        query = urlencode({"code": begun.code, **self._client})
        # Not repeated without a response, because the console returns the session only once
        answer = self._connection.call("GET", f"/api/oidc/auth-query?{query}", self._attempted, repeatable=False)
        if isinstance(answer, dict) and answer.get("access_token"):
            _documents.token(answer, "access_token", self._attempted)
            return answer
        kind = answer.get("type") if isinstance(answer, dict) else None
        raise ServiceError(
            self._attempted,
            answer=f"the user has signed in, but the console returned no session (type {kind})",
            hint="If it requires a verification, sign in once with RustDesk's client and complete it there",
            code=NO_TOKEN,
        )

    def _refusal(self, error: ServiceError, meaning: str) -> ServiceError:
        if meaning == COLLECTED:
            return error.but(
                answer=sentence(str(error.answer)) + " The console no longer knows this sign-in: another client has "
                "collected its session, or the console was restarted",
                hint="Unless it was restarted, end the sessions of the user in the console. Run the playbook again and "
                "keep the URL to yourself",
            )
        if error.code == NO_TOKEN:
            return error
        return error.but(hint="Run the playbook again. If it fails again, check the console log")

    def _timed_out(self, seconds: float, unanswered: ServiceError | None, *, lost: bool) -> ServiceError:
        answer = f"no user finished signing in within {span(seconds)}"
        if unanswered:
            answer += f", and the last request failed: {self._connection.quotable(unanswered.answer)}"
        hints = [f"{codes}: {todo}" for codes, todo in CODES]
        if not self.asks_for_client:  # the only known type that may ask to bind an account
            hints.append("If the console asks to bind an account, turn on auto_register of the provider")
        if lost:
            hints.append("A response was lost: if a user has signed in, end the sessions of that user in the console")
        hints.append("Close the page in the browser, because finishing later would leave a session open")
        return ServiceError(
            self._attempted, answer=answer, hint="If the browser shows an error, follow its code. " + ". ".join(hints)
        )
