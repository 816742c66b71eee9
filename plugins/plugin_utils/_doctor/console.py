# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The findings about a console, without a session and with one. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import ServiceError, SsoError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.login import UNFINISHED, ChallengeError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._sign_in_check import CAUSES, SKEW, UNKNOWN_CAUSE
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import certificate
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.certificate import Certificate
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.controller import described
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    after,
    not_checked,
    ok,
    problem,
    refused,
    warning,
)

REACHABLE, CERTIFICATE, RATE_LIMIT = "console.reachable", "console.certificate", "console.rate_limit"
TYPE, SIGN_IN, CONTRACT = "console.type", "console.sign_in", "console.contract"
ADMINISTRATOR, SECOND_FACTOR = "console.administrator", "console.second_factor"
LOCAL_ADMINISTRATOR, ENTRA, CLOCK = "console.local_administrator", "console.entra", "console.clock"
PUBLIC, PUBLIC_CERTIFICATE, SAME = "public_url.reachable", "public_url.certificate", "public_url.console"
# The checks that need a session, in their order
IN_SESSION = (ADMINISTRATOR, SECOND_FACTOR, CONTRACT, LOCAL_ADMINISTRATOR, ENTRA)
LIMITED = 429
BY_EMAIL = (
    "Use an automation account with TOTP, and set rustdesk_sso_console_totp_secret to its secret. A playbook cannot "
    "read email"
)


@dataclass(frozen=True)
class Seen:
    """The state of one address of a console, without a session.

    ``error`` is None if the address was reached, and ``cause`` is the name of the error's cause. ``certificate`` is
    None if none was presented or it could not be read. ``offered`` are the login options. ``limit`` and ``left`` are
    the allowed and the remaining requests per minute, from the console's headers.
    """

    url: str
    error: SsoError | None = None
    cause: str = ""
    certificate: Certificate | None = None
    tls: bool = True
    offered: tuple[str, ...] = ()
    limit: int | None = None
    left: int | None = None


@dataclass(frozen=True)
class Attempt:
    """A sign-in that was started at an address of a console.

    ``foreign`` states why the authorization URL does not belong to the tenant's cloud; empty if it does. ``error`` is
    the reason if no sign-in was started.
    """

    client_id: str | None = None
    redirect_uri: str | None = None
    foreign: str = ""
    error: ServiceError | None = None


@dataclass(frozen=True)
class Facts:
    """The known facts about a console. A fact that was not read, for example after a failure, is None.

    ``declared_type`` is auto if none is declared. ``detected`` is the detected type and ``version`` its version, empty
    if unknown. ``credentials`` is whether credentials are set. ``provider`` is whether the console offers the provider
    to users. ``administrators`` are those who can sign in without an identity provider. ``ahead`` is the number of
    seconds by which the console's clock is ahead of the controller's. ``public`` is the users' address if it differs.
    ``attempt`` and ``public_attempt`` are the sign-ins that were started at the two addresses.
    """

    server: str
    console: Seen
    username: str
    declared_type: str = "auto"
    credentials: bool = True
    detected: str | None = None
    version: str = ""
    type_error: SsoError | None = None
    login: SsoError | None = None
    signed_in: bool = False
    contract: SsoError | None = None
    provider_name: str = "azure"
    provider: bool | None = None
    administrators: t.Sequence[str] | None = None
    attempt: Attempt | None = None
    public: Seen | None = None
    public_attempt: Attempt | None = None
    ahead: float | None = None


def findings(facts: Facts, now: datetime) -> list[Finding]:
    """Return the findings about one console, except its clock, in the order of a run."""
    found = address(facts.console, REACHABLE, CERTIFICATE, now)
    failed = next((item.name for item in found if item.state == "problem"), "")
    if facts.console.error:
        found += after((TYPE, SIGN_IN, *IN_SESSION), failed)
    else:
        found += [*_type(facts), *_session(facts)]
    if facts.public:
        found += [*address(facts.public, PUBLIC, PUBLIC_CERTIFICATE, now), _same(facts)]
    return found


def address(seen: Seen, reachable: str, of_certificate: str, now: datetime) -> list[Finding]:
    """Return the findings about one address of a console."""
    error = seen.error
    if error is None:
        tls = [certificate.finding(of_certificate, seen.certificate, now)] if seen.tls else []
        limits = [limit(seen)] if seen.limit is not None else []
        return [ok(reachable, f"{seen.url} answers"), *tls, *limits]
    if seen.cause.startswith(("certificate_", "unknown_authority")):
        shown = f". The server presents {certificate.described(seen.certificate)}" if seen.certificate else ""
        failed = refused(of_certificate, error)
        return [problem(of_certificate, failed.seen + shown, failed.remedy), *after((reachable,), of_certificate)]
    if error.status == LIMITED:
        return [refused(RATE_LIMIT, error), not_checked(reachable, "the console answers, but limits requests")]
    return [refused(reachable, error), *after((of_certificate,) if seen.tls else (), reachable)]


def limit(seen: Seen) -> Finding:
    """Return the finding about the console's rate limit."""
    state = f"the console allows {seen.limit} such requests per minute, of which {seen.left} are left"
    if seen.left == 0:
        return warning(RATE_LIMIT, state, "Wait a minute before you run a playbook, or raise the limit in the console")
    return ok(RATE_LIMIT, state)


def _type(facts: Facts) -> list[Finding]:
    if facts.type_error:
        return [refused(TYPE, facts.type_error)]
    if _is_another_type(facts):
        seen = f"rustdesk_sso_console_type is {facts.declared_type}, but the console is of the type {facts.detected}"
        return [problem(TYPE, seen, f"Remove rustdesk_sso_console_type, or set it to {facts.detected}")]
    if not facts.detected:
        return [not_checked(TYPE, "the console is not of a known type")]
    return [ok(TYPE, f"{facts.detected} {facts.version or '(unknown version)'}")]


