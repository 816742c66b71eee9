# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the deskops.rustdesk_sso collection: it may change in any release.

"""Turn the role's variables into one server's declaration, or into sentences that state what to correct.

Pure. The declaration is data that Ansible can register.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.deskops.rustdesk_sso.plugins.module_utils import _durations, _input
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.application import redirect_uris
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._entra.sign_in.discovery import GUID, check_tenant
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._errors import InputError
from ansible_collections.deskops.rustdesk_sso.plugins.module_utils._rustdesk.provider import CALLBACK_PATH
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet import allowed
from ansible_collections.deskops.rustdesk_sso.plugins.plugin_utils._fleet.shape import Automation

Values = t.Mapping[str, t.Any]

PREFIX = "rustdesk_sso_"
# The expiry date of the automation's own client secret, and how long before it, or before that of its certificate, to
# warn
SECRET_EXPIRES = f"{PREFIX}entra_client_secret_expires"
WARN_BEFORE = f"{PREFIX}entra_credential_warn_before"
# The group of all servers in the inventory
GROUP = "rustdesk_servers"
# The options of entra_app that a server declares. Servers that share an application must declare the same values.
APPLICATION = (
    "app_id",
    "unique_name",
    "display_name",
    "adopt",
    "restore",
    "enabled",
    "sign_in_audience",
    "id_token_issuance_enabled",
    "assignments",
    "service_principal",
    "owners",
    "group_membership_claims",
    "optional_claims",
    "remove_unverified_email_claim",
    "admin_consent",
    "logo",
    "home_page_url",
    "support_url",
    "privacy_statement_url",
    "terms_of_service_url",
    "notes",
    "tags",
)
# Texts of the application that the role's variables cannot set to empty, because an empty text counts as not set
CLEARABLE = ("home_page_url", "support_url", "privacy_statement_url", "terms_of_service_url", "notes")
CLEAR = f"{PREFIX}app_clear"
# The phases that use a session with the console, in order
SESSION_PHASES = ("inspect", "configure", "verify")
SPANS = ("lifetime", "renew_before", "overlap")
LEAST = {"lifetime": _durations.LEAST_LIFETIME}
SHARED_TIMEOUTS = ("timeout", "wait_timeout")
TIMEOUTS = (*SHARED_TIMEOUTS, "try_sign_in_timeout")


class ClientSecret(t.TypedDict):
    """The client secret of one server, as an entry of O(client_secrets) of entra_app without the console's value."""

    name: str
    lifetime: str
    renew_before: str
    overlap: str
    state: str


class _Round(t.TypedDict, total=False):
    """The keys that depend on the run.

    Hosts with the same ``round`` go through the role together if ``lockstep`` is true; otherwise each runs on its own.
    ``keeps_session`` is, for each phase that signs in to the console, whether a later phase uses the session.
    ``application_key`` names the application that servers share, see excess.application_key(). ``new_callback_url`` is
    a callback URL whose address is checked before it replaces another one, empty if none.

    ``entra``, ``console`` and ``verification`` are the options with which modules sign in, with secrets. ``claims`` is
    the part of a server to be removed that other hosts declare, see claims.Claims. ``other_holders`` are the names of
    their client secrets, None if one cannot be read. ``automation`` is the automation's own credential, and ``portal``
    the address of the Microsoft Entra admin center, empty if unknown.
    """

    round: str
    lockstep: bool
    keeps_session: dict[str, bool]
    application_key: str
    new_callback_url: str
    entra: dict[str, t.Any]
    console: dict[str, t.Any]
    verification: dict[str, t.Any]
    claims: dict[str, str]
    other_holders: list[str] | None
    automation: Automation
    portal: str


class Declaration(_Round):
    """The declaration of one server.

    ``application`` maps the options of entra_app that are set to their values. ``allowed`` is whether some of them come
    from lists of who may sign in.
    """

    server: str
    tenant_id: str
    application: dict[str, t.Any]
    allowed: bool
    client_secret: ClientSecret
    console_url: str
    console_type: str
    public_url: str
    public_url_declared: bool
    callback_url: str
    provider_name: str
    provider_enabled: bool
    replaces: list[str]
    beside: list[str]
    move_redirect_uris: bool
    wait_timeout: float
    remove_console: bool
    remove_unused_app: bool
    remove_redirect_uris: list[str]


