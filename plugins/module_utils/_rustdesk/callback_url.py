# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Checks before a console is changed: that it begins sign-ins now, and that a new callback URL leads to it. Read only.

A sign-in is begun as by RustDesk's clients, without the automation's session.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _addresses
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk import sign_in
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH

if t.TYPE_CHECKING:
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.connection import Connection
    from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import Provider

# The most sign-ins to begin, because each one leaves a row in the console until its nightly cleanup [src]
TRIED = 2


@dataclass(frozen=True)
class AuthorizationRequest:
    """The authorization request of a sign-in with ``provider``, as the console builds it."""

    provider: str
    client_id: str | None
    redirect_uri: str | None


@dataclass(frozen=True)
class Verdict:
    """The result of a check whether a new callback URL leads to the console; ``verified`` is None if it was not checked
    or could not be. ``detail`` is the reason for a negative or missing result."""

    verified: bool | None = None
    detail: str = ""

    def result(self) -> dict[str, t.Any]:
        """Return the verdict as in a task's result."""
        return {"verified": self.verified, "detail": self.detail}


def is_same_console(one: str, other: str) -> bool:
    """True if two callback URLs belong to the same address of a console, with or without a trailing slash."""
    return _addresses.same(one.removesuffix(CALLBACK_PATH), other.removesuffix(CALLBACK_PATH))


def begin(connection: Connection, name: str, api_domain: str = "") -> AuthorizationRequest:
    """Begin a sign-in with provider ``name`` and return its authorization request; raises ServiceError if the console
    refuses."""
    url = sign_in.authorization_url(connection, name, api_domain)
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        query = {}
    return AuthorizationRequest(name, query.get("client_id", [None])[0], query.get("redirect_uri", [None])[0])


def begins(connection: Connection, provider: Provider) -> bool | None:
    """Return whether the console begins a sign-in with ``provider``; None if a failure may be temporary."""
    try:
        return begin(connection, provider.name).client_id == provider.client_id
    except ServiceError as error:
        return None if _may_pass(error) else False


def look(
    old: Connection,
    new: t.Callable[[str], Connection],
    providers: t.Sequence[Provider],
    present: str | None,
    wanted: str,
    first: Provider | None = None,
) -> Verdict:
    """Return whether the callback URL ``wanted`` leads to the console that has ``present`` and these ``providers``.

    ``new`` creates a connection to an address; neither connection has a session. ``first`` is the provider to try
    first. Two consoles differ in the client ID or the callback URL that they send. No request is sent if no provider is
    enabled, or if the address stays the same. A console that currently begins no sign-in cannot be compared.
    """
    enabled = [item for item in providers if item.enabled and item.client_id]
    enabled.sort(key=lambda item: item is not first)
    if not enabled or (present and is_same_console(present, wanted)):
        return Verdict()
    # Recent consoles choose the callback URL by the address that the client sends, so both get the same one.
    domain = (present or "").removesuffix(CALLBACK_PATH) or old.url
    try:
        begun = _first(old, enabled[:TRIED], domain)
    except ServiceError as error:
        if not present:
            return Verdict()
        why = error.answer or error.attempted
        return Verdict(None, f"the console begins no sign-in at the moment, so it cannot be compared: {why}")
    if begun is None or (begun.redirect_uri and is_same_console(begun.redirect_uri, wanted)):
        return Verdict()  # if no user can sign in now, nothing can break
    address = wanted.removesuffix(CALLBACK_PATH)
    try:
        found = begin(new(address), begun.provider, domain)
    except ServiceError as error:
        return Verdict(False, f"{address} begins no sign-in: {error.answer or error.attempted}")
    if found == begun:
        return Verdict(True)
    return Verdict(
        False,
        f"another console answers at {address}: it sends the client ID {found.client_id} and the callback URL "
        f"{found.redirect_uri}, but this one sends {begun.client_id} and {begun.redirect_uri}",
    )


def _first(connection: Connection, providers: t.Sequence[Provider], domain: str) -> AuthorizationRequest | None:
    """Return the first sign-in that the console begins; None if it refuses all. Raises ServiceError if a failure may be
    temporary."""
    passing: ServiceError | None = None
    for provider in providers:
        try:
            return begin(connection, provider.name, domain)
        except ServiceError as error:  # noqa: PERF203 - of two at most
            passing = error if _may_pass(error) else passing
    if passing:
        raise passing
    return None


def _may_pass(error: ServiceError) -> bool:
    """True if the failure of a sign-in may be temporary. This includes the 500 of rustdesk_console if discovery of the
    issuer fails [src]."""
    return error.status is None or error.status == 429 or error.status >= 500
