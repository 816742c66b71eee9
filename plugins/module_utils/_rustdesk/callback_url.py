# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Before a console is changed: whether it begins sign-ins now, and whether a new callback URL leads to it. Read only.

A sign-in is begun as RustDesk's clients begin it, without the automation's session.
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

# Each sign-in that is begun leaves a row in the console until it is cleaned up at night [src]
TRIED = 2


@dataclass(frozen=True)
class AuthorizationRequest:
    """The authorization request of a sign-in with ``provider``, as the console builds it."""

    provider: str
    client_id: str | None
    redirect_uri: str | None


@dataclass(frozen=True)
class Verdict:
    """Whether a new callback URL leads to the console, None if that was not asked, or if nothing tells it; ``detail``
    says why not, or why nothing does."""

    verified: bool | None = None
    detail: str = ""

    def result(self) -> dict[str, t.Any]:
        """As a task's result shows it."""
        return {"verified": self.verified, "detail": self.detail}


def is_same_console(one: str, other: str) -> bool:
    """Whether two callback URLs are those of the same address of a console, which may end with a slash."""
    return _addresses.same(one.removesuffix(CALLBACK_PATH), other.removesuffix(CALLBACK_PATH))


def begin(connection: Connection, name: str, api_domain: str = "") -> AuthorizationRequest:
    """The sign-in that the console begins with provider ``name``; raises ServiceError if it begins none."""
    url = sign_in.authorization_url(connection, name, api_domain)
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        query = {}
    return AuthorizationRequest(name, query.get("client_id", [None])[0], query.get("redirect_uri", [None])[0])


def begins(connection: Connection, provider: Provider) -> bool | None:
    """Whether the console begins a sign-in with ``provider`` as it is; None where a failure may pass."""
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
    """Whether the callback URL ``wanted`` leads to the console that has ``present`` and these ``providers``.

    ``new`` makes a connection to an address; neither connection has a session. ``first`` is the provider to try
    first. Two consoles differ by the client ID or by the callback URL that they send. Nothing is asked if no
    provider is enabled, or if the address stays the same. A console that begins no sign-in at the moment cannot be
    compared.
    """
    enabled = [item for item in providers if item.enabled and item.client_id]
    enabled.sort(key=lambda item: item is not first)
    if not enabled or (present and is_same_console(present, wanted)):
        return Verdict()
    # Recent consoles choose the callback URL by the address that a client tells: both are told the same one.
    domain = (present or "").removesuffix(CALLBACK_PATH) or old.url
    try:
        begun = _first(old, enabled[:TRIED], domain)
    except ServiceError as error:
        if not present:
            return Verdict()
        why = error.answer or error.attempted
        return Verdict(None, f"the console begins no sign-in at the moment, with which it could be compared: {why}")
    if begun is None or (begun.redirect_uri and is_same_console(begun.redirect_uri, wanted)):
        return Verdict()  # sign-in works for nobody now, so that nothing can be lost
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
        f"{found.redirect_uri}, this one sends {begun.client_id} and {begun.redirect_uri}",
    )


def _first(connection: Connection, providers: t.Sequence[Provider], domain: str) -> AuthorizationRequest | None:
    """The first sign-in that the console begins; None if it refuses all. Raises ServiceError if that may pass."""
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
    """Whether the failure of a sign-in says nothing of the provider. A rustdesk_console answers 500 where it cannot
    discover the issuer as well [src], which may pass too."""
    return error.status is None or error.status == 429 or error.status >= 500