def runs(run_tags: t.Sequence[str], skip_tags: t.Sequence[str]) -> list[bool]:
    """Return, for each of SESSION_PHASES, whether Ansible's tags select it for this run.

    If the run names none of the role's own tags, the caller's tags have selected all phases.
    """
    tags = [f"{PREFIX}{phase}" for phase in SESSION_PHASES]
    named = any(tag.startswith(PREFIX) for tag in run_tags)
    return [(not named or tag in run_tags) and tag not in skip_tags for tag in tags]


def keeps_session(phases: t.Sequence[bool]) -> dict[str, bool]:
    """Return, for each phase with a session, whether a later one of ``phases``, as from runs(), uses it."""
    return {phase: any(phases[place + 1 :]) for place, phase in enumerate(SESSION_PHASES[:-1])}


def new_callback_url(declaration: Declaration, phases: t.Sequence[bool]) -> str:
    """Return the callback URL whose address is checked before it replaces another one; empty if none is.

    A run without verification checks nothing, so that a server can be moved before its new address works.
    """
    return declaration["callback_url"] if declaration["public_url_declared"] and phases[-1] else ""


def variable(option: str) -> str:
    """Return the role variable that declares this option of entra_app."""
    return f"{PREFIX}app_id" if option == "app_id" else f"{PREFIX}app_{option}"


def is_set(value: t.Any) -> bool:
    """Return whether a variable counts as set: AWX passes null or an empty text for an unanswered survey question.

    An empty list and false are values.
    """
    return value is not None and not (isinstance(value, str) and not value)


def callback_url(address: str) -> str:
    """Return the callback URL of the console at ``address``, which is the application's redirect URI."""
    return address.rstrip("/") + CALLBACK_PATH


def declare(values: Values, server: str) -> tuple[Declaration | None, list[str]]:
    """Return the declaration of ``server``, or None with a sentence for each mistake.

    ``values`` are the role's variables by full name, with the types and defaults of the role's argument specification,
    without the variables that are not set.
    """
    problems = [*_problems(values)]
    if problems:
        return None, problems

    def value(name: str, default: t.Any = None) -> t.Any:
        return values.get(PREFIX + name, default)

    public_url = (value("public_url") or value("console_url")).rstrip("/")
    application = {option: values[variable(option)] for option in APPLICATION if variable(option) in values}
    application |= {**dict.fromkeys(value("app_clear", []), ""), **allowed.options(values)}
    return {
        "server": server,
        "tenant_id": value("tenant_id"),
        "application": application,
        "allowed": allowed.declared(values),
        "client_secret": {
            "name": value("secret_name"),
            "lifetime": value("secret_lifetime"),
            "renew_before": value("secret_renew_before"),
            "overlap": value("secret_overlap"),
            "state": "renew" if value("secret_renew") else "present",
        },
        "console_url": value("console_url"),
        "console_type": value("console_type"),
        "public_url": public_url,
        "public_url_declared": value("public_url") is not None,
        "callback_url": callback_url(public_url),
        "provider_name": value("provider_name"),
        "provider_enabled": value("provider_enabled"),
        "replaces": value("app_replaces", []),
        "beside": value("provider_beside", []),
        "move_redirect_uris": value("app_move_redirect_uris", False),
        "wait_timeout": value("wait_timeout"),
        # Former redirect URIs are removed without the console
        "remove_console": value("remove_console") and not value("remove_redirect_uris"),
        "remove_unused_app": value("remove_unused_app"),
        "remove_redirect_uris": value("remove_redirect_uris", []),
    }, []


def _problems(values: Values) -> t.Iterator[str]:
    """Yield a sentence for each mistake, in the documented order of the variables."""
    yield from _tenant(values)
    yield from _names(values)
    yield from _cleared(values)
    yield from allowed.problems(values)
    yield from _addresses(values)
    yield from _spans(values)
    yield from _timeouts(values)
    yield from _automation(values)
    yield from _others(values)


def problems_to_adopt(values: Values) -> t.Iterator[str]:
    """Yield a sentence for each mistake in the variables that adoption reads; others need not be set yet."""
    if f"{PREFIX}tenant_id" in values:
        yield from _tenant(values)
    app_id = values.get(f"{PREFIX}app_id")
    if app_id is not None and not GUID.fullmatch(app_id):
        yield f"{PREFIX}app_id is not a GUID. Set it to the application (client) ID."
    yield from _console(values)
    yield from _timeouts(values)
    yield from _automation(values)


