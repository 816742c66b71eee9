# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of a console's responses to a sign-in, and the description of the account."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import AmbiguousError, ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import user_sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import CONSOLE_ERROR
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.sign_in import Begun
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.user_sign_in import (
    COLLECTED,
    NO_TOKEN,
    REFUSED,
    UNANSWERED,
    WAITING,
    Account,
)

URL = "https://desk.example.com"


def error(answer: str, status: int | None = 200, code: str | None = CONSOLE_ERROR) -> ServiceError:
    """Return an error as raised by the request for the session."""
    return ServiceError("Trying failed", answer=answer, status=status, code=code)


@pytest.mark.parametrize(
    ("found", "meaning"),
    [
        # The response of each console type before a user has signed in
        (error("the console answered 200: No authed oidc is found"), WAITING),
        (error("the console answered 401: No authed oidc is found", 401), WAITING),
        (error("GET /api/oidc/auth-query answered 502 Bad Gateway", 502, None), UNANSWERED),
        (error("the console answered 500: Internal server error", 500), UNANSWERED),
        (error("the console answered 429: ThrottlerException: Too Many Requests", 429), UNANSWERED),
        (error("a login page answers in place of desk.example.com (200)", 200, "access_gateway"), UNANSWERED),
        (error("no connection", None, None), UNANSWERED),
        (AmbiguousError("Trying failed", answer="the connection failed after the request was sent"), UNANSWERED),
        (error("the console answered 401: Authorization expired", 401), REFUSED),
        (error("the console answered 400: property code should not exist", 400), REFUSED),
        (error("the user has signed in, but the console returned no session", None, NO_TOKEN), REFUSED),
        (error("the console answered 401: Authorization already consumed", 401), COLLECTED),
    ],
)
def test_meaning_of_responses(found: ServiceError, meaning: str) -> None:
    assert user_sign_in.outcome(found, asks_for_client=True) == meaning


def test_a_console_that_returns_a_sign_in_to_any_client() -> None:
    """It has one text for all unknown sign-ins, in its own language."""
    unknown = error("the console answered 400: 授权已过期", 400)
    assert user_sign_in.outcome(unknown, asks_for_client=False) == COLLECTED


@pytest.mark.parametrize(
    ("user", "before", "expected"),
    [
        ({"name": "alice", "is_admin": False}, {"admin"}, Account("alice", True, False)),
        ({"name": "alice", "is_admin": True}, {"admin", "alice"}, Account("alice", False, True)),
        ({"name": "alice"}, None, Account("alice", None, None)),
        ({"name": "", "is_admin": None}, {"admin"}, Account("", None, None)),
        ({"name": None}, set(), Account("", None, None)),
        (None, {"admin"}, Account("", None, None)),
    ],
)
def test_the_account(user: Any, before: set[str] | None, expected: Account) -> None:
    assert user_sign_in.account({"user": user}, before) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            Account("alice", False, True),
            f"Sign-in to {URL} works. The user has the account alice, which existed before and is an administrator. "
            "The session was ended.",
        ),
        (
            Account("alice", True, False),
            f"Sign-in to {URL} works. The user has the account alice, which is new and is not an administrator. "
            "The session was ended. The account stays in the console.",
        ),
        (
            Account("", None, None),
            f"Sign-in to {URL} works. The user has the account (without a name). It is unknown whether the account "
            "is new. It is unknown whether the account is an administrator. The session was ended.",
        ),
    ],
)
def test_the_report(found: Account, expected: str) -> None:
    assert user_sign_in.report(URL, found) == expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300.0, "5 minutes"),
        (60.0, "1 minute"),
        (90.0, "90 seconds"),
        (1.0, "1 second"),
        (0.2, "0.2 seconds"),
        (60.5, "60.5 seconds"),
    ],
)
def test_a_duration(seconds: float, text: str) -> None:
    assert user_sign_in.span(seconds) == text


def test_the_invitation() -> None:
    """The URL has its own line, so that it can be selected."""
    begun = Begun("https://login.example/authorize?state=s", "code")
    for collectable in (False, True):
        lines = user_sign_in.invitation(URL, begun, 60.0, collectable=collectable).splitlines()
        assert lines[-1] == begun.url
        assert lines[-2] == ""
        assert any("Keep this URL to yourself" in line for line in lines) == collectable


def test_a_user_who_is_not_assigned_gets_the_variables_that_allow_it() -> None:
    """First the simplest ones."""
    step = dict(user_sign_in.CODES)["AADSTS50105"]
    assert step.endswith(
        "Assign the user or a group (rustdesk_sso_app_allowed_groups, rustdesk_sso_app_allowed_users or "
        "rustdesk_sso_app_assignments)"
    )
