# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""The findings about Entra for one set of credentials. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application.restrictions import (
    SCOPES,
    users_may_consent,
)
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph import permission_hints
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.graph.permission_hints import Caller
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.secrets.client_secrets import parse_time
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.credentials import RENEW
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import MissingLibraryError, SsoError, counted
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor import needs
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._doctor.findings import (
    Finding,
    after,
    lacking,
    not_checked,
    ok,
    problem,
    refused,
    warning,
)
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import automation as own
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation

Document = t.Mapping[str, t.Any]

LOGIN, TENANT, SIGN_IN, GRAPH = "entra.login", "entra.tenant", "entra.sign_in", "entra.graph"
CREDENTIAL, PERMISSIONS, OWNERSHIP = "entra.credential", "entra.permissions", "entra.ownership"
POLICY, CONSENT = "entra.policy", "entra.consent"
# The checks that query Microsoft Graph, in their order
ASK_GRAPH = (OWNERSHIP, POLICY, CONSENT)
FORBIDDEN = 403
READ_POLICY = ("Policy.Read.All", "Policy.Read.ApplicationConfiguration", "Policy.ReadWrite.ApplicationConfiguration")
# The longest lifetime in a rule of an app management policy, an ISO 8601 duration [doc]
LIFETIME = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?P<time>.*))?"
)
DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


@dataclass(frozen=True)
class Application:
    """One application that servers declare, and the facts about it.

    ``document`` is its object in Graph, None if it does not exist. ``policy`` is the app management policy that applies
    to it, None if it was not read. ``refusal`` states why Entra would refuse a change, empty if it would not, None if
    unknown. ``consented`` is whether an administrator has consented for all users, None if unknown. ``error`` is set if
    the application could not be read.
    """

    name: str
    lifetime: timedelta | None = None
    declares_consent: bool = False
    document: Document | None = None
    refusal: str | None = None
    policy: Document | None = None
    consented: bool | None = None
    error: SsoError | None = None


@dataclass(frozen=True)
class Facts:
    """The known facts about a tenant, for one automation.

    ``where`` is the login endpoint, and ``found`` describes the tenant. ``login``, ``tenant``, ``sign_in`` and
    ``graph`` are the errors of reaching the login endpoint, finding the tenant, signing in and reaching Graph. They are
    None if the step succeeded or was not attempted. ``who`` names the automation in messages. ``authorization`` is the
    tenant's authorization policy, None if the automation may not read it.
    """

    where: str
    found: str
    who: str
    automation: Automation
    now: datetime
    needed: t.Mapping[needs.Alternatives, str] = field(default_factory=dict)
    login: SsoError | None = None
    tenant: SsoError | None = None
    sign_in: SsoError | None = None
    graph: SsoError | None = None
    caller: Caller = field(default_factory=Caller)
    applications: t.Sequence[Application] = ()
    authorization: Document | None = None


def findings(facts: Facts) -> list[Finding]:
    """Return the findings about a tenant, in the order of a run."""
    later = (SIGN_IN, GRAPH, PERMISSIONS, *ASK_GRAPH)
    missing = next((error for error in (facts.login, facts.sign_in) if isinstance(error, MissingLibraryError)), None)
    if missing:
        return [not_checked(name, f"not checked, because {lacking(missing)}") for name in (LOGIN, TENANT, *later)]
    if facts.login:
        return [refused(LOGIN, facts.login), *after((TENANT, *later), LOGIN), credential(facts)]
    found = [ok(LOGIN, f"{facts.where} answers")]
    if facts.tenant:
        return [*found, refused(TENANT, facts.tenant), *after(later, TENANT), credential(facts)]
    found.append(ok(TENANT, facts.found))
    if facts.sign_in:
        return [*found, refused(SIGN_IN, facts.sign_in), *after(later[1:], SIGN_IN), credential(facts)]
    found += [ok(SIGN_IN, f"the {facts.who} can sign in"), credential(facts), permissions(facts)]
    if facts.graph:
        return [*found, refused(GRAPH, facts.graph), *after(ASK_GRAPH, GRAPH)]
    found.append(ok(GRAPH, "Microsoft Graph answers"))
    return [*found, *ownership(facts), *policies(facts), *consent(facts)]


def credential(facts: Facts) -> Finding:
    """Check whether the automation's own credential is expiring soon."""
    known = facts.automation
    seen = f"the automation's own {own.describe(known, facts.now)}"
    if known["state"] == "unknown":
        hint = "To be warned, set rustdesk_sso_entra_client_secret_expires"
        return not_checked(CREDENTIAL, f"the expiry date of the automation's own credential is unknown. {hint}")
    if known["state"] == "expired":
        return problem(CREDENTIAL, seen, RENEW)
    if known["state"] == "expiring":
        return warning(CREDENTIAL, seen, RENEW)
    return ok(CREDENTIAL, seen)


