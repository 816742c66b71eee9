# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Wait for a user who signs in with a browser, as RustDesk's client does, and end the session that the user gets.

Source: RustDesk's client, src/hbbs_http/account.rs [src]. The client that begins a sign-in collects its session, by an
ID and a UUID. Both are new for each attempt and shown nowhere, so that nobody who only knows the URL can collect it.
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
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import SAID, Connection
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import KeepsDiscovery

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.console import Console

# What all consoles say of a sign-in that is not finished, with various statuses
PENDING = "No authed oidc is found"
# Seconds between two requests; rustdesk_console allows 120 a minute [src]
PAUSE = 2.0
# Statuses with which consoles answer to a session that has ended (user_model.dart)
NO_SESSION = (400, 401)
# What a request for the session has come to, besides the session itself
WAITING, UNANSWERED, COLLECTED, REFUSED = "waiting", "unanswered", "collected", "refused"
# The code of the error for a login answer without a session
NO_TOKEN = "no_access_token"
# What the pages of Microsoft say to a user who does not come back to the console (Microsoft Learn [doc])
CODES = (
    (
        "AADSTS50105",
        "the application is for assigned users only. Assign the user or a group (rustdesk_sso_app_assignments)",
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
    """The account that a user got. ``new`` and ``administrator`` are None if they are not known."""

    name: str
    new: bool | None
    administrator: bool | None

    def result(self) -> dict[str, t.Any]:
        """As the task's result shows it."""
        return asdict(self)


def account(answer: t.Mapping[str, t.Any], names_before: t.Collection[str] | None) -> Account:
    """The account of a login ``answer`` (hbbs.dart, UserPayload); ``names_before`` are the users before, if known."""
    user = answer.get("user")
    user = user if isinstance(user, dict) else {}
    name, is_admin = user.get("name"), user.get("is_admin")
    return Account(
        name if isinstance(name, str) else "",
        None if names_before is None or not name else name not in names_before,
        is_admin if isinstance(is_admin, bool) else None,
    )


def report(url: str, found: Account) -> str:
    """What became of a sign-in to the console at ``url``, in sentences."""
    known, unknown = [], []
    for value, yes, no in (
        (found.new, "is new", "existed before"),
        (found.administrator, "is an administrator", "is not an administrator"),
    ):
        if value is None:
            unknown.append(f"It is not known whether the account {yes}")
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
    """A time to read, such as ``5 minutes``."""
    number, unit = (seconds, "second") if seconds % 60 else (seconds / 60, "minute")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def invitation(url: str, begun: sign_in.Begun, seconds: float, *, collectable: bool) -> str:
    """What to show to whoever is to sign in; ``collectable`` says that the URL is enough to collect the session."""
    warning = "Keep this URL to yourself: whoever knows it can take over the session.\n" if collectable else ""
    return (
        f"To sign in to {url} as a user, open this URL in a browser within {span(seconds)}:\n{warning}\n{begun.url}\n"
    )


def outcome(error: ServiceError, *, asks_for_client: bool) -> str:
    """What an ``error`` means that a request for the session has come to."""
    answer = error.answer or ""
    if PENDING in answer:
        return WAITING
    if error.code == NO_TOKEN:
        return REFUSED
    if error.code != SAID or error.status is None or error.status == 429 or error.status >= 500:
        return UNANSWERED
    # rustdesk_api gives one text for what is collected, expired or unknown, in the language of the server [src]
    if "consumed" in answer or (error.status == 400 and not asks_for_client):
        return COLLECTED
    return REFUSED


class UserSignIn:
    """One attempt at the console of ``connection``, whose type is ``console_type`` if that is known."""

    def __init__(self, connection: Connection, console_type: type[Console] | None) -> None:
        self._connection = connection
        self._type = console_type
        self._client = sign_in.new_client()
        self._attempted = f"Trying a sign-in to {connection.url} failed"
        connection.keep_secret(*self._client.values())
        connection.takes_api_domain = console_type is None or console_type.takes_api_domain

    @property
    def asks_for_client(self) -> bool:
        """Whether only this client can collect the session."""
        return self._type is None or self._type.asks_for_client

    def seconds_to_wait(self, wanted: float) -> float:
        """How long to wait for a user, at most as long as a sign-in lasts in this type of console."""
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
                hint="Run the playbook site, which ends a failed discovery that this console keeps"
            ) from error
        if not begun.code:
            raise ServiceError(self._attempted, answer="the answer has no code", hint="Check the console log")
        sign_in.check_shown(begun, self._attempted)
        return begun

    def wait(self, begun: sign_in.Begun, seconds: float) -> dict[str, t.Any]:
        """Ask for the session until a user has finished signing in; gives the console's login answer.

        Raises ServiceError if nobody has within ``seconds``, or if the console refuses.
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
        """End the session of a login ``answer`` with the account ``found``, and see that it has ended.

        Raises ServiceError if it has not, or if the console does not tell.
        """
        url, name = self._connection.url, found.name
        attempted = f"Sign-in to {url} works, but the session of {name} was not ended"
        hint = f"End the sessions of {name} in the console"
        login.use(self._connection, answer["access_token"])
        with suppress(ServiceError):  # the next request tells what came of it
            self._connection.call("POST", "/api/logout", attempted, json=self._client, repeatable=True)
        try:
            self._connection.call("POST", "/api/currentUser", attempted, json=self._client, repeatable=True)
        except ServiceError as error:
            if error.status not in NO_SESSION and (error.status, error.code) != (200, SAID):
                raise error.but(hint=hint) from error
        else:
            raise ServiceError(attempted, answer="the console still knows it after the logout", hint=hint)
        finally:
            del self._connection.headers["Authorization"]

    def _ask(self, begun: sign_in.Begun) -> dict[str, t.Any]:
        query = urlencode({"code": begun.code, **self._client})
        # Not repeated if it got no answer: the console gives the session once
        answer = self._connection.call("GET", f"/api/oidc/auth-query?{query}", self._attempted, repeatable=False)
        if isinstance(answer, dict) and answer.get("access_token"):
            _documents.token(answer, "access_token", self._attempted)
            return answer
        kind = answer.get("type") if isinstance(answer, dict) else None
        raise ServiceError(
            self._attempted,
            answer=f"the user has signed in, but the console gives no session (type {kind})",
            hint="If it asks for a verification, sign in once with RustDesk's client and complete it there",
            code=NO_TOKEN,
        )

    def _refusal(self, error: ServiceError, meaning: str) -> ServiceError:
        if meaning == COLLECTED:
            return error.but(
                answer=sentence(str(error.answer)) + " The console no longer knows this sign-in: somebody else has "
                "collected its session, or the console was restarted",
                hint="Unless it was restarted, end the sessions of the user in the console. Run the playbook again and "
                "keep the URL to yourself",
            )
        if error.code == NO_TOKEN:
            return error
        return error.but(hint="Run the playbook again. If it fails again, check the console log")

    def _timed_out(self, seconds: float, unanswered: ServiceError | None, *, lost: bool) -> ServiceError:
        answer = f"nobody finished signing in within {span(seconds)}"
        if unanswered:
            answer += f", and the last request failed: {self._connection.quotable(unanswered.answer)}"
        hints = [f"{codes}: {todo}" for codes, todo in CODES]
        if not self.asks_for_client:  # of the known types, the one that may bind users instead
            hints.append("If the console asks to bind an account, turn on auto_register of the provider")
        if lost:
            hints.append("An answer was lost: if a user has signed in, end the sessions of that user in the console")
        hints.append("Close the page in the browser, because finishing later would leave a session open")
        return ServiceError(
            self._attempted, answer=answer, hint="If the browser shows an error, follow its code. " + ". ".join(hints)
        )
