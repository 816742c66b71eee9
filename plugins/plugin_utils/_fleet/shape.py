# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Define the keys of a server's record and their types. The report checks records against these annotations."""

from __future__ import annotations

import typing as t


class Console(t.TypedDict):
    """The console's address and type."""

    url: str
    type: str


class Application(t.TypedDict):
    """The application in Entra. ``foreign_redirect_uris`` may include those of other servers.

    ``assignment`` is who can sign in with it: V(all) users, V(assigned) users and groups, or V(nobody). ``portal_url``
    is its page in the Microsoft Entra admin center, empty in clouds that are not Microsoft's.
    """

    unique_name: str
    display_name: str
    app_id: str
    object_id: str
    foreign_redirect_uris: list[str]
    assignment: str
    portal_url: str


class Provider(t.TypedDict):
    """The OIDC provider in the console."""

    name: str
    present: bool | None
    enabled: bool | None


class Automation(t.TypedDict):
    """The automation's own credential for Entra.

    It has the client ID, the value of O(auth_source) that applies, and the expiry date. ``state`` is V(valid),
    V(expiring), V(expired), V(none) if the credential does not expire here, or V(unknown). ``certificate_path`` is the
    file of a certificate, empty for other credentials.
    """

    client_id: str
    credential: str
    expires: str
    state: str
    certificate_path: str


class ClientSecret(t.TypedDict):
    """The client secret without its value, the run's decision about it, and the key IDs of those that it removed."""

    name: str
    key_id: str
    hint: str
    expires: str
    decision: str
    reason: str
    removed: list[str]


class Check(t.TypedDict):
    """One check of sign-in. ``ok`` is null if it did not run."""

    name: str
    ok: bool | None
    detail: str | None
    hint: str | None


class Restriction(t.TypedDict):
    """A restriction that prevents some or all users from signing in although every check passes, and its remedy."""

    name: str
    detail: str
    hint: str


class Drift(t.TypedDict):
    """A change to one object, actual or predicted, as texts."""

    object: str
    before: str
    after: str


# The cause of a failure: the server's variables. The error code of contradictions between servers, too.
VARIABLES = "variables"


class Error(t.TypedDict, total=False):
    """The name of the task that failed, and the reason; empty if none did.

    ``cause`` is V(variables) if the server's variables were refused, V(sign_in) if Entra or the console refused the
    automation's credentials, else empty.
    """

    phase: str
    message: str
    cause: str


# The outcomes of a server, the most urgent first. Those with "would be" are predicted by check mode.
FAILED, NOT_VERIFIED, RESTRICTED = "failed", "not verified", "restricted"
NOT_CONFIGURED, DISABLED, KEPT = "not configured", "disabled", "kept"
TO_VERIFY, TO_REMOVE, REMOVED, VERIFIED = "would be verified", "would be removed", "removed", "verified"
OUTCOMES = (
    FAILED,
    NOT_VERIFIED,
    RESTRICTED,
    NOT_CONFIGURED,
    DISABLED,
    TO_VERIFY,
    TO_REMOVE,
    REMOVED,
    KEPT,
    VERIFIED,
)


class Record(t.TypedDict):
    """The state of one server. An unknown text is empty; an unknown boolean is null.

    ``verified`` is whether its sign-in was verified, null if it was not checked. ``changed`` is whether the run changed
    it. ``drift`` lists the changes, or those that check mode or the report predicts. ``message`` is a summary in one
    line.
    """

    server: str
    tenant_id: str
    console: Console
    application: Application
    callback_url: str
    provider: Provider
    client_secret: ClientSecret
    renew_before: str
    verified: bool | None
    changed: bool
    checks: list[Check]
    restrictions: list[Restriction]
    drift: list[Drift]
    automation: Automation
    error: Error
    failed: bool
    message: str


class RunRecord(Record):
    """A record with ``outcome``, one of OUTCOMES, and short ``notes``, both for the summary of a run."""

    outcome: str
    notes: list[str]


class Removal(t.TypedDict):
    """The parts of a server that its removal keeps, each with the reason, and whether its application was deleted."""

    kept: list[str]
    application_deleted: bool


class RemovalRecord(RunRecord):
    """The record of a server that a run removes."""

    removal: Removal


def blank(server: str) -> RunRecord:
    """Return the record of a server whose state is unknown."""
    return {
        "server": server,
        "tenant_id": "",
        "console": {"url": "", "type": ""},
        "application": {
            "unique_name": "",
            "display_name": "",
            "app_id": "",
            "object_id": "",
            "foreign_redirect_uris": [],
            "assignment": "",
            "portal_url": "",
        },
        "callback_url": "",
        "provider": {"name": "", "present": None, "enabled": None},
        "client_secret": {
            "name": "",
            "key_id": "",
            "hint": "",
            "expires": "",
            "decision": "",
            "reason": "",
            "removed": [],
        },
        "renew_before": "30d",
        "verified": None,
        "changed": False,
        "checks": [],
        "restrictions": [],
        "drift": [],
        "automation": {"client_id": "", "credential": "", "expires": "", "state": "unknown", "certificate_path": ""},
        "error": {},
        "failed": False,
        "outcome": "",
        "notes": [],
        "message": "",
    }