def _timeouts(values: Values) -> t.Iterator[str]:
    for name in TIMEOUTS:
        if PREFIX + name in values or name in SHARED_TIMEOUTS:
            yield from _refusal(_input.seconds, values.get(PREFIX + name), PREFIX + name)


def _automation(values: Values) -> t.Iterator[str]:
    if SECRET_EXPIRES in values:
        yield from _refusal(_durations.expiry, values[SECRET_EXPIRES], SECRET_EXPIRES)
    if WARN_BEFORE in values:
        yield from _refusal(_durations.parse, values[WARN_BEFORE], WARN_BEFORE)


def _refusal(rule: t.Callable[..., t.Any], *arguments: t.Any, **options: t.Any) -> t.Iterator[str]:
    """Yield the message of ``rule`` if it refuses the value."""
    try:
        rule(*arguments, **options)
    except InputError as error:
        yield str(error)


def _tenant(values: Values) -> t.Iterator[str]:
    tenant_id = values.get(f"{PREFIX}tenant_id")
    if tenant_id is None:
        yield (
            f"{PREFIX}tenant_id is not set, nor is the environment variable AZURE_TENANT_ID. Set it to the tenant's "
            "Directory (tenant) ID, or to one of its domain names."
        )
        return
    for problem in _refusal(check_tenant, tenant_id):
        yield problem.replace("tenant_id", f"{PREFIX}tenant_id")


def _names(values: Values) -> t.Iterator[str]:
    for name in ("app_unique_name", "app_display_name", "secret_name", "provider_name"):
        if not values[PREFIX + name].strip():
            yield f"{PREFIX}{name} is blank. Set it to a name, or leave it out to use the default."


def _cleared(values: Values) -> t.Iterator[str]:
    for option in values.get(CLEAR, []):
        if option not in CLEARABLE:
            yield f"{CLEAR} contains {_input.quoted(option)}. Use only {', '.join(CLEARABLE)}."
        elif variable(option) in values:
            yield f"{CLEAR} contains {option}, but {variable(option)} is set. Remove one of them."


def _console(values: Values) -> t.Iterator[str]:
    if values.get(f"{PREFIX}console_url") is None:
        yield (
            f"{PREFIX}console_url is not set, nor is the environment variable RUSTDESK_URL. Set it to the address of "
            "the console, such as https://rustdesk.example.com."
        )
    yield from _unusable(values, "console_url")


def _addresses(values: Values) -> t.Iterator[str]:
    wrong = [*_console(values), *_unusable(values, "public_url")]
    yield from wrong
    if wrong:
        return
    declared = f"{PREFIX}public_url" if f"{PREFIX}public_url" in values else f"{PREFIX}console_url"
    uri = callback_url(values[declared])
    refused = redirect_uris.problems([uri], values.get(variable("sign_in_audience")))
    if refused:
        yield (
            f"Entra does not accept the callback URL derived from {declared} as a redirect URI: {'; '.join(refused)}. "
            f"Set {PREFIX}public_url to the https address at which users reach the console."
        )


def _unusable(values: Values, name: str) -> t.Iterator[str]:
    if PREFIX + name in values:
        yield from _refusal(_input.url, values[PREFIX + name], PREFIX + name)


def _others(values: Values) -> t.Iterator[str]:
    """Check the variables that concern neither Entra nor the console."""
    notify_url = values.get(f"{PREFIX}notify_url")
    if notify_url is not None:
        # Its query often contains the secret
        as_secret: dict[str, t.Any] = {"query": True, "user": True, "secret": True}
        yield from _refusal(_input.url, notify_url, f"{PREFIX}notify_url", hint="Copy the webhook again", **as_secret)
    for uri in values.get(f"{PREFIX}remove_redirect_uris", []):
        problem = _input.url_problem(uri, query=True)
        if problem:
            yield (
                f"{PREFIX}remove_redirect_uris contains {_input.quoted(uri)}, which {problem}. Remove it from the list."
            )


def _spans(values: Values) -> t.Iterator[str]:
    spans: dict[str, timedelta] = {}
    for name in SPANS:
        option = f"{PREFIX}secret_{name}"
        try:
            spans[name] = _durations.parse(values[option], option, LEAST.get(name, "0"))
        except InputError as error:
            yield str(error)
    if len(spans) == len(SPANS) and spans["renew_before"] >= spans["lifetime"]:
        yield (
            f"{PREFIX}secret_renew_before must be shorter than {PREFIX}secret_lifetime, otherwise every run would "
            "renew the client secret."
        )