def permissions(facts: Facts) -> Finding:
    """Check that the access token has the permissions that the declarations need."""
    if not facts.caller.known or facts.caller.delegated:
        why = "are not in its token" if facts.caller.known else "cannot be read from its token"
        return not_checked(PERMISSIONS, f"the permissions of the {facts.who} {why}")
    without = needs.missing(facts.needed, facts.caller)
    if not without:
        return ok(PERMISSIONS, ", ".join(sorted(facts.caller.permissions)))
    listed = ", ".join(f"{permission} (for {why})" for permission, why in without.items())
    seen = f"the access token of the {facts.who} lacks {listed}"
    return problem(PERMISSIONS, seen, permission_hints.grant(facts.who, without))


def ownership(facts: Facts) -> t.Iterator[Finding]:
    """Check that the automation may change the existing applications."""
    for application in facts.applications:
        if application.error and application.error.status == FORBIDDEN:
            yield after((OWNERSHIP,), PERMISSIONS)[0]
        elif application.error:
            yield not_checked(OWNERSHIP, f"{application.name}: {application.error}")
        elif application.refusal:
            seen, _stop, remedy = application.refusal.partition(". ")
            yield problem(OWNERSHIP, seen, remedy)
        elif application.document is None:
            yield ok(OWNERSHIP, f"the application {application.name} does not exist yet")
        else:
            yield ok(OWNERSHIP, f"the application {application.name} can be changed")


def policies(facts: Facts) -> t.Iterator[Finding]:
    """Check that app management policies allow the declared client secrets."""
    if not facts.caller.may(READ_POLICY):
        yield not_checked(
            POLICY, f"the {facts.who} may not read policies. To allow it, {permission_hints.add('policies')}"
        )
        return
    for application in facts.applications:
        if application.policy is None:
            yield not_checked(POLICY, f"the policy of {application.name} could not be read")
        else:
            yield policy(application, facts.now)


def policy(application: Application, now: datetime) -> Finding:
    """Check that the app management policy of one application allows the declared client secrets."""
    known = application.policy or {}
    name = f"the app management policy {known.get('displayName')}"
    exempt = f"Ask an administrator to exempt the application {application.name} from the policy"
    for rule in _rules(known, application.document, now):
        kind, longest = rule.get("restrictionType"), span(str(rule.get("maxLifetime") or ""))
        if kind == "passwordAddition":
            why = "because RustDesk supports only client secrets"
            return problem(POLICY, f"{name} does not allow client secrets", f"{exempt}, {why}")
        if kind == "passwordLifetime" and longest and application.lifetime and application.lifetime > longest:
            allowed = f"{name} allows client secrets for at most {counted(longest.days, 'day')}"
            seen = f"{allowed}, but the declared lifetime is {counted(application.lifetime.days, 'day')}"
            return problem(POLICY, seen, f"Set rustdesk_sso_secret_lifetime to {longest.days}d or less")
    return ok(POLICY, f"{name} allows the declared client secrets")


def span(duration: str) -> timedelta | None:
    """Return an ISO 8601 duration of at least one day, with months of 30 days, or None for any other text."""
    found = LIFETIME.fullmatch(duration)
    days = sum(int(found[unit] or 0) * length for unit, length in DAYS.items()) if found else 0
    return timedelta(days=days) if days else None


def _rules(known: Document, document: Document | None, now: datetime) -> t.Iterator[Document]:
    """Return the client secret rules that are enabled for the application, depending on when it was created.

    A policy that is assigned to an application has them in a different property than the default policy [doc].
    """
    if not known.get("isEnabled"):
        return
    restrictions = known.get("applicationRestrictions") or known.get("restrictions") or {}
    created = (document or {}).get("createdDateTime")
    moment = parse_time(str(created)) if created else now
    for rule in restrictions.get("passwordCredentials") or []:
        since = rule.get("restrictForAppsCreatedAfterDateTime")
        if rule.get("state", "enabled") == "enabled" and (not since or parse_time(since) < moment):
            yield rule


def consent(facts: Facts) -> t.Iterator[Finding]:
    """Check that users can consent if no administrator has consented for them."""
    if facts.authorization is None:
        yield not_checked(
            CONSENT, f"the {facts.who} may not read policies. To allow it, {permission_hints.add('policies')}"
        )
        return
    if users_may_consent(facts.authorization) is not False:
        yield ok(CONSENT, "the tenant allows users to consent to applications")
        return
    for application in facts.applications:
        if application.declares_consent or application.consented:
            yield ok(CONSENT, f"an administrator's consent for {application.name} is granted or declared")
            continue
        known = "no administrator has consented" if application.consented is False else "no consent is declared"
        yield warning(
            CONSENT,
            f"the tenant does not allow users to consent to applications, and {known} for {application.name}",
            f"Set rustdesk_sso_app_admin_consent to [{{resource: Microsoft Graph, scopes: [{', '.join(SCOPES)}]}}], or "
            "ask an administrator to consent for all users",
        )