def _is_another_type(facts: Facts) -> bool:
    return facts.declared_type != "auto" and facts.detected not in (None, facts.declared_type)


def _session(facts: Facts) -> list[Finding]:
    if facts.type_error or _is_another_type(facts):
        return after((SIGN_IN, *IN_SESSION), TYPE)
    if not facts.credentials:
        return [not_checked(name, "not checked, because no credentials are set") for name in (SIGN_IN, *IN_SESSION)]
    if facts.login:
        name = login_check(facts.login)
        passed = {ADMINISTRATOR: (SIGN_IN, SECOND_FACTOR), SECOND_FACTOR: (SIGN_IN,)}.get(name, ())
        later = [check for check in (SIGN_IN, *IN_SESSION) if check not in (*passed, name)]
        failed = refused(name, facts.login)
        if isinstance(facts.login, ChallengeError) and facts.login.verification_secret:
            failed = problem(name, failed.seen, BY_EMAIL)
        return [*(ok(check, _passed(check, facts)) for check in passed), failed, *after(later, name)]
    found = [ok(check, _passed(check, facts)) for check in (SIGN_IN, ADMINISTRATOR, SECOND_FACTOR)]
    if facts.contract:
        return [*found, refused(CONTRACT, facts.contract), *after((LOCAL_ADMINISTRATOR, ENTRA), CONTRACT)]
    return [*found, ok(CONTRACT, "the console's settings have a known format"), _local(facts), _entra(facts)]


def _passed(check: str, facts: Facts) -> str:
    return {
        SIGN_IN: f"the console accepts the password of {facts.username}",
        ADMINISTRATOR: f"{facts.username} is an administrator",
        SECOND_FACTOR: "the console requires no second factor other than the configured one",
    }[check]


def login_check(error: SsoError) -> str:
    """Return the name of the check that a failed sign-in to the console belongs to."""
    if error.status == LIMITED:
        return RATE_LIMIT
    if error.code == "not_administrator":
        return ADMINISTRATOR
    if isinstance(error, ChallengeError) or error.code in UNFINISHED:
        return SECOND_FACTOR
    return SIGN_IN


def _local(facts: Facts) -> Finding:
    if facts.administrators is None:
        return not_checked(LOCAL_ADMINISTRATOR, "this console type does not show which users can sign in locally")
    others = [name for name in facts.administrators if name.lower() != facts.username.lower()]
    if others:
        return ok(LOCAL_ADMINISTRATOR, f"{', '.join(others)} can also sign in without an identity provider")
    return warning(
        LOCAL_ADMINISTRATOR,
        f"{facts.username} is the only administrator who can sign in without an identity provider",
        "Create a second local administrator in the console, as a fallback if sign-in fails for all users",
    )


def _entra(facts: Facts) -> Finding:
    if not facts.provider or facts.attempt is None:
        return not_checked(ENTRA, f"the console does not offer the provider {facts.provider_name} yet")
    error = facts.attempt.error
    if error is None and not facts.attempt.foreign:
        return ok(ENTRA, "the console reaches Entra and starts a sign-in")
    if error is None:
        return problem(
            ENTRA,
            f"the console does not send users to Entra: {facts.attempt.foreign}",
            "Run the playbook site, and check the provider's endpoints in the console",
        )
    if error.status == LIMITED:
        return refused(RATE_LIMIT, error)
    known = (hint for pattern, hint, _cause in CAUSES if re.search(pattern, str(error.answer), re.IGNORECASE))
    return problem(ENTRA, f"the console does not start a sign-in: {error.answer}", next(known, UNKNOWN_CAUSE))


def _same(facts: Facts) -> Finding:
    """Check that both addresses lead to the same console."""
    public = t.cast(Seen, facts.public)
    failed = (facts.console, REACHABLE), (public, PUBLIC)
    for seen, name in failed:
        if seen.error:
            return after((SAME,), name)[0]
    remedy = "Correct rustdesk_sso_console_url and rustdesk_sso_public_url, or the DNS record or proxy of the latter"
    if sorted(facts.console.offered) != sorted(public.offered):
        offers = [", ".join(seen.offered) or "nothing" for seen in (facts.console, public)]
        return problem(SAME, f"another console answers at {public.url}: it offers {offers[1]}, not {offers[0]}", remedy)
    here, there = facts.attempt, facts.public_attempt
    if here is None or there is None or here.error:
        return not_checked(SAME, "without a working provider, consoles cannot be distinguished")
    if there.error:
        return problem(SAME, f"the console starts a sign-in, but {public.url} does not: {there.error.answer}", remedy)
    if (here.client_id, here.redirect_uri) != (there.client_id, there.redirect_uri):
        sends = f"it sends the client ID {there.client_id} and the callback URL {there.redirect_uri}"
        return problem(SAME, f"another console answers at {public.url}: {sends}", remedy)
    return ok(SAME, f"{public.url} leads to the same console")


def clock(ahead: float | None, of_controller: float | None) -> Finding:
    """Return the finding about a console's clock.

    ``ahead`` is the number of seconds by which it is ahead of the controller's clock, and ``of_controller`` the number
    of seconds by which that is ahead of Entra's.
    """
    if ahead is None:
        return not_checked(CLOCK, "the console's response contained no time")
    other, whose = (ahead, "the controller's") if of_controller is None else (ahead + of_controller, "Entra's")
    seen = f"the console's clock is {described(other)} {whose}"
    if abs(other) <= SKEW:
        return ok(CLOCK, seen)
    return problem(CLOCK, seen, "Synchronize the console's clock, for example with NTP")
